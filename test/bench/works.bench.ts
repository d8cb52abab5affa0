/** Works per second as a four-midstate chip needs them: new extranonce2, coinbase and 12 branches, then 4 versions. */
import { reportPairs } from "./bench.ts";
import { rootWorks } from "./loops.ts";

reportPairs({
  name: "works, 12 branches, 4 midstates",
  unit: "1/s of CPU",
  kind: "works",
  count: 20_000,
  ratioAtLeast: 0.8,
  run: rootWorks(),
});
