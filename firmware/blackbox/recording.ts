/**
 * The file of the black box, one JSON object a line: what each machine decided on what, with its whole state wherever it
 * could not be reckoned from the line before, and what went over the wires. `replay.ts` reads it.
 */
import { z } from "zod";

export const RECORDING_VERSION = 1;

const header = z.object({
  k: z.literal("kumpel black box"),
  version: z.literal(RECORDING_VERSION),
  program: z.string(),
  machine: z.string(),
  /** Why it was written. */
  cause: z.string(),
  /** Monotonic ms of the program, and the wall clock at the same moment. */
  nowMs: z.number(),
  wallMs: z.number().min(-8.64e15).max(8.64e15),
});

/** State of a machine before the next decision; `context` is what else its step takes, such as limits. */
const checkpoint = z.object({
  k: z.literal("state"),
  t: z.number(),
  m: z.string(),
  state: z.unknown(),
  context: z.unknown().optional(),
});

const decision = z.object({
  k: z.literal("step"),
  t: z.number(),
  m: z.string(),
  in: z.unknown(),
  actions: z.array(z.unknown()),
  reason: z.string(),
});

/** A pool's line, secrets masked, long ones cut. */
const poolLine = z.object({
  k: z.literal("pool"),
  t: z.number(),
  pool: z.number(),
  dir: z.enum(["in", "out"]),
  line: z.string(),
});

/** Bytes of a chain's serial line as hex. */
const uartBytes = z.object({
  k: z.literal("uart"),
  t: z.number(),
  chain: z.number(),
  dir: z.enum(["in", "out"]),
  hex: z.string(),
});

const note = z.object({ k: z.literal("note"), t: z.number(), text: z.string() });

export const recordSchema = z.discriminatedUnion("k", [header, checkpoint, decision, poolLine, uartBytes, note]);
export type BlackBoxRecord = z.infer<typeof recordSchema>;
export type RecordingHeader = z.infer<typeof header>;
