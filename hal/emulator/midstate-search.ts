/**
 * The hashing of midstate chips: counters of one core of one chip are tried until the hash meets the target. It keeps its
 * own copy of the work, since works last a millisecond and a hard target takes longer.
 */
import { DoubleSha256 } from "#hal/sha256.ts";
import type { MidstateFacts } from "./midstate-facts.ts";
import type { MidstateJob } from "./midstate-job.ts";
import { excessBits, meetsTarget, type TicketTarget } from "./ticket-target.ts";

const COUNTER_BITS_FIRST = 19;
const COUNTER_BITS_MIDDLE = 18;

/**
 * The four nonce bytes as a big-endian word.
 *
 *     addressFirst    31:24 chip address, its free low bits counter | 23:7 counter | 6:0 core
 *     addressMiddle   31:24 core | 23:22 counter | 21:14 chip address, its free low bits counter | 13:0 counter
 *
 * @param addressSpan addresses from this chip to the next, a power of two.
 */
export function midstateNonceBits(
  form: MidstateFacts["nonceForm"],
  core: number,
  address: number,
  addressSpan: number,
  counter: number,
): number {
  const low = counter & (addressSpan - 1);
  const rest = counter >>> Math.log2(addressSpan);
  if (form === "addressFirst") return (((address | low) << 24) | ((rest & 0x1ffff) << 7) | (core & 0x7f)) >>> 0;
  return ((core << 24) | (((rest >>> 14) & 3) << 22) | (((address | low) & 0xff) << 14) | (rest & 0x3fff)) >>> 0;
}

/** Counters that one core of one chip has. */
export function midstateWindow(form: MidstateFacts["nonceForm"], addressSpan: number): number {
  // 17 bits between core and address, or 16 without the core; 2^19 and 2^18 on chains of 64 slots.
  return addressSpan * 2 ** (form === "addressFirst" ? COUNTER_BITS_FIRST - 2 : COUNTER_BITS_MIDDLE - 2);
}

export class MidstateSearch {
  foundNonceBits = 0;
  foundExcessBits = 0;
  hashCount = 0;
  readonly #hasher = new DoubleSha256();
  readonly #midstate = new Int32Array(8);
  readonly #hash = new Int32Array(8);
  #tail0 = 0;
  #tail1 = 0;
  #tail2 = 0;
  #target: TicketTarget | null = null;
  #form: MidstateFacts["nonceForm"] = "addressFirst";
  #core = 0;
  #address = 0;
  #span = 1;
  #window = 1;
  #counter = 0;
  #triesLeft = 0;

  /** Begins with one midstate of a work, at `firstCounter` of one core's window. */
  begin(
    job: MidstateJob,
    slot: number,
    target: TicketTarget,
    place: { form: MidstateFacts["nonceForm"]; core: number; address: number; span: number; firstCounter: number },
  ): void {
    for (let i = 0; i < 8; i++) this.#midstate[i] = job.midstates[8 * slot + i]!;
    this.#tail0 = job.tail0;
    this.#tail1 = job.tail1;
    this.#tail2 = job.tail2;
    this.#target = target;
    this.#form = place.form;
    this.#core = place.core;
    this.#address = place.address;
    this.#span = place.span;
    this.#window = midstateWindow(place.form, place.span);
    this.#counter = place.firstCounter % this.#window;
    this.#triesLeft = this.#window;
  }

  run(maxTries: number): "found" | "more" | "exhausted" {
    const target = this.#target;
    if (target === null) return "exhausted";
    const tries = Math.min(maxTries, this.#triesLeft);
    for (let i = 0; i < tries; i++) {
      const bits = midstateNonceBits(this.#form, this.#core, this.#address, this.#span, this.#counter);
      this.#counter = this.#counter + 1 === this.#window ? 0 : this.#counter + 1;
      if (!this.#passes(bits, target)) continue;
      this.#triesLeft -= i + 1;
      this.foundNonceBits = bits;
      this.foundExcessBits = excessBits(this.#hash, target);
      return "found";
    }
    this.#triesLeft -= tries;
    return this.#triesLeft > 0 ? "more" : "exhausted";
  }

  /** Another counter of the same core and chip that does not pass, near the find. */
  falsify(offset: number): number {
    const target = this.#target;
    for (let i = 1; target !== null && i < 1000; i++) {
      const counter = (this.#counter + offset + i) % this.#window;
      const bits = midstateNonceBits(this.#form, this.#core, this.#address, this.#span, counter);
      if (!this.#passes(bits, target)) return bits;
    }
    return this.foundNonceBits;
  }

  #passes(bits: number, target: TicketTarget): boolean {
    this.hashCount++;
    this.#hasher.tail(this.#hash, this.#midstate, this.#tail0, this.#tail1, this.#tail2, bits | 0);
    return meetsTarget(this.#hash, target);
  }
}
