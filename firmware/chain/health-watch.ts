/** Shell of a chain's health: gathers the counts once a second and remembers what was found. */
import type { HashChain } from "#drivers/hash-chain.ts";
import { hashesPerTicket } from "../share/difficulty.ts";
import { type HealthFinding, type HealthState, startHealth, stepHealth } from "./chain-health.ts";
import type { ChainRuntime } from "./chain-runtime.ts";
import { SilentChipWatch } from "./silent-chips.ts";

export interface HealthInput {
  readonly chain: HashChain;
  readonly ticketDifficulty: number;
  readonly expectedHashesPerS: number;
}

export class HealthWatch {
  readonly #runtime: ChainRuntime;
  readonly #silentChips: SilentChipWatch;
  #state: HealthState | null = null;
  #checkedAtMs = 0;
  #note: string | null = null;

  constructor(runtime: ChainRuntime, expectedChips: number) {
    this.#runtime = runtime;
    this.#silentChips = new SilentChipWatch(runtime.counters, expectedChips);
  }

  /** A finding that stands although nothing more is done about it, for the alarms; null = none. */
  get note(): string | null {
    return this.#note;
  }

  /** The chain begins to hash. */
  restart(nowMs: number): void {
    this.#state = startHealth(this.#state, nowMs);
    this.#checkedAtMs = nowMs;
    this.#silentChips.restart();
  }

  check({ chain, ticketDifficulty, expectedHashesPerS }: HealthInput, nowMs: number): HealthFinding | null {
    const elapsedMs = nowMs - this.#checkedAtMs;
    this.#checkedAtMs = nowMs;
    if (this.#state === null) return null;
    const counts = this.#runtime.counters.ofChain();
    const hashesPerNonce = hashesPerTicket(ticketDifficulty);
    const gaps = (expectedHashesPerS * elapsedMs) / 1000 / hashesPerNonce / Math.max(1, chain.chipCount);
    const { nonceReports, registerReplies, crcErrors } = chain.counters;
    const { state, finding } = stepHealth(
      this.#state,
      {
        expectedHashesPerS,
        hashesPerNonce,
        good: counts.share + counts.valid,
        hardwareErrors: counts.hardwareError,
        replies: nonceReports + registerReplies,
        crcErrors,
        silent: this.#silentChips.sample(chain.chipCount, gaps),
      },
      nowMs,
    );
    this.#state = state;
    if (finding?.remedy === "tell") this.#note = finding.text;
    else if (state.told.length === 0) this.#note = null;
    return finding;
  }
}
