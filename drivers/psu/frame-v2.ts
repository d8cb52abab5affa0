/**
 * Second packet protocol (types 62, 64, 65, 66, the APW11 family): lengths are even, the checksum is the sum of 16-bit
 * words, low byte first, from LEN on, and the voltage is a float32 in volts, low byte first. Requests are from vendor
 * binaries; the form of the replies is inferred from them.
 */
import { buildPsuFrame, type PsuCommand, type PsuProtocol, parsePsuFrame } from "./psu-protocol.ts";

export const PSU_V2_COMMANDS = {
  type: { code: 0x02, provenance: "inferred" },
  getVoltage: { code: 0x03, provenance: "documented" },
  setWatchdog: { code: 0x81, provenance: "documented" },
  setVoltage: { code: 0x83, provenance: "documented" },
} as const satisfies Record<string, PsuCommand>;

export const PSU_V2: PsuProtocol = {
  name: "v2",
  waitMs: 500,
  frame: (code, payload) => buildPsuFrame(code, payload, wordSum),
  parse: (code, bytes) =>
    bytes.length % 2 === 0
      ? parsePsuFrame(code, bytes, wordSum)
      : { kind: "wrong", reason: `an odd length of ${bytes.length} bytes` },
};

/** Payload of a voltage. */
export function psuV2Voltage(voltageMv: number): number[] {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setFloat32(0, voltageMv / 1000, true);
  return [...bytes];
}

/** Voltage of a payload in mV, or null when it is no voltage. */
export function psuV2VoltageMv(payload: Uint8Array): number | null {
  if (payload.length !== 4) return null;
  const volts = new DataView(payload.buffer, payload.byteOffset).getFloat32(0, true);
  return Number.isFinite(volts) && volts >= 0 && volts < 100 ? volts * 1000 : null;
}

function wordSum(body: readonly number[]): number {
  let sum = 0;
  for (let i = 0; i < body.length; i += 2) sum += body[i]! | ((body[i + 1] ?? 0) << 8);
  return sum & 0xffff;
}
