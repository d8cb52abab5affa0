/**
 * Captured jobs, and what real chips answered to them: copied from the frames themselves, apart from the table that the
 * drivers have. A chip that is sent exactly such a job answers as the real one did, at Bitcoin's scale, whatever its own F.
 */
import type { Clock, TimerHandle } from "#hal/clock.ts";
import type { ChipName } from "./chip-facts.ts";
import type { MidstateJob } from "./midstate-job.ts";

/** Nonce bytes as they came, excess byte, roll counter, engine. */
export type RecordedFind = readonly [nonceBits: number, excess: number, roll: number, engine: number];

/** Behind the job byte and the number of midstates: start nonce, nBits, nTime, merkle root, previous hash, version. */
const JOBS: Readonly<Partial<Record<ChipName, Readonly<Record<string, readonly RecordedFind[]>>>>> = {
  BM1366: {
    "00000000f8952419e016af64e447cc41eed1cb9cd5511694cb4d9ba0dda5a1ef88450ba68d96216ecf5630bc000000000c000000659049105857dda2478a5e7cccfe036fe8be8ef8c25721d400000020":
      [
        [0xc309b70c, 0, 955, 3],
        [0x84fafb77, 0, 1196, 4],
        [0x038978a3, 13, 7652, 4],
      ],
    "00000000f8952419ff16af64317525046e547b52e8e4b55ee1ed366600124d06976081b115d675d1f2efd510000000000c000000659049105857dda2478a5e7cccfe036fe8be8ef8c25721d400000020":
      [
        [0x52d40a47, 0, 1273, 1],
        [0x2c94bcec, 1, 2458, 2],
      ],
    "00000000f8952419ff16af64cb3814fb9c4182b393a65e09aa71180a227e325d15f7bb68e8999e4c102a7d6f000000000c000000659049105857dda2478a5e7cccfe036fe8be8ef8c25721d400000020":
      [
        [0xad0b30de, 1, 305, 1],
        [0x245ce5ed, 0, 375, 7],
      ],
    "00000000f89524191c17af64e95f3c7abbe827f6c19013405066149f99a16dfce05c2307793b5a02b9b0eb63000000000c000000659049105857dda2478a5e7cccfe036fe8be8ef8c25721d400000020":
      [
        [0x078024cc, 8, 17156, 4],
        [0x7d7cd08c, 9, 31745, 1],
      ],
    "00000000f89524191c17af6422d81fde05f94f25428e9d4a1fcd4b929eded36a877ef3cb9a04322ef1f07de4000000000c000000659049105857dda2478a5e7cccfe036fe8be8ef8c25721d400000020":
      [
        [0x43b2a0bf, 0, 432, 0],
        [0x255a7c6c, 0, 2422, 6],
      ],
    "00000000f89524191c17af64353bea3ed8ac81007bc53a8488d81e0ec5c24e2be96f3799a0efd0876581f539000000000c000000659049105857dda2478a5e7cccfe036fe8be8ef8c25721d400000020":
      [
        [0x9f7a050c, 1, 80, 0],
        [0x50654be6, 0, 416, 0],
      ],
  },
  BM1368: {
    "0000000069d80317fbb99d65d16673f249c7b6bd18c7054bcc6bc379aa2e810d23dafaa215a3fb7e96c10bc2000000000000000078e00200b878c50da78a9d5bcd0cb06d9b62a8fc43fb3d3500000020":
      [
        [0x13bbe313, 5, 251, 11],
        [0x3876aba4, 15, 649, 9],
      ],
    "0000000069d80317fbb99d658688deef117ffa17154ce568c35a866636df2a38ed6b9922e10eae115e9c2ad5000000000000000078e00200b878c50da78a9d5bcd0cb06d9b62a8fc43fb3d3500000020":
      [
        [0x37c57c54, 1, 453, 5],
        [0x5365d2f4, 1, 1884, 12],
      ],
    "0000000069d80317fbb99d65061a4fb852a41852fa57bad7a05d40ffeec90f4ffc1f29f27de9ddbbcd0dcd02000000000000000078e00200b878c50da78a9d5bcd0cb06d9b62a8fc43fb3d3500000020":
      [
        [0x029ddcb7, 1, 628, 4],
        [0x98ccb86e, 7, 2285, 13],
      ],
    "0000000069d80317fbb99d656e4e20d4b4ee11bedd4c491109f98e19aa6ae7e3aaa968ef051bd6018e2067d7000000000000000078e00200b878c50da78a9d5bcd0cb06d9b62a8fc43fb3d3500000020":
      [
        [0x9b52b2c7, 1, 299, 11],
        [0x5ff30779, 3, 3117, 13],
      ],
    "0000000069d80317fbb99d651d2d0c4f6c8ca3b46ed170719f99a8430be0745f8509daa512c6ba724816c3f1000000000000000078e00200b878c50da78a9d5bcd0cb06d9b62a8fc43fb3d3500000020":
      [
        [0x425cfcd9, 7, 553, 9],
        [0x5647e789, 3, 751, 15],
      ],
    "0000000069d80317fbb99d6588c1d2a338b168b4ec37016b4c83d594acf831cbafd57ac18244bce1d8feac0a000000000000000078e00200b878c50da78a9d5bcd0cb06d9b62a8fc43fb3d3500000020":
      [
        [0x239e8df5, 1, 1332, 4],
        [0x0fca4bdd, 1, 2487, 7],
      ],
  },
  BM1370: {
    "00000000043a0217d76854685519a7cb044f88726355919e61a98bcf71a0c28795ea54db8c36414b06ddf5f00000000000000000965201001d3996bca3f4670dfcd4f201c162b96dfd55646b00000020":
      [[0x4c035275, 12, 1442, 2]],
  },
};

/** Of a job of four midstates only this one is real (a unit test of public open firmware; hashed again). */
const MIDSTATE_JOB = {
  chip: "BM1397",
  /** As on the wire: nBits, nTime, merkle tail, and the midstate with its last word first. */
  tail: "3aae0517a084736450e37161",
  midstate: "7e027035b1acbaf23ea01a527344faf76ab476d328216118b7760f7b1b22d229",
  nonceBits: 0x9b044c0a,
} as const;

/** Ticket under which all of them were recorded. */
export const RECORDED_TICKET = 256;
const DATA_START = 6;
const DATA_END = 86;

/** What real chips answered to this very job; empty where nobody recorded it. */
export function findsOfFrame(chip: ChipName, frame: Uint8Array): readonly RecordedFind[] {
  return JOBS[chip]?.[hexOf(frame.subarray(DATA_START, DATA_END))] ?? [];
}

/** Midstate of the job that a find is recorded for, with the nonce bytes; null where there is none. */
export function findOfMidstates(chip: ChipName, job: MidstateJob): { slot: number; nonceBits: number } | null {
  if (chip !== MIDSTATE_JOB.chip) return null;
  const [nBits, nTime, merkleTail] = [0, 8, 16].map((at) => Number.parseInt(MIDSTATE_JOB.tail.slice(at, at + 8), 16));
  if (job.tail2 !== (nBits! | 0) || job.tail1 !== (nTime! | 0) || job.tail0 !== (merkleTail! | 0)) return null;
  for (let slot = 0; slot < job.count; slot++) {
    const words = Array.from(job.midstates.subarray(8 * slot, 8 * slot + 8), (word) => word >>> 0).reverse();
    const wire = words.map((word) => word.toString(16).padStart(8, "0")).join("");
    if (wire === MIDSTATE_JOB.midstate) return { slot, nonceBits: MIDSTATE_JOB.nonceBits };
  }
  return null;
}

/** Answers that are due while a job lasts. */
export class RecordedAnswers {
  readonly #clock: Clock;
  #timers: TimerHandle[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  at(delayMs: number, answer: () => void): void {
    this.#timers.push(this.#clock.setTimer(delayMs, answer));
  }

  clear(): void {
    for (const timer of this.#timers) timer.cancel();
    this.#timers = [];
  }
}

function hexOf(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += byte.toString(16).padStart(2, "0");
  return text;
}
