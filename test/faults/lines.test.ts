import { LINES } from "./chip-rows.ts";
import { faultTests } from "./fault-tests.ts";

faultTests(LINES);
