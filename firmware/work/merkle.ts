/** Coinbase and merkle branches to the merkle root, into buffers that belong to the builder. */
import { DoubleSha256, storeHash } from "#hal/sha256.ts";
import type { Job } from "../job/job.ts";

/** Builds merkle roots; one instance for each scheduler. Grows its coinbase buffer only when a job needs more. */
export class MerkleRootBuilder {
  readonly #hasher = new DoubleSha256();
  readonly #hash = new Int32Array(8);
  #coinbase = new Uint8Array(1024);

  /**
   * Writes the root (32 bytes in header order) to `out` at `offset`.
   * @param extranonce2 at least `job.extranonce2Size` bytes; the rest is ignored.
   */
  build(out: Uint8Array, offset: number, job: Job, extranonce2: Uint8Array): void {
    const length = this.#fillCoinbase(job, extranonce2);
    const hash = this.#hash;
    this.#hasher.bytes(hash, this.#coinbase, length);
    for (let i = 0; i < job.merkleBranches.length; i++) {
      this.#hasher.pair(hash, hash, job.merkleBranches[i] as Uint8Array);
    }
    storeHash(out, offset, hash);
  }

  #fillCoinbase(job: Job, extranonce2: Uint8Array): number {
    const { coinb1, coinb2, extranonce1, extranonce2Size } = job;
    const length = coinb1.length + extranonce1.length + extranonce2Size + coinb2.length;
    if (this.#coinbase.length < length) this.#coinbase = new Uint8Array(2 * length);
    const coinbase = this.#coinbase;
    let at = 0;
    coinbase.set(coinb1, at);
    at += coinb1.length;
    coinbase.set(extranonce1, at);
    at += extranonce1.length;
    for (let i = 0; i < extranonce2Size; i++) coinbase[at + i] = extranonce2[i] as number;
    at += extranonce2Size;
    coinbase.set(coinb2, at);
    return length;
  }
}
