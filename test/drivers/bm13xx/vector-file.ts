/** Typed access to test/vectors/chips.json, and the job frame read backwards, for the tests of this folder. */
import fs from "node:fs";

export interface Vector {
  chip: string;
  direction: "tx" | "rx" | "pll";
  hex: string;
  meaning: string;
  decoded: Record<string, unknown>;
  source: string;
}

export function loadVectors(...chips: string[]): Vector[] {
  const all = JSON.parse(fs.readFileSync("test/vectors/chips.json", "utf8")) as Vector[];
  return all.filter((entry) => chips.includes(entry.chip));
}

export function fromHex(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex, "hex"));
}

export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

/** A decoded field as a number; JSON holds some as 0x text. */
export function num(entry: Vector, field: string): number {
  const value = entry.decoded[field];
  if (typeof value !== "number" && typeof value !== "string") throw new Error(`${entry.hex} has no ${field}`);
  return Number(value);
}

export function text(entry: Vector, field: string): string {
  return String(entry.decoded[field]);
}

/** 80-byte header from its parts as they stand in the vectors. */
export function makeHeader(parts: {
  version: number;
  prevHashHex: string;
  merkleRootHex: string;
  ntime: number;
  nbits: number;
}): Uint8Array {
  const header = Buffer.alloc(80);
  header.writeUInt32LE(parts.version, 0);
  header.set(fromHex(parts.prevHashHex), 4);
  header.set(fromHex(parts.merkleRootHex), 36);
  header.writeUInt32LE(parts.ntime, 68);
  header.writeUInt32LE(parts.nbits, 72);
  return Uint8Array.from(header);
}

/** Header of a captured job frame, word by word from the documented layout (not by the code under test). */
export function headerOfJobFrame(frame: Uint8Array): Uint8Array {
  const header = new Uint8Array(80);
  header.set(frame.subarray(82, 86), 0);
  for (let word = 0; word < 8; word++) {
    header.set(frame.subarray(50 + word * 4, 54 + word * 4), 4 + (7 - word) * 4);
    header.set(frame.subarray(18 + word * 4, 22 + word * 4), 36 + (7 - word) * 4);
  }
  header.set(frame.subarray(14, 18), 68);
  header.set(frame.subarray(10, 14), 72);
  return header;
}

/** Checks every entry and counts them by chip and kind; what fails is named with its source. */
export function checkAll<Kind extends string>(
  entries: readonly Vector[],
  kindOf: (entry: Vector) => Kind,
  check: (entry: Vector, kind: Kind) => void,
): Record<string, Record<string, number>> {
  const visited: Record<string, Record<string, number>> = {};
  for (const entry of entries) {
    const kind = kindOf(entry);
    try {
      check(entry, kind);
    } catch (error) {
      throw new Error(`${entry.chip} ${kind} ${entry.hex} (${entry.source})`, { cause: error });
    }
    const counts = visited[entry.chip] ?? {};
    visited[entry.chip] = counts;
    counts[kind] = (counts[kind] ?? 0) + 1;
  }
  return visited;
}
