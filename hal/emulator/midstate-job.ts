/**
 * A job as midstate chips take it, behind the length byte:
 *
 *     id | number of midstates | start nonce 4 | nBits 4 | nTime 4 | merkle tail 4 | midstates 32 each
 *
 * The last block of the header is merkle tail, nTime, nBits, nonce. A midstate comes last state word first.
 */
const STATE_WORDS = 8;
export const MAX_MIDSTATES = 4;

export class MidstateJob {
  id = 0;
  count = 0;
  /** Header bytes 64..67, 68..71 and 72..75 as big-endian words. */
  tail0 = 0;
  tail1 = 0;
  tail2 = 0;
  /** Eight words each, first state word first. */
  readonly midstates = new Int32Array(MAX_MIDSTATES * STATE_WORDS);

  copyFrom(other: MidstateJob): void {
    this.id = other.id;
    this.count = other.count;
    this.tail0 = other.tail0;
    this.tail1 = other.tail1;
    this.tail2 = other.tail2;
    this.midstates.set(other.midstates);
  }

  /** @param at place of the id byte in a frame on the wire. */
  readFrame(frame: Uint8Array, at: number): void {
    this.id = frame[at]!;
    this.count = Math.min(MAX_MIDSTATES, frame[at + 1]!);
    this.tail2 = wordAt(frame, at + 6);
    this.tail1 = wordAt(frame, at + 10);
    this.tail0 = wordAt(frame, at + 14);
    for (let slot = 0; slot < this.count; slot++) {
      for (let i = 0; i < STATE_WORDS; i++) {
        this.midstates[slot * STATE_WORDS + 7 - i] = wordAt(frame, at + 18 + 32 * slot + 4 * i);
      }
    }
  }

  /** One of the works that open a core: midstate 0, tail all ones. */
  get opensCore(): boolean {
    if ((this.tail0 & this.tail1 & this.tail2) !== -1) return false;
    for (let i = 0; i < this.count * STATE_WORDS; i++) if (this.midstates[i] !== 0) return false;
    return true;
  }
}

function wordAt(bytes: Uint8Array, offset: number): number {
  return (bytes[offset]! << 24) | (bytes[offset + 1]! << 16) | (bytes[offset + 2]! << 8) | bytes[offset + 3]!;
}
