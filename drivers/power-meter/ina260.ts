/**
 * INA260: current, voltage and power in 16-bit registers, high byte first (TI datasheet, documented). Current is signed,
 * 1.25 mA a step; voltage 1.25 mV; power 10 mW.
 */
import type { I2cBus } from "#hal/i2c.ts";
import { RegisterDevice } from "../regulator/register-device.ts";

const CURRENT = 0x01;
const VOLTAGE = 0x02;
const POWER = 0x03;
const MAKER_ID = 0xfe;
const PART_ID = 0xff;
const MAKER = 0x5449;
const PART = 0x2270;
/** The lowest four bits are the revision. */
const PART_MASK = 0xfff0;
const DEFAULT_ADDRESS = 0x40;

export interface PowerReading {
  readonly currentMa: number;
  readonly voltageMv: number;
  readonly powerMw: number;
}

export class Ina260 {
  readonly #device: RegisterDevice;

  constructor(options: { bus: I2cBus; address?: number }) {
    const address = options.address ?? DEFAULT_ADDRESS;
    this.#device = new RegisterDevice({ bus: options.bus, address, part: "INA260", errorCode: "POWER_METER_FAILED" });
  }

  /** @throws KumpelError `POWER_METER_FAILED` when it does not answer or is another part. */
  async start(): Promise<void> {
    const maker = await this.#readWord(MAKER_ID);
    const part = await this.#readWord(PART_ID);
    if (maker === MAKER && (part & PART_MASK) === PART) return;
    const what = `says maker 0x${maker.toString(16)}, part 0x${part.toString(16)}, which is no INA260: check the model`;
    throw this.#device.failure(what, { maker, part });
  }

  async read(): Promise<PowerReading> {
    const current = ((await this.#readWord(CURRENT)) << 16) >> 16;
    const voltage = await this.#readWord(VOLTAGE);
    return { currentMa: current * 1.25, voltageMv: voltage * 1.25, powerMw: (await this.#readWord(POWER)) * 10 };
  }

  async #readWord(register: number): Promise<number> {
    const bytes = await this.#device.read(register, 2);
    return (bytes[0]! << 8) | bytes[1]!;
  }
}
