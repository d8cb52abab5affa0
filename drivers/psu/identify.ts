/** Which supply hangs on the bus: protocol, type, firmware, and the formula of its voltage. */
import { type Clock, sleep } from "#hal/clock.ts";
import { isKumpelError, KumpelError } from "#hal/errors.ts";
import type { I2cBus } from "#hal/i2c.ts";
import {
  findPsuCalibration,
  PSU_V2_RANGE_MV,
  PSU_V2_TYPES,
  type PsuCalibration,
  psuLabel,
  psuRangeMv,
} from "./calibration.ts";
import { PSU_V1, PSU_V1_COMMANDS } from "./frame-v1.ts";
import { PSU_V2, PSU_V2_COMMANDS } from "./frame-v2.ts";
import { LEGACY_CALIBRATION } from "./legacy.ts";
import { NOT_READY, type PacketWire } from "./packet-wire.ts";

export interface PsuIdentity {
  readonly protocol: "v1" | "v2" | "legacy";
  /** Type byte; null where the protocol has none. */
  readonly type: number | null;
  /** Low byte of the firmware number, where it is known. */
  readonly firmware: number | null;
  readonly label: string;
  /** What may be asked for, in mV, both ends allowed. */
  readonly rangeMv: readonly [number, number];
}

/** A supply that is known; without a calibration where it is told volts. */
export interface KnownPsu {
  readonly identity: PsuIdentity;
  readonly calibration: PsuCalibration | null;
}

export interface PsuPlace {
  readonly clock: Clock;
  readonly bus: I2cBus;
  readonly address: number;
  readonly wire: PacketWire;
}

/** Register 0 reads 0xF5 where packets are spoken. */
const PROTOCOL_REGISTER = 0x00;
const PROTOCOL_READS = 3;
const PROTOCOL_PAUSE_MS = 100;
/** What a bus reads that nobody drives or somebody holds down: no reason to talk the unchecked old protocol (our choice). */
const BUS_IDLE = 0xff;
const BUS_HELD = 0x00;

/** @throws KumpelError `PSU_FAILED` when it does not answer, `PSU_UNKNOWN_TYPE` when no formula is known, `ABORTED`. */
export async function identifyPsu(place: PsuPlace, signal: AbortSignal): Promise<KnownPsu> {
  if (!(await speaksPackets(place, signal))) {
    const rangeMv = psuRangeMv(LEGACY_CALIBRATION);
    const identity = { protocol: "legacy", type: null, firmware: null, label: "legacy power supply", rangeMv } as const;
    return { identity, calibration: LEGACY_CALIBRATION };
  }
  const type = await askType(place.wire, signal);
  const label = psuLabel(type);
  if (PSU_V2_TYPES.includes(type)) {
    return { identity: { protocol: "v2", type, firmware: null, label, rangeMv: PSU_V2_RANGE_MV }, calibration: null };
  }
  const firmware = (await place.wire.ask(PSU_V1, PSU_V1_COMMANDS.firmware.code, [], signal))[0] ?? null;
  const calibration = findPsuCalibration(type, firmware);
  if (calibration === null) {
    const what = `${place.wire.name} is of type 0x${type.toString(16)}, for which no voltage formula is known`;
    throw new KumpelError("PSU_UNKNOWN_TYPE", `${what}: leave its voltage alone`, { details: { type, firmware } });
  }
  return { identity: { protocol: "v1", type, firmware, label, rangeMv: psuRangeMv(calibration) }, calibration };
}

/** The old protocol has no checks of its own, so three equal answers are wanted before it is believed. */
async function speaksPackets(place: PsuPlace, signal: AbortSignal): Promise<boolean> {
  const seen = new Set<number>();
  for (let i = 0; i < PROTOCOL_READS; i++) {
    if (i > 0) await sleep(place.clock, PROTOCOL_PAUSE_MS, signal);
    try {
      const bytes = await place.bus.transfer(place.address, Uint8Array.of(PROTOCOL_REGISTER), 1);
      seen.add(bytes[0] ?? BUS_IDLE);
    } catch (error) {
      if (!isKumpelError(error, "I2C_NACK", "I2C_FAILED")) throw error;
      if (i === PROTOCOL_READS - 1) {
        throw place.wire.failure("does not answer: check the cable between control board and supply", {}, error);
      }
    }
  }
  if (seen.has(NOT_READY)) return true;
  if (seen.size === 1 && !seen.has(BUS_IDLE) && !seen.has(BUS_HELD)) return false;
  // An FPGA's I2C knows no NACK: an absent supply reads as idle lines.
  if (seen.size === 1 && seen.has(BUS_IDLE)) {
    throw place.wire.failure("does not answer (the bus reads 0xff): check the cable between control board and supply");
  }
  const got = [...seen].map((byte) => `0x${byte.toString(16)}`).join(", ");
  throw place.wire.failure(`gives nonsense for its protocol (${got}): check the bus`, { got });
}

/** The first protocol is tried first: the second one's supplies refuse its checksum. */
async function askType(wire: PacketWire, signal: AbortSignal): Promise<number> {
  const [type] = await askEither(wire, signal);
  if (type === undefined) throw wire.failure("gives a type without a number: check cable and mains");
  return type;
}

async function askEither(wire: PacketWire, signal: AbortSignal): Promise<Uint8Array> {
  try {
    return await wire.ask(PSU_V1, PSU_V1_COMMANDS.type.code, [], signal);
  } catch (error) {
    if (!isKumpelError(error, "PSU_FAILED")) throw error;
    return wire.ask(PSU_V2, PSU_V2_COMMANDS.type.code, [], signal);
  }
}
