/**
 * The made-up block of the public bug cases and nonces that were found for it by hashing; every hash was computed twice, and
 * the pool of the tests computes it once more with `node:crypto`.
 */
import { type FakeJob, FakePool } from "../../support/fake-pool.ts";
import { NonceRig, type NonceRigOptions } from "../../support/nonce-rig.ts";
import { POOL_PORT } from "../../support/rig.ts";

export const EXTRANONCE1 = "a1b2c3d4";

export const J0: FakeJob = {
  id: "j0",
  prevHash: "4433221188776655bbaa0099ffeeddcc67452301efcdab890000000000000000",
  coinb1: "01000000010000000000000000000000000000000000000000000000000000000000000000ffffffff0d0341d10c08",
  coinb2: "ffffffff01205fa01200000000015100000000",
  branches: [],
  version: "20000000",
  nTime: "6655aa00",
  clean: true,
};

/** Difficulties 0.038578, 0.000929807 and, with the version 20004000, 0.0026587. */
export const [N1, N2, N3] = [0x008f58d0, 0x0077b868, 0x00558fc5] as const;
export const N3_BITS = 0x00004000;

/** Coinbases of other extranonce2 sizes, with the first extranonce2 value as the counter counts it. */
export const SIZES = [
  {
    size: 2,
    end: "0b0341d10c06",
    hex: "0001",
    root: "a3e7db9c9395e96f07fd5e3c1ea468f742ce1deae10fa4c4bd6c6bcf66f37db6",
  },
  {
    size: 3,
    end: "0c0341d10c07",
    hex: "000001",
    root: "ac60ed27c8e0646496024bfab16c6d2dd9df405fc93d826abdd618d752a32ff6",
  },
  {
    size: 8,
    end: "110341d10c0c",
    hex: "0000000000000001",
    root: "3407d919d806c88b8120e312bdea7f8e9050306f9ad6432c206f0f02b1ae0c05",
  },
] as const;

/** Length of the coinbase, of its long script, and the merkle root with extranonce2 00000001. */
export const LONG = [
  { bytes: 730, script: 645, root: "eb7e0f633d5a218eb74040ba4fd63710d331b8ba54c749cf0147a0d3757a1fbe" },
  { bytes: 2_250, script: 2_165, root: "509019905a467e6faa6cf79e22f1699efbd82cff3c6a89fd96e65e5b533b655c" },
  { bytes: 6_500, script: 6_415, root: "38043d4d0027bdbd284c00f686a5f9132e048213ea9021dfe4ddadee4d1abffc" },
  { bytes: 16_000, script: 15_915, root: "aec00befac9a239d258b5436a9250a759ac6a6c0693d31de47dd35b6596c91e8" },
  { bytes: 70_000, script: 69_913, root: "f49b429a2fa7d0ba553c92146c8722aba3b618fc5c229bb5bcb7f22521b84b1c" },
] as const;

/** Second part of the coinbase with one more output whose script has `script` bytes. */
export function longCoinb2(script: number): string {
  const length =
    script < 0x10000
      ? `fd${script
          .toString(16)
          .padStart(4, "0")
          .replace(/(..)(..)/, "$2$1")}`
      : `fe${script
          .toString(16)
          .padStart(8, "0")
          .replace(/(..)(..)(..)(..)/, "$4$3$2$1")}`;
  const end = "00000000";
  const first = (J0.coinb2 ?? "").slice(0, -end.length).replace(/^ffffffff01/, "ffffffff02");
  return `${first}${"00".repeat(8)}${length}6a${"00".repeat(script - 1)}${end}`;
}

export interface Case {
  readonly rig: NonceRig;
  readonly pool: FakePool;
}

/** A pool that gives J0 at difficulty 0.02 once the user is authorised, and a miner without chips beside it. */
export async function startCase(
  arrange: (pool: FakePool) => void = () => undefined,
  options: NonceRigOptions & { startMs?: number } = {},
): Promise<Case> {
  const pool = new FakePool(1);
  pool.extranonce1 = EXTRANONCE1;
  pool.onMining = () => {
    pool.setDifficulty(0.02);
    pool.notify(J0);
  };
  arrange(pool);
  const rig = new NonceRig(options);
  await pool.listen(rig.network, POOL_PORT);
  await rig.start(options.startMs ?? 1_000);
  return { rig, pool };
}

/** What the pool got, as `nonce verdict`. */
export function got(pool: FakePool): string[] {
  return pool.shares.map(({ nonce, verdict }) => `${nonce} ${verdict}`);
}

/** Merkle root of a header as sent to the chips. */
export function rootOf(headerHex: string): string {
  return headerHex.slice(72, 136);
}
