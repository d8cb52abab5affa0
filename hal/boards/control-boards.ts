/** All rows, and which machine sits on which board by default. */
import { AMLOGIC } from "./amlogic.ts";
import { BEAGLEBONE_S19J_V2, BEAGLEBONE_VENDOR } from "./beaglebone.ts";
import type { BoardName, ControlBoardFacts } from "./board-facts.ts";
import { ZYNQ_S9IO } from "./zynq-s9io.ts";
import { ZYNQ_VENDOR } from "./zynq-vendor.ts";

export const CONTROL_BOARDS: Readonly<Record<BoardName, ControlBoardFacts>> = {
  "amlogic-a113d": AMLOGIC,
  "zynq7010-s9io": ZYNQ_S9IO,
  "zynq7007-vendor": ZYNQ_VENDOR,
  "beaglebone-vendor": BEAGLEBONE_VENDOR,
  "beaglebone-s19j-v2": BEAGLEBONE_S19J_V2,
};
