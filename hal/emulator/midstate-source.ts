/**
 * When a chain of midstate chips finds what. The time of the next find comes from an exponential law over the whole chain;
 * chip, core and midstate are drawn, the counter is searched for by hashing. A work's nonce space is tried once: chips that
 * get no new work in time are idle, and that time is counted.
 *
 * Works may be handed over one by one (a UART), or by somebody who knows which one is being hashed at a moment (an FPGA's
 * FIFO); so a work costs nothing until something is found.
 */
import type { Clock, TimerHandle } from "#hal/clock.ts";
import type { Random } from "#hal/random.ts";
import type { ChainFaults } from "./faults.ts";
import { findOfMidstates, RecordedAnswers } from "./known-finds.ts";
import type { MidstateChip } from "./midstate-chip.ts";
import type { MidstateFacts } from "./midstate-facts.ts";
import { MidstateJob } from "./midstate-job.ts";
import { MidstateSearch, midstateWindow } from "./midstate-search.ts";
import { drawChance, drawIndex } from "./prng.ts";
import { type TicketTarget, ticketTarget } from "./ticket-target.ts";

const MAX_HASHES_AT_ONCE = 65_536;
const LUCKLESS_FACTOR = 16;
const TRIES_PER_SLICE = 4096;
const MAX_WAITING_SEARCHES = 64;
const MAX_CATCH_UP_MS = 250;
const EPSILON_MS = 1e-6;
const HASHES_PER_DIFFICULTY = 2 ** 32;
const ADDRESSES = 256;

/** Finds that the works which open cores are known to have, by the wire bytes: chip and core lie in them. */
const OPEN_CORE_FINDS = [
  { bits: 0x7203ea83, difficulty: 1.99, solution: 0 },
  { bits: 0xe16bf809, difficulty: 1.57, solution: 1 },
] as const;

export interface MidstateNonceSink {
  /** @param id id byte of the work plus the midstate's number. */
  onMidstateNonce(chip: MidstateChip, nonceBits: number, solution: number, id: number): void;
}

/** Who knows which work the chips are at. */
export interface WorkFeeder {
  /** Brings the chips' work up to date by calling `startJob` and `noteJobs`. */
  advance(nowMs: number): void;
  /** Something was found in the work that it named last; the id byte is the chips'. */
  noteFind(chipId: number): void;
}

export interface MidstateSourceOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly chips: readonly MidstateChip[];
  readonly wire: MidstateFacts;
  readonly scale: number;
  readonly isStrict: boolean;
  readonly faults: ChainFaults;
  readonly liveCount: () => number;
  readonly sink: MidstateNonceSink;
}

interface Search {
  readonly chip: MidstateChip;
  readonly slot: number;
  readonly job: MidstateJob;
}

export class MidstateSource {
  readonly counts = { finds: 0, repeats: 0, falseNonces: 0, skippedFinds: 0, recordedFinds: 0 };
  feeder: WorkFeeder | null = null;
  readonly #options: MidstateSourceOptions;
  readonly #recorded: RecordedAnswers;
  readonly #search = new MidstateSearch();
  readonly #job = new MidstateJob();
  readonly #incoming = new MidstateJob();
  readonly #targets = new Map<number, TicketTarget>();
  readonly #rates: Float64Array;
  readonly #waiting: Search[] = [];
  readonly #onTimer = (): void => this.#fire();
  #searching: Search | null = null;
  #slice: TimerHandle | null = null;
  #timer: TimerHandle | null = null;
  #totalPerMs = 0;
  #nextFindMs = Number.POSITIVE_INFINITY;
  #isDirty = true;
  #liveCount = -1;
  #hasJob = false;
  #jobStartMs = 0;
  #idleMs = 0;
  /** Until when the works handed over so far keep the chips busy; null before the first one. */
  #busyUntilMs: number | null = null;

  constructor(options: MidstateSourceOptions) {
    this.#options = options;
    this.#recorded = new RecordedAnswers(options.clock);
    this.#rates = new Float64Array(options.chips.length);
  }

  get hashCount(): number {
    return this.#search.hashCount;
  }

  get hasJob(): boolean {
    return this.#hasJob;
  }

  /** Milliseconds in which the chips had worked through what they had, since the first work after a reset. */
  get idleSweepMs(): number {
    const nowMs = this.#options.clock.nowMs();
    this.feeder?.advance(nowMs);
    const late = this.#busyUntilMs === null ? 0 : Math.max(0, nowMs - this.#busyUntilMs);
    return this.#idleMs + late;
  }

  /** Expected finds a second while there is work. */
  expectedPerSecond(): number {
    this.#refresh();
    return this.#hasJob ? this.#totalPerMs * 1000 : 0;
  }

  /** Milliseconds that a work of `count` midstates lasts. */
  sweepMs(count: number): number {
    const { chips, wire } = this.#options;
    const mhz = chips[0]?.frequencyMhz ?? 0;
    if (mhz === 0) return Number.POSITIVE_INFINITY;
    const noncesPerCore = HASHES_PER_DIFFICULTY / (wire.coreSlots * nextPowerOfTwo(chips.length));
    return (noncesPerCore * Math.ceil(Math.max(1, count) / wire.parallel)) / (mhz * 1000);
  }

  /** A work comes over the wire and takes the place of the one before. */
  takeFrame(frame: Uint8Array, at: number): void {
    this.#incoming.readFrame(frame, at);
    this.startJob(this.#incoming, this.#options.clock.nowMs());
  }

  /** The chips begin with a work at `startMs`, which may lie a little back. It is copied. */
  startJob(job: MidstateJob, startMs: number): void {
    if (job.opensCore) {
      this.#openCore(job);
      return;
    }
    const isOther = !this.#hasJob || job.count !== this.#job.count;
    this.noteJobs(1, startMs, 0, job.count);
    this.#job.copyFrom(job);
    this.#jobStartMs = startMs;
    this.#hasJob = true;
    if (isOther) this.markChanged();
    this.#recorded.clear();
    const found = findOfMidstates(this.#options.chips[0]?.facts.name ?? "BM1398", job);
    // In a moment: who feeds the chips has by then noted which work this is.
    if (found !== null) this.#recorded.at(0, () => this.#reportRecorded(found));
  }

  /** A job with a recorded find: it comes at Bitcoin's scale, whatever F is. */
  #reportRecorded({ slot, nonceBits }: { slot: number; nonceBits: number }): void {
    const { chips, liveCount, wire, isStrict, sink } = this.#options;
    const span = ADDRESSES / nextPowerOfTwo(chips.length);
    const address = (nonceBits >>> (wire.nonceForm === "addressFirst" ? 24 : 14)) & 0xff & ~(span - 1);
    const live = chips.slice(0, liveCount());
    const chip = live.find((one) => one.address === address) ?? live[0];
    if (chip === undefined || chip.frequencyMhz === 0 || chip.openCores(isStrict) === 0) return;
    if (slot >= chip.takenMidstates(this.#job.count)) return;
    this.counts.recordedFinds++;
    this.feeder?.noteFind(this.#job.id);
    sink.onMidstateNonce(chip, nonceBits, 0, this.#job.id + slot);
  }

  /** Works that began one after the other, every `periodMs` from `firstStartMs` on; only their time counts. */
  noteJobs(count: number, firstStartMs: number, periodMs: number, midstates: number): void {
    const lastsMs = this.sweepMs(midstates);
    if (this.#busyUntilMs !== null) this.#idleMs += Math.max(0, firstStartMs - this.#busyUntilMs - EPSILON_MS);
    this.#idleMs += Math.max(0, periodMs - lastsMs - EPSILON_MS) * (count - 1);
    this.#busyUntilMs = firstStartMs + periodMs * (count - 1) + lastsMs;
  }

  /** Reset or power-off. */
  clearJob(): void {
    this.#recorded.clear();
    this.#slice?.cancel();
    this.#slice = null;
    this.#timer?.cancel();
    this.#timer = null;
    this.#searching = null;
    this.#waiting.length = 0;
    this.#hasJob = false;
    this.#busyUntilMs = null;
    this.#isDirty = true;
  }

  /** A register that production rests on was written, or a chip died. */
  markChanged(): void {
    this.#isDirty = true;
    this.#arm();
  }

  #refresh(): void {
    const { chips, liveCount, isStrict } = this.#options;
    const live = liveCount();
    if (!this.#isDirty && live === this.#liveCount) return;
    this.#isDirty = false;
    this.#liveCount = live;
    this.#totalPerMs = 0;
    for (const [k, chip] of chips.entries()) {
      if (k < live) this.#totalPerMs += this.#ratePerMs(chip, isStrict);
      this.#rates[k] = this.#totalPerMs;
    }
    // The law has no memory, so the next find may be drawn anew.
    this.#nextFindMs = this.#options.clock.nowMs() + this.#drawGapMs();
  }

  #ratePerMs(chip: MidstateChip, isStrict: boolean): number {
    const busy = Math.min(1, chip.takenMidstates(this.#job.count) / this.#options.wire.parallel);
    const open = chip.openCores(isStrict) / chip.facts.coreCount;
    const hashesPerMs = chip.facts.engineCount * open * busy * chip.frequencyMhz * 1000;
    return hashesPerMs / (HASHES_PER_DIFFICULTY * this.#targetOf(chip).difficulty);
  }

  #targetOf(chip: MidstateChip): TicketTarget {
    const ticket = chip.register(this.#options.wire.registers.ticketMask);
    let target = this.#targets.get(ticket);
    if (target === undefined) {
      target = ticketTarget(ticket, this.#options.scale);
      this.#targets.set(ticket, target);
    }
    return target;
  }

  #drawGapMs(): number {
    return this.#totalPerMs > 0
      ? -Math.log(1 - this.#options.random.unit()) / this.#totalPerMs
      : Number.POSITIVE_INFINITY;
  }

  #arm(): void {
    if (!this.#hasJob) return;
    this.#timer?.cancel();
    this.#timer = null;
    const nowMs = this.#options.clock.nowMs();
    const dueMs = this.#isDirty || this.#options.liveCount() !== this.#liveCount ? nowMs : this.#nextFindMs;
    if (dueMs !== Number.POSITIVE_INFINITY) this.#timer = this.#options.clock.setTimer(dueMs - nowMs, this.#onTimer);
  }

  #fire(): void {
    this.#timer = null;
    const nowMs = this.#options.clock.nowMs();
    this.feeder?.advance(nowMs);
    this.#refresh();
    if (this.#nextFindMs < nowMs - MAX_CATCH_UP_MS) this.#nextFindMs = nowMs;
    while (this.#nextFindMs <= nowMs + EPSILON_MS) {
      this.#find(this.#nextFindMs);
      this.#nextFindMs += this.#drawGapMs();
    }
    this.#arm();
  }

  /** Something passed the ticket at `atMs`, if the chips were at work then. */
  #find(atMs: number): void {
    const { random, chips, wire } = this.#options;
    if (!this.#hasJob || this.#busyUntilMs === null || atMs > this.#busyUntilMs) return;
    const chip = chips[this.#pick(random)]!;
    const count = chip.takenMidstates(this.#job.count);
    if (count === 0) return;
    // Side by side, or each in its part of the sweep.
    const part = Math.max(0, atMs - this.#jobStartMs) / this.sweepMs(count);
    const slot = wire.parallel > 1 ? drawIndex(random, count) : Math.min(count - 1, Math.floor(part * count));
    if (this.#searching !== null && this.#waiting.length >= MAX_WAITING_SEARCHES) {
      this.counts.skippedFinds++;
      return;
    }
    this.feeder?.noteFind(this.#job.id);
    const job = new MidstateJob();
    job.copyFrom(this.#job);
    if (this.#searching === null) this.#startSearch({ chip, slot, job });
    else this.#waiting.push({ chip, slot, job });
  }

  #pick(random: Random): number {
    const mark = random.unit() * this.#totalPerMs;
    let low = 0;
    let high = this.#liveCount - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#rates[middle]! > mark) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  #startSearch(search: Search): void {
    this.#searching = search;
    this.#beginWindow(search);
    const hashes = this.#targetOf(search.chip).expectedHashes;
    this.#runSearch(hashes <= MAX_HASHES_AT_ONCE ? LUCKLESS_FACTOR * hashes : TRIES_PER_SLICE);
  }

  #beginWindow({ chip, slot, job }: Search): void {
    const { random, chips, wire, isStrict } = this.#options;
    const span = ADDRESSES / nextPowerOfTwo(chips.length);
    const core = drawIndex(random, chip.openCores(isStrict));
    const firstCounter = drawIndex(random, midstateWindow(wire.nonceForm, span));
    const address = chip.address;
    this.#search.begin(job, slot, this.#targetOf(chip), { form: wire.nonceForm, core, address, span, firstCounter });
  }

  #runSearch(maxTries: number): void {
    const searching = this.#searching;
    if (searching === null) return;
    const outcome = this.#search.run(maxTries);
    if (outcome === "found") {
      this.#slice = null;
      this.#searching = null;
      this.#report(searching);
      const next = this.#waiting.shift();
      if (next !== undefined) this.#startSearch(next);
      return;
    }
    if (outcome === "exhausted") this.#beginWindow(searching);
    this.#slice = this.#options.clock.setTimer(0, () => this.#runSearch(TRIES_PER_SLICE));
  }

  #report({ chip, slot, job }: Search): void {
    const { random, faults, sink } = this.#options;
    this.counts.finds++;
    const isFalse = drawChance(random, faults.falseNonceFraction);
    if (isFalse) this.counts.falseNonces++;
    const bits = isFalse ? this.#search.falsify(drawIndex(random, 64)) : this.#search.foundNonceBits;
    sink.onMidstateNonce(chip, bits, 0, job.id + slot);
  }

  /** Every chip opens its next core; those whose open cores hold one of the known finds report it. */
  #openCore(job: MidstateJob): void {
    const { chips, wire, sink } = this.#options;
    const live = this.#options.liveCount();
    const span = ADDRESSES / nextPowerOfTwo(chips.length);
    for (let k = 0; k < live; k++) if (wire.isOpenedByWork) chips[k]!.openNextCore();
    this.markChanged();
    for (const { bits, difficulty, solution } of OPEN_CORE_FINDS) {
      const owner = chips.findIndex((chip) => chip.address === ((bits >>> 24) & ~(span - 1)));
      const chip = chips[owner];
      if (chip === undefined || owner >= live || chip.frequencyMhz === 0) continue;
      if ((bits & 0x7f) >= chip.openCores(true) || this.#targetOf(chip).difficulty > difficulty) continue;
      sink.onMidstateNonce(chip, bits, solution, job.id);
    }
  }
}

export function nextPowerOfTwo(value: number): number {
  return 2 ** Math.ceil(Math.log2(value));
}
