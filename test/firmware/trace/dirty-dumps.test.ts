/**
 * Dumps as people paste them, made of the frames in test/vectors: other spacings, prefixes, times, both directions, noise, torn
 * lines. What is whole is decoded, what is not is named, and no byte is lost or invented.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import { loadVectors, type Vector } from "../../drivers/bm13xx/vector-file.ts";
import { decode } from "./decode-support.ts";

function framesOf(...chips: string[]): Vector[] {
  return loadVectors(...chips).filter(({ direction, hex }) => direction !== "pll" && hex.length > 8);
}
const later = framesOf("BM1362", "BM1366", "BM1368", "BM1370");
/** Without the one reply of 9 bytes: in a stream of longer ones it is a torn one. */
const long = later.filter(({ hex }) => hex.length !== 18);
const middle = framesOf("BM1397");
const old = framesOf("BM1387");

const pairs = (hex: string): string[] => hex.match(/../g) ?? [];

/** Ways of writing bytes. */
const SPELLINGS: Readonly<Record<string, (hex: string) => string>> = {
  spaced: (hex) => pairs(hex).join(" "),
  upper: (hex) => pairs(hex.toUpperCase()).join(" "),
  joined: (hex) => hex,
  marked: (hex) =>
    pairs(hex)
      .map((byte) => `0x${byte.toUpperCase()}`)
      .join(", "),
  markedTight: (hex) =>
    pairs(hex)
      .map((byte) => `0x${byte}`)
      .join(","),
  colons: (hex) => pairs(hex).join(":"),
  words: (hex) => hex.match(/.{1,4}/g)?.join(" ") ?? "",
  bracketed: (hex) => `[${pairs(hex).join(" ")}]`,
  cArray: (hex) =>
    `{ ${pairs(hex)
      .map((byte) => `0x${byte}`)
      .join(", ")} },`,
};

/** What stands before them. `d` is TX or RX. */
const PREFIXES: Readonly<Record<string, (d: "tx" | "rx", ms: number) => string>> = {
  none: () => "",
  arrows: (d) => (d === "tx" ? "> " : "< "),
  longArrows: (d) => (d === "tx" ? "--> " : "<-- "),
  words: (d) => (d === "tx" ? "TX: " : "RX: "),
  clock: (d, ms) =>
    `[12:34:${String(ms % 60).padStart(2, "0")}.${String(ms % 1000).padStart(3, "0")}] ${d.toUpperCase()}: `,
  date: (d, ms) => `2024-01-09 19:05:${String(ms % 60).padStart(2, "0")},123 ${d} -> `,
  seconds: (d, ms) => `${(ms / 1000).toFixed(6)} ${d === "tx" ? ">" : "<"} `,
  esp: (d, ms) => `I (${ms}) bm1366: ${d}: `,
  syslog: (d, ms) => `Jan  9 19:05:01 miner kernel: [${(ms / 1000).toFixed(6)}] chain0 ${d} (frame): `,
};

const spelling = fc.constantFrom(...Object.keys(SPELLINGS));
const prefix = fc.constantFrom(...Object.keys(PREFIXES));

function lineOf(hex: string, how: string, before: string, direction: "tx" | "rx", ms: number): string {
  return `${PREFIXES[before]!(direction, ms)}${SPELLINGS[how]!(hex)}`;
}

/** Noise that begins no frame: the word of a splitter about bytes that do would be a guess as well. */
const noise = fc
  .uint8Array({ minLength: 5, maxLength: 9 })
  .map((bytes) => Buffer.from(bytes.map((byte) => (byte === 0x55 || byte === 0xaa ? 0x77 : byte))).toString("hex"));

function pieces(frames: readonly Vector[]) {
  const frame = fc.constantFrom(...frames);
  return fc.array(
    fc.oneof(
      {
        weight: 6,
        arbitrary: frame.map((v) => ({ kind: "whole" as const, hex: v.hex, d: v.direction as "tx" | "rx" })),
      },
      {
        weight: 2,
        arbitrary: fc.tuple(frame, fc.integer({ min: 2, max: 60 })).map(([v, n]) => ({
          kind: "torn" as const,
          hex: v.hex.slice(0, 2 * Math.min(n, v.hex.length / 2 - 1)),
          d: v.direction as "tx" | "rx",
        })),
      },
      { weight: 1, arbitrary: noise.map((hex) => ({ kind: "noise" as const, hex, d: "rx" as const })) },
    ),
    { minLength: 1, maxLength: 25 },
  );
}

/** Frames that were whole must come out, in order; more may (a torn one may hit its check by chance: one in 32). */
function isSubsequence(expected: readonly string[], seen: readonly string[]): boolean {
  let at = 0;
  for (const hex of seen) if (hex === expected[at]) at++;
  return at === expected.length;
}

for (const [name, frames, chip] of [
  ["whole-header chips", later, "BM1366"],
  ["BM1397", middle, "BM1397"],
] as const) {
  test(`${name}: whole frames are found between torn ones and noise, and every byte is told`, () => {
    fc.assert(
      fc.property(
        pieces(frames),
        spelling,
        prefix,
        fc.integer({ min: 1, max: 200 }),
        (list, how, before, chunkBytes) => {
          const text = list.map(({ hex, d }, i) => lineOf(hex, how, before, d, 1000 + 7 * i)).join("\n");
          const found = decode(`${text}\n`, { chip, chunkBytes });
          const bytes = list.reduce((sum, { hex }) => sum + hex.length / 2, 0);
          expect([found.byteCount, found.toldBytes]).toEqual([bytes, bytes]);
          // Directions have streams of their own where the lines name them, so each keeps its own order.
          for (const d of ["tx", "rx"]) {
            const whole = list.filter((piece) => piece.kind === "whole" && piece.d === d).map(({ hex }) => hex);
            const isCommand = (kind: string): boolean => kind !== "register" && kind !== "nonce";
            const seen = found.frames
              .filter(({ frame }) => isCommand(frame.kind) === (d === "tx"))
              .map(({ hex }) => hex);
            expect(isSubsequence(whole, seen)).toBe(true);
          }
          const torn = list.some(({ kind }) => kind !== "whole");
          expect(torn || found.unknown.length === 0).toBe(true);
        },
      ),
      { numRuns: 300 },
    );
  });
}

test("BM1387, which has no preamble: whole lines are found, every byte is told", () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(...old), { minLength: 1, maxLength: 25 }),
      spelling,
      prefix,
      (list, how, before) => {
        const text = list
          .map(({ hex, direction }, i) => lineOf(hex, how, before, direction as "tx" | "rx", 500 + i))
          .join("\n");
        const found = decode(text, { chip: "bm1387" });
        expect(found.toldBytes).toBe(list.reduce((sum, { hex }) => sum + hex.length / 2, 0));
        expect(found.frames.map(({ hex }) => hex).sort()).toEqual(list.map(({ hex }) => hex).sort());
      },
    ),
    { numRuns: 200 },
  );
});

test("a stream is the same however it is cut into chunks, and raw bytes are read as they are", () => {
  const bytes = Buffer.from(long.map(({ hex }) => hex).join(""), "hex");
  const whole = decode(bytes, { chip: "BM1366" });
  expect(whole.unknown).toEqual([]);
  expect(whole.frames.map(({ hex }) => hex)).toEqual(long.map(({ hex }) => hex));
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5000 }), (chunkBytes) => {
      const cut = decode(bytes, { chip: "BM1366", chunkBytes: Math.max(chunkBytes, 4096) });
      expect(cut.frames.map(({ hex }) => hex)).toEqual(whole.frames.map(({ hex }) => hex));
    }),
    { numRuns: 20 },
  );
});

test("noise on the wire costs the frames that it touches and no byte", () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(...long), { minLength: 3, maxLength: 20 }),
      fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 6 }),
      (list, hits) => {
        const bytes = Buffer.from(list.map(({ hex }) => hex).join(""), "hex");
        for (const [place, value] of hits) bytes[place % bytes.length] = value;
        const found = decode(`${bytes.toString("hex")}\n`, { chip: "BM1366" });
        expect(found.toldBytes).toBe(bytes.length);
        if (hits.length === 0) expect(found.frames).toHaveLength(list.length);
      },
    ),
    { numRuns: 300 },
  );
});

test("hexdump -C, xxd and od are read by their columns, and frames may lie over their lines", () => {
  const some = long.slice(0, 40);
  const bytes = Buffer.from(some.map(({ hex }) => hex).join(""), "hex");
  const rows = Array.from({ length: Math.ceil(bytes.length / 16) }, (_, i) => bytes.subarray(16 * i, 16 * i + 16));
  const ascii = (row: Buffer): string => row.toString("latin1").replaceAll(/[^ -~]/g, ".");
  const hex = (row: Buffer): string[] => pairs(row.toString("hex"));
  const offset = (i: number, width: number): string => (16 * i).toString(16).padStart(width, "0");
  const dumps = {
    hexdump: rows.map(
      (row, i) =>
        `${offset(i, 8)}  ${hex(row).slice(0, 8).join(" ")}  ${hex(row).slice(8).join(" ")}`.padEnd(60) +
        `|${ascii(row)}|`,
    ),
    xxd: rows.map(
      (row, i) =>
        `${offset(i, 8)}: ${(row.toString("hex").match(/.{1,4}/g) ?? []).join(" ").padEnd(39)}  ${ascii(row)}`,
    ),
    od: rows.map((row, i) => `${offset(i, 6)} ${hex(row).join(" ")}`),
  };
  // The last line of hexdump and od is the length.
  dumps.hexdump.push(bytes.length.toString(16).padStart(8, "0"));
  dumps.od.push(bytes.length.toString(16).padStart(6, "0"));
  for (const lines of Object.values(dumps)) {
    const found = decode(`${lines.join("\n")}\n`, { chip: "BM1366" });
    expect(found.frames.map((f) => f.hex)).toEqual(some.map((v) => v.hex));
    expect(found.unknown).toEqual([]);
  }
});

test("tables of analysers, one byte a line, and what sigrok prints", () => {
  const command = "55aa520500000a";
  const reply = "aa5513680000000000000f";
  const saleae = [
    "Time [s],Value,Parity Error,Framing Error",
    ...pairs(command + reply).map((b, i) => `${(0.001 * i).toFixed(6)},0x${b.toUpperCase()},,`),
  ];
  const logic2 = [
    "name,type,start_time,duration,data,error",
    ...pairs(command).map((b, i) => `"TX","data",${0.001 * i},0.00008,0x${b},`),
    ...pairs(reply).map((b, i) => `"RX","data",${0.1 + 0.001 * i},0.00008,0x${b},`),
  ];
  const sigrok = [...pairs(command).map((b) => `uart-1: TX: ${b}`), ...pairs(reply).map((b) => `uart-1: RX: ${b}`)];
  for (const lines of [saleae, logic2, sigrok]) {
    const found = decode(`${lines.join("\n")}\n`);
    expect(found.frames.map(({ hex }) => hex)).toEqual([command, reply]);
    expect(found.unknown).toEqual([]);
    expect(found.chip).toBe("BM1368");
  }
  expect(decode(`${saleae.join("\n")}\n`).frames.map(({ tMs }) => tMs)).toEqual([0, 7]);
});

test("words are no bytes, half bytes are told, torn frames are named", () => {
  const found = decode(
    [
      "I (300) main: bad face, dead chip 12 of 108",
      "TX 55 AA 51 09 00 A4 90 00 F",
      "RX AA 55 13 68 00 00",
      "RX aa 55 13 68 00 00 00 00 00 00 0f",
      "TX 55 AA 52 05 00 00 0B",
    ].join("\n"),
  );
  expect(found.frames.map(({ hex }) => hex)).toEqual(["aa5513680000000000000f"]);
  expect(found.unknown.map(({ reason, hex }) => [reason, hex])).toEqual(
    expect.arrayContaining([
      ["truncated", "aa5513680000"],
      ["truncated", "55aa510900a49000"],
      ["badCheck", "55aa520500000b"],
    ]),
  );
  expect(found.texts.map(({ line, why }) => [line, why])).toEqual([
    [1, "noBytes"],
    [2, "halfByte"],
  ]);
});
