/**
 * The hashing itself: counters of one core's window are tried until a header hash meets the target. It can stop after
 * any number of tries and go on later, so that a hard target does not hold up the event loop.
 */
import { DoubleSha256 } from "#hal/sha256.ts";
import { HEADER_BYTES, headerFromJob, setHeaderVersion } from "./job-fields.ts";
import { nonceBits } from "./reply-frame.ts";
import { excessBits, meetsTarget, type TicketTarget } from "./ticket-target.ts";

export class NonceSearch {
  /** The find: nonce bytes in wire order as a big-endian word, and by how many bits it is better than asked. */
  foundNonceBits = 0;
  foundExcessBits = 0;
  /** Hashes tried since construction, for cost reports. */
  hashCount = 0;
  readonly #hasher = new DoubleSha256();
  readonly #header = new Uint8Array(HEADER_BYTES);
  readonly #midstate = new Int32Array(8);
  readonly #hash = new Int32Array(8);
  #tail0 = 0;
  #tail1 = 0;
  #tail2 = 0;
  #version = -1;
  #target: TicketTarget | null = null;
  #core = 0;
  #windowStart = 0;
  #windowSize = 1;
  #counter = 0;
  #triesLeft = 0;

  setJob(frame: Uint8Array): void {
    headerFromJob(this.#header, frame);
    this.#tail0 = this.#wordAt(64);
    this.#tail1 = this.#wordAt(68);
    this.#tail2 = this.#wordAt(72);
    this.#version = -1;
  }

  setVersion(version: number): void {
    if (version === this.#version) return;
    this.#version = version;
    setHeaderVersion(this.#header, version);
    this.#hasher.midstate(this.#midstate, this.#header);
  }

  /** Begins at `firstCounter` and will try each of the window's `windowSize` counters once. */
  begin(target: TicketTarget, core: number, windowStart: number, windowSize: number, firstCounter: number): void {
    this.#target = target;
    this.#core = core;
    this.#windowStart = windowStart;
    this.#windowSize = windowSize;
    this.#counter = firstCounter;
    this.#triesLeft = windowSize;
  }

  /** Tries up to `maxTries` counters. */
  run(maxTries: number): "found" | "more" | "exhausted" {
    const target = this.#target;
    if (target === null) return "exhausted";
    const tries = Math.min(maxTries, this.#triesLeft);
    for (let i = 0; i < tries; i++) {
      const bits = nonceBits(this.#core, this.#windowStart, this.#counter);
      this.#counter = this.#counter + 1 === this.#windowSize ? 0 : this.#counter + 1;
      this.#hashNonce(bits);
      if (!meetsTarget(this.#hash, target)) continue;
      this.#triesLeft -= i + 1;
      this.foundNonceBits = bits;
      this.foundExcessBits = excessBits(this.#hash, target);
      return "found";
    }
    this.#triesLeft -= tries;
    return this.#triesLeft > 0 ? "more" : "exhausted";
  }

  /** Whether a nonce under `version` passes; used to make sure that a false one is false. */
  passes(version: number, bits: number, target: TicketTarget): boolean {
    this.setVersion(version);
    this.#hashNonce(bits);
    return meetsTarget(this.#hash, target);
  }

  #hashNonce(bits: number): void {
    this.hashCount++;
    this.#hasher.tail(this.#hash, this.#midstate, this.#tail0, this.#tail1, this.#tail2, bits | 0);
  }

  #wordAt(offset: number): number {
    const header = this.#header;
    return (header[offset]! << 24) | (header[offset + 1]! << 16) | (header[offset + 2]! << 8) | header[offset + 3]!;
  }
}
