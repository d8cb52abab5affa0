import { faultTests } from "./fault-tests.ts";
import { PROGRAM } from "./program-rows.ts";

faultTests(PROGRAM);
