/**
 * Bytes to a serial device: handed to the kernel in the very call where it has room, which is the usual case, since a job is a
 * fraction of its buffer; else in order, as soon as it has. `serialport` would write in Node's thread pool, where work for the
 * chips waits behind slow files and names that nobody resolves. And once that has to wait for room it stops waiting when it
 * begins to wait for bytes (bindings-cpp 13: its poller keeps the latest wish only), until a chip says something.
 */
import fs from "node:fs";
import { errnoOf } from "./load-addon.ts";

/** A full buffer of the kernel has room again after so long at any rate that a chain has. */
const ROOM_MS = 1;
/** A line that takes nothing is asked ever more rarely. */
const ROOM_MAX_MS = 64;
/** Not now; everything else is a failure. */
const TRY_AGAIN = ["EAGAIN", "EINTR"];
const NOTHING = new Uint8Array(0);

export interface SerialOutputOptions {
  /** Of the device, which does not block; null: it is being closed, and bytes go nowhere. */
  readonly fd: () => number | null;
  /** Called once, perhaps in the midst of `write`; what waited is lost. */
  readonly onFailure: (cause: unknown) => void;
}

export class SerialOutput {
  readonly #options: SerialOutputOptions;
  /** What the kernel had no room for, in order. */
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #timer: NodeJS.Timeout | null = null;
  #roomMs = ROOM_MS;
  #emptied: (() => void)[] = [];
  readonly #onTimer = (): void => this.#handWaiting();

  constructor(options: SerialOutputOptions) {
    this.#options = options;
  }

  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  /** The caller may use its buffer again afterwards. */
  write(bytes: Uint8Array): void {
    const sent = this.#waiting.length === 0 ? this.#hand(bytes) : 0;
    if (sent === null || sent === bytes.length) return;
    this.#waiting.push(Buffer.from(bytes.subarray(sent)));
    this.#waitingBytes += bytes.length - sent;
    this.#timer ??= setTimeout(this.#onTimer, this.#roomMs);
  }

  /** Finds out whether the device still takes anything: one that hung up refuses even nothing. */
  probe(): void {
    if (this.#waiting.length === 0) this.#hand(NOTHING);
  }

  /** Resolves when nothing waits any more, since it went or since it was given up. */
  async emptied(): Promise<void> {
    if (this.#waiting.length > 0) await new Promise<void>((resolve) => this.#emptied.push(resolve));
  }

  /** Nobody wants any more what waits. */
  forget(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#release();
  }

  /** @returns bytes that went, or null when the device failed. */
  #hand(bytes: Uint8Array): number | null {
    try {
      const fd = this.#options.fd();
      return fd === null ? bytes.length : fs.writeSync(fd, bytes);
    } catch (error) {
      if (TRY_AGAIN.includes(errnoOf(error))) return 0;
      this.forget();
      this.#options.onFailure(error);
      return null;
    }
  }

  #handWaiting(): void {
    this.#timer = null;
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      const sent = this.#hand(next);
      if (sent === null) return;
      this.#waitingBytes -= sent;
      this.#roomMs = sent > 0 ? ROOM_MS : Math.min(ROOM_MAX_MS, 2 * this.#roomMs);
      if (sent < next.length) {
        this.#waiting[0] = next.subarray(sent);
        this.#timer = setTimeout(this.#onTimer, this.#roomMs);
        return;
      }
      this.#waiting.shift();
    }
    this.#release();
  }

  #release(): void {
    for (const resolve of this.#emptied.splice(0)) resolve();
  }
}
