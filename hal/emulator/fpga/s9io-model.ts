/**
 * One chain core of the open FPGA design for the S9, register by register, in front of a chain of chips. Offsets from the
 * core's start:
 *
 *     0x0000 version | 0x0008 control: 4 preambles, 3 on, 2:1 log2 of the midstates, 0 clear errors | 0x0010 rate =
 *     50 MHz / (8 x (n + 1)) | 0x0014 work time in ticks of 50 MHz | 0x0018 replies that failed their check
 *     0x1000 command replies | 0x1004 commands | 0x1008 resets: 1 commands, 0 replies | 0x100c 3 full, 2 empty, 0 no reply
 *     0x2000 nonces | 0x2008 | 0x200c          0x3004 works | 0x3008 | 0x300c | 0x3014 id of the work that went out last
 *
 * Words are sent first byte low, midstate words as numbers. The core restores the upper bits of an id that a chip returns.
 */
import type { Clock } from "#hal/clock.ts";
import { swapBytes } from "#hal/sha256.ts";
import type { ChainModel } from "../chain-model.ts";
import { crc5 } from "../crc.ts";
import type { MidstateFacts } from "../midstate-facts.ts";
import type { MidstateJob } from "../midstate-job.ts";
import type { SerialLine } from "../serial-line.ts";
import { RegisterWindow } from "./register-window.ts";
import { ReplyReader } from "./reply-reader.ts";
import { WordRing } from "./word-ring.ts";
import { WorkQueue } from "./work-queue.ts";

const VERSION = 0x00901000;
const CLOCK_HZ = 50e6;
const ENABLE = 1 << 3;
const BM139X = 1 << 4;
const FULL = 1 << 3;
const EMPTY = 1 << 2;
const NO_REPLY = 1 << 0;
const REPLIES_FULL = 1 << 1;
const COMMAND_WORDS = 1024;
const COMMAND_REPLY_WORDS = 256;
const NONCE_WORDS = 1024;
const WORK_WORDS = 2048;
const WORDS_BEFORE_MIDSTATES = 4;
const SHORT_COMMAND = 5;

export interface S9ioModelOptions {
  /** Name of the core, such as `chain6`. */
  readonly name: string;
  readonly clock: Clock;
  readonly chain: ChainModel;
  readonly wire: MidstateFacts;
  /** The wires between core and chips. */
  readonly line: SerialLine;
}

export type S9ioWindowName = "common" | "command" | "workRx" | "workTx";

export class S9ioModel {
  readonly queue: WorkQueue;
  readonly windows: Readonly<Record<S9ioWindowName, RegisterWindow>>;
  readonly #options: S9ioModelOptions;
  readonly #nonces = new WordRing(NONCE_WORDS);
  readonly #replies = new WordRing(COMMAND_REPLY_WORDS);
  readonly #commands = new WordRing(COMMAND_WORDS);
  readonly #reader: ReplyReader;
  readonly #frame = new Uint8Array(16);
  #control = 0;
  #baudRegister = 0;
  #workTime = 1;
  #errors = 0;

  constructor(options: S9ioModelOptions) {
    this.#options = options;
    const { chain, wire, line, name } = options;
    this.queue = new WorkQueue({
      chain,
      depthWords: WORK_WORDS,
      midstates: () => this.#midstates,
      wordsPerWork: () => WORDS_BEFORE_MIDSTATES + 8 * this.#midstates,
      baud: () => this.#baud,
      workTimeMs: () => (1000 * this.#workTime) / CLOCK_HZ,
      decode: (words, job) => this.#decode(words, job),
      idOf: (words) => words.peek(0) & 0xffff,
    });
    this.#reader = new ReplyReader(wire, {
      onReply: (frame, isNonce) => this.#onReply(frame, isNonce),
      onBadFrame: () => {
        this.#errors++;
      },
    });
    line.attach({ baud: () => this.#baud, receive: (chunk) => this.#reader.feed(chunk) });
    const window = (part: string): RegisterWindow => new RegisterWindow(`${name}-${part}`, this);
    this.windows = {
      common: window("common"),
      command: window("cmd-rx"),
      workRx: window("work-rx"),
      workTx: window("work-tx"),
    };
  }

  readRegister(offset: number): number {
    switch (offset) {
      case 0x0000:
        return VERSION;
      case 0x0008:
        return this.#control;
      case 0x0010:
        return this.#baudRegister;
      case 0x0014:
        return this.#workTime;
      case 0x0018:
        return this.#errors;
      case 0x1000:
        return this.#replies.shift();
      case 0x100c:
        return this.#commandStatus();
      case 0x2000:
        return this.#nonces.shift();
      case 0x200c:
        return receiveStatus(this.#nonces);
      case 0x300c:
        return this.#workStatus();
      case 0x3014:
        this.#advance();
        return this.queue.lastId;
      default:
        return 0;
    }
  }

  writeRegister(offset: number, value: number): void {
    switch (offset) {
      case 0x0008:
        this.#writeControl(value);
        return;
      case 0x0010:
        this.#baudRegister = value & 0xfff;
        return;
      case 0x0014:
        this.#advance();
        this.#workTime = Math.max(1, value & 0xffffff);
        return;
      case 0x1004:
        this.#writeCommand(value);
        return;
      case 0x1008:
        if ((value & 2) !== 0) this.#commands.clear();
        if ((value & 1) !== 0) this.#clearReplies();
        return;
      case 0x2008:
        if ((value & 1) !== 0) this.#nonces.clear();
        return;
      case 0x3004:
        if ((this.#control & ENABLE) !== 0) this.queue.push(value, this.#options.clock.nowMs());
        return;
      case 0x3008:
        this.#advance();
        if ((value & 2) !== 0) this.queue.clear();
        return;
      default:
    }
  }

  get #midstates(): number {
    return 2 ** ((this.#control >> 1) & 3);
  }

  get #baud(): number {
    return CLOCK_HZ / (8 * (this.#baudRegister + 1));
  }

  #advance(): void {
    this.queue.advance(this.#options.clock.nowMs());
  }

  #writeControl(value: number): void {
    this.#advance();
    if ((value & 1) !== 0) this.#errors = 0;
    this.#control = value & 0x1e;
    if ((this.#control & ENABLE) !== 0) return;
    // Off is a hard reset of all buffers.
    this.queue.clear();
    this.#nonces.clear();
    this.#commands.clear();
    this.#clearReplies();
  }

  #clearReplies(): void {
    this.#replies.clear();
    this.#reader.clear();
  }

  #commandStatus(): number {
    const sent = this.#options.line.hostBacklogMs === 0 && this.#commands.count === 0;
    return receiveStatus(this.#replies) | (sent ? EMPTY : 0) | (this.#commands.free === 0 ? FULL : 0);
  }

  #workStatus(): number {
    this.#advance();
    const { words } = this.queue;
    return (words.count === 0 ? EMPTY : 0) | (words.free === 0 ? FULL : 0);
  }

  /** Command bytes without their check, first one low: one word, or two for a register write. */
  #writeCommand(word: number): void {
    if ((this.#control & ENABLE) === 0) return;
    this.#commands.push(word);
    const length = (this.#commands.peek(0) >>> 8) & 0xff;
    const words = length === SHORT_COMMAND ? 1 : 2;
    if (this.#commands.count < words) return;
    const at = (this.#control & BM139X) !== 0 ? 2 : 0;
    this.#frame[0] = 0x55;
    this.#frame[1] = 0xaa;
    for (let i = 0; i < length - 1; i++) this.#frame[at + i] = this.#commands.peek(i >> 2) >>> (8 * (i & 3));
    this.#frame[at + length - 1] = crc5(this.#frame, at, at + length - 1);
    this.#commands.drop(words);
    this.#options.line.sendFromHost(this.#frame.subarray(0, at + length), this.#baud);
  }

  #decode(words: WordRing, job: MidstateJob): void {
    job.id = words.peek(0) & 0x7f;
    job.count = this.#midstates;
    // First wire byte low, while a header is read first byte on top.
    job.tail2 = swapBytes(words.peek(1));
    job.tail1 = swapBytes(words.peek(2));
    job.tail0 = swapBytes(words.peek(3));
    for (let slot = 0; slot < job.count; slot++) {
      for (let i = 0; i < 8; i++) job.midstates[8 * slot + 7 - i] = words.peek(WORDS_BEFORE_MIDSTATES + 8 * slot + i);
    }
  }

  #onReply(frame: Uint8Array, isNonce: boolean): void {
    if ((this.#control & ENABLE) === 0) return;
    const first = (frame[0]! | (frame[1]! << 8) | (frame[2]! << 16) | (frame[3]! << 24)) >>> 0;
    const last = frame[6]! << 24;
    if (!isNonce) {
      push2(this.#replies, first, last | (frame[5]! << 8) | frame[4]!);
      return;
    }
    this.#advance();
    push2(this.#nonces, first, last | (this.queue.fullId(frame[5]! & 0x7f, 1, this.#midstates) << 8) | frame[4]!);
  }
}

function push2(ring: WordRing, first: number, second: number): void {
  if (ring.free < 2) {
    ring.lostWords += 2;
    return;
  }
  ring.push(first);
  ring.push(second >>> 0);
}

function receiveStatus(ring: WordRing): number {
  return (ring.count === 0 ? NO_REPLY : 0) | (ring.free < 2 ? REPLIES_FULL : 0);
}
