/**
 * Jobs of which it is known what chips find in them: captured on stock boards and a hobby board, each nonce hashed again
 * against its job (`test/vectors/chips.json`, with the source of every frame). They prove hashing at Bitcoin's own scale.
 * No such job exists for BM1362 and BM1398: nobody published one.
 */
import type { ChipName } from "./chips.ts";

/** A nonce as the header holds it, and the version bits that the chip rolled, at their place in the version. */
export type KnownFind = readonly [nonce: number, versionBits: number];

/** `header`: bytes 0 to 75 of the block header, without rolled bits. */
export interface KnownHeaderWork {
  readonly kind: "header";
  readonly header: string;
  readonly finds: readonly KnownFind[];
}

/** `midstate`: eight state words, first word first. `tail`: header bytes 64 to 75. */
export interface KnownMidstateWork {
  readonly kind: "midstate";
  readonly midstate: string;
  readonly tail: string;
  /** Midstate of the four that is the real one; the others are zero. */
  readonly slot: number;
  readonly nonce: number;
}

export type KnownWork = KnownHeaderWork | KnownMidstateWork;

/** By chip; absent: no job with a verified nonce is known. BM1387 has its works that un-gate cores (`open-core.ts`). */
export const KNOWN_WORKS: Readonly<Partial<Record<ChipName, readonly KnownWork[]>>> = {
  // Antminer S19 XP, 110 chips, stock firmware.
  BM1366: [
    {
      kind: "header",
      header:
        "00000020c25721d4e8be8ef8ccfe036f478a5e7c5857dda2659049100c00000000000000cf5630bc8d96216e88450ba6dda5a1efcb4d9ba0d5511694eed1cb9ce447cc41e016af64f8952419",
      finds: [
        [0x0cb709c3, 0x00776000],
        [0x77fbfa84, 0x00958000],
        [0xa3788903, 0x03bc8000],
      ],
    },
    {
      kind: "header",
      header:
        "00000020c25721d4e8be8ef8ccfe036f478a5e7c5857dda2659049100c00000000000000f2efd51015d675d1976081b100124d06e1ed3666e8e4b55e6e547b5231752504ff16af64f8952419",
      finds: [
        [0x470ad452, 0x009f2000],
        [0xecbc942c, 0x01334000],
      ],
    },
    {
      kind: "header",
      header:
        "00000020c25721d4e8be8ef8ccfe036f478a5e7c5857dda2659049100c00000000000000102a7d6fe8999e4c15f7bb68227e325daa71180a93a65e099c4182b3cb3814fbff16af64f8952419",
      finds: [
        [0xde300bad, 0x00262000],
        [0xede55c24, 0x002ee000],
      ],
    },
    {
      kind: "header",
      header:
        "00000020c25721d4e8be8ef8ccfe036f478a5e7c5857dda2659049100c00000000000000b9b0eb63793b5a02e05c230799a16dfc5066149fc1901340bbe827f6e95f3c7a1c17af64f8952419",
      finds: [
        [0xcc248007, 0x08608000],
        [0x8cd07c7d, 0x0f802000],
      ],
    },
    {
      kind: "header",
      header:
        "00000020c25721d4e8be8ef8ccfe036f478a5e7c5857dda2659049100c00000000000000f1f07de49a04322e877ef3cb9eded36a1fcd4b92428e9d4a05f94f2522d81fde1c17af64f8952419",
      finds: [
        [0xbfa0b243, 0x00360000],
        [0x6c7c5a25, 0x012ec000],
      ],
    },
    {
      kind: "header",
      header:
        "00000020c25721d4e8be8ef8ccfe036f478a5e7c5857dda2659049100c000000000000006581f539a0efd087e96f3799c5c24e2b88d81e0e7bc53a84d8ac8100353bea3e1c17af64f8952419",
      finds: [
        [0x0c057a9f, 0x000a0000],
        [0xe64b6550, 0x00340000],
      ],
    },
  ],
  // Antminer S21, 108 chips, stock firmware.
  BM1368: [
    {
      kind: "header",
      header:
        "0000002043fb3d359b62a8fccd0cb06da78a9d5bb878c50d78e00200000000000000000096c10bc215a3fb7e23dafaa2aa2e810dcc6bc37918c7054b49c7b6bdd16673f2fbb99d6569d80317",
      finds: [
        [0x13e3bb13, 0x001f6000],
        [0xa4ab7638, 0x00512000],
      ],
    },
    {
      kind: "header",
      header:
        "0000002043fb3d359b62a8fccd0cb06da78a9d5bb878c50d78e0020000000000000000005e9c2ad5e10eae11ed6b992236df2a38c35a8666154ce568117ffa178688deeffbb99d6569d80317",
      finds: [
        [0x547cc537, 0x0038a000],
        [0xf4d26553, 0x00eb8000],
      ],
    },
    {
      kind: "header",
      header:
        "0000002043fb3d359b62a8fccd0cb06da78a9d5bb878c50d78e002000000000000000000cd0dcd027de9ddbbfc1f29f2eec90f4fa05d40fffa57bad752a41852061a4fb8fbb99d6569d80317",
      finds: [
        [0xb7dc9d02, 0x004e8000],
        [0x6eb8cc98, 0x011da000],
      ],
    },
    {
      kind: "header",
      header:
        "0000002043fb3d359b62a8fccd0cb06da78a9d5bb878c50d78e0020000000000000000008e2067d7051bd601aaa968efaa6ae7e309f98e19dd4c4911b4ee11be6e4e20d4fbb99d6569d80317",
      finds: [
        [0xc7b2529b, 0x00256000],
        [0x7907f35f, 0x0185a000],
      ],
    },
    {
      kind: "header",
      header:
        "0000002043fb3d359b62a8fccd0cb06da78a9d5bb878c50d78e0020000000000000000004816c3f112c6ba728509daa50be0745f9f99a8436ed170716c8ca3b41d2d0c4ffbb99d6569d80317",
      finds: [
        [0xd9fc5c42, 0x00452000],
        [0x89e74756, 0x005de000],
      ],
    },
    {
      kind: "header",
      header:
        "0000002043fb3d359b62a8fccd0cb06da78a9d5bb878c50d78e002000000000000000000d8feac0a8244bce1afd57ac1acf831cb4c83d594ec37016b38b168b488c1d2a3fbb99d6569d80317",
      finds: [
        [0xf58d9e23, 0x00a68000],
        [0xdd4bca0f, 0x0136e000],
      ],
    },
  ],
  // Bitaxe Gamma; the pool accepted this share.
  BM1370: [
    {
      kind: "header",
      header:
        "00000020fd55646bc162b96dfcd4f201a3f4670d1d3996bc96520100000000000000000006ddf5f08c36414b95ea54db71a0c28761a98bcf6355919e044f88725519a7cbd7685468043a0217",
      finds: [[0x7552034c, 0x00b44000]],
    },
  ],
  // Unit test of public open firmware: the frame's fields and the expected nonce; hashed again, difficulty 23,198.
  BM1397: [
    {
      kind: "midstate",
      midstate: "1b22d229b7760f7b282161186ab476d37344faf73ea01a52b1acbaf27e027035",
      tail: "50e37161a08473643aae0517",
      slot: 2,
      nonce: 0x0a4c049b,
    },
  ],
};
