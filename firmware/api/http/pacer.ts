/**
 * Mining goes first: above a rate that no manager of a miner needs, requests wait for their turn. Nobody is locked out,
 * and a connection that waits asks for nothing meanwhile, so that any number of them cost the processor no more than the
 * rate.
 */
import type { FastifyInstance } from "fastify";
import { type Clock, sleep } from "#hal/clock.ts";

/** Requests a second in the long run. A page that lives on the stream asks for one now and then, a farm for a few. */
export const REQUESTS_PER_S = 100;
/** At once after a pause: some pages that open together. */
export const BURST = 100;
/** Who would wait longer is told to come back. */
export const WAIT_MAX_MS = 10_000;

export interface PacerState {
  /** Time of the next turn if requests had come evenly all the time. */
  readonly nextAtMs: number;
}

export type Turn = { readonly kind: "after"; readonly waitMs: number } | { readonly kind: "busy" };

export const PACER_START: PacerState = { nextAtMs: Number.NEGATIVE_INFINITY };

const PERIOD_MS = 1000 / REQUESTS_PER_S;

/** A request came. Turns are given in the order of asking; a busy one takes none. */
export function nextTurn({ nextAtMs }: PacerState, nowMs: number): { readonly state: PacerState; readonly turn: Turn } {
  const atMs = Math.max(nextAtMs, nowMs - (BURST - 1) * PERIOD_MS);
  const waitMs = Math.max(0, atMs - nowMs);
  if (waitMs > WAIT_MAX_MS) return { state: { nextAtMs }, turn: { kind: "busy" } };
  return { state: { nextAtMs: atMs + PERIOD_MS }, turn: { kind: "after", waitMs } };
}

/** Lets requests over the network wait for their turn; who sits at the machine (no address) does not wait. */
export function pace(app: FastifyInstance, clock: Clock): void {
  let state = PACER_START;
  app.addHook("onRequest", async (request, reply) => {
    if (request.raw.socket.remoteAddress === undefined) return;
    const next = nextTurn(state, clock.nowMs());
    state = next.state;
    if (next.turn.kind === "busy") {
      const message = "too many requests are waiting already; ask again in some seconds";
      await reply.status(503).header("retry-after", "10").send({ ok: false, message });
    } else if (next.turn.waitMs > 0) {
      await sleep(clock, next.turn.waitMs);
    }
  });
}
