/** What `kumpel trace` needs of its process; `main.ts` hands it in. */
import type { Clock } from "#hal/clock.ts";
import type { RESTARTED } from "../platform/trace-input.ts";

export interface TraceContext {
  /** Bytes of a file, or of standard input for `-`. */
  readonly readChunks: (path: string) => AsyncIterable<Uint8Array>;
  readonly followFile: (
    path: string,
    clock: Clock,
    signal: AbortSignal,
  ) => AsyncIterable<Uint8Array | typeof RESTARTED>;
  readonly clock: Clock;
  readonly onStopSignal: (listener: (name: string) => void) => void;
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
}
