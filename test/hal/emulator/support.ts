/** Shared by the emulator's tests: frames as a host would send them, written out bit by bit, and a chain on a bench. */
import { createHash } from "node:crypto";
import fs from "node:fs";
import { ChainModel } from "../../../hal/emulator/chain-model.ts";
import { CHIP_FACTS, type ChipName } from "../../../hal/emulator/chip-facts.ts";
import { type ChainFaults, noChainFaults } from "../../../hal/emulator/faults.ts";
import { SeededRandom } from "../../../hal/emulator/prng.ts";
import { VirtualClock } from "../../../hal/emulator/virtual-clock.ts";

export const RESET_BAUD = 25e6 / (8 * 27);
export const FAST_BAUD = 3_125_000;
/** 1,024 hashes a nonce at the stock ticket of 256. */
export const DEMO_SCALE = (2 ** 32 * 256) / 1024;

type DecodedField =
  | "block_hash"
  | "block_header"
  | "broadcast"
  | "chip_address"
  | "chip_index"
  | "command"
  | "core"
  | "counter25"
  | "difficulty"
  | "excess_byte"
  | "job_frame"
  | "job_header_byte"
  | "job_id4"
  | "job_id5"
  | "matched_job_header_byte"
  | "merkle_root_header_order"
  | "mhz"
  | "nbits"
  | "new_address"
  | "nonce_be"
  | "note"
  | "ntime"
  | "prev_hash_header_order"
  | "register"
  | "result_header"
  | "roll_counter"
  | "small_core"
  | "sweep_counter"
  | "value"
  | "version";

export interface Vector {
  chip: string;
  direction: "tx" | "rx" | "pll";
  hex: string;
  meaning: string;
  decoded: Partial<Record<DecodedField, unknown>>;
}

export function loadVectors(): Vector[] {
  return JSON.parse(fs.readFileSync("test/vectors/chips.json", "utf8")) as Vector[];
}

export function bytes(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex.replaceAll(" ", ""), "hex"));
}

export function hex(data: Uint8Array): string {
  return Buffer.from(data).toString("hex");
}

/** CRC of the documents, one step a bit: written apart from the tables under test. */
function bitwiseCrc(data: readonly number[], width: number, polynomial: number, start: number): number {
  const top = 2 ** (width - 1);
  let crc = start;
  for (const byte of data) {
    for (let bit = 7; bit >= 0; bit--) {
      const feedback = (crc & top ? 1 : 0) ^ ((byte >> bit) & 1);
      crc = ((crc * 2) % 2 ** width) ^ (feedback ? polynomial : 0);
    }
  }
  return crc;
}

function command(header: number, payload: number[]): Uint8Array {
  const body = [header, payload.length + 3, ...payload];
  return Uint8Array.from([0x55, 0xaa, ...body, bitwiseCrc(body, 5, 5, 0x1f)]);
}

function valueBytes(value: number): number[] {
  return [value >>> 24, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff];
}

export const writeAll = (register: number, value: number): Uint8Array =>
  command(0x51, [0, register, ...valueBytes(value)]);
export const writeOne = (address: number, register: number, value: number): Uint8Array =>
  command(0x41, [address, register, ...valueBytes(value)]);
export const readAll = (register: number): Uint8Array => command(0x52, [0, register]);
export const readOne = (address: number, register: number): Uint8Array => command(0x42, [address, register]);
export const chainInactive = (): Uint8Array => command(0x53, [0, 0]);
export const setAddress = (address: number): Uint8Array => command(0x40, [address, 0]);

/** A job of arbitrary but fixed fields; `salt` changes the merkle root. */
export function jobFrame(
  jobByte: number,
  salt = 1,
  options: { version?: number; lengthByte?: number } = {},
): Uint8Array {
  const version = options.version ?? 0x20000000;
  const data = [jobByte, 1, 0, 0, 0, 0, 0xf8, 0x95, 0x24, 0x19, 0xe0, 0x16, 0xaf, 0x64];
  for (let i = 0; i < 64; i++) data.push((i * 37 + salt * 101) & 0xff);
  data.push(version & 0xff, (version >>> 8) & 0xff, (version >>> 16) & 0xff, version >>> 24);
  const body = [0x21, options.lengthByte ?? 0x36, ...data];
  const crc = bitwiseCrc(body, 16, 0x1021, 0xffff);
  return Uint8Array.from([0x55, 0xaa, ...body, crc >> 8, crc & 0xff]);
}

export interface Nonce {
  atMs: number;
  bits: number;
  excess: number;
  result: number;
  roll: number;
}

export interface Bench {
  chain: ChainModel;
  clock: VirtualClock;
  faults: ChainFaults;
  /** Everything that came out, a frame an entry. */
  frames: { atMs: number; baud: number; bytes: Uint8Array }[];
  send(...frames: Uint8Array[]): void;
  nonces(): Nonce[];
  registers(): { value: number; address: number; register: number }[];
  clear(): void;
}

export interface BenchOptions {
  chip?: ChipName;
  chipCount?: number;
  scale?: number;
  seed?: number;
  isStrict?: boolean;
  faults?: Partial<ChainFaults>;
}

/** A chain without its wires: powered, out of reset and past its start-up time, no noise. */
export async function bench(options: BenchOptions = {}): Promise<Bench> {
  const clock = new VirtualClock();
  const faults: ChainFaults = { ...noChainFaults(), noiseBurstBytes: 0, ...options.faults };
  const frames: Bench["frames"] = [];
  const chain = new ChainModel({
    facts: CHIP_FACTS[options.chip ?? "BM1368"],
    chipCount: options.chipCount ?? 108,
    clock,
    random: new SeededRandom(options.seed ?? 1),
    scale: options.scale ?? DEMO_SCALE,
    isStrict: options.isStrict ?? true,
    faults,
    send: (data, length, baud) => frames.push({ atMs: clock.nowMs(), baud, bytes: data.slice(0, length) }),
  });
  chain.setPower(true);
  chain.setReset(false);
  await clock.advance(100);
  return {
    chain,
    clock,
    faults,
    frames,
    send: (...list) => {
      for (const frame of list) chain.receive(frame, chain.baud);
    },
    nonces: () =>
      frames.filter((f) => (f.bytes.at(-1) ?? 0) >= 0x80).map((f) => ({ atMs: f.atMs, ...nonceOf(f.bytes) })),
    registers: () =>
      frames
        .filter((f) => (f.bytes.at(-1) ?? 0) < 0x80)
        .map(({ bytes: b }) => ({ value: wordAt(b, 2), address: b[6] ?? -1, register: b[7] ?? -1 })),
    clear: () => {
      frames.length = 0;
    },
  };
}

export function wordAt(data: Uint8Array, offset: number): number {
  return Buffer.from(data).readUInt32BE(offset);
}

export function nonceOf(frame: Uint8Array): Omit<Nonce, "atMs"> {
  return {
    bits: wordAt(frame, 2),
    excess: frame[6] ?? -1,
    result: frame[7] ?? -1,
    roll: frame.length === 11 ? Buffer.from(frame).readUInt16BE(8) : 0,
  };
}

export const PLL_466_MHZ = 0x50e00250;

/** Brings a bench chain to the state of a hashing stock S21, without the job. */
export function bringUp(
  rig: Bench,
  options: { hcn?: number; rollMask?: number; ticket?: number; pll?: number } = {},
): void {
  const chipCount = rig.chain.chips.length;
  const interval = Math.floor(256 / chipCount);
  rig.send(writeAll(0xa4, 0x9000ffff), chainInactive());
  for (let k = 0; k < chipCount; k++) rig.send(setAddress(k * interval));
  rig.send(writeAll(0x14, options.ticket ?? 0xff), writeAll(0x18, 0xf000c100), writeAll(0x3c, 0x800082aa));
  rig.send(writeAll(0x08, options.pll ?? PLL_466_MHZ));
  if (chipCount > 1 && rig.chain.chips[0]?.facts.windowSplit === "offset") {
    for (let k = 0; k < chipCount; k++) rig.send(writeOne(k * interval, 0x0c, 0x80000000 + offsetOf(k, chipCount)));
  }
  rig.send(writeAll(0x10, options.hcn ?? 0x15a4), writeAll(0xa4, 0x90000000 + (options.rollMask ?? 0xffff)));
}

export function offsetOf(chipIndex: number, chipCount: number): number {
  return Math.floor((65536 * chipIndex) / chipCount) + (chipIndex > 0 ? 1 : 0);
}

/** 16 hashes a nonce: for counting, where no nonce is checked for being right. */
export const CHEAP_SCALE = DEMO_SCALE * 64;
export const BASE_VERSION = 0x20000000;

/** The header's hash as a number, built from the job frame by the documents' byte tables alone. */
export function hashOf(frame: Uint8Array, nonce: Pick<Nonce, "bits" | "roll">, version = BASE_VERSION): bigint {
  const header = Buffer.alloc(80);
  header.writeUInt32LE((version | (nonce.roll << 13)) >>> 0, 0);
  for (let word = 0; word < 8; word++) {
    header.set(frame.subarray(50 + 28 - 4 * word, 54 + 28 - 4 * word), 4 + 4 * word);
    header.set(frame.subarray(18 + 28 - 4 * word, 22 + 28 - 4 * word), 36 + 4 * word);
  }
  header.set(frame.subarray(14, 18), 68);
  header.set(frame.subarray(10, 14), 72);
  header.writeUInt32BE(nonce.bits, 76);
  const once = createHash("sha256").update(header).digest();
  return BigInt(`0x${createHash("sha256").update(once).digest().reverse().toString("hex")}`);
}

export const boundOf = (scale: number, difficulty: number): bigint =>
  (BigInt(Math.round(scale)) << 224n) / BigInt(difficulty);
export const keyOf = (nonce: Nonce): string => `${nonce.bits}/${nonce.roll}`;
export const core = (nonce: Nonce): number => nonce.bits >>> 25;

export async function mine(rig: Bench, seconds: number): Promise<Nonce[]> {
  rig.clear();
  await rig.clock.advance(seconds * 1000);
  return rig.nonces();
}
