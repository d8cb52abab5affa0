import { faultTests } from "./fault-tests.ts";
import { CLOCK } from "./program-rows.ts";

faultTests(CLOCK);
