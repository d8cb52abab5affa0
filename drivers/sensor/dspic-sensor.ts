/**
 * LM75A sensors that hang on the voltage controller instead of the bus (S19 Pro: 0x48-0x4B): the controller first selects
 * register 0 of the sensor (its command 3B), then reads two bytes (3C). Facts from public S19 Pro notes.
 */
import { errorText, isKumpelError } from "#hal/errors.ts";
import { decodeLm75 } from "./lm75.ts";
import { failed, type Reading } from "./reading.ts";

/** What the controller does for a sensor. */
export interface DspicSensorPort {
  /** Controller and bus, for reasons. */
  readonly name: string;
  selectRegister(register: number): Promise<void>;
  read(count: number): Promise<Uint8Array>;
}

const TEMPERATURE_REGISTER = 0;

/** A failure of the way there is an answer too; everything but `VOLTAGE_CONTROLLER_FAILED` is passed on. */
export async function readSensorBehindDspic(port: DspicSensorPort, slave: number): Promise<Reading> {
  const place = `sensor 0x${slave.toString(16)} behind ${port.name}`;
  try {
    await port.selectRegister(TEMPERATURE_REGISTER);
    return decodeLm75(await port.read(2), place);
  } catch (error) {
    if (!isKumpelError(error, "VOLTAGE_CONTROLLER_FAILED")) throw error;
    return failed(`${place}: ${errorText(error)}`);
  }
}
