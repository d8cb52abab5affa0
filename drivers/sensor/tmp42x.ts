/**
 * TMP421, TMP422, TMP423: local temperature in 00 (low byte 10), remote n in 0n (low byte 1n). The low byte carries
 * sixteenths in its upper half, bit 1 "invalid" and bit 0 "open". The range is read from configuration 09 bit 2 (TI
 * datasheet) instead of being set, so either works.
 */
import type { I2cBus } from "#hal/i2c.ts";
import { failed, type Reading } from "./reading.ts";
import { extendedRangeC, isStuckHigh, SensorRegisters } from "./sensor-registers.ts";

const CONFIG = 0x09;
const EXTENDED = 0x04;
const LOW_BYTE = 0x10;
const INVALID = 0x02;
const OPEN = 0x01;
const MIN_C = -55;
const MAX_C = 150;

/** 0 is the sensor itself, 1 to 3 its diodes. */
export type Tmp42xChannel = 0 | 1 | 2 | 3;

export async function readTmp42x(bus: I2cBus, address: number, channel: Tmp42xChannel): Promise<Reading> {
  const registers = new SensorRegisters(bus, address);
  const values = await registers.read(CONFIG, channel, channel + LOW_BYTE);
  if (!Array.isArray(values)) return values;
  const [config, high, low] = values as [number, number, number];
  if (isStuckHigh(values)) return registers.stuck();
  if ((low & OPEN) !== 0) return failed(`${registers.place} has an open diode on channel ${channel}`);
  if ((low & INVALID) !== 0) return failed(`${registers.place} has no valid value on channel ${channel}`);
  const isExtended = (config & EXTENDED) !== 0;
  const temperatureC = isExtended ? extendedRangeC(high, low) : ((high << 24) >> 24) + (low >> 4) / 16;
  return registers.reading(temperatureC, MIN_C, MAX_C);
}
