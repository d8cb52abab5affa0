/**
 * First packet protocol (types 22, 41 to 43, 61, 71 to 78, C1, C2): the checksum is the plain sum of LEN, CMD and payload,
 * low byte first, the opposite of the hashboard controllers. Facts from public S19 Pro notes and captured frames. The
 * command that writes the calibration is left out on purpose.
 */
import { buildPsuFrame, type PsuCommand, type PsuProtocol, parsePsuFrame } from "./psu-protocol.ts";

export const PSU_V1_COMMANDS = {
  firmware: { code: 0x01, provenance: "documented" },
  type: { code: 0x02, provenance: "captured" },
  getSetPoint: { code: 0x03, provenance: "documented" },
  /** The unit of the reply is not documented. */
  measure: { code: 0x04, provenance: "unconfirmed" },
  state: { code: 0x05, provenance: "documented" },
  /** Types C1 and C2 only. */
  status: { code: 0x0a, provenance: "documented" },
  setWatchdog: { code: 0x81, provenance: "captured" },
  setPoint: { code: 0x83, provenance: "captured" },
} as const satisfies Record<string, PsuCommand>;

export const PSU_V1: PsuProtocol = {
  name: "v1",
  waitMs: 400,
  frame: (code, payload) => buildPsuFrame(code, payload, byteSum),
  parse: (code, bytes) => parsePsuFrame(code, bytes, byteSum),
};

function byteSum(body: readonly number[]): number {
  return body.reduce((sum, byte) => sum + byte, 0) & 0xffff;
}
