/**
 * The range switch of the TMP451 class (TMP451, ADT7461, NCT218): configuration is read at 03 and written at 09, bit 2
 * selects -64 to 191 C. It is looked at before every reading: a sensor that lost its supply for a moment is back in the
 * short range and would read 64 C too low. Facts from public hardware monitor code.
 */
import { type Clock, sleep } from "#hal/clock.ts";
import { failed, type Reading } from "./reading.ts";
import type { SensorRegisters } from "./sensor-registers.ts";

const CONFIG_READ = 0x03;
const CONFIG_WRITE = 0x09;
const EXTENDED = 0x04;
const REMOTE_OFFSET = 0x11;
/** Two conversions at the rate after power-up, 16 a second. */
const CONVERSION_MS = 125;
/** Local and remote temperature, high and low: read and thrown away once, since they may still be of the old range. */
const SAMPLE_REGISTERS = [0x00, 0x15, 0x01, 0x10];

/** Makes sure that the sensor is in extended range. Null when it is, else why not. */
export async function ensureExtendedRange(
  registers: SensorRegisters,
  clock: Clock,
  signal: AbortSignal,
): Promise<Extract<Reading, { kind: "failed" }> | null> {
  const before = await registers.read(CONFIG_READ);
  if (!Array.isArray(before)) return before;
  if (before[0] === 0xff) return registers.stuck();
  if ((before[0]! & EXTENDED) !== 0) return null;
  const refused =
    (await registers.write(CONFIG_WRITE, before[0]! | EXTENDED)) ?? (await registers.write(REMOTE_OFFSET, 0));
  if (refused !== null) return refused;
  const after = await registers.read(CONFIG_READ);
  if (!Array.isArray(after)) return after;
  if ((after[0]! & EXTENDED) === 0) return failed(`${registers.place} does not keep its extended range`);
  await sleep(clock, CONVERSION_MS, signal);
  const dropped = await registers.read(...SAMPLE_REGISTERS);
  return Array.isArray(dropped) ? null : dropped;
}
