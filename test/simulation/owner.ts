/**
 * The owner: looks at a machine that has shut itself down or given a chain up, a while after what was wrong has gone, and
 * pulls its plug for a moment. Until then a latched shutdown stays, as it should.
 */
import type { FaultDriver } from "./acts.ts";
import type { Stage } from "./stage.ts";

const LOOKS_AFTER_MS = 3 * 60_000;
const PLUG_OUT_MS = 10_000;

export class Owner {
  readonly #stage: Stage;
  readonly #faults: FaultDriver;
  #actedAtMs = 0;

  constructor(stage: Stage, faults: FaultDriver) {
    this.#stage = stage;
    this.#faults = faults;
  }

  /** True when the plug was pulled just now. */
  tend(): boolean {
    const { clock, life } = this.#stage;
    const { clearSinceMs } = this.#faults;
    const nowMs = clock.nowMs();
    if (clearSinceMs === null || nowMs - Math.max(clearSinceMs, this.#actedAtMs) < LOOKS_AFTER_MS) return false;
    const parts = life?.miner?.parts;
    if (parts === undefined) return false;
    const isLatched = parts.power.cutReason !== null || parts.thermal.state.phase === "shutdown";
    const isGivenUp = parts.chains.some(
      ({ supervisor: { state } }) => state.phase === "disabled" || state.phase === "absent",
    );
    if (!isLatched && !isGivenUp) return false;
    this.#actedAtMs = nowMs;
    this.#stage.restarts.owner++;
    this.#stage.cutMains();
    this.#stage.startSoon(PLUG_OUT_MS);
    return true;
  }
}
