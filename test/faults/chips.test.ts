import { CHIPS } from "./chip-rows.ts";
import { faultTests } from "./fault-tests.ts";

faultTests(CHIPS);
