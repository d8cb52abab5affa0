/**
 * Every captured or computed entry for BM1362, BM1366, BM1368 and BM1370, from the chips' side: what a host sent is
 * parsed, what chips sent is built again byte for byte, each verified find is hashed again.
 */
import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { CHIP_FACTS, type ChipFacts, type ChipName } from "../../../hal/emulator/chip-facts.ts";
import { COMMAND, FrameHunter } from "../../../hal/emulator/frame-hunter.ts";
import { headerFromJob, jobByteOf, rolledVersion, setHeaderVersion } from "../../../hal/emulator/job-fields.ts";
import { NonceSearch } from "../../../hal/emulator/nonce-search.ts";
import { pllFrequencyMhz } from "../../../hal/emulator/pll.ts";
import {
  buildNonceReply,
  buildRegisterReply,
  excessByte,
  nonceBits,
  resultByte,
} from "../../../hal/emulator/reply-frame.ts";
import { excessBits, meetsTarget, ticketTarget } from "../../../hal/emulator/ticket-target.ts";
import { loadWords } from "../../../hal/sha256.ts";
import { bytes, hex, loadVectors, offsetOf, type Vector } from "./support.ts";

const CHIPS: readonly string[] = Object.values(CHIP_FACTS)
  .filter(({ midstate }) => midstate === null)
  .map(({ name }) => name);
const entries = loadVectors().filter((entry) => CHIPS.includes(entry.chip));

const S21_CHIPS = 108;

const COMMAND_CODES: Record<string, number> = {
  "set-address": COMMAND.setAddress,
  "write-register": COMMAND.writeRegister,
  "read-register": COMMAND.readRegister,
  "chain-inactive": COMMAND.chainInactive,
};

function kindOf(entry: Vector): string {
  if (entry.direction === "pll") return "pll";
  if (entry.direction === "tx") return entry.decoded.command === undefined ? "job" : "command";
  if (entry.decoded.register !== undefined) return "register reply";
  if (bytes(entry.hex).length === 4) return "nonce bytes";
  return entry.decoded.job_frame === undefined ? "loose nonce" : "verified nonce";
}

const num = (value: unknown): number => (typeof value === "string" ? Number.parseInt(value, 16) : Number(value));
const factsOf = (entry: Vector): ChipFacts => CHIP_FACTS[entry.chip as ChipName];

interface Parsed {
  commands: { header: number; chipAddress: number; register: number; value: number }[];
  jobs: Uint8Array[];
  bad: number;
}

function parse(frame: Uint8Array): Parsed {
  const parsed: Parsed = { commands: [], jobs: [], bad: 0 };
  const hunter = new FrameHunter({
    onCommand: (header, chipAddress, register, value) => parsed.commands.push({ header, chipAddress, register, value }),
    onJob: (job) => parsed.jobs.push(job.slice()),
    onBadCommandCrc: () => parsed.bad++,
    onBadJobCrc: () => parsed.bad++,
  });
  for (const byte of frame) hunter.feed(byte);
  return parsed;
}

function checkCommand(entry: Vector): void {
  const { commands, bad } = parse(bytes(entry.hex));
  const { decoded } = entry;
  expect(bad).toBe(0);
  expect(commands).toHaveLength(1);
  const [found] = commands;
  expect((found?.header ?? 0) & 0x0f).toBe(COMMAND_CODES[String(decoded.command)]);
  expect(((found?.header ?? 0) & 0x10) !== 0).toBe(decoded.broadcast);
  if (decoded.register !== undefined) expect(found?.register).toBe(decoded.register);
  if (decoded.chip_address !== undefined) expect(found?.chipAddress).toBe(decoded.chip_address);
  if (decoded.new_address !== undefined) expect(found?.chipAddress).toBe(decoded.new_address);
  expect(found?.value).toBe(decoded.value === undefined ? 0 : num(decoded.value));
}

function checkJob(entry: Vector): void {
  const { jobs, bad } = parse(bytes(entry.hex));
  const { decoded } = entry;
  expect(bad).toBe(0);
  expect(jobs).toHaveLength(1);
  const header = new Uint8Array(80);
  headerFromJob(header, jobs[0] ?? header);
  expect(jobByteOf(jobs[0] ?? header)).toBe(decoded.job_header_byte);
  const view = Buffer.from(header);
  if (decoded.nbits === undefined) return;
  expect(view.readUInt32LE(0)).toBe(num(decoded.version));
  expect(hex(header.subarray(4, 36))).toBe(decoded.prev_hash_header_order);
  expect(hex(header.subarray(36, 68))).toBe(decoded.merkle_root_header_order);
  expect(view.readUInt32LE(68)).toBe(decoded.ntime);
  expect(view.readUInt32LE(72)).toBe(num(decoded.nbits));
}

function checkRegisterReply(entry: Vector): void {
  const wire = bytes(entry.hex);
  const out = new Uint8Array(11);
  const { value, chip_address: address, register } = entry.decoded;
  const length = buildRegisterReply(out, wire.length === 11, num(value), num(address), num(register));
  expect(hex(out.subarray(0, length))).toBe(entry.hex);
}

/** Builds the frame again from its decoded fields: core, place in the window, id, engine, roll. */
function checkNonceFrame(entry: Vector): void {
  const { decoded } = entry;
  const facts = factsOf(entry);
  const bits = num(decoded.nonce_be);
  const core = num(decoded.core);
  const inWindow = bits & 0x1ffffff;
  expect(nonceBits(core, 0, inWindow)).toBe(bits);
  if (decoded.sweep_counter !== undefined) {
    const start = (num(decoded.chip_address) >> 1) << 18;
    expect(nonceBits(core, start, num(decoded.sweep_counter))).toBe(bits);
  }
  if (decoded.counter25 !== undefined) expect(inWindow).toBe(decoded.counter25);
  // The two entries with a note came from all chips alike, so they name no sender.
  if (decoded.chip_index !== undefined && decoded.note === undefined) {
    const counter = inWindow - (offsetOf(num(decoded.chip_index), S21_CHIPS) << 9);
    expect(counter).toBeGreaterThanOrEqual(0);
    expect(counter).toBeLessThan(2 ** 25 / S21_CHIPS);
  }
  const idBits = decoded.job_id5 ?? decoded.job_id4;
  const jobByte = num(decoded.matched_job_header_byte ?? num(idBits) << 3);
  const result = resultByte(facts, jobByte, num(decoded.small_core));
  if (decoded.result_header !== undefined) expect(result).toBe(decoded.result_header);
  const out = new Uint8Array(11);
  const length = buildNonceReply(out, true, bits, num(decoded.excess_byte), result, num(decoded.roll_counter));
  expect(hex(out.subarray(0, length))).toBe(entry.hex);
}

/** The hash of a header by node's own SHA-256, as the eight words that the chips' filter looks at. */
function hashWords(header: Uint8Array): Int32Array {
  const once = createHash("sha256").update(header).digest();
  const words = new Int32Array(8);
  loadWords(words, 0, createHash("sha256").update(once).digest(), 0, 8);
  return words;
}

function displayOrder(header: Uint8Array): string {
  const once = createHash("sha256").update(header).digest();
  return createHash("sha256").update(once).digest().reverse().toString("hex");
}

function checkVerifiedNonce(entry: Vector): void {
  checkNonceFrame(entry);
  const { decoded } = entry;
  const facts = factsOf(entry);
  const job = bytes(String(decoded.job_frame));
  const bits = num(decoded.nonce_be);
  const header = new Uint8Array(80);
  headerFromJob(header, job);
  const version = rolledVersion(Buffer.from(header).readUInt32LE(0), num(decoded.roll_counter), 0xffff);
  setHeaderVersion(header, version);
  Buffer.from(header.buffer).writeUInt32BE(bits, 76);
  expect(hex(header)).toBe(decoded.block_header);
  expect(displayOrder(header)).toBe(decoded.block_hash);

  const words = hashWords(header);
  const target = ticketTarget(0xff, 1);
  expect(meetsTarget(words, target)).toBe(true);
  const search = new NonceSearch();
  search.setJob(job);
  expect(search.passes(version, bits, target)).toBe(true);
  expect(search.passes(version, (bits ^ 1) >>> 0, target)).toBe(false);

  const excess = excessBits(words, target);
  expect(excess).toBeCloseTo(Math.log2(num(Number(decoded.difficulty)) / 256), 2);
  const wholeBits = facts.hasHalfExcessBits ? excessByte(facts, excess) >> 1 : excessByte(facts, excess);
  const captured = num(decoded.excess_byte);
  expect(wholeBits).toBe(facts.hasHalfExcessBits ? captured >> 1 : captured);
}

/** One chip on a known block: only the four nonce bytes were logged. */
function checkNonceBytes(entry: Vector): void {
  const { decoded } = entry;
  const header = bytes(String(decoded.block_header));
  expect(hex(header.subarray(76))).toBe(entry.hex);
  expect(displayOrder(header)).toBe(decoded.block_hash);
  const bits = Buffer.from(header).readUInt32BE(76);
  expect(nonceBits(num(decoded.core), 0, bits & 0x1ffffff)).toBe(bits);
  expect(rolledVersion(0x20000000, num(decoded.roll_counter), 0xffff)).toBe(num(decoded.version));
  expect(meetsTarget(hashWords(header), ticketTarget(0xff, 1))).toBe(true);
}

function checkPll(entry: Vector): void {
  expect(pllFrequencyMhz(Number.parseInt(entry.hex, 16))).toBeCloseTo(num(entry.decoded.mhz), 3);
}

const CHECKS: Record<string, (entry: Vector) => void> = {
  command: checkCommand,
  job: checkJob,
  "register reply": checkRegisterReply,
  "verified nonce": checkVerifiedNonce,
  "loose nonce": checkNonceFrame,
  "nonce bytes": checkNonceBytes,
  pll: checkPll,
};

function checkOf(kind: string): (entry: Vector) => void {
  const check = CHECKS[kind];
  if (check === undefined) throw new Error(`nobody checks a ${kind}`);
  return check;
}

/** How many entries of each kind the file holds for these chips. */
const EXPECTED_COUNTS: Record<string, number> = {
  command: 270,
  job: 58,
  "register reply": 54,
  "verified nonce": 95,
  "loose nonce": 4,
  "nonce bytes": 30,
  pll: 143,
};

const visited = new Map<string, number>();

test.each(Object.keys(CHECKS))("every captured %s agrees with the chips' side", (kind) => {
  for (const entry of entries.filter((e) => kindOf(e) === kind)) {
    checkOf(kind)(entry);
    visited.set(kind, (visited.get(kind) ?? 0) + 1);
  }
  expect(visited.get(kind)).toBe(EXPECTED_COUNTS[kind]);
});

test("no entry of these chips was left out", () => {
  const sum = [...visited.values()].reduce((a, b) => a + b, 0);
  expect(sum).toBe(entries.length);
  expect(entries).toHaveLength(654);
});
