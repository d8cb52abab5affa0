/** Every frame of test/vectors/chips.json, as `trace decode` sees it. None may be skipped. */
import { expect, test } from "vitest";
import { registerName, valueFields } from "#firmware/trace/register-meaning.ts";
import { frameText } from "#firmware/trace/render-text.ts";
import { chipNamed } from "#firmware/trace/wire-format.ts";
import { checkAll, loadVectors, num, text, type Vector } from "../../drivers/bm13xx/vector-file.ts";
import { decode } from "./decode-support.ts";

const CHIPS = ["BM1387", "BM1397", "BM1362", "BM1366", "BM1368", "BM1370"];
const entries = loadVectors(...CHIPS);

type Kind = "command" | "job" | "reply" | "nonce" | "nonceBytes" | "pll";

function kindOf(entry: Vector): Kind {
  if (entry.direction === "pll") return "pll";
  if (entry.direction === "tx") return "command" in entry.decoded ? "command" : "job";
  if (entry.hex.length === 8) return "nonceBytes";
  return num(entry, "type") === 4 ? "nonce" : "reply";
}

function one(entry: Vector) {
  const found = decode(`${entry.hex}\n`, { chip: entry.chip, chipCount: 108, addressInterval: 2 });
  expect(found.unknown).toEqual([]);
  expect(found.frames.map(({ hex }) => hex)).toEqual([entry.hex]);
  return found.frames[0]!.frame;
}

const COMMANDS: Readonly<Record<string, string>> = {
  "write-register": "write",
  "read-register": "read",
  "set-address": "setAddress",
  "chain-inactive": "chainInactive",
  // As the test bench of BM1387 has them.
  "8": "write",
  "4": "read",
  "1": "setAddress",
  "5": "chainInactive",
};

function checkCommand(entry: Vector): void {
  const frame = one(entry);
  expect(frame.kind).toBe(COMMANDS[text(entry, "command")]);
  const to =
    entry.decoded["broadcast"] === true
      ? null
      : num(entry, "chip_address" in entry.decoded ? "chip_address" : "new_address");
  if (frame.kind === "setAddress") expect(frame.address).toBe(to);
  if (frame.kind === "write" || frame.kind === "read") {
    expect(frame.to).toBe(to);
    expect(frame.register).toBe(num(entry, "register"));
    expect(frame.name).toBe(registerName(chipNamed(entry.chip), frame.register));
  }
  // The test bench of BM1387 writes hex without 0x.
  const value = text(entry, "value");
  if (frame.kind === "write") expect(frame.value).toBe(Number(value.startsWith("0x") ? value : `0x${value}`));
}

function checkJob(entry: Vector): void {
  const frame = one(entry);
  if (frame.kind !== "job") throw new Error(`it is a ${frame.kind}`);
  const { decoded } = entry;
  // One entry tells its header only.
  const idField = ["job_header_byte", "job_id"].find((field) => field in decoded);
  expect(frame.idByte).toBe(idField === undefined ? Number.parseInt(entry.hex.slice(8, 10), 16) : num(entry, idField));
  const bigEndian = (field: string): number => Buffer.from(text(entry, field), "hex").readUInt32LE();
  if ("nbits" in decoded) expect(frame.nBits).toBe(num(entry, "nbits"));
  if ("ntime" in decoded) expect(frame.nTime).toBe(num(entry, "ntime"));
  if ("nbits_le" in decoded) expect(frame.nBits).toBe(bigEndian("nbits_le"));
  if ("ntime_le" in decoded) expect(frame.nTime).toBe(bigEndian("ntime_le"));
  if ("merkle_tail" in decoded) expect(frame.merkleTail).toBe(text(entry, "merkle_tail"));
  if ("merkle_root_header_order" in decoded && "prev_hash_header_order" in decoded) {
    expect(frame.merkleRoot).toBe(text(entry, "merkle_root_header_order"));
    expect(frame.prevHash).toBe(text(entry, "prev_hash_header_order"));
    expect(frame.version).toBe(num(entry, "version"));
  }
  if ("num_midstates" in decoded && frame.form === "midstate") {
    expect(frame.midstates).toHaveLength(num(entry, "num_midstates"));
  }
}

function checkReply(entry: Vector): void {
  const frame = one(entry);
  if (frame.kind !== "register") throw new Error(`it is a ${frame.kind}`);
  if ("bytes_0_3" in entry.decoded) {
    expect(frame.value).toBe(Number.parseInt(text(entry, "bytes_0_3"), 16));
    return;
  }
  expect(frame.value).toBe(num(entry, "value"));
  expect([frame.chipAddress, frame.register]).toEqual([num(entry, "chip_address"), num(entry, "register")]);
}

function checkNonce(entry: Vector): void {
  const frame = one(entry);
  if (frame.kind !== "nonce") throw new Error(`it is a ${frame.kind}`);
  const { decoded } = entry;
  const seen: Record<string, unknown> = {
    nonce_le: frame.nonce,
    nonce_be: frame.nonceWord,
    core: frame.core,
    core8: frame.core,
    small_core: frame.engine,
    job_id4: frame.jobId,
    job_id5: frame.jobId,
    job_header_byte: frame.jobId,
    midstate_index: frame.midstate,
    excess_byte: frame.excessByte,
    version_bits: frame.versionBits,
    chip_index: frame.chipIndex,
  };
  // Four-bit chips are told apart by what comes back, and their job ids of five bits are the sender's own.
  const fields = Object.keys(decoded).filter((key) => key in seen && !(entry.chip === "BM1368" && key === "job_id5"));
  for (const field of fields) expect([field, seen[field]]).toEqual([field, num(entry, field)]);
}

function checkEntry(entry: Vector, kind: Kind): void {
  switch (kind) {
    case "command":
      checkCommand(entry);
      return;
    case "job":
      checkJob(entry);
      return;
    case "reply":
      checkReply(entry);
      return;
    case "nonce":
      checkNonce(entry);
      return;
    case "nonceBytes": {
      // Four bytes of a nonce without their frame: shown as they are.
      const found = decode(`${entry.hex}\n`, { chip: entry.chip });
      expect(found.unknown.map(({ hex }) => hex).join("")).toBe(entry.hex);
      return;
    }
    case "pll": {
      const fields = valueFields(chipNamed(entry.chip), "pll0", Number.parseInt(entry.hex, 16));
      expect(fields["frequency_mhz"]).toBeCloseTo(num(entry, "mhz"), 2);
      return;
    }
  }
}

test("every vector decodes to what it says it is", () => {
  const visited = checkAll(entries, kindOf, checkEntry);
  expect(entries).toHaveLength(785);
  expect(visited).toMatchInlineSnapshot(`
    {
      "BM1362": {
        "command": 20,
        "nonce": 1,
        "reply": 1,
      },
      "BM1366": {
        "command": 160,
        "job": 44,
        "nonce": 70,
        "nonceBytes": 30,
        "pll": 76,
        "reply": 21,
      },
      "BM1368": {
        "command": 63,
        "job": 13,
        "nonce": 24,
        "pll": 67,
        "reply": 30,
      },
      "BM1370": {
        "command": 27,
        "job": 1,
        "nonce": 4,
        "reply": 2,
      },
      "BM1387": {
        "command": 19,
        "job": 11,
        "nonce": 9,
        "nonceBytes": 2,
        "pll": 58,
        "reply": 8,
      },
      "BM1397": {
        "command": 16,
        "job": 3,
        "nonce": 3,
        "reply": 2,
      },
    }
  `);
});

test("without a word about the chip every frame is found, too, and nothing else", () => {
  const framed = entries.filter((entry) => ["command", "job", "reply", "nonce"].includes(kindOf(entry)));
  for (const entry of framed.filter(({ chip }) => chip !== "BM1387")) {
    const found = decode(`${entry.hex}\n`);
    expect(found.frames.map(({ hex }) => hex)).toEqual([entry.hex]);
    expect(found.unknown).toEqual([]);
  }
  // One BM1387 trace: its commands name it, then its replies are believed.
  const old = framed.filter(({ chip }) => chip === "BM1387").sort((a, b) => (a.direction < b.direction ? 1 : -1));
  const found = decode(`${old.map(({ hex }) => hex).join("\n")}\n`);
  expect(found.chip).toBe("BM1387");
  expect(found.frames.map(({ hex }) => hex)).toEqual(old.map(({ hex }) => hex));
  expect(found.unknown).toEqual([]);
});

test("frames have a line that a person can read", () => {
  const lines = [
    "55aa51090014000000ff08",
    "55aa510900a49000ffff1c",
    "aa5513680000000000000f",
    "55aa5305000003",
    "aa558000078300b4000019",
  ].map((hex) => frameText(decode(`${hex}\n`, { chip: "BM1368" }).frames[0]!.frame));
  expect(lines).toMatchInlineSnapshot(`
    [
      "write all ticketMask (0x14) = 0x000000ff: difficulty 256",
      "write all versionRolling (0xa4) = 0x9000ffff: enabled, version_mask 0x1fffe000",
      "reply 0x00 chipId (0x00) = 0x13680000: chip BM1368, chip_address 0",
      "chain inactive",
      "reply 0x00 temperatureResult (0xb4) = 0x80000783: temperature_c 29.976",
    ]
  `);
});
