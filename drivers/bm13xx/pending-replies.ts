/**
 * Collects the replies to one broadcast read. Reads of a chain follow one another, so there is one place to collect in;
 * what nobody waits for is left to the caller to count.
 */
import type { Clock, TimerHandle } from "#hal/clock.ts";
import { KumpelError } from "#hal/errors.ts";

/** Addresses are one byte, so no chain can hold more; further replies are noise or echoes. */
const REPLIES_MAX = 256;
/** Of a reply that does not name its chip or register (BM1387): whoever waits takes it. */
const UNNAMED = -1;

export interface CollectOptions {
  readonly registerNumber: number;
  /** Replies that name another chip are late answers to an earlier read; absent: every chip's count. */
  readonly chipAddress?: number;
  /** Ends the collection early; `Infinity` waits for silence. */
  readonly expectedCount: number;
  /** No matching reply for so long ends the collection. */
  readonly silenceMs: number;
  /** Ends it in any case. */
  readonly limitMs: number;
  readonly signal: AbortSignal;
}

export class PendingReplies {
  /** Replies of the last collection, in order of arrival. */
  readonly values = new Uint32Array(REPLIES_MAX);
  /** Chip addresses; -1 where the reply names none. */
  readonly addresses = new Int16Array(REPLIES_MAX);
  count = 0;

  readonly #clock: Clock;
  #options: CollectOptions | null = null;
  #resolve: (() => void) | null = null;
  #reject: ((error: Error) => void) | null = null;
  #timer: TimerHandle | null = null;
  #startMs = 0;
  #lastReplyMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get isCollecting(): boolean {
    return this.#options !== null;
  }

  /** Call it when the request has left: the silence is reckoned from now. */
  collect(options: CollectOptions): Promise<void> {
    this.count = 0;
    return new Promise((resolve, reject) => {
      const onAbort = (): void => this.fail(new KumpelError("ABORTED", "stopped while waiting for replies"));
      if (options.signal.aborted) {
        reject(new KumpelError("ABORTED", "stopped while waiting for replies"));
        return;
      }
      options.signal.addEventListener("abort", onAbort, { once: true });
      this.#options = options;
      this.#resolve = () => {
        options.signal.removeEventListener("abort", onAbort);
        resolve();
      };
      this.#reject = (error) => {
        options.signal.removeEventListener("abort", onAbort);
        reject(error);
      };
      this.#startMs = this.#clock.nowMs();
      this.#lastReplyMs = this.#startMs;
      this.#arm(options.silenceMs);
    });
  }

  /** Hands in a register reply; false when nobody waits for this register of this chip. */
  offer(value: number, chipAddress: number, registerNumber: number): boolean {
    const options = this.#options;
    if (options === null || this.count >= REPLIES_MAX) return false;
    if (registerNumber !== UNNAMED && registerNumber !== options.registerNumber) return false;
    if (chipAddress !== UNNAMED && chipAddress !== (options.chipAddress ?? chipAddress)) return false;
    this.values[this.count] = value;
    this.addresses[this.count] = chipAddress;
    this.count++;
    this.#lastReplyMs = this.#clock.nowMs();
    if (this.count >= options.expectedCount) this.#finish();
    return true;
  }

  /** The link broke or was closed: whoever waits gets `error`. */
  fail(error: Error): void {
    const reject = this.#reject;
    this.#clear();
    reject?.(error);
  }

  #arm(delayMs: number): void {
    this.#timer = this.#clock.setTimer(delayMs, () => this.#onTimer());
  }

  #onTimer(): void {
    const options = this.#options;
    if (options === null) return;
    const nowMs = this.#clock.nowMs();
    const endMs = Math.min(this.#lastReplyMs + options.silenceMs, this.#startMs + options.limitMs);
    if (nowMs >= endMs) this.#finish();
    else this.#arm(endMs - nowMs);
  }

  #finish(): void {
    const resolve = this.#resolve;
    this.#clear();
    resolve?.();
  }

  #clear(): void {
    this.#timer?.cancel();
    this.#timer = null;
    this.#options = null;
    this.#resolve = null;
    this.#reject = null;
  }
}
