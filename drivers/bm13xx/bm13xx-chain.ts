/**
 * A hash chain of BM1362, BM1366, BM1368 or BM1370 chips on a plain UART. Phases are step lists; jobs and nonces take the
 * short way: one frame buffer, one call, nothing allocated.
 */
import type { Clock } from "#hal/clock.ts";
import { KumpelError } from "#hal/errors.ts";
import type { Uart } from "#hal/uart.ts";
import type {
  ChainChipFacts,
  ChainTelemetryReading,
  ChainWork,
  EnumerationResult,
  HashChain,
  LinkCounters,
  NonceListener,
} from "../hash-chain.ts";
import { ENUMERATION_BAUD, type HashboardModel } from "../hashboards/models.ts";
import { chipTemperatureC } from "./chip-temperature.ts";
import { CHIPS, type ChipRow } from "./chips.ts";
import { ALL_CHIPS, COMMAND_MAX_BYTES, putWriteRegister } from "./commands.ts";
import { hashCountingNumber, sweepEpochMs } from "./hash-counting.ts";
import {
  addressSteps,
  configureSteps,
  enumerateSteps,
  type InitStep,
  rampSteps,
  setFrequencySteps,
  startMiningSteps,
  temperatureSteps,
} from "./init-sequence.ts";
import { chipIndexOf, coreOf, headerNonce, versionBitsOf, wireIdOf } from "./nonce-fields.ts";
import { PendingReplies } from "./pending-replies.ts";
import { REGISTERS, type RegisterName, versionRollingWord } from "./registers.ts";
import { ResponseParser, type ResponseSink } from "./response-parser.ts";
import { StepExecutor } from "./step-executor.ts";
import { ticketMaskValue } from "./ticket-mask.ts";
import { jobByteOfWireId, putWorkFrame, WORK_FRAME_BYTES } from "./work-frame.ts";

export interface Bm13xxChainOptions {
  readonly clock: Clock;
  readonly chainIndex: number;
  readonly board: HashboardModel;
  readonly openUart: (baud: number) => Promise<Uart>;
}

/** A second count only where the chips answered in their short form. */
const ENUMERATION_TRIES_MAX = 2;

const ignoreNonce: NonceListener = () => {};
const ignoreError = (): void => {};

export class Bm13xxChain implements HashChain {
  readonly feedMode = "timed";
  readonly chainIndex: number;
  readonly board: HashboardModel;
  readonly facts: ChainChipFacts;

  readonly #clock: Clock;
  readonly #openUart: (baud: number) => Promise<Uart>;
  readonly #row: ChipRow;
  readonly #parser: ResponseParser;
  readonly #pending: PendingReplies;
  readonly #workFrame = new Uint8Array(WORK_FRAME_BYTES);
  readonly #commandFrame = new Uint8Array(COMMAND_MAX_BYTES);
  #uart: Uart | null = null;
  #executor: StepExecutor | null = null;
  /** Phases follow one another, also when a caller does not wait. */
  #lastTask: Promise<void> = Promise.resolve();
  #nonceListener: NonceListener = ignoreNonce;
  #errorListener: (error: Error) => void = ignoreError;
  #registerReplies = 0;
  #nonceReports = 0;
  #unsolicited = 0;
  #jobsWritten = 0;
  #hasWork = false;

  constructor(options: Bm13xxChainOptions) {
    this.#clock = options.clock;
    this.chainIndex = options.chainIndex;
    this.board = options.board;
    this.#openUart = options.openUart;
    this.#row = CHIPS[options.board.chip];
    const { chip, engines, wireIdCount, retiredIdCount, versionMask, midstatesMax, noncesPerWork } = this.#row;
    this.facts = { chip, engines, wireIdCount, retiredIdCount, versionMask, midstatesMax, noncesPerWork };
    this.#pending = new PendingReplies(options.clock);
    this.#parser = new ResponseParser(this.#makeSink());
  }

  get chipCount(): number {
    return this.#executor?.chipCount ?? 0;
  }

  get frequencyMhz(): number {
    return this.#executor?.frequencyMhz ?? 0;
  }

  get prescribedWaitMs(): number {
    return this.#executor?.prescribedWaitMs ?? 0;
  }

  get counters(): LinkCounters {
    return {
      registerReplies: this.#registerReplies,
      nonceReports: this.#nonceReports,
      resyncBytes: this.#parser.resyncBytes,
      crcErrors: this.#parser.crcErrors,
      unsolicited: this.#unsolicited,
      jobsWritten: this.#jobsWritten,
      openCoreNonces: 0,
    };
  }

  async open(): Promise<void> {
    const uart = await this.#openUart(ENUMERATION_BAUD);
    this.#uart = uart;
    this.#parser.reset();
    this.#executor = new StepExecutor({
      chainIndex: this.chainIndex,
      board: this.board,
      clock: this.#clock,
      uart,
      parser: this.#parser,
      pending: this.#pending,
    });
    uart.onData((chunk) => this.#parser.push(chunk));
    uart.onError((error) => {
      this.#pending.fail(error);
      this.#errorListener(error);
    });
  }

  enumerate(signal: AbortSignal): Promise<EnumerationResult> {
    return this.#exclusive(async (executor, uart) => {
      executor.frequencyMhz = 0;
      // A reset put the chips back to their first rate, and left noise on the line.
      if (uart.baud !== ENUMERATION_BAUD) await uart.setBaud(ENUMERATION_BAUD);
      await uart.discardInput();
      this.#parser.reset();
      const bytesBefore = this.#parser.resyncBytes;
      for (let attempt = 0; attempt < ENUMERATION_TRIES_MAX; attempt++) {
        const shortBefore = this.#parser.shortFrames;
        await executor.run(enumerateSteps(this.board), signal);
        this.#parser.reset();
        // Replies in the short form: the chips are there, but did not hear the write that makes replies 11 bytes long.
        if (executor.chipCount > 0 || this.#parser.shortFrames === shortBefore) break;
      }
      return {
        chipCount: executor.chipCount,
        foreignChips: executor.foreignChips,
        discardedBytes: this.#parser.resyncBytes - bytesBefore,
      };
    });
  }

  address(signal: AbortSignal): Promise<void> {
    return this.#runSteps(() => addressSteps(this.board), signal);
  }

  configure(signal: AbortSignal): Promise<void> {
    return this.#runSteps((executor) => configureSteps(this.board, executor.chipCount), signal);
  }

  ramp(targetMhz: number, signal: AbortSignal): Promise<number> {
    return this.#exclusive(async (executor) => {
      await executor.run(rampSteps(this.board, targetMhz), signal);
      return executor.frequencyMhz;
    });
  }

  startMining(options: { versionMask: number; ticketDifficulty: number }, signal: AbortSignal): Promise<void> {
    return this.#runSteps(
      ({ chipCount, frequencyMhz }) => startMiningSteps(this.board, { chipCount, frequencyMhz, ...options }),
      signal,
    );
  }

  putWork(work: ChainWork): void {
    putWorkFrame(this.#workFrame, 0, jobByteOfWireId(work.wireId), work.header);
    this.#hasWork = true;
  }

  flushWork(): void {
    if (this.#uart === null || !this.#hasWork) return;
    this.#hasWork = false;
    this.#uart.write(this.#workFrame);
    this.#jobsWritten++;
  }

  dropQueuedWork(): void {
    this.#hasWork = false;
  }

  /** The chips hold one work: the caller keeps the time. */
  onWorkWanted(): void {}

  requestWork(): void {}

  workTimeMs(): number {
    return 0;
  }

  engineShare(): number {
    return 1;
  }

  setVersionMask(mask: number): void {
    this.#writeAll("versionRolling", versionRollingWord(mask));
  }

  setTicketDifficulty(difficulty: number): void {
    this.#writeAll("ticketMask", ticketMaskValue(difficulty));
  }

  setFrequency(frequencyMhz: number, signal: AbortSignal): Promise<number> {
    return this.#exclusive(async (executor) => {
      const { chipCount, frequencyMhz: fromMhz } = executor;
      await executor.run(setFrequencySteps(this.board, chipCount, fromMhz, frequencyMhz), signal);
      return executor.frequencyMhz;
    });
  }

  epochMs(versionMask: number): number {
    const chipCount = this.chipCount || this.board.chips;
    const frequencyMhz = this.frequencyMhz || this.board.defaultFrequencyMhz;
    const hcn = hashCountingNumber(this.#row, this.board, chipCount, frequencyMhz);
    return sweepEpochMs(this.#row, hcn, versionMask);
  }

  readTemperatures(signal: AbortSignal): Promise<ChainTelemetryReading> {
    if (!this.#row.hasTemperature) return Promise.resolve({ temperatureChipMaxC: null, chipsRead: 0 });
    return this.#exclusive(async (executor) => {
      await executor.run(temperatureSteps(), signal);
      let temperatureChipMaxC: number | null = null;
      let chipsRead = 0;
      for (let i = 0; i < executor.temperatureCount; i++) {
        const temperatureC = chipTemperatureC(executor.temperatureValues[i]!);
        if (temperatureC === null) continue;
        chipsRead++;
        temperatureChipMaxC = Math.max(temperatureC, temperatureChipMaxC ?? temperatureC);
      }
      return { temperatureChipMaxC, chipsRead };
    });
  }

  onNonce(listener: NonceListener): void {
    this.#nonceListener = listener;
  }

  onError(listener: (error: Error) => void): void {
    this.#errorListener = listener;
  }

  async close(): Promise<void> {
    const uart = this.#uart;
    this.#uart = null;
    this.#executor = null;
    this.#pending.fail(new KumpelError("ABORTED", `chain ${this.chainIndex} was closed`));
    await uart?.close();
  }

  #makeSink(): ResponseSink {
    const row = this.#row;
    const interval = this.board.addressInterval;
    return {
      onRegister: (value, chipAddress, registerNumber) => {
        this.#registerReplies++;
        if (!this.#pending.offer(value, chipAddress, registerNumber)) this.#unsolicited++;
      },
      onNonce: (nonceWord, _excessByte, idByte, rolled) => {
        this.#nonceReports++;
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

  #writeAll(register: RegisterName, value: number): void {
    if (this.#uart === null) return;
    putWriteRegister(this.#commandFrame, 0, ALL_CHIPS, REGISTERS[register].number, value);
    this.#uart.write(this.#commandFrame);
  }

  #runSteps(makeSteps: (executor: StepExecutor) => InitStep[], signal: AbortSignal): Promise<void> {
    return this.#exclusive((executor) => executor.run(makeSteps(executor), signal));
  }

  #exclusive<Result>(task: (executor: StepExecutor, uart: Uart) => Promise<Result>): Promise<Result> {
    const result = this.#lastTask.then(() => {
      if (this.#executor === null || this.#uart === null) {
        throw new KumpelError("UART_IO_FAILED", `chain ${this.chainIndex} is not open`);
      }
      return task(this.#executor, this.#uart);
    });
    this.#lastTask = result.then(
      () => undefined,
      () => undefined,
    );
    return result;
  }
}
