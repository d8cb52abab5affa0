/** Whether a sensor of every plugged board has answered lately whenever power goes on; told by the buses, not by the host. */
import type { Stage } from "./stage.ts";

/** Sensors are read each second; nine in a row may be missing before a board counts as blind. */
const PROOF_MAX_AGE_MS = 15_000;
const DSPIC_ADDRESS = 0x20;

export class ProofWatch {
  readonly #stage: Stage;
  /** Time of the last answer, by address on the hashboards' bus. */
  readonly #answeredAtMs = new Map<number, number>();
  /** Addresses that stand for a chain's temperature; empty where it hangs on a chip and cannot be read before power. */
  readonly #addresses: readonly (readonly number[])[];
  #seen = 0;
  #found: number | null = null;

  constructor(stage: Stage) {
    this.#stage = stage;
    const { world, clock } = stage;
    const { kind } = world.boardFacts.sensors;
    this.#addresses = world.chains.map(({ sensors }, index) => {
      if (kind === "chip") return [];
      return kind === "dspic" ? [DSPIC_ADDRESS + index] : sensors.map(({ model }) => model.address);
    });
    world.i2c.onAnswer = (role, address, readLength) => {
      // What was switched on before this answer was not proven by it.
      this.#look();
      if (role === "hashboards" && readLength > 0) this.#answeredAtMs.set(address, clock.nowMs());
    };
  }

  /** The first chain without proof when power went on in this event; else null. */
  afterEvent(): number | null {
    this.#look();
    const found = this.#found;
    this.#found = null;
    return found;
  }

  #look(): void {
    const { powerTransitions } = this.#stage.world;
    if (powerTransitions.length === this.#seen) return;
    const news = powerTransitions.slice(this.#seen);
    this.#seen = powerTransitions.length;
    if (news.some(({ isOn }) => isOn)) this.#found ??= this.#unproven();
  }

  #unproven(): number | null {
    const { world, clock, life } = this.#stage;
    const sinceMs = Math.max(life?.startedAtMs ?? Number.POSITIVE_INFINITY, clock.nowMs() - PROOF_MAX_AGE_MS);
    const isProven = (address: number): boolean => (this.#answeredAtMs.get(address) ?? -1) >= sinceMs;
    const found = this.#addresses.findIndex(
      (addresses, i) => world.isPlugged(i) && addresses.length > 0 && !addresses.some(isProven),
    );
    return found < 0 ? null : found;
  }
}
