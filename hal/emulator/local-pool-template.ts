/**
 * Made-up blocks for the local pool: coinbase, merkle branches, header. Written apart from the miner's own work builder,
 * with the hash function of Node, so that an error there can't cancel out here.
 */
import { createHash } from "node:crypto";
import type { Random } from "#hal/random.ts";

export interface BlockTemplate {
  /** Counts up with each template; a new block raises `height` as well. */
  readonly serial: number;
  readonly height: number;
  /** 32 bytes as they stand in the header. */
  readonly prevHash: Buffer;
  readonly coinbaseHead: Buffer;
  readonly coinbaseTail: Buffer;
  readonly branches: readonly Buffer[];
  readonly version: number;
  readonly nbits: number;
  readonly ntime: number;
}

export const BASE_VERSION = 0x20000000;
/** A difficulty of about 1e14: the pool never checks it, since blocks come from its own timer. */
const NBITS = 0x1702f4c1;
const BRANCHES_MAX = 12;
const SUBSIDY_SATOSHI = 312_500_000n;

function sha256(data: Uint8Array): Buffer {
  return createHash("sha256").update(data).digest();
}

export function doubleSha256(data: Uint8Array): Buffer {
  return sha256(sha256(data));
}

export function randomBytes(random: Random, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let i = 0; i < length; i++) bytes[i] = random.uint32() >>> 24;
  return bytes;
}

/** Looks like a real one: its top bytes, the last of the header's order, are zero. */
export function madeUpPrevHash(random: Random): Buffer {
  return Buffer.concat([randomBytes(random, 23), Buffer.alloc(9)]);
}

/**
 * Coinbase transaction without witness, cut where the extranonces go.
 * @param extranonceLength bytes of extranonce1 and extranonce2 together.
 */
function coinbaseParts(random: Random, height: number, extranonceLength: number): { head: Buffer; tail: Buffer } {
  const heightPush = Buffer.alloc(4);
  heightPush[0] = 3;
  heightPush.writeUIntLE(height, 1, 3);
  const tag = Buffer.from("/local pool/", "ascii");
  const scriptLength = heightPush.length + extranonceLength + tag.length;
  const head = Buffer.concat([
    Buffer.from("0100000001", "hex"),
    Buffer.alloc(32),
    Buffer.from("ffffffff", "hex"),
    Buffer.of(scriptLength),
    heightPush,
  ]);
  const value = Buffer.alloc(8);
  value.writeBigUInt64LE(SUBSIDY_SATOSHI + BigInt(random.uint32() % 50_000_000));
  const payout = Buffer.concat([value, Buffer.from("160014", "hex"), randomBytes(random, 20)]);
  const commitment = Buffer.concat([Buffer.alloc(8), Buffer.from("266a24aa21a9ed", "hex"), randomBytes(random, 32)]);
  const tail = Buffer.concat([tag, Buffer.from("ffffffff", "hex"), Buffer.of(2), payout, commitment, Buffer.alloc(4)]);
  return { head, tail };
}

export function makeTemplate(
  random: Random,
  options: { serial: number; height: number; prevHash: Buffer; ntime: number; extranonceLength: number },
): BlockTemplate {
  const { serial, height, prevHash, ntime, extranonceLength } = options;
  const { head, tail } = coinbaseParts(random, height, extranonceLength);
  // Any hash can stand for a subtree of transactions, so none has to be made up in full.
  const branchCount = random.uint32() % (BRANCHES_MAX + 1);
  const branches = Array.from({ length: branchCount }, () => randomBytes(random, 32));
  return {
    serial,
    height,
    prevHash,
    coinbaseHead: head,
    coinbaseTail: tail,
    branches,
    version: BASE_VERSION,
    nbits: NBITS,
    ntime,
  };
}

/** Stratum sends the previous hash with the bytes of each of its eight words swapped. */
export function prevHashStratum(prevHash: Buffer): string {
  return Buffer.from(prevHash).swap32().toString("hex");
}

export interface ShareFields {
  readonly extranonce1: Buffer;
  readonly extranonce2: Buffer;
  readonly version: number;
  readonly ntime: number;
  readonly nonce: number;
}

/** Hash of the header that a share stands for, as the number that is compared with a target. */
export function shareHash(template: BlockTemplate, share: ShareFields): bigint {
  const coinbase = Buffer.concat([template.coinbaseHead, share.extranonce1, share.extranonce2, template.coinbaseTail]);
  let root = doubleSha256(coinbase);
  for (const branch of template.branches) root = doubleSha256(Buffer.concat([root, branch]));
  const header = Buffer.alloc(80);
  header.writeUInt32LE(share.version, 0);
  template.prevHash.copy(header, 4);
  root.copy(header, 36);
  header.writeUInt32LE(share.ntime, 68);
  header.writeUInt32LE(template.nbits, 72);
  header.writeUInt32LE(share.nonce, 76);
  return BigInt(`0x${doubleSha256(header).reverse().toString("hex")}`);
}
