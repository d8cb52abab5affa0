/**
 * DS4432U, a current source that bends the feedback of the core regulator of early Bitaxe boards: register F8 (channel 0)
 * or F9 (channel 1), magnitude in bits 6:0, bit 7 for voltages below the one that no current makes. The formula is that
 * of public Bitaxe firmware; there is nothing to measure with on this part, so check with a meter or an INA260.
 */
import { KumpelError } from "#hal/errors.ts";
import type { I2cBus } from "#hal/i2c.ts";
import type { CoreRegulator } from "./core-regulator.ts";
import { RegisterDevice } from "./register-device.ts";

const FEEDBACK_V = 0.6;
const LOWER_OHM = 3320;
const UPPER_OHM = 4750;
const FULL_SCALE_A = 98.921e-6;
const CODE_MAX = 127;
const LOWERS_OUTPUT = 0x80;
const FIRST_REGISTER = 0xf8;
const DEFAULT_ADDRESS = 0x48;
/** Beyond, the magnitude passes 127 and would spill into the sign. */
export const DS4432U_RANGE_MV = [990, 1920] as const;

/** Register value for a voltage: 1.20 V is C6, 1.40 V is 90. No range check. */
export function ds4432uCode(voltageMv: number): number {
  const currentA = FEEDBACK_V / LOWER_OHM - (voltageMv / 1000 - FEEDBACK_V) / UPPER_OHM;
  const magnitude = Math.ceil((CODE_MAX * Math.abs(currentA)) / FULL_SCALE_A);
  return currentA > 0 ? magnitude | LOWERS_OUTPUT : magnitude;
}

/** Voltage that a register value makes, in whole mV. */
export function ds4432uVoltageMv(code: number): number {
  const magnitudeA = ((code & CODE_MAX) * FULL_SCALE_A) / CODE_MAX;
  const currentA = (code & LOWERS_OUTPUT) !== 0 ? magnitudeA : -magnitudeA;
  return Math.round((FEEDBACK_V + UPPER_OHM * (FEEDBACK_V / LOWER_OHM - currentA)) * 1000);
}

export class Ds4432u implements CoreRegulator {
  readonly name: string;
  readonly rangeMv = DS4432U_RANGE_MV;
  readonly #device: RegisterDevice;
  readonly #register: number;

  constructor(options: { bus: I2cBus; address?: number; channel?: 0 | 1 }) {
    const address = options.address ?? DEFAULT_ADDRESS;
    this.name = `DS4432U 0x${address.toString(16)}`;
    this.#register = FIRST_REGISTER + (options.channel ?? 0);
    this.#device = new RegisterDevice({ bus: options.bus, address, part: "DS4432U", errorCode: "REGULATOR_FAILED" });
  }

  /** Only asks whether the part is there: it has no switch and no limits. */
  async start(): Promise<void> {
    await this.#device.readByte(this.#register);
  }

  async setVoltageMv(voltageMv: number): Promise<number> {
    const [minMv, maxMv] = DS4432U_RANGE_MV;
    if (!(voltageMv >= minMv && voltageMv <= maxMv)) {
      const message = `${this.name} can't make ${voltageMv} mV: choose ${minMv} to ${maxMv} mV`;
      throw new KumpelError("VOLTAGE_OUT_OF_RANGE", message, { details: { voltageMv, minMv, maxMv } });
    }
    const code = ds4432uCode(voltageMv);
    await this.#device.writeChecked(this.#register, code);
    return ds4432uVoltageMv(code);
  }
}
