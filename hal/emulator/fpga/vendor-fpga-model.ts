/**
 * The vendor's FPGA, register by register, as far as chains go: one block for all of them. Where no source settles a
 * layout the reading is ours, taken anew from the same notes:
 *
 *     0x0c bit n: work FIFO of chain n takes a work | 0x10 nonce FIFO, two reads an entry | 0x18 words in it
 *     0x1c bit 16 empties it | 0x3c six bits a chain: 25 MHz / (8 x (n + 1)), bit 5 = 400 MHz instead (ours)
 *     0x40 works, 37 words: 01 80+chain 00 00 | id x 8 | nBits nTime tail as the chips take them (ours) | midstates
 *     0x88 bit 31 valid, 16:0 microseconds between works (ours) | 0xc0 31 go, 23 one chain, 19:16 chain | 0xc4.. bytes
 *     0xf8 failed checks | 0x100 11:8 midstates, 7 new block: the work FIFOs are emptied (ours)
 *
 *     nonce entry (ours, after the flags of an older driver): 31 id valid, 30:16 id x 8 + midstate, 7 nonce, 3:0 chain,
 *     then the nonce bytes, first one on top. Register reply: 31 and 7 clear, 23:16 register, 15:8 chip, then the value.
 */
import type { Clock } from "#hal/clock.ts";
import type { ChainModel } from "../chain-model.ts";
import type { MidstateFacts } from "../midstate-facts.ts";
import type { MidstateJob } from "../midstate-job.ts";
import type { SerialLine } from "../serial-line.ts";
import { RegisterWindow } from "./register-window.ts";
import { ReplyReader } from "./reply-reader.ts";
import { WordRing } from "./word-ring.ts";
import { WorkQueue } from "./work-queue.ts";

const WORK_WORDS = 37;
/** No source tells the depth: as deep as the open core's, our choice. */
const WORK_FIFO_WORDS = 2048;
const NONCE_FIFO_WORDS = 2048;
const GO = 0x80000000;
const ONE_CHAIN = 1 << 23;
const NEW_BLOCK = 1 << 7;
const FLUSH_NONCES = 1 << 16;
const TIMEOUT_VALID = 0x80000000;
const RESET_DIVIDER = 26;
const FAST_CLOCK = 1 << 5;
const MIDSTATES_PER_WORK = 4;
/** The FPGA names works in steps of 8, a chip gets them in steps of 4. */
const CHIP_IDS_PER_WORK = 4;

export interface VendorFpgaChain {
  readonly chain: ChainModel;
  readonly wire: MidstateFacts;
  readonly line: SerialLine;
}

/** Registers of the same block that have nothing to do with chips. */
export interface BoardRegisters {
  /** Undefined: not one of these. */
  readRegister(offset: number): number | undefined;
  /** False: not one of these. */
  writeRegister(offset: number, value: number): boolean;
}

export interface VendorFpgaModelOptions {
  /** Device path, for messages. */
  readonly name: string;
  readonly clock: Clock;
  readonly chains: readonly VendorFpgaChain[];
  readonly board: BoardRegisters;
}

interface ChainSide {
  readonly line: SerialLine;
  readonly hasPreamble: boolean;
  readonly queue: WorkQueue;
  readonly reader: ReplyReader;
}

export class VendorFpgaModel {
  readonly block: RegisterWindow;
  readonly #options: VendorFpgaModelOptions;
  readonly #sides: readonly ChainSide[];
  readonly #nonces = new WordRing(NONCE_FIFO_WORDS);
  readonly #command = new Uint32Array(3);
  readonly #frame = new Uint8Array(16);
  /** Words of the work that is being written. */
  readonly #incoming = new Uint32Array(WORK_WORDS);
  #incomingCount = 0;
  #lostWorks = 0;
  #errors = 0;
  #baudRegister: number;
  #workTimeout = 0;
  #hashControl = 0;
  #go = 0;

  constructor(options: VendorFpgaModelOptions) {
    this.#options = options;
    this.#baudRegister = options.chains.reduce((word, _, n) => word | (RESET_DIVIDER << (8 * n)), 0);
    this.#sides = options.chains.map((parts, n) => this.#buildSide(parts, n));
    this.block = new RegisterWindow(options.name, this);
  }

  /** Works that came for a full FIFO. */
  get lostWorks(): number {
    return this.#lostWorks;
  }

  queueOf(chainNumber: number): WorkQueue | null {
    return this.#sides[chainNumber]?.queue ?? null;
  }

  readRegister(offset: number): number {
    switch (offset) {
      case 0x0c:
        return this.#bufferSpace();
      case 0x10:
        return this.#nonces.shift();
      case 0x18:
        return this.#nonces.count & 0x7fff;
      case 0x3c:
        return this.#baudRegister;
      case 0x88:
        return this.#workTimeout;
      case 0xc0:
        return this.#commandState();
      case 0xf8:
        return this.#errors;
      case 0x100:
        return this.#hashControl;
      default:
        return this.#options.board.readRegister(offset) ?? 0;
    }
  }

  writeRegister(offset: number, value: number): void {
    switch (offset) {
      case 0x1c:
        if ((value & FLUSH_NONCES) !== 0) this.#flushNonces();
        return;
      case 0x3c:
        this.#baudRegister = value >>> 0;
        return;
      case 0x40:
        this.#writeWork(value);
        return;
      case 0x88:
        this.#advance();
        this.#workTimeout = value >>> 0;
        return;
      case 0xc0:
        this.#goCommand(value);
        return;
      case 0xc4:
      case 0xc8:
      case 0xcc:
        this.#command[(offset - 0xc4) / 4] = value;
        return;
      case 0x100:
        this.#writeHashControl(value);
        return;
      default:
        this.#options.board.writeRegister(offset, value);
    }
  }

  #buildSide({ chain, wire, line }: VendorFpgaChain, n: number): ChainSide {
    const baud = (): number => this.#baudOf(n);
    const queue = new WorkQueue({
      chain,
      baud,
      depthWords: WORK_FIFO_WORDS,
      wordsPerWork: () => WORK_WORDS,
      midstates: () => this.#midstates,
      workTimeMs: () => ((this.#workTimeout & TIMEOUT_VALID) === 0 ? 0 : (this.#workTimeout & 0x1ffff) / 1000),
      decode: (words, job) => this.#decode(words, job),
      idOf: (words) => words.peek(1) >>> 3,
    });
    const reader = new ReplyReader(wire, {
      onReply: (frame, isNonce) => this.#onReply(n, frame, isNonce),
      onBadFrame: () => {
        this.#errors++;
      },
    });
    line.attach({ baud, receive: (chunk) => reader.feed(chunk) });
    return { line, queue, reader, hasPreamble: wire.hasPreamble };
  }

  get #midstates(): number {
    return (this.#hashControl >>> 8) & 0x0f || MIDSTATES_PER_WORK;
  }

  #baudOf(n: number): number {
    const field = (this.#baudRegister >>> (8 * n)) & 0x3f;
    return ((field & FAST_CLOCK) === 0 ? 25e6 : 400e6) / (8 * ((field & 0x1f) + 1));
  }

  #advance(): void {
    const nowMs = this.#options.clock.nowMs();
    for (const { queue } of this.#sides) queue.advance(nowMs);
  }

  #bufferSpace(): number {
    const nowMs = this.#options.clock.nowMs();
    let word = 0;
    for (let n = 0; n < this.#sides.length; n++) {
      const { queue } = this.#sides[n]!;
      queue.advance(nowMs);
      if (queue.words.free >= WORK_WORDS) word |= 1 << n;
    }
    return word;
  }

  #writeWork(word: number): void {
    this.#incoming[this.#incomingCount++] = word;
    if (this.#incomingCount < WORK_WORDS) return;
    this.#incomingCount = 0;
    const first = this.#incoming[0]!;
    const side = this.#sides[(first >>> 16) & 0x0f];
    if (
      first >>> 24 !== 1 ||
      ((first >>> 16) & 0x80) === 0 ||
      side === undefined ||
      side.queue.words.free < WORK_WORDS
    ) {
      this.#lostWorks++;
      return;
    }
    const nowMs = this.#options.clock.nowMs();
    for (let i = 0; i < WORK_WORDS; i++) side.queue.push(this.#incoming[i]!, nowMs);
  }

  #writeHashControl(value: number): void {
    this.#advance();
    this.#hashControl = value & ~NEW_BLOCK;
    if ((value & NEW_BLOCK) === 0) return;
    this.#incomingCount = 0;
    for (const { queue } of this.#sides) queue.clear();
  }

  #flushNonces(): void {
    this.#nonces.clear();
    for (const { reader } of this.#sides) reader.clear();
  }

  /** Command bytes with their check, first one on top; the FPGA puts the preamble in front. */
  #goCommand(value: number): void {
    this.#go = value & ~GO;
    if ((value & GO) === 0) return;
    for (const [n, side] of this.#sides.entries()) {
      if ((value & ONE_CHAIN) !== 0 && n !== ((value >>> 16) & 0x0f)) continue;
      const at = side.hasPreamble ? 2 : 0;
      this.#frame[0] = 0x55;
      this.#frame[1] = 0xaa;
      const length = (this.#command[0]! >>> 16) & 0xff;
      for (let i = 0; i < length && i < 12; i++) this.#frame[at + i] = this.#command[i >> 2]! >>> (24 - 8 * (i & 3));
      side.line.sendFromHost(this.#frame.subarray(0, at + length), this.#baudOf(n));
    }
  }

  /** Busy until the bytes have left. */
  #commandState(): number {
    const isBusy = this.#sides.some(({ line }) => line.hostBacklogMs > 0);
    return ((isBusy ? GO : 0) | this.#go) >>> 0;
  }

  #decode(words: WordRing, job: MidstateJob): void {
    job.id = ((words.peek(1) >>> 3) * CHIP_IDS_PER_WORK) & 0x7f;
    job.count = this.#midstates;
    job.tail2 = words.peek(2) | 0;
    job.tail1 = words.peek(3) | 0;
    job.tail0 = words.peek(4) | 0;
    for (let slot = 0; slot < job.count; slot++) {
      for (let i = 0; i < 8; i++) job.midstates[8 * slot + 7 - i] = words.peek(5 + 8 * slot + i);
    }
  }

  #onReply(n: number, frame: Uint8Array, isNonce: boolean): void {
    const word = ((frame[0]! << 24) | (frame[1]! << 16) | (frame[2]! << 8) | frame[3]!) >>> 0;
    if (this.#nonces.free < 2) {
      this.#nonces.lostWords += 2;
      return;
    }
    const side = this.#sides[n]!;
    if (isNonce) {
      side.queue.advance(this.#options.clock.nowMs());
      const id = side.queue.fullId(frame[5]! & 0x7f, CHIP_IDS_PER_WORK, CHIP_IDS_PER_WORK);
      const named = (id >> 2) * 8 + (id & 3);
      this.#nonces.push(((1 << 31) | ((named & 0x7fff) << 16) | (1 << 7) | n) >>> 0);
    } else {
      this.#nonces.push((frame[5]! << 16) | (frame[4]! << 8) | n);
    }
    this.#nonces.push(word);
  }
}
