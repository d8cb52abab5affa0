import { faultTests } from "./fault-tests.ts";
import { CONTROLLERS } from "./supply-rows.ts";

faultTests(CONTROLLERS);
