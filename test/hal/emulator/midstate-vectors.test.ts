/** Every entry of BM1387 and BM1397 from the chips' side: what a host sent is parsed, what chips sent is built again. */
import { expect, test } from "vitest";
import { CHIP_FACTS, type ChipFacts, type ChipName } from "../../../hal/emulator/chip-facts.ts";
import { FrameHunter } from "../../../hal/emulator/frame-hunter.ts";
import { MidstateChip } from "../../../hal/emulator/midstate-chip.ts";
import type { MidstateFacts } from "../../../hal/emulator/midstate-facts.ts";
import { MidstateJob } from "../../../hal/emulator/midstate-job.ts";
import { midstateNonceBits } from "../../../hal/emulator/midstate-search.ts";
import { buildMidstateReply } from "../../../hal/emulator/reply-frame.ts";
import { meetsTarget, ticketTarget } from "../../../hal/emulator/ticket-target.ts";
import { DoubleSha256 } from "../../../hal/sha256.ts";
import { bytes, hex, loadVectors, type Vector } from "./support.ts";

const CHIPS: readonly string[] = ["BM1387", "BM1397", "BM1398"];
const entries = loadVectors().filter((entry) => CHIPS.includes(entry.chip));

function field(entry: Vector, name: string): unknown {
  return (entry.decoded as Record<string, unknown>)[name];
}

const factsOf = (entry: Vector): ChipFacts => CHIP_FACTS[entry.chip as ChipName];
function wireOf(entry: Vector): MidstateFacts {
  const wire = factsOf(entry).midstate;
  if (wire === null) throw new Error(`${entry.chip} takes headers`);
  return wire;
}

function parse(entry: Vector) {
  const commands: { header: number; chipAddress: number; register: number; value: number }[] = [];
  const jobs: Uint8Array[] = [];
  let bad = 0;
  const hunter = new FrameHunter(
    {
      onCommand: (header, chipAddress, register, value) => commands.push({ header, chipAddress, register, value }),
      onJob: (job) => jobs.push(job.slice()),
      onBadCommandCrc: () => bad++,
      onBadJobCrc: () => bad++,
    },
    wireOf(entry),
  );
  for (const byte of bytes(entry.hex)) hunter.feed(byte);
  return { commands, jobs, bad };
}

function checkCommand(entry: Vector): void {
  const { commands, bad } = parse(entry);
  expect(bad).toBe(0);
  expect(commands).toHaveLength(1);
  const found = commands[0];
  const codes = wireOf(entry).codes;
  const name = String(entry.decoded.command);
  const code = {
    "set-address": codes.setAddress,
    "write-register": codes.writeRegister,
    "read-register": codes.readRegister,
    "chain-inactive": codes.chainInactive,
  }[name];
  expect((found?.header ?? 0) & 0x0f).toBe(code ?? Number(name));
  expect(((found?.header ?? 0) & 0x10) !== 0).toBe(entry.decoded.broadcast);
  if (entry.decoded.register !== undefined) expect(found?.register).toBe(entry.decoded.register);
  const address = field(entry, "new_address") ?? entry.decoded.chip_address;
  if (address !== undefined) expect(found?.chipAddress).toBe(address);
  const value = entry.decoded.value;
  expect(found?.value).toBe(typeof value === "string" ? Number.parseInt(value.replace("0x", ""), 16) : 0);
}

function jobOf(entry: Vector): MidstateJob {
  const { jobs, bad } = parse(entry);
  expect(bad).toBe(0);
  expect(jobs).toHaveLength(1);
  const job = new MidstateJob();
  job.readFrame(jobs[0] ?? new Uint8Array(0), wireOf(entry).hasPreamble ? 4 : 2);
  return job;
}

function checkJob(entry: Vector): void {
  const job = jobOf(entry);
  const frame = bytes(entry.hex);
  const at = wireOf(entry).hasPreamble ? 2 : 0;
  expect(job.id).toBe(frame[at + 2]);
  expect(job.count).toBe(((frame[at + 1] ?? 0) - 22) / 32);
  if (field(entry, "num_midstates") !== undefined) expect(job.count).toBe(field(entry, "num_midstates"));
  const wordHex = (word: number): string => (word >>> 0).toString(16).padStart(8, "0");
  if (field(entry, "nbits_le") !== undefined) expect(wordHex(job.tail2)).toBe(field(entry, "nbits_le"));
  if (field(entry, "ntime_le") !== undefined) expect(wordHex(job.tail1)).toBe(field(entry, "ntime_le"));
  if (field(entry, "merkle_tail") !== undefined) expect(wordHex(job.tail0)).toBe(field(entry, "merkle_tail"));
  // The whole state, byte-reversed, is what stands on the wire.
  for (let slot = 0; slot < job.count; slot++) {
    const state = Buffer.alloc(32);
    for (let i = 0; i < 8; i++) state.writeInt32LE(job.midstates[8 * slot + i] ?? 0, 4 * i);
    expect(hex(state.reverse())).toBe(hex(frame.subarray(at + 20 + 32 * slot, at + 52 + 32 * slot)));
  }
}

function checkReply(entry: Vector): void {
  const out = new Uint8Array(16);
  const { hasPreamble } = wireOf(entry);
  const raw = field(entry, "bytes_0_3") ?? entry.decoded.value;
  const value = Number.parseInt(String(raw).replace("0x", ""), 16);
  const [chip, register] = [Number(entry.decoded.chip_address ?? 0), Number(entry.decoded.register ?? 0)];
  const length = buildMidstateReply(out, hasPreamble, false, value, chip, register);
  expect(hex(out.subarray(0, length))).toBe(entry.hex);
}

function checkNonce(entry: Vector): void {
  const out = new Uint8Array(16);
  const wire = wireOf(entry);
  const frame = bytes(entry.hex);
  const at = wire.hasPreamble ? 2 : 0;
  const bits = Buffer.from(frame).readUInt32BE(at);
  const id = Number(
    field(entry, "byte5_job_id") ?? Number(entry.decoded.job_header_byte) + Number(field(entry, "midstate_index")),
  );
  const middle = Number(field(entry, "byte4") ?? field(entry, "byte6") ?? 0);
  const length = buildMidstateReply(out, wire.hasPreamble, true, bits, middle, id);
  expect(hex(out.subarray(0, length))).toBe(entry.hex);
  if (field(entry, "core8") === undefined) return;
  const address = Number(entry.decoded.chip_address);
  const counter = (bits & 0x3fff) | (((bits >>> 22) & 3) << 14);
  expect(midstateNonceBits(wire.nonceForm, Number(field(entry, "core8")), address, 1, counter)).toBe(bits);
}

/** The finds of the works that open cores: difficulties between 1 and 2, so a ticket of 2 hides them. */
function checkNonceWord(entry: Vector): void {
  const work = entries.find((e) => e.hex.startsWith("2136000100000000ffffffff"));
  if (work === undefined) throw new Error("its work is not in the file");
  const job = jobOf(work);
  expect(job.opensCore).toBe(true);
  const words = new Int32Array(8);
  const bits = Buffer.from(entry.hex, "hex").readInt32BE(0);
  new DoubleSha256().tail(words, job.midstates.subarray(0, 8), job.tail0, job.tail1, job.tail2, bits);
  expect(meetsTarget(words, ticketTarget(0, 1))).toBe(true);
  expect(meetsTarget(words, ticketTarget(0x80, 1))).toBe(false);
}

function checkPll(entry: Vector): void {
  const chip = new MidstateChip(factsOf(entry), wireOf(entry), 0);
  chip.write(wireOf(entry).registers.pll, Number.parseInt(entry.hex, 16));
  expect(chip.frequencyMhz).toBeCloseTo(Number(entry.decoded.mhz), 6);
  expect(chip.read(wireOf(entry).registers.pll) >>> 31).toBe(1);
}

const CHECKS: Record<string, (entry: Vector) => void> = {
  command: checkCommand,
  job: checkJob,
  reply: checkReply,
  nonce: checkNonce,
  "nonce word": checkNonceWord,
  pll: checkPll,
};

function kindOf(entry: Vector): string {
  if (entry.direction === "pll") return "pll";
  if (entry.direction === "tx") return entry.decoded.command === undefined ? "job" : "command";
  if (entry.hex.length === 8) return "nonce word";
  return field(entry, "type") === 0 ? "reply" : "nonce";
}

function checkOf(kind: string): (entry: Vector) => void {
  const check = CHECKS[kind];
  if (check === undefined) throw new Error(`nobody checks a ${kind}`);
  return check;
}

/** BM1387 and BM1397 together; no BM1398 was ever captured. */
const EXPECTED_COUNTS: Record<string, number> = {
  command: 35,
  job: 14,
  reply: 10,
  nonce: 12,
  "nonce word": 2,
  pll: 58,
};

test("every entry agrees with the chips' side, and none is left out", () => {
  const visited: Record<string, number> = {};
  for (const entry of entries) {
    const kind = kindOf(entry);
    try {
      checkOf(kind)(entry);
    } catch (error) {
      throw new Error(`${entry.chip} ${kind} ${entry.hex}`, { cause: error });
    }
    visited[kind] = (visited[kind] ?? 0) + 1;
  }
  expect(visited).toEqual(EXPECTED_COUNTS);
  expect(entries).toHaveLength(131);
});
