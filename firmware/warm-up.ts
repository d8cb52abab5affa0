/**
 * Runs the way of a job and of a nonce with made-up data until the engine has compiled it. Cold, the first work costs
 * tens of milliseconds on a board's processor, just when a new block should reach the chips at once.
 */
import { CHIPS } from "#drivers/bm13xx/chips.ts";
import { MIDSTATE_FRAME_BYTES_MAX, putMidstateFrame } from "#drivers/bm13xx/midstate-frame.ts";
import { putS9ioWork } from "#drivers/fpga/s9io-words.ts";
import { VENDOR_WORK_WORDS } from "#drivers/fpga/vendor-registers.ts";
import { putVendorWork } from "#drivers/fpga/vendor-words.ts";
import { warmUpSha256 } from "#hal/sha256.ts";
import type { Job } from "./job/job.ts";
import { ticketTarget } from "./share/difficulty.ts";
import { NonceValidator } from "./share/nonce-validator.ts";
import { ChipCounters } from "./stats/chip-counters.ts";
import { parseLine } from "./stratum/messages.ts";
import { initialSession, stepSession } from "./stratum/session-machine.ts";
import type { SessionState } from "./stratum/session-types.ts";
import { MerkleRootBuilder } from "./work/merkle.ts";
import { WorkBuilder } from "./work/work-builder.ts";
import { WorkRegistry } from "./work/work-registry.ts";

const ROUNDS = 400;
/** Any chip: ids differ, the ways do not. */
const CHIP = CHIPS.BM1368;
/** Whole headers, a root for each work; and midstates, of which a root serves thousands. */
const WAYS = [
  { midstatesMax: 0, worksPerJob: 1 },
  { midstatesMax: 4, worksPerJob: 4 },
] as const;

export function warmUp(): void {
  warmUpSha256();
  const ways = WAYS.map(warmUpWay);
  let session = madeUpSession();
  for (let round = 0; round < ROUNDS; round++) {
    const { state, actions } = stepSession(
      session,
      { kind: "message", message: parseLine(madeUpNotify(round)) },
      round,
    );
    session = state;
    const action = actions[0];
    if (action?.kind !== "job") continue;
    for (const way of ways) way(action.job);
  }
}

/** Returns what a job goes through on one kind of chip. */
function warmUpWay({ midstatesMax, worksPerJob }: (typeof WAYS)[number]): (job: Job) => void {
  const registry = new WorkRegistry(CHIP.wireIdCount, CHIP.retiredIdCount);
  const builder = new WorkBuilder({ merkle: new MerkleRootBuilder(), chainPosition: 0, chains: 3, midstatesMax });
  const nothing = (): void => undefined;
  const validator = new NonceValidator({
    chainIndex: 0,
    registry,
    counters: new ChipCounters(1),
    poolScale: 1,
    onValid: nothing,
    onShare: nothing,
  });
  const target = ticketTarget(256, 1);
  const bytes = new Uint8Array(MIDSTATE_FRAME_BYTES_MAX);
  const words = new Uint32Array(VENDOR_WORK_WORDS);
  return (job) => {
    for (let i = 0; i < worksPerJob; i++) {
      const work = registry.next();
      builder.fill(work, job);
      if (work.midstateCount > 0) {
        putMidstateFrame(bytes, 0, true, 0, work);
        putS9ioWork(words, 0, 0, work);
        putVendorWork(words, 0, 0, work);
      }
      work.ticketTarget = target;
      for (let nonce = 0; nonce < 2; nonce++) validator.check(work.wireId, nonce, nonce << 13, 0, 0);
    }
  };
}

function madeUpSession(): SessionState {
  const options = {
    identity: { serial: 0, pool: 0, poolUrl: "warm-up", user: "" },
    address: { url: "warm-up", asWritten: "", host: "", port: 0, isTls: false, wantsExtranonceSubscribe: false },
    password: "",
    agent: "",
    chipVersionMask: CHIP.versionMask,
    poolScale: 1,
    suggestDifficulty: null,
    minimumDifficulty: null,
    wantsExtranonceSubscribe: false,
    versionBits: "bip310" as const,
    skipConfigureUntilMs: null,
  };
  const extranonce = { extranonce1: new Uint8Array(4), extranonce2Size: 8 };
  return {
    ...initialSession(options, 0),
    phase: "mining",
    extranonce,
    grantedMask: CHIP.versionMask,
    isVersionRollingGranted: true,
  };
}

/** A notify of usual size: 12 branches, about 250 bytes of coinbase. */
function madeUpNotify(round: number): string {
  const digits = round.toString(16).padStart(8, "0");
  const branches = Array.from({ length: 12 }, () => digits.repeat(8));
  const params = [
    digits,
    digits.repeat(8),
    digits.repeat(14),
    digits.repeat(44),
    branches,
    "20000000",
    "17023a04",
    digits,
    true,
  ];
  return JSON.stringify({ id: null, method: "mining.notify", params });
}
