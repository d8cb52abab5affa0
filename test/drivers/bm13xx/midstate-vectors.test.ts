/** Every vector of the chips that take midstates against the driver: built, parsed, hashed. None may be skipped. */
import { expect, test } from "vitest";
import { CHIPS, type ChipName } from "#drivers/bm13xx/chips.ts";
import {
  ALL_CHIPS,
  putChainInactive,
  putReadRegister,
  putSetAddress,
  putWriteRegister,
} from "#drivers/bm13xx/commands.ts";
import { MIDSTATE_FRAME_BYTES_MAX, putMidstateFrame } from "#drivers/bm13xx/midstate-frame.ts";
import { coreOfMidstateChip, headerNonce, midstateChipIndexOf, wireIdOf } from "#drivers/bm13xx/nonce-fields.ts";
import { openCoreWork } from "#drivers/bm13xx/open-core.ts";
import { decodePllWord, solvePll } from "#drivers/bm13xx/pll.ts";
import { ResponseParser } from "#drivers/bm13xx/response-parser.ts";
import { ticketDifficultyOf, ticketMaskValue } from "#drivers/bm13xx/ticket-mask.ts";
import type { ChainWork } from "#drivers/hash-chain.ts";
import { DoubleSha256 } from "#hal/sha256.ts";
import { checkAll, fromHex, loadVectors, num, text, toHex, type Vector } from "./vector-file.ts";

const entries = loadVectors("BM1387", "BM1397", "BM1398");
const T1 = 0xffffn << 208n;

type Kind = "command" | "job" | "reply" | "nonce" | "nonceWord" | "pll";

/** Entries of each kind in the file, by chip. No BM1398 was ever captured. */
const EXPECTED: Record<string, Partial<Record<Kind, number>>> = {
  BM1387: { command: 19, job: 11, reply: 8, nonce: 9, nonceWord: 2, pll: 58 },
  BM1397: { command: 16, job: 3, reply: 2, nonce: 3 },
};

function kindOf(entry: Vector): Kind {
  if (entry.direction === "pll") return "pll";
  if (entry.direction === "tx") return "command" in entry.decoded ? "command" : "job";
  if (entry.hex.length === 8) return "nonceWord";
  return num(entry, "type") === 0 ? "reply" : "nonce";
}

const rowOf = (entry: Vector) => CHIPS[entry.chip as ChipName];

function buildCommand(entry: Vector): string {
  const out = new Uint8Array(16);
  const { commands } = rowOf(entry);
  const name = text(entry, "command");
  const address = "new_address" in entry.decoded ? num(entry, "new_address") : 0;
  const to = text(entry, "broadcast") === "true" ? ALL_CHIPS : address || Number(entry.decoded["chip_address"] ?? 0);
  const value = entry.chip === "BM1387" ? Number.parseInt(text(entry, "value"), 16) : Number(entry.decoded["value"]);
  // BM1387 entries carry the code, the others the name.
  const operation = { 1: "set-address", 4: "read-register", 5: "chain-inactive", 8: "write-register" }[name] ?? name;
  switch (operation) {
    case "set-address":
      return toHex(out.subarray(0, putSetAddress(out, 0, to, commands)));
    case "read-register":
      return toHex(out.subarray(0, putReadRegister(out, 0, to, num(entry, "register"), commands)));
    case "chain-inactive":
      return toHex(out.subarray(0, putChainInactive(out, 0, commands)));
    case "write-register":
      if (num(entry, "register") === rowOf(entry).registers.ticketMask?.number)
        expect(ticketMaskValue(ticketDifficultyOf(value) ?? 0)).toBe(value);
      return toHex(out.subarray(0, putWriteRegister(out, 0, to, num(entry, "register"), value, commands)));
    default:
      throw new Error(`unknown command ${name}`);
  }
}

/** A job read backwards, by the documented byte table. */
function workOfFrame(frame: Uint8Array, start: number) {
  const header = new Uint8Array(80);
  header.set(frame.subarray(start + 8, start + 12), 72);
  header.set(frame.subarray(start + 12, start + 16), 68);
  header.set(frame.subarray(start + 16, start + 20), 64);
  const midstateCount = frame[start + 3]!;
  const midstates = new Int32Array(32);
  const view = new DataView(frame.buffer, frame.byteOffset);
  for (let slot = 0; slot < midstateCount; slot++) {
    for (let i = 0; i < 8; i++) midstates[8 * slot + 7 - i] = view.getInt32(start + 20 + 32 * slot + 4 * i);
  }
  return { header, midstateCount, midstates };
}

/** A captured job may start at another nonce than 0; that is the only thing we never send. */
function checkJob(entry: Vector): void {
  const frame = fromHex(entry.hex);
  const { hasPreamble } = rowOf(entry).commands;
  const start = hasPreamble ? 2 : 0;
  const work = workOfFrame(frame, start);
  const startNonce = frame.subarray(start + 4, start + 8);
  const out = new Uint8Array(MIDSTATE_FRAME_BYTES_MAX + 2);
  const end = putMidstateFrame(out, 1, hasPreamble, frame[start + 2]!, work);
  expect(end).toBe(1 + frame.length);
  if (startNonce.every((byte) => byte === 0)) expect(toHex(out.subarray(1, end))).toBe(entry.hex);
  else expect(toHex(out.subarray(start + 9, end - 2))).toBe(toHex(frame.subarray(start + 8, -2)));
  if ("nbits_le" in entry.decoded) expect(toHex(work.header.subarray(72, 76))).toBe(text(entry, "nbits_le"));
  if ("num_midstates" in entry.decoded) expect(work.midstateCount).toBe(num(entry, "num_midstates"));
}

interface Found {
  register?: { value: number; chip: number; number: number };
  nonce?: { word: number; middle: number; id: number };
}

function parseOne(entry: Vector): Found {
  const found: Found[] = [];
  const parser = new ResponseParser({
    onRegister: (value, chip, number) => found.push({ register: { value, chip, number } }),
    onNonce: (word, middle, id) => found.push({ nonce: { word, middle, id } }),
  });
  parser.frameLength = rowOf(entry).replyBytes;
  parser.push(fromHex(entry.hex));
  expect(found).toHaveLength(1);
  expect(parser.crcErrors + parser.resyncBytes).toBe(0);
  return found[0]!;
}

function checkReply(entry: Vector): void {
  const { register } = parseOne(entry);
  if (entry.chip === "BM1387") {
    expect(register).toEqual({ value: Number.parseInt(text(entry, "bytes_0_3"), 16), chip: -1, number: -1 });
    return;
  }
  const [value, chip, number] = ["value", "chip_address", "register"].map((field) => num(entry, field));
  expect(register).toEqual({ value, chip, number });
}

function checkNonce(entry: Vector): void {
  const row = rowOf(entry);
  const { nonce } = parseOne(entry);
  if (nonce === undefined) throw new Error("no nonce");
  if (entry.chip === "BM1387") {
    expect(nonce.id).toBe(num(entry, "byte5_job_id"));
    expect(nonce.middle).toBe(num(entry, "byte4"));
    expect(row.midstate?.openCoreNonceWords).toContain(nonce.word >>> 0);
    return;
  }
  expect(wireIdOf(row, nonce.id) * 4).toBe(num(entry, "job_header_byte"));
  expect(nonce.id & row.engineMask).toBe(num(entry, "midstate_index"));
  if ("core8" in entry.decoded) {
    expect(nonce.word >>> 0).toBe(num(entry, "nonce_be"));
    expect(coreOfMidstateChip(row, nonce.word)).toBe(num(entry, "core8"));
    expect(midstateChipIndexOf(row, nonce.word, 256, 1)).toBe(num(entry, "chip_address"));
    expect(nonce.middle).toBe(num(entry, "byte6"));
  } else {
    const job = entries.find((e) => kindOf(e) === "job" && e.hex.startsWith("55aa21961804"));
    if (job === undefined) throw new Error("its job is not in the file");
    const work = workOfFrame(fromHex(job.hex), 2);
    checkDifficulty(entry, work, nonce.id & 3, nonce.word);
  }
}

function checkDifficulty(
  entry: Vector,
  work: Pick<ChainWork, "header" | "midstates">,
  slot: number,
  word: number,
): void {
  const view = new DataView(work.header.buffer);
  const out = new Int32Array(8);
  const midstate = work.midstates.subarray(8 * slot, 8 * slot + 8);
  new DoubleSha256().tail(out, midstate, view.getInt32(64), view.getInt32(68), view.getInt32(72), word);
  const bytes = Buffer.alloc(32);
  for (let i = 0; i < 8; i++) bytes.writeInt32BE(out[i]!, 4 * i);
  const difficulty = Number((T1 * 1_000_000n) / BigInt(`0x${bytes.reverse().toString("hex")}`)) / 1e6;
  expect(Math.abs(difficulty / num(entry, "difficulty") - 1)).toBeLessThan(1e-4);
}

function checkNonceWord(entry: Vector): void {
  const word = Buffer.from(entry.hex, "hex").readInt32BE(0);
  const work = openCoreWork(3);
  expect(toHex(work.header.subarray(64, 76))).toBe(text(entry, "tail"));
  checkDifficulty(entry, work, 0, word);
  expect(rowOf(entry).midstate?.openCoreNonceWords).toContain(word >>> 0);
  expect(headerNonce(word)).toBe(Buffer.from(entry.hex, "hex").readUInt32LE(0));
}

function checkPll(entry: Vector): void {
  const { pll: limits } = rowOf(entry);
  const word = Number.parseInt(entry.hex, 16);
  const pll = decodePllWord(word, limits.word);
  expect(pll.word).toBe(word);
  expect([pll.fbdiv, pll.refdiv, pll.postdiv1, pll.postdiv2]).toEqual(
    ["fbdiv", "refdiv", "postdiv1", "postdiv2"].map((field) => num(entry, field)),
  );
  expect(pll.frequencyMhz).toBeCloseTo(num(entry, "mhz"), 6);
  expect(pll.vcoMhz).toBeCloseTo(num(entry, "vco_mhz"), 6);
  expect(solvePll(pll.frequencyMhz, limits).frequencyMhz).toBeCloseTo(pll.frequencyMhz, 6);
}

function checkEntry(entry: Vector, kind: Kind): void {
  switch (kind) {
    case "command":
      expect(buildCommand(entry)).toBe(entry.hex);
      break;
    case "job":
      checkJob(entry);
      break;
    case "reply":
      checkReply(entry);
      break;
    case "nonce":
      checkNonce(entry);
      break;
    case "nonceWord":
      checkNonceWord(entry);
      break;
    case "pll":
      checkPll(entry);
      break;
  }
}

test("every entry of BM1387 and BM1397 agrees with the driver, and none is skipped", () => {
  expect(checkAll(entries, kindOf, checkEntry)).toEqual(EXPECTED);
});

test("the file holds nothing of other chips than these and the four of the other test", () => {
  expect(entries.length + loadVectors("BM1362", "BM1366", "BM1368", "BM1370").length).toBe(785);
});

test.each([
  [200, 0x40a00225],
  [400, 0x40400221],
  [425, 0x40440221],
  [450, 0x40480221],
  [600, 0x40600221],
])("the documented BM1397 word for %i MHz decodes with plain dividers", (mhz, word) => {
  expect(decodePllWord(word, CHIPS.BM1397.pll.word).frequencyMhz).toBe(mhz);
  expect(solvePll(mhz, CHIPS.BM1397.pll).frequencyMhz).toBe(mhz);
});
