import { expect, test } from "vitest";
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
    if (vector.expect["header"] === undefined || vector.header_version === undefined) continue;
    writeU32Le(header, HEADER_OFFSET.version, Number.parseInt(vector.header_version, 16));
    header.set(job.prevHash, HEADER_OFFSET.prevHash);
    writeU32Le(header, HEADER_OFFSET.nTime, Number.parseInt(vector.ntime ?? "", 16));
    writeU32Le(header, HEADER_OFFSET.nBits, job.nBits);
    writeU32Le(header, HEADER_OFFSET.nonce, Number.parseInt(vector.nonce ?? "", 16));
    expect(hex(header), vector.name).toBe(vector.expect["header"]);
    expect(hashShown(header), vector.name).toBe(vector.expect["hash"]);
  }
});

test("every header vector hashes to its block hash, with its midstate on the way", () => {
  expect(headers.length).toBeGreaterThanOrEqual(50);
  for (const vector of headers) {
    const header = bytes(vector.expect["header"] ?? "");
    expect(hashShown(header), vector.name).toBe(vector.expect["hash"]);
    const middle = new Int32Array(8);
    const stored = new Uint8Array(32);
    new DoubleSha256().midstate(middle, header);
    storeHash(stored, 0, middle);
    if (vector.expect["midstate"] !== undefined) expect(hex(stored), vector.name).toBe(vector.expect["midstate"]);
  }
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
});
