/**
 * The way of a packet to the supply and of its reply back. Bytes go one in each transaction to register 0x11, replies are
 * plain single-byte reads; 0xF5 where a reply should begin means that it is not ready. Facts from public S19 Pro notes.
 */
import { type Clock, sleep } from "#hal/clock.ts";
import { errorText, isKumpelError, KumpelError } from "#hal/errors.ts";
import type { I2cBus } from "#hal/i2c.ts";
import { PSU_HEADER, type PsuProtocol, type PsuReply } from "./psu-protocol.ts";

export const NOT_READY = 0xf5;
const DATA_REGISTER = 0x11;
const AFTER_READ_MS = 100;
const TRIES = 3;
/** Reads until the reply's first byte must have come, and the pause after one that said "not ready". */
const HEADER_READS = 20;
const NOT_READY_PAUSE_MS = 50;
/** Longest known reply: the calibration block of 32 bytes. */
const LENGTH_MAX = 40;

export class PacketWire {
  /** Supply and bus, for messages. */
  readonly name: string;
  readonly #clock: Clock;
  readonly #bus: I2cBus;
  readonly #address: number;

  constructor(clock: Clock, bus: I2cBus, address: number) {
    this.#clock = clock;
    this.#bus = bus;
    this.#address = address;
    this.name = `power supply 0x${address.toString(16)} on ${bus.name}`;
  }

  /** Payload of the reply, after up to three tries. @throws KumpelError `PSU_FAILED`, `ABORTED`. */
  async ask(protocol: PsuProtocol, code: number, payload: readonly number[], signal: AbortSignal): Promise<Uint8Array> {
    let reason = "";
    for (let attempt = 0; attempt < TRIES; attempt++) {
      const reply = await this.tryOnce(protocol, code, payload, signal);
      if (reply.kind === "ok") return reply.payload;
      reason = reply.reason;
    }
    const hex = code.toString(16).padStart(2, "0");
    throw this.failure(`failed command 0x${hex} ${TRIES} times, last with ${reason}: check cable and mains`, { code });
  }

  /** One command and its reply; whatever went wrong on the way is a `wrong` reply. */
  async tryOnce(
    protocol: PsuProtocol,
    code: number,
    payload: readonly number[],
    signal: AbortSignal,
  ): Promise<PsuReply> {
    try {
      for (const byte of protocol.frame(code, payload)) {
        await this.#bus.transfer(this.#address, Uint8Array.of(DATA_REGISTER, byte), 0);
      }
      await sleep(this.#clock, protocol.waitMs, signal);
      const bytes = await this.#readFrame(signal);
      await sleep(this.#clock, AFTER_READ_MS, signal);
      return typeof bytes === "string" ? { kind: "wrong", reason: bytes } : protocol.parse(code, bytes);
    } catch (error) {
      if (!isKumpelError(error, "I2C_NACK", "I2C_FAILED")) throw error;
      await sleep(this.#clock, AFTER_READ_MS, signal);
      return { kind: "wrong", reason: `no answer (${errorText(error)})` };
    }
  }

  /** A typed error about this supply. */
  failure(what: string, details: Record<string, unknown> = {}, cause?: unknown): KumpelError {
    return new KumpelError("PSU_FAILED", `${this.name} ${what}`, {
      cause,
      details: Object.assign({ bus: this.#bus.name, address: this.#address }, details),
    });
  }

  /** A whole frame, or the reason why there is none. */
  async #readFrame(signal: AbortSignal): Promise<Uint8Array | string> {
    let first = await this.#readByte();
    for (let reads = 1; first !== PSU_HEADER[0]; reads++) {
      if (reads >= HEADER_READS) return first === NOT_READY ? "a reply that never got ready" : "no header";
      if (first === NOT_READY) await sleep(this.#clock, NOT_READY_PAUSE_MS, signal);
      first = await this.#readByte();
    }
    const second = await this.#readByte();
    const length = await this.#readByte();
    if (second !== PSU_HEADER[1] || length < 4 || length > LENGTH_MAX) return "no header";
    const bytes = new Uint8Array(length + 2);
    bytes.set([first, second, length]);
    for (let i = 3; i < bytes.length; i++) bytes[i] = await this.#readByte();
    return bytes;
  }

  async #readByte(): Promise<number> {
    const bytes = await this.#bus.transfer(this.#address, new Uint8Array(0), 1);
    if (bytes.length !== 1) throw new KumpelError("I2C_FAILED", "the bus gave no byte");
    return bytes[0]!;
  }
}

/** Payload as a number, low byte first; null when it is empty. */
export function payloadWord(payload: Uint8Array): number | null {
  const [low, high = 0] = payload;
  return low === undefined ? null : low | (high << 8);
}
