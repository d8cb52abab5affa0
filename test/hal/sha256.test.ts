import { createHash } from "node:crypto";
import fs from "node:fs";
import { expect, test } from "vitest";
import { SeededRandom } from "#hal/emulator/prng.ts";
import { compress, DoubleSha256, SHA256_INITIAL, storeHash, warmUpSha256 } from "#hal/sha256.ts";
import { sha256Source } from "../../scripts/generate-sha256.mjs";

function reference(data: Uint8Array): string {
  return createHash("sha256").update(createHash("sha256").update(data).digest()).digest("hex");
}

function hex(hash: Int32Array): string {
  const bytes = new Uint8Array(32);
  storeHash(bytes, 0, hash);
  return Buffer.from(bytes).toString("hex");
}

test("the file is what its generator writes", () => {
  expect(fs.readFileSync("hal/sha256.ts", "utf8")).toBe(sha256Source());
});

test("double hashes of every length around the block borders equal node:crypto", () => {
  const hasher = new DoubleSha256();
  const out = new Int32Array(8);
  const data = new Uint8Array(300).map((_, i) => (i * 167 + 13) & 255);
  for (let length = 0; length <= 300; length++) {
    hasher.bytes(out, data, length);
    expect(hex(out), `length ${length}`).toBe(reference(data.subarray(0, length)));
  }
});

test("header hash, and midstate with tail, equal node:crypto", () => {
  const hasher = new DoubleSha256();
  const out = new Int32Array(8);
  const middle = new Int32Array(8);
  warmUpSha256();
  for (let round = 0; round < 50; round++) {
    const header = new Uint8Array(80).map((_, i) => (i * 31 + round * 97 + 5) & 255);
    hasher.header(out, header);
    expect(hex(out)).toBe(reference(header));
    hasher.midstate(middle, header);
    const word = (at: number): number => Buffer.from(header).readInt32BE(at);
    hasher.tail(out, middle, word(64), word(68), word(72), word(76));
    expect(hex(out)).toBe(reference(header));
  }
});

test("a header with rolled version bits and another nonce hashes as the changed header does", () => {
  const header = new Uint8Array(80).map((_, i) => (i * 31 + 5) & 255);
  header.set([0, 0, 0, 0x20]);
  const changed = Buffer.from(header);
  changed.writeUInt32LE(0x3fffe000, 0);
  changed.writeUInt32LE(0x89abcdef, 76);
  const out = new Int32Array(8);
  const hasher = new DoubleSha256();
  const view = new DataView(header.buffer);
  expect(hasher.rolledHeader(out, view, 0x1fffe000, 0x89abcdef | 0, 0xffffffff)).toBe(true);
  expect(hex(out)).toBe(reference(changed));
  // The top word decides, at its limit exactly; a hash above it is not written.
  const top = Buffer.from(reference(changed), "hex").readUInt32LE(28);
  expect(hasher.rolledHeader(out, view, 0x1fffe000, 0x89abcdef | 0, top)).toBe(true);
  out.fill(7);
  expect(hasher.rolledHeader(out, view, 0x1fffe000, 0x89abcdef | 0, top - 1)).toBe(false);
  expect(out).toEqual(new Int32Array(8).fill(7));
});

test("many rolled headers hash as the reference has them", () => {
  const random = new SeededRandom(7);
  const hasher = new DoubleSha256();
  const out = new Int32Array(8);
  for (let i = 0; i < 300; i++) {
    const header = Uint8Array.from({ length: 80 }, () => random.uint32() & 255);
    const changed = Buffer.from(header);
    const [bits, nonce] = [random.uint32(), random.uint32()];
    changed.writeUInt32LE((changed.readUInt32LE(0) | bits) >>> 0, 0);
    changed.writeUInt32LE(nonce, 76);
    const expected = reference(changed);
    const topMax = random.uint32();
    const passes = hasher.rolledHeader(out, new DataView(header.buffer), bits | 0, nonce | 0, topMax);
    expect(passes).toBe(Buffer.from(expected, "hex").readUInt32LE(28) <= topMax);
    if (passes) expect(hex(out)).toBe(expected);
  }
});

test("two merkle nodes hash as their 64 bytes do, in place as well", () => {
  const hasher = new DoubleSha256();
  const node = Int32Array.from(SHA256_INITIAL);
  for (let round = 0; round < 20; round++) {
    const right = new Uint8Array(32).map((_, i) => (i * 59 + round * 7) & 255);
    const expected = reference(Buffer.concat([Buffer.from(hex(node), "hex"), right]));
    hasher.pair(node, node, right);
    expect(hex(node)).toBe(expected);
  }
});

test("the compression may write over its own start state", () => {
  const block = new Int32Array(16).fill(7);
  const apart = new Int32Array(8);
  const inPlace = Int32Array.from(SHA256_INITIAL);
  compress(apart, SHA256_INITIAL, block);
  compress(inPlace, inPlace, block);
  expect(inPlace).toEqual(apart);
});
