/**
 * Works with known nonces as a chain takes them, and the proof that an answer is right: a real double SHA-256 at Bitcoin's
 * scale, whatever the target's own scale is.
 */
import type { KnownWork } from "#drivers/bm13xx/known-works.ts";
import type { ChainWork } from "#drivers/hash-chain.ts";
import { DoubleSha256 } from "#hal/sha256.ts";
import { hashDifficulty } from "../share/difficulty.ts";

const HEADER_BYTES = 80;
const MIDSTATE_WORDS = 8;
const SLOTS = 4;
const TAIL_AT = 64;
const VERSION_SHIFT = 13;

/** A work of its own for each call; `wireId` comes back with its nonces. */
export function chainWorkOf(known: KnownWork, wireId: number): ChainWork {
  const header = new Uint8Array(HEADER_BYTES);
  const midstates = new Int32Array(SLOTS * MIDSTATE_WORDS);
  if (known.kind === "header") {
    header.set(bytesOf(known.header));
    return { wireId, header, midstateCount: 0, versionBits: new Uint32Array(SLOTS), midstates };
  }
  header.set(bytesOf(known.tail), TAIL_AT);
  midstates.set(wordsOf(known.midstate), known.slot * MIDSTATE_WORDS);
  // What comes back as version bits tells the slot.
  const versionBits = Uint32Array.from({ length: SLOTS }, (_, slot) => slot << VERSION_SHIFT);
  return { wireId, header, midstateCount: SLOTS, versionBits, midstates };
}

/** Hash that a nonce gives in this work, eight words as SHA-256 makes them. */
export function knownHash(known: KnownWork, nonce: number, versionBits: number): Int32Array {
  const hasher = new DoubleSha256();
  const hash = new Int32Array(MIDSTATE_WORDS);
  const { header, midstates } = chainWorkOf(known, 0);
  const view = new DataView(header.buffer);
  view.setUint32(HEADER_BYTES - 4, nonce, true);
  if (known.kind === "header") {
    view.setUint32(0, (view.getUint32(0, true) | versionBits) >>> 0, true);
    hasher.header(hash, header);
    return hash;
  }
  const slot = (versionBits >>> VERSION_SHIFT) & (SLOTS - 1);
  const midstate = midstates.subarray(slot * MIDSTATE_WORDS, (slot + 1) * MIDSTATE_WORDS);
  const [tail0 = 0, tail1 = 0, tail2 = 0, word = 0] = [64, 68, 72, 76].map((at) => view.getInt32(at));
  hasher.tail(hash, midstate, tail0, tail1, tail2, word);
  return hash;
}

/** Bitcoin's difficulty of that hash. */
export function knownDifficulty(known: KnownWork, nonce: number, versionBits: number): number {
  return hashDifficulty(knownHash(known, nonce, versionBits), 1);
}

/** Whether this is a find that was recorded for the work. */
export function isRecorded(known: KnownWork, nonce: number, versionBits: number): boolean {
  if (known.kind === "midstate") return nonce === known.nonce && versionBits >>> VERSION_SHIFT === known.slot;
  return known.finds.some(([n, bits]) => n === nonce && bits === versionBits);
}

/** Finds that are recorded for the work. */
export function recordedCount(known: KnownWork): number {
  return known.kind === "midstate" ? 1 : known.finds.length;
}

function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));
}

function wordsOf(hex: string): number[] {
  return (hex.match(/.{8}/g) ?? []).map((word) => Number.parseInt(word, 16) | 0);
}
