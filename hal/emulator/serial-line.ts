/**
 * The wires between host and chain: both directions take their time, and bytes that were sent at another rate than the
 * receiver's (more than 5 % off) arrive as garbage. What drives the host's end is the owner's matter: an in-memory Uart
 * or a pseudo-terminal.
 */
import type { Clock } from "#hal/clock.ts";
import type { Random } from "#hal/random.ts";
import { isRateOff } from "./chain-model.ts";
import type { ChainFaults } from "./faults.ts";
import { PacedPipe } from "./paced-pipe.ts";
import { drawChance } from "./prng.ts";

/** The host's end of the line. */
export interface HostEnd {
  /** Rate that the host listens at now, in bit/s. */
  baud(): number;
  /** The chunk is valid during the call only. */
  receive(chunk: Uint8Array): void;
}

/** Hosts hear of bytes when their FIFO is half full or has waited: replies of many chips come some at a time. */
const HOST_FIFO_MS = 2;

export interface SerialLineOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly minTimerMs: number;
  readonly faults: ChainFaults;
  /** Takes what arrives at the chips; their own rate decides there, since a frame inside the chunk may change it. */
  readonly toChips: (chunk: Uint8Array, hostBaud: number) => void;
}

export class SerialLine {
  /** Bytes that reached the host as garbage, because the rates differed. */
  hostNoiseBytes = 0;
  readonly #options: SerialLineOptions;
  readonly #down: PacedPipe;
  readonly #up: PacedPipe;
  #host: HostEnd | null = null;
  readonly #mangled = new Uint8Array(1024);

  constructor(options: SerialLineOptions) {
    this.#options = options;
    const { clock, minTimerMs } = options;
    this.#down = new PacedPipe({
      clock,
      minTimerMs,
      deliver: (chunk, baud) => options.toChips(this.#mangle(chunk, options.faults.flipToChipsProbability), baud),
    });
    this.#up = new PacedPipe({
      clock,
      minTimerMs,
      fifoMs: HOST_FIFO_MS,
      deliver: (chunk, baud) => this.#toHost(chunk, baud),
    });
  }

  /** Milliseconds until the host's last byte has left. */
  get hostBacklogMs(): number {
    return this.#down.backlogMs;
  }

  /** Bytes that a full buffer swallowed, both directions. */
  get lostBytes(): number {
    return this.#down.lostBytes + this.#up.lostBytes;
  }

  /** Connects the host's end; null = nobody listens and bytes fall on the floor. */
  attach(host: HostEnd | null): void {
    this.#host = host;
  }

  sendFromHost(bytes: Uint8Array, baud: number): void {
    this.#down.push(bytes, bytes.length, baud);
  }

  sendFromChips(bytes: Uint8Array, length: number, baud: number): void {
    this.#up.push(bytes, length, baud);
  }

  /** Power gone or machine stopped: nothing that is under way arrives. */
  clear(): void {
    this.#down.clear();
    this.#up.clear();
  }

  #toHost(chunk: Uint8Array, chipBaud: number): void {
    const host = this.#host;
    if (host === null) return;
    let bytes = this.#mangle(chunk, this.#options.faults.flipToHostProbability);
    if (isRateOff(host.baud(), chipBaud)) {
      this.hostNoiseBytes += bytes.length;
      bytes = this.#copy(bytes);
      for (let i = 0; i < bytes.length; i++) bytes[i] = this.#options.random.uint32() & 0xff;
    }
    host.receive(bytes);
  }

  /** Lost and flipped bytes; the chunk itself as long as the line is sound. */
  #mangle(chunk: Uint8Array, flipOneWayProbability: number): Uint8Array {
    const { faults, random } = this.#options;
    const flipProbability = Math.min(1, faults.flipBitProbability + flipOneWayProbability);
    if (faults.dropByteProbability === 0 && flipProbability === 0) return chunk;
    const out = this.#copy(chunk);
    let length = 0;
    for (const byte of chunk) {
      if (drawChance(random, faults.dropByteProbability)) continue;
      const flip = drawChance(random, flipProbability) ? 1 << (random.uint32() & 7) : 0;
      out[length++] = byte ^ flip;
    }
    return out.subarray(0, length);
  }

  #copy(chunk: Uint8Array): Uint8Array {
    this.#mangled.set(chunk);
    return this.#mangled.subarray(0, chunk.length);
  }
}
