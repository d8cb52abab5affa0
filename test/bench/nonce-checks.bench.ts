/** Nonces judged per second by the production validator: version and nonce in, three compressions, ticket and target. */
import { ticketTarget } from "#firmware/share/difficulty.ts";
import { NonceValidator } from "#firmware/share/nonce-validator.ts";
import { ChipCounters } from "#firmware/stats/chip-counters.ts";
import { writeU32Le } from "#firmware/work/header.ts";
import { WorkRegistry } from "#firmware/work/work-registry.ts";
import { reportPairs } from "./bench.ts";
import { benchJob, pattern } from "./fixtures.ts";

const CHIPS = 108;
/** One hash in 4,096 passes: mostly hardware errors, so that the memory of seen nonces costs next to nothing. */
const TICKET_SCALE = 2 ** 20;

const registry = new WorkRegistry(16, 6);
const work = registry.next();
work.job = benchJob();
work.header.set(pattern(80, 7, 3));
writeU32Le(work.header, 0, 0x20000000);
work.versionMask = 0x1fffe000;
work.ticketDifficulty = 1;
work.ticketTarget = ticketTarget(1, TICKET_SCALE);
const validator = new NonceValidator({
  chainIndex: 0,
  registry,
  counters: new ChipCounters(CHIPS),
  poolScale: 1,
  onValid: () => {},
  onShare: () => {
    throw new Error("no hash here is a share");
  },
});

function run(count: number): number {
  work.forgetNonces();
  let sum = 0;
  for (let i = 0; i < count; i++) {
    const nonce = Math.imul(i, 0x9e3779b1);
    const outcome = validator.check(work.wireId, nonce, (i & 0xffff) << 13, i % CHIPS, 0);
    if (outcome !== "hardwareError") sum = (Math.imul(sum, 31) + nonce) | 0;
  }
  return sum;
}

reportPairs({ name: "nonce checks", unit: "1/s of CPU", kind: "checks", count: 400_000, ratioAtLeast: 0.8, run });
