/**
 * PIC16F1704 of an S9 hashboard at 0x50 + chain: `55 AA command data`, no length, no checksum; replies are single bytes.
 * Facts from public S9 firmware and the vendor's published S9 driver. The loader's commands that touch the controller's
 * flash can ruin it and are left out on purpose.
 */
import { type Clock, sleep } from "#hal/clock.ts";
import { KumpelError } from "#hal/errors.ts";
import type { I2cBus } from "#hal/i2c.ts";
import { Mutex } from "#hal/mutex.ts";
import type { Provenance } from "../bm13xx/registers.ts";
import { ByteWire } from "./byte-wire.ts";
import type { VoltageController } from "./voltage-controller.ts";

interface Pic16Command {
  readonly code: number;
  readonly argumentBytes: 0 | 1;
  readonly replyBytes: 0 | 1;
  readonly provenance: Provenance;
}

export const PIC16_COMMANDS = {
  jumpToApplication: { code: 0x06, argumentBytes: 0, replyBytes: 0, provenance: "documented" },
  reset: { code: 0x07, argumentBytes: 0, replyBytes: 0, provenance: "documented" },
  setVoltage: { code: 0x10, argumentBytes: 1, replyBytes: 0, provenance: "documented" },
  setOutput: { code: 0x15, argumentBytes: 1, replyBytes: 0, provenance: "documented" },
  heartbeat: { code: 0x16, argumentBytes: 0, replyBytes: 0, provenance: "documented" },
  version: { code: 0x17, argumentBytes: 0, replyBytes: 1, provenance: "documented" },
  getVoltage: { code: 0x18, argumentBytes: 0, replyBytes: 1, provenance: "documented" },
} as const satisfies Record<string, Pic16Command>;

/**
 * N = round(offset - perVolt x V): N falls as the voltage rises, so N = 0 is the highest voltage. Other revisions of the
 * board use 824.784 and 73.1705, or 1250.809516 and 127.817623; which ones is unconfirmed, so they are not offered.
 */
const VOLTAGE_OFFSET = 1608.420446;
const VOLTAGE_PER_VOLT = 170.423497;
export const PIC16_RANGE_MV = [7950, 9400] as const;

const FIRMWARE_EXPECTED = 0x03;
const RESET_MS = 500;
const JUMP_MS = 100;
const BYTE_TRIES = 15;
const BYTE_PAUSE_MS = 100;
const VOLTAGE_TRIES = 3;
/** Longer than any frame: brings a parser that stopped half-way back to its start. */
const FLUSH_BYTES = 16;
/** The controller cuts its output after about 10 s without one. */
const HEARTBEAT_PERIOD_MS = 1000;

/** Set point for a voltage: 9.40 V is 6, 8.80 V is 109. No range check. */
export function pic16Code(voltageMv: number): number {
  return Math.round(VOLTAGE_OFFSET - (VOLTAGE_PER_VOLT * voltageMv) / 1000);
}

/** Voltage that a set point makes, in whole mV. */
export function pic16VoltageMv(code: number): number {
  return Math.round(((VOLTAGE_OFFSET - code) / VOLTAGE_PER_VOLT) * 1000);
}

export function pic16Frame(command: Pic16Command, argument?: number): Uint8Array {
  return argument === undefined
    ? Uint8Array.of(0x55, 0xaa, command.code)
    : Uint8Array.of(0x55, 0xaa, command.code, argument);
}

export class Pic16S9 implements VoltageController {
  readonly name: string;
  readonly heartbeatPeriodMs = HEARTBEAT_PERIOD_MS;
  readonly #clock: Clock;
  readonly #bus: I2cBus;
  readonly #wire: ByteWire;
  readonly #turns = new Mutex();
  /** Argument that would end the frame the parser may still be in; null when parser and driver agree. */
  #openArgument: number | null = 0;

  constructor(options: { clock: Clock; bus: I2cBus; address: number }) {
    this.name = `PIC16F1704 0x${options.address.toString(16)}`;
    this.#clock = options.clock;
    this.#bus = options.bus;
    this.#wire = new ByteWire(
      Object.assign({ name: this.name, triesPerByte: BYTE_TRIES, pauseMs: BYTE_PAUSE_MS }, options),
    );
  }

  start(signal: AbortSignal): Promise<{ firmware: number }> {
    return this.#turns.run(async () => {
      this.#openArgument ??= 0;
      await this.#command(PIC16_COMMANDS.reset, undefined, signal);
      await sleep(this.#clock, RESET_MS, signal);
      await this.#command(PIC16_COMMANDS.jumpToApplication, undefined, signal);
      await sleep(this.#clock, JUMP_MS, signal);
      const firmware = await this.#command(PIC16_COMMANDS.version, undefined, signal);
      if (firmware !== FIRMWARE_EXPECTED) {
        const what = `reports version ${firmware} where 3 is the only known one: leave this board unpowered`;
        throw this.#wire.failure(what, { expected: FIRMWARE_EXPECTED, got: firmware });
      }
      return { firmware };
    });
  }

  async setVoltageMv(voltageMv: number, signal: AbortSignal): Promise<number> {
    const [minMv, maxMv] = PIC16_RANGE_MV;
    if (!(voltageMv >= minMv && voltageMv <= maxMv)) {
      const message = `${this.name} on ${this.#bus.name} can't make ${voltageMv} mV: choose ${minMv} to ${maxMv} mV`;
      throw new KumpelError("VOLTAGE_OUT_OF_RANGE", message, { details: { voltageMv, minMv, maxMv } });
    }
    const code = pic16Code(voltageMv);
    return this.#turns.run(async () => {
      let readBack = -1;
      for (let attempt = 0; attempt < VOLTAGE_TRIES; attempt++) {
        await this.#command(PIC16_COMMANDS.setVoltage, code, signal);
        readBack = await this.#command(PIC16_COMMANDS.getVoltage, undefined, signal);
        if (readBack === code) return pic16VoltageMv(readBack);
      }
      const what = `holds set point ${readBack} instead of ${code} for ${voltageMv} mV: switch the board off`;
      throw this.#wire.failure(what, { voltageMv, expected: code, got: readBack });
    });
  }

  async setOutput(isOn: boolean, signal: AbortSignal): Promise<void> {
    await this.#turns.run(() => this.#command(PIC16_COMMANDS.setOutput, isOn ? 1 : 0, signal));
  }

  async heartbeat(signal: AbortSignal): Promise<void> {
    await this.#turns.run(() => this.#command(PIC16_COMMANDS.heartbeat, undefined, signal));
  }

  async #command(command: Pic16Command, argument: number | undefined, signal: AbortSignal): Promise<number> {
    if (this.#openArgument !== null) await this.#flush(this.#openArgument, signal);
    // A voltage frame that broke off must be ended with its own number: a zero would be the highest voltage.
    this.#openArgument = command.code === PIC16_COMMANDS.setVoltage.code ? (argument ?? 0) : 0;
    await this.#wire.write(pic16Frame(command, argument), signal);
    const reply = command.replyBytes === 0 ? 0 : (await this.#wire.read(1, signal))[0]!;
    this.#openArgument = null;
    return reply;
  }

  async #flush(openArgument: number, signal: AbortSignal): Promise<void> {
    const bytes = new Uint8Array(FLUSH_BYTES);
    bytes[0] = openArgument;
    await this.#wire.write(bytes, signal);
    this.#openArgument = null;
  }
}
