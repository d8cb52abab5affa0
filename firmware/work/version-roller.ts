/**
 * Midstates of one merkle root: each stands for the header's first 64 bytes under other version bits, so a work costs one
 * compression a midstate instead of a coinbase and its branches. Every choice of bits is used once.
 */
import { compress, loadWords, SHA256_INITIAL, swapBytes } from "#hal/sha256.ts";
import { nextVersionBits, versionCount } from "./version-rolling.ts";
import type { Work } from "./work-registry.ts";

export class VersionRoller {
  readonly #block = new Int32Array(16);
  #version = 0;
  #mask = 0;
  #bits = 0;
  #left = 0;

  /** Combinations that were not given out yet; 0 before the first header. */
  get left(): number {
    return this.#left;
  }

  /**
   * Begins with a header under which nothing was rolled yet.
   * @param mask bits that are free to roll and 0 in `version`.
   */
  begin(header: Uint8Array, version: number, mask: number): void {
    loadWords(this.#block, 0, header, 0, 16);
    this.#version = version;
    this.#mask = mask;
    this.#bits = 0;
    this.#left = versionCount(mask);
  }

  /** Gives the next `count` combinations to `work`: no more than are left. */
  fill(work: Work, count: number): void {
    const block = this.#block;
    work.midstateCount = count;
    for (let slot = 0; slot < count; slot++) {
      work.versionBits[slot] = this.#bits;
      block[0] = swapBytes(this.#version | this.#bits);
      compress(work.midstateViews[slot] as Int32Array, SHA256_INITIAL, block);
      this.#bits = nextVersionBits(this.#bits, this.#mask);
    }
    this.#left -= count;
  }
}
