/** An I2C bus with device models on it, and helpers to run a driver against them in virtual time. */
import fs from "node:fs";
import type { I2cDevice } from "#hal/emulator/devices/i2c-device.ts";
import { VirtualClock } from "#hal/emulator/virtual-clock.ts";
import { KumpelError } from "#hal/errors.ts";
import type { I2cBus } from "#hal/i2c.ts";

export const STEP_MS = 50;

export class DeviceBus implements I2cBus {
  readonly name = "test-bus";
  readonly clock = new VirtualClock();
  /** All transactions: what was written, or `r` and the count for a plain read. */
  readonly log: string[] = [];
  /** Called before each transaction; may throw or change the answer. */
  fault: ((write: Uint8Array, index: number) => void) | null = null;
  /** Changes what is read. */
  garble: ((bytes: Uint8Array, index: number) => Uint8Array) | null = null;
  readonly #devices: readonly I2cDevice[];
  #count = 0;

  constructor(...devices: I2cDevice[]) {
    this.#devices = devices;
  }

  async transfer(address: number, write: Uint8Array, readLength: number): Promise<Uint8Array> {
    const index = this.#count++;
    this.log.push(`${toHex(write)}${readLength > 0 ? `r${readLength}` : ""}`);
    this.fault?.(write, index);
    const device = this.#devices.find((d) => d.address === address);
    if (device === undefined) throw new KumpelError("I2C_NACK", `nobody at ${address}`);
    const bytes = device.transfer(write, readLength);
    return this.garble === null || readLength === 0 ? bytes : this.garble(bytes, index);
  }

  /** Lets time pass for clock and devices. */
  async advance(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= STEP_MS) {
      const part = Math.min(STEP_MS, left);
      await this.clock.advance(part);
      for (const device of this.#devices) device.step?.(part);
    }
  }

  /** Runs `task` to its end, passing time as long as it waits. */
  async run<T>(task: Promise<T>, limitMs = 300_000): Promise<T> {
    const outcome: { isDone: boolean } = { isDone: false };
    const watched = task.finally(() => {
      outcome.isDone = true;
    });
    watched.catch(() => undefined);
    for (let passed = 0; passed < limitMs; passed += STEP_MS) {
      await this.clock.advance(0);
      if (outcome.isDone) return watched;
      await this.advance(STEP_MS);
    }
    throw new Error(`not done after ${limitMs} ms`);
  }
}

export const LIVE = new AbortController().signal;

export function toHex(bytes: ArrayLike<number>): string {
  return Buffer.from(Uint8Array.from(bytes)).toString("hex");
}

export function fromHex(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex.replaceAll(" ", ""), "hex"));
}

interface BoardVectors {
  models: {
    model: string;
    chip: string;
    chips_per_board: number;
    domains: [number, number] | null;
    boards: number;
    fans: number;
    default_mhz: number | [number, number] | null;
    run_volts: number | [number, number] | null;
    open_core_volts?: number;
    work_baud: number | null;
    control_boards: string[];
    address_interval?: number;
    board_stop_c?: number;
    psu: string | null;
  }[];
  gpio: { board: string; function: string; gpio: number; active: string | null; fitted?: boolean }[];
  uart: { board: string; chain: number; device: string | null }[];
  pwm: { board: string; channel: string; path: string; period_ns: number; fans: number[] }[];
  i2c: { models: string[]; device: string; addr: string; bus: string }[];
  frames: { proto: string; name: string; hex: string }[];
  psu_formula: { types: string[]; a: number; b: number }[];
  psu_type71_anchors: { volts: number; n: number }[];
  s9_pic_voltage: { volts: number; n: number }[];
  eeprom_vector: {
    raw: string;
    payload: string;
    key_ascii: string;
    cipher: string;
    crc5: { poly: number; init: number; value: number };
    expect: Record<string, string | number>;
  };
}

export const boardVectors = JSON.parse(fs.readFileSync("test/vectors/boards.json", "utf8")) as BoardVectors;
