import { faultTests } from "./fault-tests.ts";
import { SUPPLY } from "./supply-rows.ts";

faultTests(SUPPLY);
