/** `trace decode --stats`: what a trace holds in numbers. */
import { z } from "zod";
import type { DecodedFrame } from "./decode-frame.ts";
import type { UnknownReason } from "./frame-splitter.ts";
import type { TraceSink, WireBytes } from "./trace-decoder.ts";

const counts = z.record(z.string(), z.number().int());

export const traceStatsSchema = z.strictObject({
  kind: z.literal("stats"),
  form: z.enum(["capture", "blackBox", "analyser", "dump", "binary"]).nullable(),
  chip: z.string().nullable(),
  bytes: z.number().int(),
  frames: z.number().int(),
  frame_bytes: z.number().int(),
  unknown_bytes: z.number().int(),
  /** From the first to the last time in the trace; null where it tells none. */
  seconds: z.number().nullable(),
  frames_by_kind: counts,
  unknown_by_reason: z.strictObject({
    noise: z.number().int(),
    truncated: z.number().int(),
    badCheck: z.number().int(),
  }),
  /** Places with the shape of a frame and a wrong check sum. */
  check_errors: z.number().int(),
  lines_without_bytes: z.number().int(),
  half_bytes: z.number().int(),
  pool_lines: z.number().int(),
  chains: z.array(
    z.strictObject({
      chain: z.number().int(),
      frames: z.number().int(),
      nonces: z.number().int(),
      nonces_per_s: z.number().nullable(),
      /** By place on the chain, by address where that is all a nonce says, else "?". */
      nonces_by_chip: counts,
    }),
  ),
});
export type TraceStats = z.infer<typeof traceStatsSchema>;

interface ChainCount {
  frames: number;
  nonces: number;
  readonly byChip: Record<string, number>;
}

export class StatsSink implements TraceSink {
  readonly #kinds: Record<string, number> = {};
  readonly #unknown = { noise: 0, truncated: 0, badCheck: 0 };
  readonly #chains = new Map<number, ChainCount>();
  #checkErrors = 0;
  #frames = 0;
  #frameBytes = 0;
  #unknownBytes = 0;
  #linesWithoutBytes = 0;
  #halfBytes = 0;
  #poolLines = 0;
  #firstMs = Number.NaN;
  #lastMs = Number.NaN;

  get frames(): number {
    return this.#frames;
  }

  onFrame(frame: DecodedFrame, chain: number, tMs: number, wire: WireBytes): void {
    this.#time(tMs);
    this.#frames++;
    this.#frameBytes += wire.length;
    this.#kinds[frame.kind] = (this.#kinds[frame.kind] ?? 0) + 1;
    const count = this.#chainCount(chain);
    count.frames++;
    if (frame.kind !== "nonce") return;
    count.nonces++;
    const { chipIndex, chipAddress } = frame;
    const name = chipIndex === null ? (chipAddress === null ? "?" : `address ${chipAddress}`) : String(chipIndex);
    count.byChip[name] = (count.byChip[name] ?? 0) + 1;
  }

  onUnknown(reason: UnknownReason, _chain: number, _direction: string, tMs: number, wire: WireBytes): void {
    this.#time(tMs);
    this.#unknownBytes += wire.length;
    this.#unknown[reason] += wire.length;
    if (reason === "badCheck") this.#checkErrors++;
  }

  onPool(): void {
    this.#poolLines++;
  }

  onNote(): void {
    // Notes are the recorder's own words.
  }

  onText(_line: number, _text: string, why: "noBytes" | "halfByte" | "unreadable"): void {
    if (why === "halfByte") this.#halfBytes++;
    else this.#linesWithoutBytes++;
  }

  read(form: TraceStats["form"], chip: string | null): TraceStats {
    const seconds = Number.isNaN(this.#firstMs) ? null : (this.#lastMs - this.#firstMs) / 1000;
    return {
      kind: "stats",
      form,
      chip,
      bytes: this.#frameBytes + this.#unknownBytes,
      frames: this.#frames,
      frame_bytes: this.#frameBytes,
      unknown_bytes: this.#unknownBytes,
      seconds,
      frames_by_kind: { ...this.#kinds },
      unknown_by_reason: { ...this.#unknown },
      check_errors: this.#checkErrors,
      lines_without_bytes: this.#linesWithoutBytes,
      half_bytes: this.#halfBytes,
      pool_lines: this.#poolLines,
      chains: [...this.#chains].map(([chain, { frames, nonces, byChip }]) => {
        const nonces_per_s = seconds === null || seconds <= 0 ? null : nonces / seconds;
        return { chain, frames, nonces, nonces_per_s, nonces_by_chip: { ...byChip } };
      }),
    };
  }

  #time(tMs: number): void {
    if (Number.isNaN(tMs)) return;
    if (!(this.#firstMs <= tMs)) this.#firstMs = tMs;
    if (!(this.#lastMs >= tMs)) this.#lastMs = tMs;
  }

  #chainCount(chain: number): ChainCount {
    const known = this.#chains.get(chain);
    if (known !== undefined) return known;
    const count = { frames: 0, nonces: 0, byChip: {} };
    this.#chains.set(chain, count);
    return count;
  }
}

const percent = (part: number, whole: number): string =>
  whole === 0 ? "" : ` (${((100 * part) / whole).toFixed(2)} %)`;

export function statsText(stats: TraceStats): string {
  const { bytes, unknown_bytes: unknownBytes, unknown_by_reason: reasons } = stats;
  const lines = [
    `${stats.form ?? "empty"} of ${stats.chip ?? "an unnamed chip (--chip names it)"}: ${stats.frames} frames, ${bytes} bytes${stats.seconds === null ? "" : `, ${stats.seconds.toFixed(3)} s`}`,
    ...Object.entries(stats.frames_by_kind).map(([kind, count]) => `  ${kind.padEnd(14)} ${count}`),
    `unknown bytes ${unknownBytes}${percent(unknownBytes, bytes)}: ${reasons.noise} no frame, ${reasons.truncated} of torn frames, ${reasons.badCheck} of ${stats.check_errors} frames with a wrong check sum`,
    `${stats.lines_without_bytes} lines of text without bytes, ${stats.half_bytes} half bytes, ${stats.pool_lines} pool lines`,
  ];
  for (const { chain, frames, nonces, nonces_per_s: rate, nonces_by_chip: chips } of stats.chains) {
    lines.push(`chain ${chain}: ${frames} frames, ${nonces} nonces${rate === null ? "" : `, ${rate.toFixed(2)}/s`}`);
    const byChip = Object.entries(chips).map(([chip, count]) => `${chip}: ${count}`);
    for (let i = 0; i < byChip.length; i += 8) lines.push(`  ${byChip.slice(i, i + 8).join("  ")}`);
  }
  return `${lines.join("\n")}\n`;
}
