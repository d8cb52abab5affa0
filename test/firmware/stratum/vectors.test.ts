import { expect, test } from "vitest";
import { hashDifficulty, hashMeetsTarget, targetFromNBits } from "#firmware/share/difficulty.ts";
import { parseNotify } from "#firmware/stratum/messages.ts";
import { applyNotify } from "#firmware/stratum/session-jobs.ts";
import { initialSession } from "#firmware/stratum/session-machine.ts";
import { HEADER_OFFSET, writeU32Le } from "#firmware/work/header.ts";
import { MerkleRootBuilder } from "#firmware/work/merkle.ts";
import { DoubleSha256, storeHash } from "#hal/sha256.ts";
import { bytes, hex, type StratumVector, stratumVectors } from "../../support/vectors.ts";
import { sessionOptions } from "./session-support.ts";

function notifyParams(notify: NonNullable<StratumVector["notify"]>): unknown[] {
  const n = notify;
  return [
    n["job_id"],
    n["prevhash"],
    n["coinb1"],
    n["coinb2"],
    n["merkle_branch"],
    n.version,
    n.nbits,
    n.ntime,
    n["clean_jobs"],
  ];
}

function jobOf(vector: StratumVector) {
  if (vector.notify === undefined) throw new Error(`${vector.name} has no notify`);
  const fields = parseNotify(notifyParams(vector.notify));
  if (typeof fields === "string") throw new Error(fields);
  const state = {
    ...initialSession(sessionOptions(), 0),
    extranonce: {
      extranonce1: bytes(vector.extranonce1 ?? ""),
      extranonce2Size: (vector.extranonce2 ?? "").length / 2,
    },
  };
  const action = applyNotify(state, fields, 0).actions[0];
  if (action?.kind !== "job") throw new Error("no job");
  return action.job;
}

function hashShown(header: Uint8Array): string {
  const out = new Int32Array(8);
  const stored = new Uint8Array(32);
  new DoubleSha256().header(out, header);
  storeHash(stored, 0, out);
  return hex(stored.reverse());
}

function midstateOf(header: Uint8Array): string {
  const middle = new Int32Array(8);
  const stored = new Uint8Array(32);
  new DoubleSha256().midstate(middle, header);
  storeHash(stored, 0, middle);
  return hex(stored);
}

/** Names of the vectors that a test compared with something; the last test counts them. */
const compared = new Set<string>();
const merkle = new MerkleRootBuilder();
const shares = stratumVectors.vectors.filter((v) => v.notify !== undefined);
const headers = stratumVectors.vectors.filter((v) => v.expect["header"] !== undefined);

test("every recorded notify and share builds its merkle root, header and hash", () => {
  expect(shares.length).toBe(19);
  for (const vector of shares) {
    const job = jobOf(vector);
    const header = new Uint8Array(80);
    merkle.build(header, HEADER_OFFSET.merkleRoot, job, bytes(vector.extranonce2 ?? ""));
    const root = vector.expect["merkle_root_internal"];
    if (root !== undefined) expect(hex(header.subarray(36, 68)), vector.name).toBe(root);
    const { coinbase } = vector.expect;
    if (coinbase !== undefined)
      expect(hex(job.coinb1) + hex(job.extranonce1) + vector.extranonce2 + hex(job.coinb2), vector.name).toBe(coinbase);
    if (vector.kind === "midstate") {
      writeU32Le(header, HEADER_OFFSET.version, job.version);
      header.set(job.prevHash, HEADER_OFFSET.prevHash);
      expect(midstateOf(header), vector.name).toBe(vector.expect["midstate"]);
      compared.add(vector.name);
    }
    if (vector.expect["header"] === undefined || vector.header_version === undefined) continue;
    writeU32Le(header, HEADER_OFFSET.version, Number.parseInt(vector.header_version, 16));
    header.set(job.prevHash, HEADER_OFFSET.prevHash);
    writeU32Le(header, HEADER_OFFSET.nTime, Number.parseInt(vector.ntime ?? "", 16));
    writeU32Le(header, HEADER_OFFSET.nBits, job.nBits);
    writeU32Le(header, HEADER_OFFSET.nonce, Number.parseInt(vector.nonce ?? "", 16));
    expect(hex(header), vector.name).toBe(vector.expect["header"]);
    expect(hashShown(header), vector.name).toBe(vector.expect["hash"]);
    compared.add(vector.name);
  }
});

test("every header vector hashes to its block hash, with its midstate on the way", () => {
  expect(headers.length).toBeGreaterThanOrEqual(50);
  for (const vector of headers) {
    const header = bytes(vector.expect["header"] ?? "");
    expect(hashShown(header), vector.name).toBe(vector.expect["hash"]);
    if (vector.expect["midstate"] !== undefined)
      expect(midstateOf(header), vector.name).toBe(vector.expect["midstate"]);
    const hash = new Int32Array(8);
    new DoubleSha256().header(hash, header);
    const target = targetFromNBits(new DataView(header.buffer).getUint32(HEADER_OFFSET.nBits, true));
    expect(target !== null && hashMeetsTarget(hash, target), vector.name).toBe(vector.expect["meets_nbits"]);
    expect(String(Math.floor(hashDifficulty(hash, 1))), vector.name).toBe(vector.expect["difficulty_floor"]);
    compared.add(vector.name);
  }
});

test("a job given field by field has the stated first half and midstate", () => {
  const [vector, ...others] = stratumVectors.vectors.filter((v) => v.kind === "midstate" && v.notify === undefined);
  expect(others).toEqual([]);
  if (vector?.prevhash === undefined || vector.version === undefined) throw new Error("the vector has lost its fields");
  const header = new Uint8Array(80);
  const params = ["1", vector.prevhash, "", "", [], vector.version, vector.nbits, vector.ntime, true];
  const fields = parseNotify(params);
  if (typeof fields === "string") throw new Error(fields);
  writeU32Le(header, HEADER_OFFSET.version, fields.version);
  header.set(fields.prevHash, HEADER_OFFSET.prevHash);
  header.set(bytes(vector.merkle_root_internal ?? ""), HEADER_OFFSET.merkleRoot);
  expect(hex(header.subarray(0, 64))).toBe(vector.expect["header64"]);
  expect(midstateOf(header)).toBe(vector.expect["midstate"]);
  compared.add(vector.name);
});

test("a midstate without its header leads to the stated hash", () => {
  const vector = stratumVectors.vectors.find((v) => v.kind === "midstate_to_hash");
  const expected = vector?.expect ?? ({} as StratumVector["expect"]);
  const word = (text: string, i: number): number => Buffer.from(text, "hex").readInt32BE(4 * i);
  const middle = Int32Array.from({ length: 8 }, (_, i) => word(expected["midstate"] ?? "", i));
  const tail = (i: number): number => word(expected["header_tail12"] ?? "", i);
  const out = new Int32Array(8);
  const stored = new Uint8Array(32);
  new DoubleSha256().tail(out, middle, tail(0), tail(1), tail(2), word(expected["nonce_header_bytes"] ?? "", 0));
  storeHash(stored, 0, out);
  expect(hex(stored)).toBe(expected["hash_internal"]);
  compared.add(vector?.name ?? "");
});

test("all 54 vectors were compared, none was skipped", () => {
  expect(stratumVectors.vectors.length).toBe(54);
  expect([...compared].sort()).toEqual(stratumVectors.vectors.map(({ name }) => name).sort());
});
