import fc from "fast-check";
import Fastify from "fastify";
import { expect, test } from "vitest";
import {
  BURST,
  nextTurn,
  PACER_START,
  type PacerState,
  pace,
  REQUESTS_PER_S,
  WAIT_MAX_MS,
} from "#firmware/api/http/pacer.ts";
import { VirtualClock } from "#hal/emulator/virtual-clock.ts";

/** When each request is let in, or null for one that is told to come back. */
function admissions(arrivals: readonly number[]): (number | null)[] {
  let state: PacerState = PACER_START;
  return arrivals.map((nowMs) => {
    const next = nextTurn(state, nowMs);
    state = next.state;
    return next.turn.kind === "busy" ? null : nowMs + next.turn.waitMs;
  });
}

test("a burst goes through at once, what comes on top of it waits evenly", () => {
  const admitted = admissions(Array.from({ length: BURST + 3 }, () => 1_000));
  expect(admitted.slice(0, BURST).every((atMs) => atMs === 1_000)).toBe(true);
  expect(admitted.slice(BURST)).toEqual([1_010, 1_020, 1_030]);
});

test("whoever asks at the rate or below never waits", () => {
  const arrivals = Array.from({ length: 1_000 }, (_, i) => i * (1_000 / REQUESTS_PER_S));
  expect(admissions(arrivals)).toEqual(arrivals);
});

test("too long a queue is told to come back, and takes no turn from those who wait", () => {
  const most = BURST + (WAIT_MAX_MS * REQUESTS_PER_S) / 1_000;
  const admitted = admissions(Array.from({ length: most + 50 }, () => 0));
  expect(admitted.filter((atMs) => atMs === null)).toHaveLength(50);
  expect(admissions([...Array.from({ length: most + 50 }, () => 0), 10]).at(-1)).toBe(WAIT_MAX_MS + 10);
});

test("whatever comes: no second sees more than burst and rate, and order is kept", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 5_000 }), { maxLength: 600 }), (times) => {
      const admitted = admissions([...times].sort((a, b) => a - b)).filter((atMs) => atMs !== null);
      admitted.forEach((atMs, i) => {
        const first = admitted[i - BURST - REQUESTS_PER_S];
        if (first !== undefined) expect(atMs - first).toBeGreaterThanOrEqual(1_000 - 1e-6);
        expect(atMs).toBeGreaterThanOrEqual(admitted[i - 1] ?? 0);
      });
    }),
  );
});

test("a server lets the request after a burst wait, and answers it then", async () => {
  const clock = new VirtualClock();
  const app = Fastify();
  pace(app, clock);
  app.get("/", () => "here");
  const ask = () => app.inject("/").then(({ statusCode }) => statusCode);
  for (let i = 0; i < BURST; i++) expect(await ask()).toBe(200);
  let answered: number | null = null;
  const late = ask().then((status) => {
    answered = status;
  });
  await new Promise((resolve) => setImmediate(resolve));
  expect(answered).toBeNull();
  await clock.advance(1_000 / REQUESTS_PER_S);
  await late;
  expect(answered).toBe(200);
  await app.close();
});
