import { FANS } from "./fan-rows.ts";
import { faultTests } from "./fault-tests.ts";

faultTests(FANS);
