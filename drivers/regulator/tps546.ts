/**
 * TPS546D24 core regulator of later Bitaxe boards, a PMBus part: words go low byte first, the voltage is linear16 with the
 * exponent of VOUT_MODE, everything else linear11. Command numbers are those of the PMBus standard; the limits are those
 * of public Bitaxe firmware.
 */
import { KumpelError } from "#hal/errors.ts";
import type { I2cBus } from "#hal/i2c.ts";
import type { Provenance } from "../bm13xx/registers.ts";
import type { CoreRegulator } from "./core-regulator.ts";
import { fromLinear11, fromLinear16, linear16Exponent, toLinear11, toLinear16 } from "./linear.ts";
import { RegisterDevice } from "./register-device.ts";

export const TPS546_COMMANDS = {
  operation: 0x01,
  onOffConfig: 0x02,
  clearFaults: 0x03,
  voutMode: 0x20,
  voutCommand: 0x21,
  statusWord: 0x79,
  readVin: 0x88,
  readVout: 0x8b,
  readIout: 0x8c,
  readTemperature: 0x8d,
} as const;

interface Limit {
  readonly name: string;
  readonly command: number;
  readonly format: "linear11" | "linear16";
  /** In V, A, kHz or C. */
  readonly value: number;
  readonly provenance: Provenance;
}

export const TPS546_LIMITS: readonly Limit[] = [
  { name: "output scale", command: 0x29, format: "linear11", value: 0.25, provenance: "documented" },
  { name: "switching frequency kHz", command: 0x33, format: "linear11", value: 650, provenance: "documented" },
  { name: "input on V", command: 0x35, format: "linear11", value: 4.8, provenance: "documented" },
  { name: "input off V", command: 0x36, format: "linear11", value: 4.5, provenance: "documented" },
  { name: "input over-voltage V", command: 0x55, format: "linear11", value: 6.5, provenance: "documented" },
  { name: "output highest V", command: 0x24, format: "linear16", value: 2.0, provenance: "documented" },
  { name: "output lowest V", command: 0x2b, format: "linear16", value: 1.0, provenance: "documented" },
  { name: "output current warning A", command: 0x4a, format: "linear11", value: 25, provenance: "documented" },
  { name: "output current fault A", command: 0x46, format: "linear11", value: 30, provenance: "documented" },
  { name: "temperature warning C", command: 0x51, format: "linear11", value: 105, provenance: "documented" },
  { name: "temperature fault C", command: 0x4f, format: "linear11", value: 145, provenance: "documented" },
];

/** Bits of STATUS_WORD that mean trouble (PMBus standard). Bit 6 "off" and bit 11 "not good" also stand while it is off. */
const STATUS_FAULTS: readonly (readonly [number, string])[] = [
  [0x8000, "output voltage"],
  [0x4000, "output current"],
  [0x2000, "input"],
  [0x1000, "manufacturer specific"],
  [0x0020, "output over-voltage"],
  [0x0010, "output over-current"],
  [0x0008, "input under-voltage"],
  [0x0004, "temperature"],
  [0x0002, "communication"],
];
const STATUS_OFF = 0x0040;

const OPERATION_ON = 0x80;
const OPERATION_OFF = 0x00;
/** Obey OPERATION only, whatever the enable pin says, and stay off after power-up (PMBus standard; our choice). */
const ON_OFF_CONFIG = 0x1a;
const DEFAULT_ADDRESS = 0x24;
const RANGE_MV = [1000, 2000] as const;
const START_MV = 1150;
/** The part rounds limits to its own steps. */
const LIMIT_TOLERANCE = 0.05;

export interface Tps546Status {
  readonly word: number;
  readonly isOff: boolean;
  readonly faults: readonly string[];
}

export class Tps546 implements CoreRegulator {
  readonly name: string;
  readonly rangeMv = RANGE_MV;
  readonly #device: RegisterDevice;
  #exponent: number | null = null;

  constructor(options: { bus: I2cBus; address?: number }) {
    const address = options.address ?? DEFAULT_ADDRESS;
    this.name = `TPS546 0x${address.toString(16)}`;
    this.#device = new RegisterDevice({ bus: options.bus, address, part: "TPS546", errorCode: "REGULATOR_FAILED" });
  }

  /** Output off, faults cleared, limits written and read back, 1.15 V set but not switched on. */
  async start(): Promise<void> {
    await this.setOutput(false);
    await this.#device.writeChecked(TPS546_COMMANDS.onOffConfig, ON_OFF_CONFIG);
    await this.#device.write(TPS546_COMMANDS.clearFaults);
    for (const limit of TPS546_LIMITS) await this.#setLimit(limit);
    await this.setVoltageMv(START_MV);
  }

  async setVoltageMv(voltageMv: number): Promise<number> {
    const [minMv, maxMv] = RANGE_MV;
    if (!(voltageMv >= minMv && voltageMv <= maxMv)) {
      const message = `${this.name} can't make ${voltageMv} mV: choose ${minMv} to ${maxMv} mV`;
      throw new KumpelError("VOLTAGE_OUT_OF_RANGE", message, { details: { voltageMv, minMv, maxMv } });
    }
    const exponent = await this.#voutExponent();
    const word = toLinear16(voltageMv / 1000, exponent);
    await this.#writeWord(TPS546_COMMANDS.voutCommand, word);
    const got = await this.#readWord(TPS546_COMMANDS.voutCommand);
    if (got !== word) {
      const gotMv = Math.round(fromLinear16(got, exponent) * 1000);
      throw this.#device.failure(`holds ${gotMv} mV instead of ${voltageMv} mV: switch it off`, { voltageMv, got });
    }
    return Math.round(fromLinear16(got, exponent) * 1000);
  }

  async setOutput(isOn: boolean): Promise<void> {
    await this.#device.writeChecked(TPS546_COMMANDS.operation, isOn ? OPERATION_ON : OPERATION_OFF);
  }

  async readStatus(): Promise<Tps546Status> {
    const word = await this.#readWord(TPS546_COMMANDS.statusWord);
    const faults = STATUS_FAULTS.filter(([bit]) => (word & bit) !== 0).map(([, name]) => name);
    return { word, isOff: (word & STATUS_OFF) !== 0, faults };
  }

  async readOutputMv(): Promise<number> {
    const exponent = await this.#voutExponent();
    return Math.round(fromLinear16(await this.#readWord(TPS546_COMMANDS.readVout), exponent) * 1000);
  }

  async readInputMv(): Promise<number> {
    return Math.round(fromLinear11(await this.#readWord(TPS546_COMMANDS.readVin)) * 1000);
  }

  async readCurrentMa(): Promise<number> {
    return Math.round(fromLinear11(await this.#readWord(TPS546_COMMANDS.readIout)) * 1000);
  }

  async readTemperatureC(): Promise<number> {
    return fromLinear11(await this.#readWord(TPS546_COMMANDS.readTemperature));
  }

  async #setLimit(limit: Limit): Promise<void> {
    const exponent = await this.#voutExponent();
    const isLinear16 = limit.format === "linear16";
    await this.#writeWord(limit.command, isLinear16 ? toLinear16(limit.value, exponent) : toLinear11(limit.value));
    const word = await this.#readWord(limit.command);
    const got = isLinear16 ? fromLinear16(word, exponent) : fromLinear11(word);
    if (Math.abs(got - limit.value) <= LIMIT_TOLERANCE * limit.value) return;
    throw this.#device.failure(`holds ${got} instead of ${limit.value} for its limit "${limit.name}": leave it off`, {
      limit: limit.name,
      expected: limit.value,
      got,
    });
  }

  /** Read once: it does not change. */
  async #voutExponent(): Promise<number> {
    if (this.#exponent !== null) return this.#exponent;
    const mode = await this.#device.readByte(TPS546_COMMANDS.voutMode);
    const exponent = linear16Exponent(mode);
    if (exponent === null || exponent >= 0) {
      throw this.#device.failure(`has VOUT_MODE 0x${mode.toString(16)}, which is not linear: leave it off`, { mode });
    }
    this.#exponent = exponent;
    return exponent;
  }

  async #readWord(command: number): Promise<number> {
    const bytes = await this.#device.read(command, 2);
    return bytes[0]! | (bytes[1]! << 8);
  }

  #writeWord(command: number, word: number): Promise<void> {
    return this.#device.write(command, word & 0xff, (word >> 8) & 0xff);
  }
}
