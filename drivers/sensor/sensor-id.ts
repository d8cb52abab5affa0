/** Who made a sensor: FE is the maker, FF the part, in the TMP451 class and the TMP42x family. LM75A has neither. */
import type { I2cBus } from "#hal/i2c.ts";
import { transferSensor } from "./reading.ts";

export type SensorPart = "TMP421" | "TMP422" | "TMP423" | "TMP451 class" | "ADT7461 class" | "NCT218 class";

const MAKER = 0xfe;
const PART = 0xff;
const TEXAS_INSTRUMENTS = 0x55;
const ANALOG_DEVICES = 0x41;
const ON_SEMICONDUCTOR = 0x1a;
const TI_PARTS: ReadonlyMap<number, SensorPart> = new Map([
  [0x21, "TMP421"],
  [0x22, "TMP422"],
  [0x23, "TMP423"],
]);

/** Part, or null when it is silent or says nothing known. */
export async function identifySensor(bus: I2cBus, address: number): Promise<SensorPart | null> {
  const maker = await transferSensor(bus, address, Uint8Array.of(MAKER), 1);
  if (maker.kind === "failed") return null;
  if (maker.bytes[0] === ANALOG_DEVICES) return "ADT7461 class";
  if (maker.bytes[0] === ON_SEMICONDUCTOR) return "NCT218 class";
  if (maker.bytes[0] !== TEXAS_INSTRUMENTS) return null;
  const part = await transferSensor(bus, address, Uint8Array.of(PART), 1);
  return part.kind === "failed" ? null : (TI_PARTS.get(part.bytes[0]!) ?? "TMP451 class");
}
