/** Carries out the step lists of the start sequences over one link: batches frames, waits, reads back, checks. */
import { type Clock, sleep } from "#hal/clock.ts";
import { KumpelError } from "#hal/errors.ts";
import type { HashboardModel } from "../hashboards/hashboard-model.ts";
import { CHIPS, type ChipRow } from "./chips.ts";
import type { CommandLink } from "./command-link.ts";
import {
  ALL_CHIPS,
  COMMAND_MAX_BYTES,
  putChainInactive,
  putReadRegister,
  putSetAddress,
  putWriteRegister,
} from "./commands.ts";
import type { InitStep } from "./init-step.ts";
import { openCoreWork } from "./open-core.ts";
import type { PendingReplies } from "./pending-replies.ts";
import { type RegisterName, registerNumber } from "./register-map.ts";

/** Frames that go out in one write: about ten chips' worth, so that an abort is heard in between. */
const BATCH_BYTES = 512;
/** A whole chain answers within 0.12 s at the slowest rate; the rest is room for a busy host. */
const REPLY_SILENCE_MS = 1000;
const REPLY_LIMIT_MS = 5000;
/** One chip answers at once; half of the time of all. */
const ONE_REPLY_SILENCE_MS = 100;
/** Replies can be damaged on the line; a chip that stays silent thrice is not there. */
const READ_TRIES_MAX = 3;

export interface ExecutorParts {
  readonly chainIndex: number;
  readonly board: HashboardModel;
  readonly clock: Clock;
  readonly link: CommandLink;
  readonly pending: PendingReplies;
}

export class StepExecutor {
  /** Milliseconds of waits that the steps prescribed. */
  prescribedWaitMs = 0;
  /** Chips that all later reads must hear. */
  chipCount = 0;
  /** By id as 4 hex digits, from the last `countChips`. */
  foreignChips: Record<string, number> = {};
  /** From the last `readTemperatures`: raw register values, count first. */
  temperatureCount = 0;
  readonly temperatureValues = new Uint32Array(256);
  readonly temperatureAddresses = new Int16Array(256);

  readonly #parts: ExecutorParts;
  readonly #row: ChipRow;
  readonly #batch = new Uint8Array(BATCH_BYTES);
  #batchLength = 0;
  /** Hash clock of each chip that the chain could have, as its PLL really makes it; 0 before the ramp. */
  readonly #clocksMhz: Float64Array;

  constructor(parts: ExecutorParts) {
    this.#parts = parts;
    this.#row = CHIPS[parts.board.chip];
    this.#clocksMhz = new Float64Array(Math.max(256, parts.board.chips));
  }

  clockMhz(chipIndex: number): number {
    return this.#clocksMhz[chipIndex] ?? 0;
  }

  /** The chips were reset: no clock runs. */
  forgetClocks(): void {
    this.#clocksMhz.fill(0);
  }

  async run(steps: readonly InitStep[], signal: AbortSignal): Promise<void> {
    this.#batchLength = 0;
    for (const step of steps) {
      if (this.#queueFrame(step, signal)) continue;
      this.#flush(signal);
      await this.#act(step, signal);
    }
    this.#flush(signal);
  }

  /** One register of one chip, unsigned; `CHIP_NOT_CONFIRMED` where it does not answer. */
  async readOne(chipIndex: number, register: number, signal: AbortSignal): Promise<number> {
    const { pending, board, chainIndex } = this.#parts;
    for (let attempt = 0; attempt < READ_TRIES_MAX; attempt++) {
      await this.#read(chipIndex * board.addressInterval, register, 1, ONE_REPLY_SILENCE_MS, signal);
      if (pending.count > 0) return pending.values[0]!;
    }
    throw new KumpelError("CHIP_NOT_CONFIRMED", `chain ${chainIndex}: chip ${chipIndex} does not answer`, {
      details: { chain: chainIndex, chip: chipIndex, register },
    });
  }

  /** Puts a step that is a mere frame into the batch; false for all others. */
  #queueFrame(step: InitStep, signal: AbortSignal): boolean {
    if (this.#batchLength + COMMAND_MAX_BYTES > BATCH_BYTES) this.#flush(signal);
    const at = this.#batchLength;
    switch (step.kind) {
      case "write":
        this.#batchLength = putWriteRegister(
          this.#batch,
          at,
          step.to,
          registerNumber(this.#row.registers, step.register),
          step.value,
          this.#row.commands,
        );
        return true;
      case "chainInactive":
        this.#batchLength = putChainInactive(this.#batch, at, this.#row.commands);
        return true;
      case "setAddress":
        this.#batchLength = putSetAddress(this.#batch, at, step.address, this.#row.commands);
        return true;
      case "countChips":
      case "expectAll":
      case "readTemperatures":
      case "wait":
      case "hostBaud":
      case "openCores":
      case "frequencyReached":
        return false;
    }
  }

  #flush(signal: AbortSignal): void {
    if (signal.aborted)
      throw new KumpelError("ABORTED", `chain ${this.#parts.chainIndex}: stopped in its start sequence`);
    if (this.#batchLength === 0) return;
    this.#parts.link.send(this.#batch.subarray(0, this.#batchLength));
    this.#batchLength = 0;
  }

  async #act(step: InitStep, signal: AbortSignal): Promise<void> {
    const { link } = this.#parts;
    switch (step.kind) {
      case "wait":
        await this.#wait(step.ms, signal);
        return;
      case "hostBaud":
        await link.setBaud(step.baud);
        // What came in while the two sides disagreed is noise.
        await link.discardInput();
        return;
      case "openCores":
        for (let core = 0; core < step.count; core++) {
          link.sendOpenCoreWork(openCoreWork(core));
          await this.#wait(step.pauseMs, signal);
        }
        return;
      case "countChips":
        await this.#countChips(step.silenceMs, signal);
        return;
      case "expectAll":
        await this.#expectAll(step.register, step.value, step.reason, signal);
        return;
      case "readTemperatures":
        await this.#readTemperatures(signal);
        return;
      case "frequencyReached":
        if (step.chipIndex === undefined) this.#clocksMhz.fill(step.frequencyMhz);
        else this.#clocksMhz[step.chipIndex] = step.frequencyMhz;
        return;
      case "write":
      case "chainInactive":
      case "setAddress":
        throw new Error(`step ${step.kind} is a frame`);
    }
  }

  async #wait(ms: number, signal: AbortSignal): Promise<void> {
    await this.#parts.link.drain();
    await sleep(this.#parts.clock, ms, signal);
    this.prescribedWaitMs += ms;
  }

  #readAll(register: RegisterName, expectedCount: number, silenceMs: number, signal: AbortSignal): Promise<void> {
    return this.#read(ALL_CHIPS, registerNumber(this.#row.registers, register), expectedCount, silenceMs, signal);
  }

  /** Replies to one read, gathered in `pending`. */
  async #read(
    to: number,
    register: number,
    expectedCount: number,
    silenceMs: number,
    signal: AbortSignal,
  ): Promise<void> {
    const { link, pending } = this.#parts;
    const limitMs = REPLY_LIMIT_MS;
    // The silence is reckoned from the request, so what is still in the queue has to leave first.
    await link.drain();
    const length = putReadRegister(this.#batch, 0, to, register, this.#row.commands);
    const from = to === ALL_CHIPS ? {} : { chipAddress: to };
    const replies = pending.collect({ registerNumber: register, expectedCount, silenceMs, limitMs, signal, ...from });
    link.send(this.#batch.subarray(0, length));
    await replies;
  }

  async #countChips(silenceMs: number, signal: AbortSignal): Promise<void> {
    const { pending } = this.#parts;
    this.chipCount = 0;
    this.foreignChips = {};
    await this.#readAll("chipId", Number.POSITIVE_INFINITY, silenceMs, signal);
    this.prescribedWaitMs += silenceMs;
    for (let i = 0; i < pending.count; i++) {
      const chipId = pending.values[i]! >>> 16;
      if (chipId === this.#row.chipId) {
        this.chipCount++;
      } else {
        const name = chipId.toString(16).padStart(4, "0");
        this.foreignChips[name] = (this.foreignChips[name] ?? 0) + 1;
      }
    }
  }

  async #expectAll(
    register: RegisterName,
    value: number | undefined,
    reason: string,
    signal: AbortSignal,
  ): Promise<void> {
    let answered = 0;
    let right = 0;
    for (let attempt = 0; attempt < READ_TRIES_MAX && right < this.chipCount; attempt++) {
      await this.#readAll(register, this.chipCount, REPLY_SILENCE_MS, signal);
      ({ answered, right } = this.#judgeReplies(register, value));
    }
    if (right === this.chipCount) return;
    const { chainIndex } = this.#parts;
    const registerHex = `0x${registerNumber(this.#row.registers, register).toString(16).padStart(2, "0")}`;
    const details = { chain: chainIndex, register: registerHex, expected: this.chipCount, got: right, answered };
    if (answered < this.chipCount) {
      throw new KumpelError(
        "CHIP_COUNT_WRONG",
        `chain ${chainIndex}: ${answered} of ${this.chipCount} chips answered a read of ${registerHex} (${reason})`,
        { details },
      );
    }
    throw new KumpelError(
      "CHIP_NOT_CONFIRMED",
      `chain ${chainIndex}: ${this.chipCount - right} of ${this.chipCount} chips hold a wrong value in ${registerHex} (${reason})`,
      { details },
    );
  }

  /** Each address counts once, and only if a chip of this chain can have it. */
  #judgeReplies(register: RegisterName, value: number | undefined): { answered: number; right: number } {
    const { pending, board } = this.#parts;
    const seen = new Set<number>();
    let right = 0;
    for (let i = 0; i < pending.count; i++) {
      const chipIndex = this.#addressOfReply(register, i) / board.addressInterval;
      if (!Number.isInteger(chipIndex) || chipIndex >= this.chipCount || seen.has(chipIndex)) continue;
      const got = pending.values[i]!;
      if (register === "chipId" && got >>> 16 !== this.#row.chipId) continue;
      seen.add(chipIndex);
      if (value === undefined || got === value) right++;
    }
    return { answered: seen.size, right };
  }

  /** Where a reply names no chip the id register holds the address, and others come in the order of the chain. */
  #addressOfReply(register: RegisterName, i: number): number {
    const { pending, board } = this.#parts;
    const address = pending.addresses[i]!;
    if (address >= 0) return address;
    return register === "chipId" ? pending.values[i]! & 0xff : i * board.addressInterval;
  }

  async #readTemperatures(signal: AbortSignal): Promise<void> {
    const { pending } = this.#parts;
    await this.#readAll("temperatureResult", this.chipCount, REPLY_SILENCE_MS, signal);
    this.temperatureValues.set(pending.values);
    this.temperatureAddresses.set(pending.addresses);
    this.temperatureCount = pending.count;
  }
}
