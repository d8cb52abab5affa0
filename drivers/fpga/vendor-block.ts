/**
 * The vendor's register block as the chains share it: one loop fetches finds and replies for all of them, one queue sends
 * commands, and registers that hold all chains' settings are changed one field at a time.
 */
import { type Clock, sleep, type TimerHandle } from "#hal/clock.ts";
import { KumpelError } from "#hal/errors.ts";
import { Mutex } from "#hal/mutex.ts";
import type { RegisterBlock } from "#hal/registers.ts";
import { POLL_MS } from "./queued-chain.ts";
import {
  VENDOR,
  VENDOR_COMMAND,
  VENDOR_HASH,
  VENDOR_NONCES,
  vendorBaudField,
  vendorBaudRegister,
  vendorWorkTimeout,
} from "./vendor-registers.ts";
import { isVendorNonce, isVendorReply, vendorChainNumber, vendorSlot, vendorWireId } from "./vendor-words.ts";

/** What one chain takes from the block. */
export interface VendorListener {
  readonly chainNumber: number;
  onNonce(wireId: number, slot: number, nonceWord: number): void;
  onReply(value: number, chipAddress: number, register: number): void;
  /** Once a turn, after the finds. */
  onTurn(): void;
  /** The work FIFOs are empty: there is one switch for those of all chains. */
  onEmptied(): void;
  onError(error: unknown): void;
}

const NONCE_WORDS = 2048;
const COMMAND_WORDS = 3;
const BUSY_POLLS_MAX = 50;
const BUSY_POLL_MS = 1;
const ERROR_TURNS = 200;

export class VendorBlock {
  readonly block: RegisterBlock;
  crcErrors = 0;
  readonly #clock: Clock;
  readonly #listeners: VendorListener[] = [];
  readonly #nonces = new Uint32Array(NONCE_WORDS);
  readonly #workTimesMs = new Map<number, number>();
  readonly #onTimer = (): void => this.#turn();
  #timer: TimerHandle | null = null;
  #turns = 0;
  readonly #muted = new Set<number>();
  /** Wait for the end of the next whole turn. */
  #afterTurn: (() => void)[] = [];
  #baud: number | null = null;
  /** Commands and changes of shared registers follow one another. */
  readonly #accesses = new Mutex();

  constructor(clock: Clock, block: RegisterBlock) {
    this.#clock = clock;
    this.block = block;
  }

  attach(listener: VendorListener): void {
    this.#listeners.push(listener);
    if (this.#listeners.length === 1) this.#arm();
  }

  detach(listener: VendorListener): void {
    const at = this.#listeners.indexOf(listener);
    if (at >= 0) this.#listeners.splice(at, 1);
    this.#workTimesMs.delete(listener.chainNumber);
    if (this.#listeners.length > 0) return;
    this.#timer?.cancel();
    this.#timer = null;
    for (const resolve of this.#afterTurn.splice(0)) resolve();
  }

  /** Queues one command frame, without preamble and with its CRC; resolves when the FPGA has sent it. */
  sendCommand(chainNumber: number, frame: Uint8Array): Promise<void> {
    const words = new Uint32Array(COMMAND_WORDS);
    for (const [i, byte] of frame.entries()) words[i >> 2] = (words[i >> 2]! | (byte << (24 - 8 * (i & 3)))) >>> 0;
    return this.#accesses.run(async () => {
      const { offset } = VENDOR.command;
      for (let i = 0; i < COMMAND_WORDS; i++) await this.block.write(offset + 4 * i, words[i]!);
      const go = (VENDOR_COMMAND.go | VENDOR_COMMAND.oneChain | (chainNumber << 16)) >>> 0;
      await this.block.write(VENDOR.commandGo.offset, go);
      await this.#whenSent(chainNumber);
    });
  }

  /** Resolves when everything queued so far has left. */
  whenIdle(): Promise<void> {
    return this.#accesses.run(() => Promise.resolve());
  }

  setBaud(chainNumber: number, baud: number): Promise<void> {
    return this.#accesses.run(async () => {
      const before = this.#baud ?? (await this.block.read(VENDOR.baud.offset));
      this.#baud = vendorBaudRegister(before, chainNumber, vendorBaudField(baud));
      await this.block.write(VENDOR.baud.offset, this.#baud);
    });
  }

  /** There is one register for all chains: the shortest time counts, so that none runs dry. */
  setWorkTime(chainNumber: number, workTimeMs: number): Promise<void> {
    this.#workTimesMs.set(chainNumber, workTimeMs);
    return this.#accesses.run(() => {
      const shortestMs = Math.min(...this.#workTimesMs.values());
      return this.block.write(VENDOR.workTimeout.offset, vendorWorkTimeout(shortestMs));
    });
  }

  /**
   * Drops the replies of one chain that wait in the FIFO. It holds all chains' replies, so it is not flushed: another
   * chain may be counting its chips.
   */
  async discardReplies(chainNumber: number): Promise<void> {
    this.#muted.add(chainNumber);
    try {
      await new Promise<void>((resolve) => this.#afterTurn.push(resolve));
    } finally {
      this.#muted.delete(chainNumber);
    }
  }

  /** Empties the work FIFOs of all chains; `hashControl` is the word without that bit. */
  emptyQueues(hashControl: number): Promise<void> {
    for (const listener of this.#listeners) listener.onEmptied();
    return this.block.write(VENDOR.hashControl.offset, hashControl | VENDOR_HASH.newBlock);
  }

  async #whenSent(chainNumber: number): Promise<void> {
    for (let poll = 0; poll < BUSY_POLLS_MAX; poll++) {
      if (((await this.block.read(VENDOR.commandGo.offset)) & VENDOR_COMMAND.go) === 0) return;
      await sleep(this.#clock, BUSY_POLL_MS);
    }
    throw new KumpelError("FPGA_UNEXPECTED", `${this.block.name} did not send a command to chain ${chainNumber}`, {
      details: { chain: chainNumber },
    });
  }

  #arm(): void {
    this.#timer = this.#clock.setTimer(POLL_MS, this.#onTimer);
  }

  #turn(): void {
    this.#serve().then(
      () => {
        if (this.#listeners.length > 0) this.#arm();
      },
      (error: unknown) => {
        for (const listener of [...this.#listeners]) listener.onError(error);
      },
    );
  }

  async #serve(): Promise<void> {
    const waiting = this.#afterTurn;
    if (waiting.length > 0) this.#afterTurn = [];
    const words = await this.block.drain(VENDOR_NONCES, this.#nonces);
    for (let at = 0; at < words; at += 2) this.#deliver(this.#nonces[at]!, this.#nonces[at + 1]!);
    for (let i = 0; i < this.#listeners.length; i++) this.#listeners[i]!.onTurn();
    if (++this.#turns % ERROR_TURNS === 0) this.crcErrors = await this.block.read(VENDOR.crcErrors.offset);
    for (let i = 0; i < waiting.length; i++) waiting[i]!();
  }

  #deliver(first: number, second: number): void {
    const chainNumber = vendorChainNumber(first);
    if (this.#muted.has(chainNumber)) return;
    for (let i = 0; i < this.#listeners.length; i++) {
      const listener = this.#listeners[i]!;
      if (listener.chainNumber !== chainNumber) continue;
      if (isVendorNonce(first)) listener.onNonce(vendorWireId(first), vendorSlot(first), second | 0);
      else if (isVendorReply(first)) listener.onReply(second, (first >>> 8) & 0xff, (first >>> 16) & 0xff);
      return;
    }
  }
}

/** The blocks that chains have opened, so that those of one FPGA share theirs. */
export class VendorBlocks {
  readonly #clock: Clock;
  readonly #blocks = new Map<RegisterBlock, VendorBlock>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  of(block: RegisterBlock): VendorBlock {
    let shared = this.#blocks.get(block);
    if (shared === undefined) {
      shared = new VendorBlock(this.#clock, block);
      this.#blocks.set(block, shared);
    }
    return shared;
  }
}
