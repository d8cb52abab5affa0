/**
 * EMC2101 of the Bitaxe: drives one fan, counts its turns and measures the diode of the chip. Set-up: 03 bit 2 makes the
 * pin a tacho input, 4A = 23 lets the duty in 4C (0-63) count instead of the part's own table. Facts from public Bitaxe
 * firmware; the order low byte, high byte of the tacho is that of the datasheet, which holds the high byte meanwhile.
 */
import type { FanBank } from "#hal/control-board.ts";
import type { I2cBus } from "#hal/i2c.ts";
import { RegisterDevice } from "../regulator/register-device.ts";
import { failed, type Reading, sensorPlace } from "../sensor/reading.ts";
import { SensorRegisters } from "../sensor/sensor-registers.ts";

const INTERNAL = 0x00;
const EXTERNAL = [0x01, 0x10] as const;
const CONFIG = 0x03;
const CONFIG_TACHO_INPUT = 0x04;
const TACHO = [0x46, 0x47] as const;
const FAN_CONFIG = 0x4a;
const FAN_CONFIG_DIRECT = 0x23;
const DUTY = 0x4c;
export const EMC2101_DUTY_MAX = 63;
const PRODUCT_ID = 0xfd;
const PRODUCTS: readonly number[] = [0x16, 0x28];
const MAKER_ID = 0xfe;
const MAKER = 0x5d;

const RPM_NUMERATOR = 5_400_000;
/** The counter ran over: the fan stands. */
const TACHO_STOPPED = 0xffff;
const EXTERNAL_OPEN = 0x3f8;
const EXTERNAL_SHORT = 0x3ff;
const EXTERNAL_STEP_C = 0.125;
const MIN_C = -55;
const MAX_C = 126.875;
const DEFAULT_ADDRESS = 0x4c;

export class Emc2101 implements FanBank {
  readonly count = 1;
  readonly #device: RegisterDevice;
  readonly #registers: SensorRegisters;
  readonly #place: string;

  constructor(options: { bus: I2cBus; address?: number }) {
    const address = options.address ?? DEFAULT_ADDRESS;
    this.#device = new RegisterDevice({
      bus: options.bus,
      address,
      part: "EMC2101",
      errorCode: "FAN_CONTROLLER_FAILED",
    });
    this.#registers = new SensorRegisters(options.bus, address);
    this.#place = sensorPlace(options.bus, address);
  }

  /** Checks that it is one, sets it up and lets the fan run at full duty. @throws KumpelError `FAN_CONTROLLER_FAILED`. */
  async start(): Promise<void> {
    const maker = await this.#device.readByte(MAKER_ID);
    const product = await this.#device.readByte(PRODUCT_ID);
    if (maker !== MAKER || !PRODUCTS.includes(product)) {
      const what = `says maker 0x${maker.toString(16)}, product 0x${product.toString(16)}, which is no EMC2101: check the model`;
      throw this.#device.failure(what, { maker, product });
    }
    const config = await this.#device.readByte(CONFIG);
    await this.#device.writeChecked(CONFIG, config | CONFIG_TACHO_INPUT);
    await this.#device.writeChecked(FAN_CONFIG, FAN_CONFIG_DIRECT);
    await this.setDuty(EMC2101_DUTY_MAX);
  }

  /** @param duty 0 to 63, which is full. */
  async setDuty(duty: number): Promise<void> {
    if (!Number.isInteger(duty) || duty < 0 || duty > EMC2101_DUTY_MAX) {
      throw this.#device.failure(`can't set a duty of ${duty}: choose 0 to ${EMC2101_DUTY_MAX}`, { duty });
    }
    await this.#device.writeChecked(DUTY, duty);
  }

  /** @param dutyPct 0 to 100; rounded up, since cooler is the safe side. */
  setDutyPct(dutyPct: number): Promise<void> {
    return this.setDuty(Math.ceil((dutyPct * EMC2101_DUTY_MAX) / 100));
  }

  /** One entry: RPM, 0 when the fan stands, null when the count is nonsense. */
  async readRpm(): Promise<readonly [number | null]> {
    const low = await this.#device.readByte(TACHO[0]);
    const count = ((await this.#device.readByte(TACHO[1])) << 8) | low;
    if (count === TACHO_STOPPED) return [0];
    return [count === 0 ? null : Math.round(RPM_NUMERATOR / count)];
  }

  /** Temperature of the chip's diode; a failure is an answer. */
  async readExternal(): Promise<Reading> {
    const values = await this.#registers.read(...EXTERNAL);
    if (!Array.isArray(values)) return values;
    const raw = (values[0]! << 3) | (values[1]! >> 5);
    if (values[0] === 0xff && values[1] === 0xff) return this.#registers.stuck();
    if (raw === EXTERNAL_OPEN) return failed(`${this.#place} has an open diode`);
    if (raw === EXTERNAL_SHORT) return failed(`${this.#place} has a shorted diode`);
    return this.#registers.reading(((raw << 21) >> 21) * EXTERNAL_STEP_C, MIN_C, MAX_C);
  }

  /** Temperature of the part itself, whole degrees. */
  async readInternal(): Promise<Reading> {
    const values = await this.#registers.read(INTERNAL);
    if (!Array.isArray(values)) return values;
    if (values[0] === 0xff) return this.#registers.stuck();
    return this.#registers.reading((values[0]! << 24) >> 24, MIN_C, MAX_C);
  }
}
