import { faultTests } from "./fault-tests.ts";
import { STORAGE } from "./program-rows.ts";

faultTests(STORAGE);
