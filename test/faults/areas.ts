/** The whole fault table, area by area, in the order of the page. */
import { CHIPS, LINES } from "./chip-rows.ts";
import { FANS } from "./fan-rows.ts";
import type { FaultArea } from "./fault-row.ts";
import { HEAT } from "./heat-rows.ts";
import { POOLS } from "./pool-rows.ts";
import { CLOCK, PROGRAM, STORAGE } from "./program-rows.ts";
import { CONTROLLERS, SUPPLY } from "./supply-rows.ts";

export const AREAS: readonly FaultArea[] = [
  HEAT,
  FANS,
  SUPPLY,
  CONTROLLERS,
  CHIPS,
  LINES,
  POOLS,
  STORAGE,
  CLOCK,
  PROGRAM,
];
