/**
 * What all chains of BM13xx chips have in common, whatever leads to them: phases as step lists, reads that follow one
 * another, and what a nonce report says. Jobs and nonces take the short way: one call, nothing allocated.
 */
import type { Clock } from "#hal/clock.ts";
import { KumpelError } from "#hal/errors.ts";
import { Mutex } from "#hal/mutex.ts";
import type {
  ChainChipFacts,
  ChainTelemetryReading,
  ChainWork,
  EnumerationResult,
  FeedMode,
  HashChain,
  LinkCounters,
  NonceListener,
} from "../hash-chain.ts";
import { ENUMERATION_BAUD, type HashboardModel } from "../hashboards/hashboard-model.ts";
import { chipTemperatureC } from "./chip-temperature.ts";
import { ChipTemperatures } from "./chip-temperatures.ts";
import { CHIPS, type ChipRow } from "./chips.ts";
import type { CommandLink } from "./command-link.ts";
import { ALL_CHIPS, COMMAND_MAX_BYTES, putWriteRegister } from "./commands.ts";
import { hashCountingNumber, rollShare, sweepEpochMs } from "./hash-counting.ts";
import { temperatureSteps } from "./init-sequence.ts";
import type { InitStep } from "./init-step.ts";
import { busyShare, midstateCountUnder, midstateSweepMs } from "./midstate-timing.ts";
import {
  chipIndexOf,
  coreOf,
  coreOfMidstateChip,
  headerNonce,
  midstateChipIndexOf,
  versionBitsOf,
  wireIdOf,
} from "./nonce-fields.ts";
import { PendingReplies } from "./pending-replies.ts";
import { type RegisterName, registerNumber } from "./register-map.ts";
import { versionRollingWord } from "./registers.ts";
import type { ResponseSink } from "./response-parser.ts";
import { retuneSteps } from "./retune.ts";
import { type StartSequence, startSequence } from "./start-sequence.ts";
import { StepExecutor } from "./step-executor.ts";
import { ticketMaskValue } from "./ticket-mask.ts";

export interface BaseChainOptions {
  readonly clock: Clock;
  readonly chainIndex: number;
  readonly board: HashboardModel;
  /** True: chips that nobody has mined with may be started. */
  readonly experimentalAccepted?: boolean;
}

const MIDSTATES_PER_WORK = 4;
/** So far off counts as another clock, so that every chip is written again. */
const UNCERTAIN_MHZ = 0.001;

const ignoreNonce: NonceListener = () => {};
const ignoreError = (): void => {};

export abstract class BaseChain implements HashChain {
  abstract readonly feedMode: FeedMode;
  readonly chainIndex: number;
  readonly board: HashboardModel;
  readonly facts: ChainChipFacts;

  protected readonly clock: Clock;
  protected readonly row: ChipRow;
  protected readonly pending: PendingReplies;
  protected link: CommandLink | null = null;
  protected executor: StepExecutor | null = null;
  protected jobsWritten = 0;
  protected registerReplies = 0;
  protected nonceReports = 0;
  protected unsolicited = 0;
  readonly #isExperimentAccepted: boolean;
  readonly #sequence: StartSequence;
  readonly #commandFrame = new Uint8Array(COMMAND_MAX_BYTES);
  readonly #versionBits: Uint32Array;
  /** Phases follow one another, also when a caller does not wait. */
  readonly #tasks = new Mutex();
  #nonceListener: NonceListener = ignoreNonce;
  #errorListener: (error: Error) => void = ignoreError;
  #openCoreNonces = 0;
  /** A change of the clocks was given up: some chips may run at what was written last, not at what is noted. */
  #isClockUncertain = false;
  readonly #temperatures = new ChipTemperatures();

  constructor(options: BaseChainOptions, facts: ChainChipFacts) {
    this.clock = options.clock;
    this.chainIndex = options.chainIndex;
    this.board = options.board;
    this.row = CHIPS[options.board.chip];
    this.facts = facts;
    this.pending = new PendingReplies(options.clock);
    this.#isExperimentAccepted = options.experimentalAccepted ?? false;
    this.#sequence = startSequence(options.board);
    this.#versionBits = new Uint32Array(facts.wireIdCount * MIDSTATES_PER_WORK);
  }

  get chipCount(): number {
    return this.executor?.chipCount ?? 0;
  }

  /** Before the count of the chips all run at the same clock. */
  get frequencyMhz(): number {
    const { executor } = this;
    if (executor === null) return 0;
    const chips = Math.max(1, executor.chipCount);
    let sum = 0;
    for (let chip = 0; chip < chips; chip++) sum += executor.clockMhz(chip);
    return sum / chips;
  }

  chipFrequencyMhz(chipIndex: number): number {
    return this.executor?.clockMhz(chipIndex) ?? 0;
  }

  get prescribedWaitMs(): number {
    return this.executor?.prescribedWaitMs ?? 0;
  }

  get counters(): LinkCounters {
    const { resyncBytes, crcErrors } = this.lineErrors();
    return {
      registerReplies: this.registerReplies,
      nonceReports: this.nonceReports,
      resyncBytes,
      crcErrors,
      unsolicited: this.unsolicited,
      jobsWritten: this.jobsWritten,
      openCoreNonces: this.#openCoreNonces,
    };
  }

  abstract open(): Promise<void>;
  abstract close(): Promise<void>;
  abstract putWork(work: ChainWork): void;
  abstract flushWork(): void;
  abstract dropQueuedWork(): void;
  abstract onWorkWanted(listener: ((count: number) => void) | null): void;
  abstract requestWork(): void;
  abstract workTimeMs(versionMask: number): number;
  protected abstract lineErrors(): { resyncBytes: number; crcErrors: number };

  enumerate(signal: AbortSignal): Promise<EnumerationResult> {
    return this.exclusive(async (executor, link) => {
      executor.forgetClocks();
      // A reset put the chips back to their first rate, and left noise on the line.
      if (link.baud !== ENUMERATION_BAUD) await link.setBaud(ENUMERATION_BAUD);
      await link.discardInput();
      const bytesBefore = this.lineErrors().resyncBytes;
      await this.countChips(() => executor.run(this.#sequence.enumerate(), signal));
      return {
        chipCount: executor.chipCount,
        foreignChips: executor.foreignChips,
        discardedBytes: this.lineErrors().resyncBytes - bytesBefore,
      };
    });
  }

  /** Runs one count, or another where a link can tell that the first one went wrong. */
  protected countChips(count: () => Promise<void>): Promise<void> {
    return count();
  }

  address(signal: AbortSignal): Promise<void> {
    return this.runSteps(() => this.#sequence.address(), signal);
  }

  configure(signal: AbortSignal): Promise<void> {
    const { chip, experimental } = this.row;
    if (experimental !== null && !this.#isExperimentAccepted) {
      const text = `chain ${this.chainIndex}: mining with ${chip} needs your agreement, since ${experimental}`;
      return Promise.reject(new KumpelError("CHIP_EXPERIMENTAL", text, { details: { chip, chain: this.chainIndex } }));
    }
    return this.runSteps((executor) => this.#sequence.configure(executor.chipCount), signal);
  }

  ramp(targetMhz: number, signal: AbortSignal): Promise<number> {
    return this.exclusive(async (executor) => {
      await executor.run(this.#sequence.ramp(targetMhz), signal);
      return this.frequencyMhz;
    });
  }

  startMining(options: { versionMask: number; ticketDifficulty: number }, signal: AbortSignal): Promise<void> {
    return this.runSteps(
      ({ chipCount }) => this.#sequence.startMining({ chipCount, frequencyMhz: this.frequencyMhz, ...options }),
      signal,
    );
  }

  retune(wantedMhz: (chipIndex: number) => number, signal: AbortSignal): Promise<number> {
    return this.exclusive(async (executor) => {
      const chips = Array.from({ length: executor.chipCount }, (_, chipIndex) => chipIndex);
      const offMhz = this.#isClockUncertain ? UNCERTAIN_MHZ : 0;
      const steps = retuneSteps({
        board: this.board,
        sequence: this.#sequence,
        fromMhz: chips.map((chip) => executor.clockMhz(chip) - offMhz),
        toMhz: chips.map(wantedMhz),
      });
      this.#isClockUncertain = true;
      await executor.run(steps, signal);
      this.#isClockUncertain = false;
      return this.frequencyMhz;
    });
  }

  setVersionMask(mask: number): void {
    // Chips that take midstates get their versions with each work.
    if (this.row.midstate === null) this.#writeAll("versionRolling", versionRollingWord(mask));
  }

  setTicketDifficulty(difficulty: number): void {
    this.#writeAll("ticketMask", ticketMaskValue(difficulty));
  }

  epochMs(versionMask: number): number {
    const frequencyMhz = this.#fastestMhz() || this.board.defaultFrequencyMhz;
    const { midstate } = this.row;
    if (midstate !== null) {
      const midstates = this.midstatesUnder(versionMask);
      return midstateSweepMs(midstate, this.board.addressInterval, frequencyMhz, midstates);
    }
    const chipCount = this.chipCount || this.board.chips;
    return sweepEpochMs(this.row, hashCountingNumber(this.row, this.board, chipCount, frequencyMhz), versionMask);
  }

  /** The fastest chip is through with a work before the others. */
  #fastestMhz(): number {
    let fastest = 0;
    for (let chip = 0; chip < Math.max(1, this.chipCount); chip++)
      fastest = Math.max(fastest, this.chipFrequencyMhz(chip));
    return fastest;
  }

  engineShare(versionMask: number): number {
    const { midstate } = this.row;
    return midstate === null ? rollShare(this.row, versionMask) : busyShare(midstate, this.midstatesUnder(versionMask));
  }

  readTemperatures(signal: AbortSignal): Promise<ChainTelemetryReading> {
    if (!this.row.hasTemperature) return Promise.resolve({ temperatureChipMaxC: null, chipsRead: 0 });
    return this.exclusive(async (executor) => {
      await executor.run(temperatureSteps(), signal);
      this.#temperatures.clear();
      let temperatureChipMaxC: number | null = null;
      let chipsRead = 0;
      for (let i = 0; i < executor.temperatureCount; i++) {
        const temperatureC = chipTemperatureC(executor.temperatureValues[i]!);
        this.#temperatures.note(executor.temperatureAddresses[i]!, this.board.addressInterval, temperatureC);
        if (temperatureC === null) continue;
        chipsRead++;
        temperatureChipMaxC = Math.max(temperatureC, temperatureChipMaxC ?? temperatureC);
      }
      return { temperatureChipMaxC, chipsRead };
    });
  }

  chipTemperatureC(chipIndex: number): number | null {
    return this.#temperatures.of(chipIndex);
  }

  readChipRegister(chipIndex: number, register: number, signal: AbortSignal): Promise<number> {
    return this.exclusive((executor) => executor.readOne(chipIndex, register, signal));
  }

  writeChipRegister(chipIndex: number, register: number, value: number): Promise<void> {
    return this.exclusive(async (_executor, link) => {
      this.#write(link, chipIndex * this.board.addressInterval, register, value);
      await link.drain();
    });
  }

  onNonce(listener: NonceListener): void {
    this.#nonceListener = listener;
  }

  onError(listener: (error: Error) => void): void {
    this.#errorListener = listener;
  }

  /** The link is open: phases may run. */
  protected attach(link: CommandLink): void {
    const { chainIndex, board, clock, pending } = this;
    this.link = link;
    this.executor = new StepExecutor({ chainIndex, board, clock, link, pending });
  }

  /** Nobody waits for the link any longer. */
  protected detach(): void {
    this.link = null;
    this.executor = null;
    this.pending.fail(new KumpelError("ABORTED", `chain ${this.chainIndex} was closed`));
  }

  protected fail(error: Error): void {
    this.pending.fail(error);
    this.#errorListener(error);
  }

  protected midstatesUnder(versionMask: number): number {
    return midstateCountUnder(versionMask & this.row.versionMask, this.facts.midstatesMax);
  }

  /** Keeps the versions of a work, for the nonces that come back for it. */
  protected noteVersions(work: ChainWork): void {
    const at = work.wireId * MIDSTATES_PER_WORK;
    for (let slot = 0; slot < work.midstateCount; slot++) this.#versionBits[at + slot] = work.versionBits[slot]!;
  }

  protected takeRegister(value: number, chipAddress: number, register: number): void {
    this.registerReplies++;
    if (!this.pending.offer(value, chipAddress, register)) this.unsolicited++;
  }

  /** A nonce of a chip that takes midstates. @param nonceWord the nonce bytes as a big-endian word. */
  protected takeMidstateNonce(wireId: number, slot: number, nonceWord: number): void {
    if (this.#isOpenCoreNonce(nonceWord)) {
      this.#openCoreNonces++;
      return;
    }
    this.nonceReports++;
    this.#nonceListener(
      wireId,
      headerNonce(nonceWord),
      this.#versionBits[wireId * MIDSTATES_PER_WORK + slot] ?? 0,
      midstateChipIndexOf(this.row, nonceWord, this.chipCount, this.board.addressInterval),
      coreOfMidstateChip(this.row, nonceWord),
    );
  }

  /** What a parser of the chips' own frames hands its finds to. */
  protected makeSink(): ResponseSink {
    const row = this.row;
    const interval = this.board.addressInterval;
    const onRegister: ResponseSink["onRegister"] = (value, chipAddress, register) =>
      this.takeRegister(value, chipAddress, register);
    if (row.midstate !== null) {
      return {
        onRegister,
        onNonce: (nonceWord, _excessByte, idByte) =>
          this.takeMidstateNonce(wireIdOf(row, idByte), idByte & row.engineMask, nonceWord),
      };
    }
    return {
      onRegister,
      onNonce: (nonceWord, _excessByte, idByte, rolled) => {
        this.nonceReports++;
        this.#nonceListener(
          wireIdOf(row, idByte),
          headerNonce(nonceWord),
          versionBitsOf(rolled),
          chipIndexOf(row, nonceWord, this.chipCount, interval),
          coreOf(nonceWord),
        );
      },
    };
  }

  protected runSteps(makeSteps: (executor: StepExecutor) => InitStep[], signal: AbortSignal): Promise<void> {
    return this.exclusive((executor) => executor.run(makeSteps(executor), signal));
  }

  protected exclusive<Result>(task: (executor: StepExecutor, link: CommandLink) => Promise<Result>): Promise<Result> {
    return this.#tasks.run(() => {
      if (this.executor === null || this.link === null) {
        throw new KumpelError("UART_IO_FAILED", `chain ${this.chainIndex} is not open`);
      }
      return task(this.executor, this.link);
    });
  }

  #isOpenCoreNonce(nonceWord: number): boolean {
    const words = this.row.midstate?.openCoreNonceWords;
    if (words === undefined) return false;
    for (let i = 0; i < words.length; i++) if (words[i] === nonceWord >>> 0) return true;
    return false;
  }

  #writeAll(register: RegisterName, value: number): void {
    if (this.link === null) return;
    this.#write(this.link, ALL_CHIPS, registerNumber(this.row.registers, register), value);
  }

  #write(link: CommandLink, to: number, register: number, value: number): void {
    const length = putWriteRegister(this.#commandFrame, 0, to, register, value, this.row.commands);
    link.send(this.#commandFrame.subarray(0, length));
  }
}
