/**
 * Remembers the last minutes in RAM: what every machine decided and on what, pool lines and the chains' bytes. An
 * incident writes them to disk, so that it can be looked at and replayed afterwards; a calm machine writes nothing.
 */
import type { Clock } from "#hal/clock.ts";
import { errorText, isKumpelError } from "#hal/errors.ts";
import type { FileStore } from "#hal/file-store.ts";
import type { Incident, IncidentKind } from "../incidents/incident.ts";
import type { Log } from "../log.ts";
import { type Decision, DecisionRing, type RecentDecision } from "./decision-ring.ts";
import { RECORDING_VERSION, type RecordingHeader } from "./recording.ts";
import { UartRing } from "./uart-ring.ts";

const DECISIONS_MAX_BYTES = 384 * 1024;
/** A minute or two of an S21 chain at the stock ticket. */
const UART_BYTES = 64 * 1024;
const POOL_LINE_MAX_CHARS = 1_000;
/** Files that are kept, the oldest goes; each is about half a megabyte. */
const MAX_FILES = 6;
/** A machine that falls from one incident into the next must not wear out its flash. */
const MIN_GAP_MS = 60_000;
const FILE_PATTERN = /^blackbox-\d{6}\.jsonl$/;

/** Incidents whose minutes before are worth a file. */
const WRITTEN: readonly IncidentKind[] = ["shutdown", "hang", "chainRestart", "chainDisabled", "slowed"];

/** What the parts see of it. */
export interface DecisionSink {
  decided(decision: Decision, nowMs: number): void;
}

export interface BlackBoxOptions {
  readonly log: Log;
  readonly clock: Clock;
  readonly store: FileStore;
  /** Version of the program and machine, for the file's head. */
  readonly program: string;
  readonly machine: string;
  readonly chains: number;
}

export class BlackBox implements DecisionSink {
  readonly #options: BlackBoxOptions;
  readonly #decisions = new DecisionRing(DECISIONS_MAX_BYTES);
  readonly #uarts: readonly UartRing[];
  #writing: Promise<void> = Promise.resolve();
  #writtenAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: BlackBoxOptions) {
    this.#options = options;
    this.#uarts = Array.from({ length: options.chains }, () => new UartRing(UART_BYTES));
  }

  /** Bytes of a chain's serial line go here; null where the chain has none. */
  uart(chainIndex: number): UartRing | null {
    return this.#uarts[chainIndex] ?? null;
  }

  get recentDecisions(): readonly RecentDecision[] {
    return this.#decisions.recent;
  }

  decided(decision: Decision, nowMs: number): void {
    this.#decisions.add(decision, nowMs);
  }

  /** @param line without secrets */
  poolLine(pool: number, dir: "in" | "out", line: string): void {
    const nowMs = this.#options.clock.nowMs();
    this.#decisions.note({ k: "pool", t: nowMs, pool, dir, line: line.slice(0, POOL_LINE_MAX_CHARS) }, nowMs);
  }

  incident({ kind, text }: Incident): void {
    const nowMs = this.#options.clock.nowMs();
    this.#decisions.note({ k: "note", t: nowMs, text: `${kind}: ${text}` }, nowMs);
    if (!WRITTEN.includes(kind) || nowMs - this.#writtenAtMs < MIN_GAP_MS) return;
    this.#writtenAtMs = nowMs;
    this.#writing = this.#writing.then(() => this.#write(text));
  }

  /** Resolves when what was begun is written. */
  close(): Promise<void> {
    return this.#writing;
  }

  /** The recording as it would be written now. */
  text(cause: string): string {
    const { clock, program, machine } = this.#options;
    const head: RecordingHeader = {
      k: "kumpel black box",
      version: RECORDING_VERSION,
      program,
      machine,
      cause,
      nowMs: clock.nowMs(),
      wallMs: clock.wallTimeMs(),
    };
    const lines = [JSON.stringify(head), ...this.#decisions.lines];
    this.#uarts.forEach((ring, chain) => {
      ring.visit((dir, hex, t) => {
        lines.push(JSON.stringify({ k: "uart", t, chain, dir, hex }));
      });
    });
    return `${lines.join("\n")}\n`;
  }

  async #write(cause: string): Promise<void> {
    const { store, log } = this.#options;
    try {
      const files = (await store.list()).filter((name) => FILE_PATTERN.test(name));
      const number = Number(files.at(-1)?.slice("blackbox-".length, -".jsonl".length) ?? 0) + 1;
      const name = `blackbox-${String(number).padStart(6, "0")}.jsonl`;
      await store.write(name, this.text(cause));
      for (const old of files.slice(0, Math.max(0, files.length + 1 - MAX_FILES))) await store.remove(old);
      log.info({ file: name }, "the minutes before were written down");
    } catch (error) {
      if (!isKumpelError(error, "STORE_FAILED")) throw error;
      log.error(`black box: ${errorText(error)}`);
    }
  }
}
