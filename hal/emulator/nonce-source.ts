/**
 * When a chain finds what. The time of the next find comes from an exponential law over the whole chain; chip, core and
 * engine are uniform; the version is the one that the chip has rolled to by then; the counter is searched for.
 *
 * A chip has rolled through all versions after one epoch and then hashes the same headers again, without a sign. So
 * finds are made only where a header comes up for the first time, and each comes again whenever its version does:
 *
 *     roll = sweeps since the job x engines + engine (16 bits), version bits = roll AND rollMask
 *     bits that do not change the header: those outside the mask, and those that the job's version has set anyway
 */
import type { Clock, TimerHandle } from "#hal/clock.ts";
import type { Random } from "#hal/random.ts";
import { type ChipModel, WINDOW_SIZE } from "./chip-model.ts";
import type { ChainFaults } from "./faults.ts";
import { type Find, FindMemory, nextUnderMask, ROLL_COUNT } from "./find-memory.ts";
import { baseVersionOf, jobByteOf, rolledVersion } from "./job-fields.ts";
import { findsOfFrame, RECORDED_TICKET, RecordedAnswers, type RecordedFind } from "./known-finds.ts";
import { NonceSearch } from "./nonce-search.ts";
import { drawChance, drawIndex } from "./prng.ts";
import { ProductionTable } from "./production-table.ts";

/** A target of up to this many hashes is searched in one go, some 20 ms of one core; a harder one in slices. */
const MAX_HASHES_AT_ONCE = 65_536;
/** In one go: nearly always enough, and a bound all the same. */
const LUCKLESS_FACTOR = 16;
/** About a millisecond. */
const TRIES_PER_SLICE = 4096;
/** Searches that wait while another one is being sliced; more means that the target is too hard for this machine. */
const MAX_WAITING_SEARCHES = 64;
/** A process that slept longer than this does not make up for the finds it missed. */
const MAX_CATCH_UP_MS = 250;
/** At a scale so large that every hash passes no nonce is false. */
const MAX_FALSE_TRIES = 1000;
/** Timers may fire this much early by rounding. */
const EPSILON_MS = 1e-6;

export interface NonceSink {
  onNonce(chip: ChipModel, nonceBits: number, excessBits: number, engine: number, roll: number, jobByte: number): void;
}

/** A find whose counter is still to be searched for. */
interface Search {
  readonly chip: ChipModel;
  readonly roll: number;
}

export interface NonceSourceOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly chips: readonly ChipModel[];
  readonly scale: number;
  /** True: chips need report bits and enabled cores, as real ones do. */
  readonly isStrict: boolean;
  readonly faults: ChainFaults;
  /** Chips that take part now, counted from the host. */
  readonly liveCount: () => number;
  readonly sink: NonceSink;
}

export class NonceSource {
  /** For tests and statistics. */
  readonly counts = { finds: 0, repeats: 0, falseNonces: 0, skippedFinds: 0, recordedFinds: 0 };
  readonly #options: NonceSourceOptions;
  readonly #recorded: RecordedAnswers;
  readonly #search = new NonceSearch();
  readonly #table: ProductionTable;
  readonly #finds = new FindMemory();
  #sequence = 0;
  #hasJob = false;
  #jobByte = 0;
  #baseVersion = 0;
  #jobStartMs = 0;
  #nextFindMs = Number.POSITIVE_INFINITY;
  #isDirty = true;
  #liveCount = -1;
  #timer: TimerHandle | null = null;
  #slice: TimerHandle | null = null;
  #searching: Search | null = null;
  readonly #waiting: Search[] = [];

  constructor(options: NonceSourceOptions) {
    this.#options = options;
    this.#recorded = new RecordedAnswers(options.clock);
    this.#table = new ProductionTable(options.chips.length, options.scale);
  }

  get hashCount(): number {
    return this.#search.hashCount;
  }

  get hasJob(): boolean {
    return this.#hasJob;
  }

  /** Expected finds a second as things stand. */
  expectedPerSecond(): number {
    this.#refresh();
    return this.#hasJob ? this.#table.totalPerMs * 1000 : 0;
  }

  /** A job replaces the one before at once; the roll counter starts at 0. */
  setJob(frame: Uint8Array): void {
    this.#dropWork();
    this.#search.setJob(frame);
    this.#jobByte = jobByteOf(frame);
    this.#baseVersion = baseVersionOf(frame);
    this.#jobStartMs = this.#options.clock.nowMs();
    this.#hasJob = true;
    this.#arm();
    this.#answerAsRecorded(frame);
  }

  /** Reset or power-off. */
  clearJob(): void {
    this.#dropWork();
    this.#hasJob = false;
    this.#timer?.cancel();
    this.#timer = null;
    this.#isDirty = true;
  }

  /** A register that production rests on was written, or a chip died. */
  markChanged(): void {
    if (this.#isDirty) return;
    this.#isDirty = true;
    this.#arm();
  }

  #dropWork(): void {
    this.#finds.clear();
    this.#recorded.clear();
    this.#slice?.cancel();
    this.#slice = null;
    this.#searching = null;
    this.#waiting.length = 0;
  }

  /** A captured job: each find comes when a chip has rolled to its version, whatever F is. */
  #answerAsRecorded(frame: Uint8Array): void {
    const first = this.#options.chips[0];
    if (first === undefined) return;
    for (const find of findsOfFrame(first.facts.name, frame)) {
      const sweep = Math.floor(find[2] / first.facts.enginesPerCore);
      this.#recorded.at(sweep * first.sweepMs(), () => this.#reportRecorded(find));
    }
  }

  #reportRecorded([nonceBits, excess, roll, engine]: RecordedFind): void {
    const { chips, liveCount, isStrict, sink } = this.#options;
    this.#refresh();
    const position = nonceBits & (WINDOW_SIZE - 1);
    const live = chips.slice(0, liveCount());
    const chip = live.find(({ index }) => this.#table.covers(index, position)) ?? live[0];
    if (chip === undefined || chip.frequencyMhz === 0 || chip.reportQuarters(isStrict) === 0) return;
    const { difficulty } = this.#table.targetOf(chip);
    const bits = (chip.facts.hasHalfExcessBits ? excess / 2 : excess) + Math.log2(RECORDED_TICKET / difficulty);
    if (bits < 0 || (roll & ~chip.rollMask) !== 0) return;
    this.counts.recordedFinds++;
    sink.onNonce(chip, nonceBits, bits, engine, roll, this.#jobByte);
  }

  #refresh(): void {
    const liveCount = this.#options.liveCount();
    if (!this.#isDirty && liveCount === this.#liveCount) return;
    this.#isDirty = false;
    this.#liveCount = liveCount;
    this.#table.rebuild(this.#options.chips, liveCount, this.#options.isStrict);
    // The law has no memory, so the next find may be drawn anew.
    this.#nextFindMs = this.#options.clock.nowMs() + this.#drawGapMs();
  }

  #drawGapMs(): number {
    const rate = this.#table.totalPerMs;
    return rate > 0 ? -Math.log(1 - this.#options.random.unit()) / rate : Number.POSITIVE_INFINITY;
  }

  #arm(): void {
    if (!this.#hasJob) return;
    this.#timer?.cancel();
    this.#timer = null;
    const isStale = this.#isDirty || this.#options.liveCount() !== this.#liveCount;
    const dueMs = isStale ? 0 : Math.min(this.#nextFindMs, this.#finds.nextMs);
    if (dueMs === Number.POSITIVE_INFINITY) return;
    this.#timer = this.#options.clock.setTimer(dueMs - this.#options.clock.nowMs(), () => this.#fire());
  }

  #fire(): void {
    this.#timer = null;
    this.#refresh();
    const nowMs = this.#options.clock.nowMs();
    if (this.#nextFindMs < nowMs - MAX_CATCH_UP_MS) this.#nextFindMs = nowMs;
    while (this.#nextFindMs <= nowMs + EPSILON_MS) {
      const atMs = this.#nextFindMs;
      this.#nextFindMs += this.#drawGapMs();
      this.#find(atMs);
    }
    for (let due = this.#finds.takeDue(nowMs + EPSILON_MS); due !== undefined; ) {
      if (due.timeMs >= nowMs - MAX_CATCH_UP_MS) this.#repeat(due);
      else this.#finds.schedule(due, this.#distinctMask(due.chip));
      due = this.#finds.takeDue(nowMs + EPSILON_MS);
    }
    this.#arm();
  }

  /** Something passed the ticket at `atMs`; it counts only where its header is tried for the first time. */
  #find(atMs: number): void {
    const { random, chips } = this.#options;
    const index = this.#table.pick(random);
    const chip = chips[index]!;
    const engines = chip.facts.enginesPerCore;
    const sweeps = Math.floor(Math.max(0, atMs - this.#jobStartMs) / chip.sweepMs());
    const roll = sweeps * engines + drawIndex(random, engines);
    if (this.#table.leaderOf(index) !== index || roll >= ROLL_COUNT) return;
    if ((roll & ~this.#distinctMask(chip)) !== 0) return;
    if (this.#searching === null) this.#startSearch({ chip, roll });
    else if (this.#waiting.length < MAX_WAITING_SEARCHES) this.#waiting.push({ chip, roll });
    else this.counts.skippedFinds++;
  }

  #startSearch(search: Search): void {
    const { chip, roll } = search;
    this.#searching = search;
    this.#search.setVersion(rolledVersion(this.#baseVersion, roll, chip.rollMask));
    this.#beginWindow();
    const hashes = this.#table.targetOf(chip).expectedHashes;
    this.#runSearch(hashes <= MAX_HASHES_AT_ONCE ? LUCKLESS_FACTOR * hashes : TRIES_PER_SLICE);
  }

  /** Roll bits that make a header of their own. */
  #distinctMask(chip: ChipModel): number {
    return chip.rollMask & ~(this.#baseVersion >>> 13);
  }

  #beginWindow(): void {
    const searching = this.#searching;
    if (searching === null) return;
    const { random } = this.#options;
    const chip = searching.chip;
    const quarters = chip.reportQuarters(this.#options.isStrict) || 0x0f;
    let core = drawIndex(random, chip.facts.coreCount);
    while (((quarters >> Math.floor((core * 4) / chip.facts.coreCount)) & 1) === 0) {
      core = drawIndex(random, chip.facts.coreCount);
    }
    const size = chip.sweepNonces();
    this.#search.begin(this.#table.targetOf(chip), core, chip.windowStart(), size, drawIndex(random, size));
  }

  #runSearch(maxTries: number): void {
    const outcome = this.#search.run(maxTries);
    if (outcome === "found") {
      this.#slice = null;
      this.#found();
      return;
    }
    // A window without a find (hard target, short sweep): the next core's is as good.
    if (outcome === "exhausted") this.#beginWindow();
    this.#slice = this.#options.clock.setTimer(0, () => this.#runSearch(TRIES_PER_SLICE));
  }

  #found(): void {
    const searching = this.#searching;
    if (searching === null) return;
    this.#searching = null;
    this.#take(searching);
    const next = this.#waiting.shift();
    if (next !== undefined) this.#startSearch(next);
  }

  #take(searching: Search): void {
    // Where sweeps meet, each chip's draws hit the common part: only the first one's count, or it would be found twice.
    const position = this.#search.foundNonceBits & (WINDOW_SIZE - 1);
    if (this.#table.hasOverlaps && this.#table.firstCovering(position) !== searching.chip.index) return;
    this.counts.finds++;
    const find: Find = {
      timeMs: this.#options.clock.nowMs(),
      sequence: this.#sequence++,
      chip: searching.chip,
      nonceBits: this.#search.foundNonceBits,
      excessBits: this.#search.foundExcessBits,
      roll: searching.roll,
      freeHigh: 0,
    };
    this.#report(find);
    this.#finds.schedule(find, this.#distinctMask(find.chip));
    this.#arm();
  }

  #repeat(find: Find): void {
    this.counts.repeats++;
    this.#report(find);
    this.#finds.schedule(find, this.#distinctMask(find.chip));
  }

  /** Sends a find once for each chip that tries this counter and for each engine that has the same version. */
  #report(find: Find): void {
    const engineBits = find.chip.facts.enginesPerCore - 1;
    const free = engineBits & ~this.#distinctMask(find.chip);
    const high = find.roll & ~engineBits;
    for (let bits = 0; ; bits = nextUnderMask(bits, free)) {
      const engine = (find.roll & engineBits) | bits;
      this.#reportFromChips(find, engine, high | find.freeHigh | engine);
      if (bits === free) return;
    }
  }

  #reportFromChips(find: Find, engine: number, roll: number): void {
    const { chips } = this.#options;
    const position = find.nonceBits & (WINDOW_SIZE - 1);
    const [first, last] = this.#table.hasOverlaps ? [0, chips.length - 1] : [find.chip.index, find.chip.index];
    for (let k = first; k <= last; k++) {
      if (this.#table.covers(k, position)) this.#send(chips[k]!, find, engine, roll & chips[k]!.rollMask);
    }
  }

  #send(chip: ChipModel, find: Find, engine: number, roll: number): void {
    const { random, sink, faults } = this.#options;
    if (!drawChance(random, faults.falseNonceFraction)) {
      sink.onNonce(chip, find.nonceBits, find.excessBits, engine, roll, this.#jobByte);
      return;
    }
    this.counts.falseNonces++;
    sink.onNonce(chip, this.#falsify(chip, find.nonceBits, roll), 0, engine, roll, this.#jobByte);
  }

  /** Another counter of the same core and chip. A wrong one passes with probability 1/h, so it is hashed to make sure. */
  #falsify(chip: ChipModel, nonceBits: number, roll: number): number {
    const target = this.#table.targetOf(chip);
    const version = rolledVersion(this.#baseVersion, roll, 0xffff);
    let bits = nonceBits;
    for (let i = 0; i < MAX_FALSE_TRIES; i++) {
      bits = ((nonceBits & ~0x1ff) | drawIndex(this.#options.random, 0x200)) >>> 0;
      if (!this.#search.passes(version, bits, target)) break;
    }
    const searching = this.#searching;
    if (searching !== null) {
      this.#search.setVersion(rolledVersion(this.#baseVersion, searching.roll, searching.chip.rollMask));
    }
    return bits;
  }
}
