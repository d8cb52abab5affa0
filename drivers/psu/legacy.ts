/**
 * The oldest supplies with a bus: no packets, the set point is written to register 2. One formula is known from vendor
 * binaries, which supplies it holds for is unconfirmed, and nothing says that the register can be read back.
 */
import type { PsuCalibration } from "./calibration.ts";

export const LEGACY_SET_POINT_REGISTER = 0x02;

export const LEGACY_CALIBRATION: PsuCalibration = {
  types: [],
  firmware: "any",
  offset: 1718.459125,
  perVolt: 85.509875,
  codeMin: 1,
  codeMax: 255,
  provenance: "unconfirmed",
};
