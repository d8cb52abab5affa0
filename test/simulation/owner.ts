/**
 * The owner: looks at the machine a while after what was wrong has gone. A shutdown is acknowledged, again and again until
 * the boards are cool enough; where a chain was given up the plug is pulled for a moment. Until then both stay, as they
 * should.
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

  /** True when something was done just now. */
  tend(): boolean {
    const { clock, life } = this.#stage;
    const { clearSinceMs } = this.#faults;
    const nowMs = clock.nowMs();
    if (clearSinceMs === null || nowMs - Math.max(clearSinceMs, this.#actedAtMs) < LOOKS_AFTER_MS) return false;
    const parts = life?.miner?.parts;
    if (parts === undefined) return false;
    const isTooHot = parts.thermal.state.phase === "shutdown";
    const isCut = parts.power.cutReason !== null;
    const isGivenUp = parts.chains.some(
      ({ supervisor: { state } }) => state.phase === "disabled" || state.phase === "absent",
    );
    if (!isTooHot && !isCut && !isGivenUp) return false;
    this.#actedAtMs = nowMs;
    if (isTooHot || isCut) this.#acknowledge();
    else this.#pullPlug();
    return true;
  }

  #acknowledge(): void {
    const { life, restarts } = this.#stage;
    life?.miner?.acknowledgeShutdown().then(
      (refusal) => {
        if (refusal === null) restarts.acknowledged++;
      },
      (error: unknown) => this.#stage.ends.push(error),
    );
  }

  #pullPlug(): void {
    this.#stage.restarts.owner++;
    this.#stage.cutMains();
    this.#stage.startSoon(PLUG_OUT_MS);
  }
}
