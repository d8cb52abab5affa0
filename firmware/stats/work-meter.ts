/** Feeds the share-truth windows from what chains and pools do; all in hashes of the chips' scale. */
import type { Clock } from "#hal/clock.ts";
import type { Share } from "../job/job.ts";
import { hashesPerTicket } from "../share/difficulty.ts";
import type { ShareOutcome } from "../stratum/share-outcome.ts";
import type { OutcomeCounts } from "./chip-counters.ts";
import { ShareTruth } from "./share-truth.ts";

export interface Scales {
  readonly chipScale: number;
  readonly poolScale: number;
}

const HASHES_PER_DIFFICULTY = 2 ** 32;

/** Hashes in the chips' scale that a share of this pool difficulty stands for. */
export function hashesPerShare(difficulty: number, { chipScale, poolScale }: Scales): number {
  return (difficulty * HASHES_PER_DIFFICULTY * chipScale) / poolScale;
}

interface ChainSample {
  atMs: number;
  received: number;
  repeated: number;
}

export class WorkMeter {
  readonly truth = new ShareTruth();
  readonly #clock: Clock;
  readonly #scales: Scales;
  readonly #samples = new Map<number, ChainSample>();

  constructor(options: Scales & { readonly clock: Clock }) {
    this.#clock = options.clock;
    this.#scales = { chipScale: options.chipScale, poolScale: options.poolScale };
  }

  /** Once a second for each chain: what it promises, and the nonces that it has reported so far. */
  sample(chainIndex: number, expectedHashesPerS: number, counts: OutcomeCounts, ticketDifficulty: number | null): void {
    const nowMs = this.#clock.nowMs();
    const received = Object.values(counts).reduce((sum, count) => sum + count, 0);
    const before = this.#samples.get(chainIndex);
    this.#samples.set(chainIndex, { atMs: nowMs, received, repeated: counts.duplicate });
    if (before === undefined) return;
    this.truth.add(nowMs, "expected", (expectedHashesPerS * (nowMs - before.atMs)) / 1000);
    const nonces = received - before.received;
    if (nonces > 0 && ticketDifficulty !== null) {
      this.truth.add(nowMs, "reported", nonces * hashesPerTicket(ticketDifficulty));
      this.truth.add(nowMs, "repeated", (counts.duplicate - before.repeated) * hashesPerTicket(ticketDifficulty));
    }
  }

  verified(hashes: number): void {
    this.truth.add(this.#clock.nowMs(), "verified", hashes);
  }

  submitted(share: Share): void {
    this.truth.add(this.#clock.nowMs(), "submitted", hashesPerShare(share.job.difficulty, this.#scales));
  }

  ended(share: Share, outcome: ShareOutcome): void {
    if (outcome !== "accepted") return;
    this.truth.add(this.#clock.nowMs(), "accepted", hashesPerShare(share.job.difficulty, this.#scales));
  }
}
