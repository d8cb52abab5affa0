import { faultTests } from "./fault-tests.ts";
import { HEAT } from "./heat-rows.ts";

faultTests(HEAT);
