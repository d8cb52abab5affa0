/** What the hashing benches repeat: the production code on fixed inputs; each loop gives a sum over its results. */
import { ticketTarget } from "#firmware/share/difficulty.ts";
import { NonceValidator } from "#firmware/share/nonce-validator.ts";
import { ChipCounters } from "#firmware/stats/chip-counters.ts";
import { HEADER_OFFSET, writeU32Le } from "#firmware/work/header.ts";
import { MerkleRootBuilder } from "#firmware/work/merkle.ts";
import { WorkBuilder } from "#firmware/work/work-builder.ts";
import { Work, WorkRegistry } from "#firmware/work/work-registry.ts";
import { DoubleSha256 } from "#hal/sha256.ts";
import { benchJob, pattern } from "./fixtures.ts";

export type Loop = (count: number) => number;

const CHIPS = 108;
/** One hash in 4,096 passes: mostly hardware errors, so that the memory of seen nonces costs next to nothing. */
const TICKET_SCALE = 2 ** 20;
const MIDSTATES = 4;

/** Nonces judged by the production validator: version and nonce in, three compressions, ticket and target. */
export function nonceChecks(): Loop {
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
  return (count) => {
    work.forgetNonces();
    let sum = 0;
    for (let i = 0; i < count; i++) {
      const nonce = Math.imul(i, 0x9e3779b1);
      const outcome = validator.check(work.wireId, nonce, (i & 0xffff) << 13, i % CHIPS, 0);
      if (outcome !== "hardwareError") sum = (Math.imul(sum, 31) + nonce) | 0;
    }
    return sum;
  };
}

/** Works as a four-midstate chip needs them: new extranonce2, coinbase and 12 branches, then 4 versions. */
export function rootWorks(): Loop {
  const hasher = new DoubleSha256();
  const midstate = new Int32Array(8);
  const merkle = new MerkleRootBuilder();
  const work = new Work(0);
  const job = benchJob();
  return (count) => {
    const builder = new WorkBuilder({ merkle, chainPosition: 0, chains: 1 });
    let sum = 0;
    for (let i = 0; i < count; i++) {
      builder.fill(work, job);
      for (let v = 0; v < MIDSTATES; v++) {
        writeU32Le(work.header, HEADER_OFFSET.version, job.version | (v << 13));
        hasher.midstate(midstate, work.header);
        sum = (Math.imul(sum, 31) + (midstate[7] ?? 0)) | 0;
      }
    }
    return sum;
  };
}

/** Works as chips that roll the version themselves get them: a whole header each, with a root of its own. */
export function fullHeaderWorks(): Loop {
  const merkle = new MerkleRootBuilder();
  const work = new Work(0);
  const job = benchJob();
  return (count) => {
    const builder = new WorkBuilder({ merkle, chainPosition: 0, chains: 1 });
    let sum = 0;
    for (let i = 0; i < count; i++) {
      builder.fill(work, job);
      sum = (Math.imul(sum, 31) + (work.header[HEADER_OFFSET.merkleRoot] ?? 0)) | 0;
    }
    return sum;
  };
}

/** Works of 4 midstates, version bits first: a new root every 16,384 works. @param work holds the last one afterwards. */
export function midstateWorks(work = new Work(0, 16)): Loop {
  const job = benchJob();
  const merkle = new MerkleRootBuilder();
  return (count) => {
    const builder = new WorkBuilder({ merkle, chainPosition: 0, chains: 1, midstatesMax: MIDSTATES });
    let sum = 0;
    for (let i = 0; i < count; i++) {
      builder.fill(work, job);
      for (let slot = 0; slot < MIDSTATES; slot++) sum = (Math.imul(sum, 31) + (work.midstates[8 * slot + 7] ?? 0)) | 0;
    }
    return sum;
  };
}
