import { faultTests } from "./fault-tests.ts";
import { POOLS } from "./pool-rows.ts";

faultTests(POOLS);
