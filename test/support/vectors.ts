/** Reads the vectors; where they come from is told in test/vectors/README.md. */
import fs from "node:fs";

export interface StratumVector {
  name: string;
  kind: "share" | "header" | "midstate" | "midstate_to_hash";
  notify?: Record<string, unknown> & { version: string; nbits: string; ntime: string };
  extranonce1?: string;
  extranonce2?: string;
  extranonce2_size?: number;
  ntime?: string;
  nonce?: string;
  version_mask?: string;
  version_bits?: string;
  header_version?: string;
  expect: Record<string, string> & { difficulty: number };
  merkle_branch?: string[];
  coinbase_hash_internal?: string;
  prevhash?: string;
  version?: string;
  nbits?: string;
  merkle_root_internal?: string;
}

export interface StratumVectors {
  vectors: StratumVector[];
  difficulty_to_target: { difficulty: number; target: string }[];
  nbits_to_target: { nbits: string; target: string; difficulty: number }[];
}

export interface ChipVector {
  chip: string;
  direction: "tx" | "rx" | "pll";
  hex: string;
  meaning: string;
  decoded: Record<string, unknown>;
}

function read(name: string): unknown {
  return JSON.parse(fs.readFileSync(new URL(`../vectors/${name}`, import.meta.url), "utf8"));
}

export const stratumVectors = read("stratum.json") as StratumVectors;
export const chipVectors = read("chips.json") as ChipVector[];

export function bytes(hex: string): Uint8Array {
  return new Uint8Array(Buffer.from(hex, "hex"));
}

export function hex(data: Uint8Array): string {
  return Buffer.from(data).toString("hex");
}
