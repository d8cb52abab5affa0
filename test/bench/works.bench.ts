/** Works per second as a four-midstate chip needs them: new extranonce2, coinbase and 12 branches, then 4 versions. */

import { HEADER_OFFSET, writeU32Le } from "#firmware/work/header.ts";
import { MerkleRootBuilder } from "#firmware/work/merkle.ts";
import { WorkBuilder } from "#firmware/work/work-builder.ts";
import { Work } from "#firmware/work/work-registry.ts";
import { DoubleSha256 } from "#hal/sha256.ts";
import { reportPairs } from "./bench.ts";
import { benchJob } from "./fixtures.ts";

const VERSIONS = 4;

const merkle = new MerkleRootBuilder();
const hasher = new DoubleSha256();
const midstate = new Int32Array(8);
const work = new Work(0);
const job = benchJob();

function run(count: number): number {
  const builder = new WorkBuilder({ merkle, chainPosition: 0, chains: 1 });
  let sum = 0;
  for (let i = 0; i < count; i++) {
    builder.fill(work, job);
    for (let v = 0; v < VERSIONS; v++) {
      writeU32Le(work.header, HEADER_OFFSET.version, job.version | (v << 13));
      hasher.midstate(midstate, work.header);
      sum = (Math.imul(sum, 31) + (midstate[7] ?? 0)) | 0;
    }
  }
  return sum;
}

reportPairs({
  name: "works, 12 branches, 4 midstates",
  unit: "1/s of CPU",
  kind: "works",
  count: 20_000,
  ratioAtLeast: 0.8,
  run,
});
