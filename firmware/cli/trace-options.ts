/** Options of `kumpel run` that write a trace. */
import { DEFAULT_TRACE_LIMITS, type TraceLimits } from "../trace/capture/trace-writer.ts";
import { usageError } from "./usage.ts";

export interface TraceWish {
  readonly file: string;
  readonly limits: TraceLimits;
}

const MIB = 1024 * 1024;
const MAX_MIB = 4096;

const text = { type: "string" } as const;

/** For `parseArgs`. */
export const TRACE_OPTIONS = { trace: text, "trace-limit": text, "trace-keep": text } as const;

type TraceValues = { readonly [K in keyof typeof TRACE_OPTIONS]?: string | undefined };

export const TRACE_OPTIONS_HELP = `  --trace FILE           write the bytes of all serial chains and the pool lines (secrets masked) to FILE; one that is
                         there already stays as FILE.1 (kumpel trace --help reads it)
  --trace-limit MIB      bytes of the trace at most, 1 .. ${MAX_MIB} (default: ${DEFAULT_TRACE_LIMITS.maxBytes / MIB})
  --trace-keep WHICH     what stays then: oldest (default; the trace ends) or newest (FILE and FILE.1 by turns)`;

/** @throws KumpelError `USAGE` with one sentence. */
export function parseTraceOptions(values: TraceValues): TraceWish | null {
  const { trace: file, "trace-limit": limit, "trace-keep": keep = DEFAULT_TRACE_LIMITS.keep } = values;
  if (keep !== "oldest" && keep !== "newest") {
    throw usageError(`--trace-keep "${keep}" is unknown; choose one of: oldest newest.`);
  }
  const mib = limit === undefined ? DEFAULT_TRACE_LIMITS.maxBytes / MIB : Number(limit);
  if (!(mib >= 1 && mib <= MAX_MIB)) {
    throw usageError(`--trace-limit "${limit}" is no number from 1 to ${MAX_MIB}; give MiB in that range.`);
  }
  if (file === undefined) {
    if (limit === undefined && values["trace-keep"] === undefined) return null;
    throw usageError("--trace-limit and --trace-keep shape a trace; name its file with --trace FILE.");
  }
  if (file === "" || file === "-") throw usageError(`--trace "${file}" names no file; give a path.`);
  return { file, limits: { maxBytes: mib * MIB, keep } };
}
