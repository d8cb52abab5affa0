/**
 * Judges every nonce of one chain: recomputes the header's double SHA-256 and compares it with the ticket that the
 * chips work at and with the pool's target. Nothing reaches a pool that did not pass here. Per nonce no allocation,
 * except for a share.
 */
import { DoubleSha256 } from "#hal/sha256.ts";
import type { Share } from "../job/job.ts";
import type { ChipCounters, NonceOutcome } from "../stats/chip-counters.ts";
import type { Work, WorkRegistry } from "../work/work-registry.ts";
import { hashDifficulty, hashMeetsTarget } from "./difficulty.ts";

export interface NonceValidatorOptions {
  chainIndex: number;
  registry: WorkRegistry;
  counters: ChipCounters;
  /** Scale of the pool side (`difficulty.ts`), for the difficulty shown with a share. */
  poolScale: number;
  /** A valid nonce: it stands for 2^32 x ticketDifficulty hashes. */
  onValid: (ticketDifficulty: number, pool: number) => void;
  onShare: (share: Share) => void;
}

export class NonceValidator {
  readonly #options: NonceValidatorOptions;
  readonly #hasher = new DoubleSha256();
  readonly #hash = new Int32Array(8);

  constructor(options: NonceValidatorOptions) {
    this.#options = options;
  }

  /**
   * @param wireId slot that the chip named. @param nonce, @param versionBits as in `NonceListener`.
   * @param receivedAtMs time of the read callback, for the latency of a share.
   */
  check(wireId: number, nonce: number, versionBits: number, chipIndex: number, receivedAtMs: number): NonceOutcome {
    const work = this.#options.registry.lookup(wireId);
    const outcome = work === null ? "unknownWork" : this.#judge(work, nonce, versionBits);
    this.#options.counters.record(chipIndex, outcome);
    if (work === null || (outcome !== "share" && outcome !== "valid")) return outcome;
    this.#options.onValid(work.ticketDifficulty, work.job?.session.pool ?? -1);
    if (outcome === "share") this.#options.onShare(this.#share(work, nonce, versionBits, receivedAtMs));
    return outcome;
  }

  #judge(work: Work, nonce: number, versionBits: number): NonceOutcome {
    if (work.job === null || work.ticketTarget === null) return "unknownWork";
    // Bits outside the mask were not ours to roll: no pool takes such a header, whatever its hash.
    if ((versionBits & ~work.versionMask) !== 0) return "hardwareError";
    const topMax = work.ticketTarget[0] ?? 0;
    if (!this.#hasher.rolledHeader(this.#hash, work.headerView, versionBits, nonce, topMax)) return "hardwareError";
    if (!hashMeetsTarget(this.#hash, work.ticketTarget)) return "hardwareError";
    // A repeat is the chip's fault, also when the work has ended in between: it must not hide among the late ones.
    if (!work.rememberNonce(nonce, versionBits)) return "duplicate";
    if (work.isRetired) return "stale";
    return hashMeetsTarget(this.#hash, work.job.target) ? "share" : "valid";
  }

  #share(work: Work, nonce: number, versionBits: number, receivedAtMs: number): Share {
    const job = work.job;
    if (job === null) throw new Error("a share without a job cannot be judged as one");
    return Object.freeze({
      job,
      chainIndex: this.#options.chainIndex,
      extranonce2Hex: Buffer.from(work.extranonce2.buffer, work.extranonce2.byteOffset, job.extranonce2Size).toString(
        "hex",
      ),
      nTime: work.nTime,
      nonce: nonce >>> 0,
      version: (job.version | versionBits) >>> 0,
      hashDifficulty: hashDifficulty(this.#hash, this.#options.poolScale),
      nonceReceivedAtMs: receivedAtMs,
    });
  }
}
