/**
 * Every vector of the four full-header chips against the driver: built, parsed, hashed. None may be skipped; those of the
 * older chips are in `midstate-vectors.test.ts`, and the last test there counts both.
 */

import { describe, expect, test } from "vitest";
import { CHIPS, type ChipName } from "#drivers/bm13xx/chips.ts";
import {
  ALL_CHIPS,
  putChainInactive,
  putReadRegister,
  putSetAddress,
  putWriteRegister,
} from "#drivers/bm13xx/commands.ts";
import {
  chipAddressOf,
  chipIndexOf,
  coreOf,
  counterOf,
  engineOf,
  excessBitsOf,
  headerNonce,
  versionBitsOf,
  wireIdOf,
} from "#drivers/bm13xx/nonce-fields.ts";
import { decodePllWord, isSamePllWord, solvePll } from "#drivers/bm13xx/pll.ts";
import { coreWriteWord, REGISTERS, versionRollingWord } from "#drivers/bm13xx/registers.ts";
import { ResponseParser } from "#drivers/bm13xx/response-parser.ts";
import { ticketDifficultyOf, ticketMaskValue } from "#drivers/bm13xx/ticket-mask.ts";
import { jobByteOfWireId, putWorkFrame, WORK_FRAME_BYTES } from "#drivers/bm13xx/work-frame.ts";
import { DoubleSha256, storeHash } from "#hal/sha256.ts";
import {
  checkAll,
  fromHex,
  headerOfJobFrame,
  loadVectors,
  makeHeader,
  num,
  text,
  toHex,
  type Vector,
} from "./vector-file.ts";

const entries = loadVectors("BM1362", "BM1366", "BM1368", "BM1370");

type Kind = "command" | "job" | "registerReply" | "verifiedNonce" | "looseNonce" | "nonceBytes" | "pll";

function kindOf(entry: Vector): Kind {
  if (entry.direction === "pll") return "pll";
  if (entry.direction === "tx") return "command" in entry.decoded ? "command" : "job";
  if ("register" in entry.decoded) return "registerReply";
  if (entry.hex.length === 8) return "nonceBytes";
  return "block_hash" in entry.decoded ? "verifiedNonce" : "looseNonce";
}

/** Entries of each kind in the file, by chip. */
const EXPECTED: Record<string, Partial<Record<Kind, number>>> = {
  BM1362: { command: 20, registerReply: 1, looseNonce: 1 },
  BM1366: { command: 160, job: 44, registerReply: 21, verifiedNonce: 70, nonceBytes: 30, pll: 76 },
  BM1368: { command: 63, job: 13, registerReply: 30, verifiedNonce: 24, pll: 67 },
  BM1370: { command: 27, job: 1, registerReply: 2, verifiedNonce: 1, looseNonce: 3 },
};

const registerNumbers = new Set<number>(Object.values(REGISTERS).map((row) => row.number));
const T1 = 0xffffn << 208n;

interface NonceReport {
  nonceWord: number;
  excessByte: number;
  idByte: number;
  rolled: number;
}

function parseOne(hex: string): { register?: [number, number, number]; nonce?: NonceReport } {
  const found: ReturnType<typeof parseOne>[] = [];
  const parser = new ResponseParser({
    onRegister: (value, chip, register) => found.push({ register: [value, chip, register] }),
    onNonce: (nonceWord, excessByte, idByte, rolled) =>
      found.push({ nonce: { nonceWord, excessByte, idByte, rolled } }),
  });
  const bytes = fromHex(hex);
  parser.frameLength = bytes.length === 9 ? 9 : 11;
  parser.push(bytes);
  expect(found).toHaveLength(1);
  expect(parser.crcErrors + parser.resyncBytes).toBe(0);
  return found[0]!;
}

function buildCommand(entry: Vector): string {
  const out = new Uint8Array(16);
  const broadcast = text(entry, "broadcast") === "true";
  const to = broadcast
    ? ALL_CHIPS
    : num(entry, text(entry, "command") === "set-address" ? "new_address" : "chip_address");
  switch (text(entry, "command")) {
    case "write-register":
      expect(registerNumbers).toContain(num(entry, "register"));
      return toHex(out.subarray(0, putWriteRegister(out, 0, to, num(entry, "register"), num(entry, "value"))));
    case "read-register":
      expect(registerNumbers).toContain(num(entry, "register"));
      return toHex(out.subarray(0, putReadRegister(out, 0, to, num(entry, "register"))));
    case "set-address":
      return toHex(out.subarray(0, putSetAddress(out, 0, to)));
    case "chain-inactive":
      return toHex(out.subarray(0, putChainInactive(out, 0)));
    default:
      throw new Error(`unknown command ${text(entry, "command")}`);
  }
}

/** Values that a conversion of ours makes must come out of it as they stand on the wire. */
function checkValueMeaning(entry: Vector): void {
  if (text(entry, "command") !== "write-register") return;
  const value = num(entry, "value");
  switch (num(entry, "register")) {
    case REGISTERS.ticketMask.number:
      expect(ticketMaskValue(ticketDifficultyOf(value) ?? 0)).toBe(value);
      break;
    case REGISTERS.pll0.number:
    case REGISTERS.pll1.number:
      expect(decodePllWord(value).frequencyMhz).toBeGreaterThan(0);
      break;
    case REGISTERS.versionRolling.number:
      expect(versionRollingWord(0x1fffe000)).toBe(value);
      break;
    case REGISTERS.coreRegisterControl.number:
      expect(coreWriteWord((value >>> 8) & 0x1f, value & 0xff)).toBe(value);
      break;
    default:
      break;
  }
}

function checkJob(entry: Vector): void {
  const frame = fromHex(entry.hex);
  const header =
    "merkle_root_header_order" in entry.decoded
      ? makeHeader({
          version: num(entry, "version"),
          prevHashHex: text(entry, "prev_hash_header_order"),
          merkleRootHex: text(entry, "merkle_root_header_order"),
          ntime: num(entry, "ntime"),
          nbits: num(entry, "nbits"),
        })
      : headerOfJobFrame(frame);
  const jobByte = num(entry, "job_header_byte");
  expect(jobByteOfWireId(jobByte >> 3)).toBe(jobByte);
  const out = new Uint8Array(WORK_FRAME_BYTES + 2);
  expect(putWorkFrame(out, 1, jobByte, header, frame[3]!)).toBe(89);
  expect(toHex(out.subarray(1, 89))).toBe(entry.hex);
  expect(out[0]! + out[89]!).toBe(0);
}

function checkNonceFields(entry: Vector, report: NonceReport): void {
  const row = CHIPS[entry.chip as ChipName];
  expect(headerNonce(report.nonceWord)).toBe(num(entry, "nonce_le"));
  expect(report.nonceWord >>> 0).toBe(num(entry, "nonce_be"));
  expect(coreOf(report.nonceWord)).toBe(num(entry, "core"));
  expect(report.excessByte).toBe(num(entry, "excess_byte"));
  expect(report.rolled).toBe(num(entry, "roll_counter"));
  expect(engineOf(row, report.idByte)).toBe(num(entry, "small_core"));
  const idField = row.wireIdCount === 32 ? "job_id5" : "job_id4";
  expect(wireIdOf(row, report.idByte)).toBe(num(entry, idField));
  if ("chip_address" in entry.decoded && row.nonceSplit === "address") {
    expect(chipAddressOf(report.nonceWord)).toBe(num(entry, "chip_address"));
    expect(chipIndexOf(row, report.nonceWord, 126, 2)).toBe(num(entry, "chip_address") / 2);
  }
  if ("chip_index" in entry.decoded) {
    expect(chipIndexOf(row, report.nonceWord, 108, 2)).toBe(num(entry, "chip_index"));
    expect(chipIndexOf(row, report.nonceWord, 108, 2) * 2).toBe(num(entry, "chip_address"));
  }
  if ("counter25" in entry.decoded) expect(counterOf(report.nonceWord)).toBe(num(entry, "counter25"));
}

function checkHash(entry: Vector, header: Uint8Array): bigint {
  expect(toHex(header)).toBe(text(entry, "block_header"));
  const words = new Int32Array(8);
  const hash = new Uint8Array(32);
  new DoubleSha256().header(words, header);
  storeHash(hash, 0, words);
  const display = toHex(hash.reverse());
  expect(display).toBe(text(entry, "block_hash"));
  const value = BigInt(`0x${display}`);
  const difficulty = Number((T1 * 1_000_000n) / value) / 1e6;
  expect(Math.abs(difficulty / num(entry, "difficulty") - 1)).toBeLessThan(1e-4);
  return value;
}

function checkVerifiedNonce(entry: Vector): void {
  const row = CHIPS[entry.chip as ChipName];
  const report = parseOne(entry.hex).nonce!;
  checkNonceFields(entry, report);
  expect(versionBitsOf(report.rolled)).toBe(num(entry, "version_bits"));
  const frame = fromHex(text(entry, "job_frame"));
  // Four-bit chips return bits 6:3 of the job byte only.
  expect(wireIdOf(row, report.idByte)).toBe((frame[4]! >> 3) & (row.wireIdCount - 1));
  const header = headerOfJobFrame(frame);
  const view = new DataView(header.buffer);
  view.setUint32(0, (view.getUint32(0, true) | versionBitsOf(report.rolled)) >>> 0, true);
  view.setUint32(76, headerNonce(report.nonceWord), true);
  const hash = checkHash(entry, header);
  const ticket = BigInt(num(entry, "ticket_difficulty"));
  expect(hash < 2n ** 224n / ticket).toBe(true);
  const bitsAbove = Math.floor(Math.log2(Number(2n ** 224n / ticket) / Number(hash)));
  expect(excessBitsOf(row, report.excessByte)).toBe(bitsAbove);
}

function checkNonceBytes(entry: Vector): void {
  const header = fromHex(text(entry, "block_header"));
  const nonceWord = Buffer.from(entry.hex, "hex").readInt32BE(0);
  const view = new DataView(header.buffer);
  view.setUint32(76, headerNonce(nonceWord), true);
  expect(coreOf(nonceWord)).toBe(num(entry, "core"));
  expect(((num(entry, "version") & ~versionBitsOf(num(entry, "roll_counter"))) >>> 0).toString(16)).toBe("20000000");
  checkHash(entry, header);
}

function checkPll(entry: Vector): void {
  const word = Number.parseInt(entry.hex, 16);
  const pll = decodePllWord(word);
  expect(pll.word).toBe(word);
  expect([pll.fbdiv, pll.refdiv, pll.postdiv1, pll.postdiv2]).toEqual(
    ["fbdiv", "refdiv", "postdiv1", "postdiv2"].map((field) => num(entry, field)),
  );
  const mhz = num(entry, "mhz");
  expect(Math.abs(pll.frequencyMhz - mhz)).toBeLessThan(1e-3);
  expect(Math.abs(pll.vcoMhz - num(entry, "vco_mhz"))).toBeLessThan(1e-3);
  const solved = solvePll(pll.frequencyMhz, CHIPS[entry.chip as ChipName].pll);
  expect(Math.abs(solved.frequencyMhz - pll.frequencyMhz)).toBeLessThan(1e-9);
}

function checkEntry(entry: Vector, kind: Kind): void {
  switch (kind) {
    case "command":
      expect(buildCommand(entry)).toBe(entry.hex);
      checkValueMeaning(entry);
      break;
    case "job":
      checkJob(entry);
      break;
    case "registerReply":
      expect(parseOne(entry.hex).register).toEqual([
        num(entry, "value"),
        num(entry, "chip_address"),
        num(entry, "register"),
      ]);
      break;
    case "verifiedNonce":
      checkVerifiedNonce(entry);
      break;
    case "looseNonce":
      checkNonceFields(entry, parseOne(entry.hex).nonce!);
      break;
    case "nonceBytes":
      checkNonceBytes(entry);
      break;
    case "pll":
      checkPll(entry);
      break;
  }
}

describe("captured and documented vectors", () => {
  test("every entry of the four chips agrees with the driver, and none is skipped", () => {
    expect(checkAll(entries, kindOf, checkEntry)).toEqual(EXPECTED);
    expect(entries).toHaveLength(654);
  });

  test("the chip's lock bit makes no difference when a PLL word is compared", () => {
    expect(isSamePllWord(0x40b90265, 0xc0b90265)).toBe(true);
    expect(isSamePllWord(0x40b90265, 0xc0b80265)).toBe(false);
  });

  test("the two length bytes of captured jobs are both kept as they were", () => {
    const lengths = new Map<string, Set<number>>();
    for (const entry of entries.filter((e) => kindOf(e) === "job")) {
      const set = lengths.get(entry.chip) ?? new Set();
      lengths.set(entry.chip, set.add(fromHex(entry.hex)[3]!));
    }
    expect(Object.fromEntries([...lengths].map(([chip, set]) => [chip, [...set]]))).toEqual({
      BM1366: [0x36],
      BM1368: [0x36],
      BM1370: [0x56],
    });
  });
});
