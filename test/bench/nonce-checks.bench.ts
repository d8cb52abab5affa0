/** Nonces judged per second by the production validator. */
import { reportPairs } from "./bench.ts";
import { nonceChecks } from "./loops.ts";

reportPairs({
  name: "nonce checks",
  unit: "1/s of CPU",
  kind: "checks",
  count: 400_000,
  ratioAtLeast: 0.8,
  run: nonceChecks(),
});
