/**
 * The last day of each chip, kept by the management plane. What chips do does not come here by itself: once in five minutes
 * each chain is asked the question that the page asks, one chain after the other, and the difference of its counts to those
 * of the question before is what the slot is made of. In memory only: it begins anew with the program.
 */
import type { Clock } from "#hal/clock.ts";
import { errorPct, relativePct } from "../../stats/chip-share.ts";
import { CHIPS_MAX } from "../limits.ts";
import type { AnswerOf, QueryAnswer } from "../queries.ts";
import type { MinerSnapshot } from "../snapshot.ts";
import { CHIP_PERIOD_MS, CHIP_SLOTS, type ChipFigures, ChipRing, type ChipSeries } from "./chip-ring.ts";

type Chip = AnswerOf<"chips">["chips"][number];
type Counts = Pick<Chip["nonces"], "good" | "hardwareErrors">;

export interface ChipHistoryOptions {
  readonly clock: Pick<Clock, "wallTimeMs">;
  readonly ask: (chainIndex: number) => Promise<QueryAnswer>;
}

export interface ChipHistoryData extends ChipSeries {
  readonly chainIndex: number;
  readonly chipIndex: number;
  readonly periodMs: number;
  readonly keptMs: number;
}

export type ChipHistoryAnswer =
  | { readonly ok: true; readonly data: ChipHistoryData }
  | { readonly ok: false; readonly message: string };

const NO_COUNTS: Counts = { good: 0, hardwareErrors: 0 };

export class ChipHistory {
  readonly #options: ChipHistoryOptions;
  readonly #rings = new Map<number, ChipRing>();
  /** By chain: what each chip had found when it was asked last. */
  readonly #before = new Map<number, readonly Counts[]>();
  #chains = 0;
  /** Slot of the last question. */
  #slot = Number.NaN;
  #isAsking = false;

  constructor(options: ChipHistoryOptions) {
    this.#options = options;
  }

  get bytes(): number {
    return [...this.#rings.values()].reduce((sum, ring) => sum + ring.bytes, 0);
  }

  /** Once a second; asks when a slot is over. */
  take({ chains }: Pick<MinerSnapshot, "chains">): void {
    this.#chains = chains.length;
    const slot = Math.floor(this.#options.clock.wallTimeMs() / CHIP_PERIOD_MS);
    if (slot === this.#slot || this.#isAsking) return;
    // After a jump of the clock, or seconds without a snapshot, the counts belong to no slot that is known.
    const ended = slot === this.#slot + 1 ? this.#slot : null;
    this.#slot = slot;
    this.#isAsking = true;
    void this.#ask(ended).finally(() => {
      this.#isAsking = false;
    });
  }

  read(chainIndex: number, chipIndex: number): ChipHistoryAnswer {
    if (this.#chains === 0)
      return refusal("The miner has not told of its chains yet: it began a second ago, or waits for its settings.");
    if (chainIndex >= this.#chains)
      return refusal(`There is no chain ${chainIndex}: chains are 0 to ${this.#chains - 1}.`);
    const ring = this.#rings.get(chainIndex);
    // A chain that was asked once is known before its first slot is over.
    const chips = ring?.chips ?? this.#before.get(chainIndex)?.length ?? CHIPS_MAX;
    if (chipIndex >= chips)
      return refusal(`Chain ${chainIndex} has no chip ${chipIndex}: chips are 0 to ${chips - 1}.`);
    const nowSlot = Math.floor(this.#options.clock.wallTimeMs() / CHIP_PERIOD_MS);
    const series = (ring ?? new ChipRing(0)).read(chipIndex, nowSlot);
    const keptMs = CHIP_PERIOD_MS * CHIP_SLOTS;
    return { ok: true, data: { chainIndex, chipIndex, periodMs: CHIP_PERIOD_MS, keptMs, ...series } };
  }

  async #ask(ended: number | null): Promise<void> {
    for (let chainIndex = 0; chainIndex < this.#chains; chainIndex++) {
      const answer = await this.#options.ask(chainIndex);
      const before = this.#before.get(chainIndex);
      this.#before.delete(chainIndex);
      if (!answer.ok) continue;
      const chips = (answer.data as AnswerOf<"chips">).chips.slice(0, CHIPS_MAX);
      const counts = chips.map(({ nonces: { good, hardwareErrors } }) => ({ good, hardwareErrors }));
      this.#before.set(chainIndex, counts);
      if (ended === null || before === undefined) continue;
      this.#ringOf(chainIndex, chips.length).write(ended, figuresOf(chips, before));
    }
  }

  #ringOf(chainIndex: number, chips: number): ChipRing {
    const ring = this.#rings.get(chainIndex);
    if (ring?.chips === chips) return ring;
    const fresh = new ChipRing(chips);
    this.#rings.set(chainIndex, fresh);
    return fresh;
  }
}

function refusal(message: string): ChipHistoryAnswer {
  return { ok: false, message };
}

/** Clock and temperature are those of the moment, the rest is of what was found since. */
function figuresOf(chips: readonly Chip[], before: readonly Counts[]): ChipFigures[] {
  const isAnew = chips.some(({ nonces }, i) => {
    const { good, hardwareErrors } = before[i] ?? NO_COUNTS;
    return nonces.good < good || nonces.hardwareErrors < hardwareErrors;
  });
  const found = chips.map(({ nonces }, i) => {
    const { good, hardwareErrors } = isAnew ? NO_COUNTS : (before[i] ?? NO_COUNTS);
    return { good: nonces.good - good, hardwareErrors: nonces.hardwareErrors - hardwareErrors };
  });
  const sumGood = found.reduce((sum, { good }) => sum + good, 0);
  const sumMhz = chips.reduce((sum, { frequencyMhz }) => sum + (frequencyMhz ?? 0), 0);
  return chips.map(({ frequencyMhz, temperatureC }, i) => {
    const { good, hardwareErrors } = found[i] ?? NO_COUNTS;
    const due = frequencyMhz === null ? 0 : (sumGood * frequencyMhz) / sumMhz;
    return {
      frequencyMhz,
      temperatureC,
      errorPct: errorPct(good, hardwareErrors),
      relativePct: relativePct(good, due),
    };
  });
}
