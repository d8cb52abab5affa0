/** `trace verify`: hashes every nonce of a trace against the job that the same trace shows for it. */
import { z } from "zod";
import type { ChipRow } from "#drivers/bm13xx/chips.ts";
import { DoubleSha256, swapBytes } from "#hal/sha256.ts";
import { hashMeetsTarget, type Target, ticketTarget } from "../share/difficulty.ts";
import { type DecodedFrame, type JobFrame, type NonceFrame, wordAt } from "./decode-frame.ts";
import { NO_SINK, type TraceSink } from "./trace-decoder.ts";

/** Jobs of one id that are tried, newest first: a nonce may be late, and some senders use more id bits than come back. */
const JOBS_PER_ID = 4;
/** Ticket after a reset. */
const RESET_TICKET = 1;

export type NonceVerdict = "valid" | "hardware_error" | "unknown_job" | "duplicate";

const chipSchema = z.strictObject({
  /** Place on the chain, or `address N`, or ?. */
  chip: z.string(),
  valid: z.number().int(),
  hardware_error: z.number().int(),
  unknown_job: z.number().int(),
  duplicate: z.number().int(),
});

export const verifyResultSchema = z.strictObject({
  kind: z.literal("verify"),
  chip: z.string().nullable(),
  scale: z.number(),
  nonces: z.number().int(),
  valid: z.number().int(),
  hardware_error: z.number().int(),
  unknown_job: z.number().int(),
  duplicate: z.number().int(),
  chains: z.array(
    z.strictObject({
      chain: z.number().int(),
      jobs: z.number().int(),
      /** At the end of the trace. */
      ticket_difficulty: z.number(),
      chips: z.array(chipSchema),
    }),
  ),
});
export type VerifyResult = z.infer<typeof verifyResultSchema>;
type ChipCounts = z.infer<typeof chipSchema>;

interface SeenJob {
  readonly frame: JobFrame;
  readonly nonces: Set<string>;
}

class ChainState {
  readonly jobs = new Map<number, SeenJob[]>();
  readonly chips = new Map<string, ChipCounts>();
  jobCount = 0;
  ticket: number;
  target: Target;

  constructor(ticket: number, scale: number) {
    this.ticket = ticket;
    this.target = ticketTarget(ticket, scale);
  }
}

export interface VerifyOptions {
  /** Asked when the first frame comes: a header may have named it. */
  readonly chip: () => ChipRow | null;
  /** F of the chips' ticket; 1 is Bitcoin. */
  readonly scale: () => number;
  /** Given by the owner: register writes of the trace do not count then. */
  readonly ticket: number | null;
}

export class NonceVerifier implements TraceSink {
  readonly onUnknown = NO_SINK.onUnknown;
  readonly onPool = NO_SINK.onPool;
  readonly onNote = NO_SINK.onNote;
  readonly onText = NO_SINK.onText;
  readonly #options: VerifyOptions;
  readonly #chains = new Map<number, ChainState>();
  readonly #hasher = new DoubleSha256();
  readonly #hash = new Int32Array(8);

  constructor(options: VerifyOptions) {
    this.#options = options;
  }

  onFrame(frame: DecodedFrame, chain: number): void {
    const state = this.#chain(chain);
    if (frame.kind === "job") this.#job(state, frame);
    else if (frame.kind === "nonce") this.#nonce(state, frame);
    else if (frame.kind === "write" && frame.name === "ticketMask") this.#ticket(state, frame.fields["difficulty"]);
  }

  result(): VerifyResult {
    const chains = [...this.#chains].sort(([a], [b]) => a - b);
    const all = chains.flatMap(([, { chips }]) => [...chips.values()]);
    const sum = (verdict: NonceVerdict): number => all.reduce((total, counts) => total + counts[verdict], 0);
    const verdicts = {
      valid: sum("valid"),
      hardware_error: sum("hardware_error"),
      unknown_job: sum("unknown_job"),
      duplicate: sum("duplicate"),
    };
    return {
      kind: "verify",
      chip: this.#options.chip()?.chip ?? null,
      scale: this.#options.scale(),
      nonces: Object.values(verdicts).reduce((a, b) => a + b, 0),
      ...verdicts,
      chains: chains.map(([chain, { jobCount, ticket, chips }]) => {
        const sorted = [...chips.values()].sort((a, b) => a.chip.localeCompare(b.chip, "en", { numeric: true }));
        return { chain, jobs: jobCount, ticket_difficulty: ticket, chips: sorted };
      }),
    };
  }

  #chain(index: number): ChainState {
    const known = this.#chains.get(index);
    if (known !== undefined) return known;
    const state = new ChainState(this.#options.ticket ?? RESET_TICKET, this.#options.scale());
    this.#chains.set(index, state);
    return state;
  }

  #ticket(state: ChainState, difficulty: unknown): void {
    if (typeof difficulty !== "number" || this.#options.ticket !== null) return;
    state.ticket = difficulty;
    state.target = ticketTarget(difficulty, this.#options.scale());
  }

  #job(state: ChainState, frame: JobFrame): void {
    state.jobCount++;
    const chip = this.#options.chip();
    if (chip === null) return;
    // A midstate chip adds the number of the slot to the id.
    const count = frame.form === "midstate" ? frame.midstates.length : 1;
    const job: SeenJob = { frame, nonces: new Set() };
    for (let slot = 0; slot < count; slot++) {
      const id = frame.form === "midstate" ? (frame.id + slot) & 0x7f : frame.id % chip.wireIdCount;
      const jobs = state.jobs.get(id) ?? [];
      jobs.unshift(job);
      jobs.length = Math.min(jobs.length, JOBS_PER_ID);
      state.jobs.set(id, jobs);
    }
  }

  #nonce(state: ChainState, nonce: NonceFrame): void {
    const name =
      nonce.chipIndex === null
        ? nonce.chipAddress === null
          ? "?"
          : `address ${nonce.chipAddress}`
        : String(nonce.chipIndex);
    const counts = state.chips.get(name) ?? newCounts(name);
    state.chips.set(name, counts);
    counts[this.#judge(state, nonce)]++;
  }

  #judge(state: ChainState, nonce: NonceFrame): NonceVerdict {
    const isMidstate = nonce.midstate !== null;
    const id = isMidstate ? nonce.idByte & 0x7f : nonce.jobId;
    const jobs = id === null ? undefined : state.jobs.get(id);
    if (id === null || jobs === undefined) return "unknown_job";
    for (const job of jobs) {
      const slot = (id - job.frame.id) & 0x7f;
      if (job.frame.form === "midstate") this.#hashMidstate(job.frame, slot, nonce);
      else this.#hashHeader(job.frame, nonce);
      if (!hashMeetsTarget(this.#hash, state.target)) continue;
      const key = `${slot} ${nonce.nonce} ${nonce.versionBits}`;
      if (job.nonces.has(key)) return "duplicate";
      job.nonces.add(key);
      return "valid";
    }
    return "hardware_error";
  }

  #hashHeader(job: JobFrame, nonce: NonceFrame): void {
    const header = Buffer.alloc(80);
    header.writeUInt32LE(((job.version ?? 0) | (nonce.versionBits ?? 0)) >>> 0, 0);
    header.write(`${job.prevHash ?? ""}${job.merkleRoot ?? ""}`, 4, "hex");
    header.writeUInt32LE(job.nTime, 68);
    header.writeUInt32LE(job.nBits, 72);
    header.writeUInt32LE(nonce.nonce, 76);
    this.#hasher.header(this.#hash, header);
  }

  /** The second half of a header on one of the states that the job carries, last word first. */
  #hashMidstate(job: JobFrame, slot: number, nonce: NonceFrame): void {
    const bytes = Buffer.from(job.midstates[slot] ?? "", "hex");
    const state = Int32Array.from({ length: 8 }, (_, i) => (bytes.length === 32 ? wordAt(bytes, 28 - 4 * i) : 0));
    const tail = Buffer.from(job.merkleTail ?? "00000000", "hex").readInt32BE();
    this.#hasher.tail(this.#hash, state, tail, swapBytes(job.nTime), swapBytes(job.nBits), nonce.nonceWord | 0);
  }
}

function newCounts(chip: string): ChipCounts {
  return { chip, valid: 0, hardware_error: 0, unknown_job: 0, duplicate: 0 };
}

export function verifyText(result: VerifyResult): string {
  const lines = [
    `${result.nonces} nonces: ${result.valid} valid, ${result.hardware_error} hardware errors, ${result.unknown_job} of unknown jobs, ${result.duplicate} duplicates` +
      (result.scale === 1 ? "" : ` (difficulty scale ${result.scale}: not Bitcoin's)`),
  ];
  for (const { chain, jobs, ticket_difficulty: ticket, chips } of result.chains) {
    lines.push(`chain ${chain}: ${jobs} jobs, ticket ${ticket}`);
    for (const { chip, ...counts } of chips) {
      const words = Object.entries(counts).filter(([, count]) => count > 0);
      lines.push(
        `  chip ${chip.padEnd(11)} ${words.map(([name, count]) => `${count} ${name.replace("_", " ")}`).join(", ")}`,
      );
    }
  }
  return `${lines.join("\n")}\n`;
}
