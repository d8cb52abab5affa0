/**
 * Writes what passes over the chains' serial lines and the pools' sockets into a file, from a start to a stop: for a whole
 * run, or for a while at a console's word. The hot path copies into a buffer; a timer turns that into text.
 */
import type { Clock, TimerHandle } from "#hal/clock.ts";
import { errorText, KumpelError } from "#hal/errors.ts";
import { type CaptureHeader, headerText, timeText } from "../capture-format.ts";
import type { OpenTraceFile, TraceFile } from "./trace-file.ts";
import { ENTRY, type EntryKind, TraceRing } from "./trace-ring.ts";

export interface TraceLimits {
  /** Of all files of the trace together. */
  readonly maxBytes: number;
  /** What stays when that is reached: the beginning, and the trace ends there; or the newest, in two files by turns. */
  readonly keep: "oldest" | "newest";
}

export const DEFAULT_TRACE_LIMITS: TraceLimits = { maxBytes: 64 * 1024 * 1024, keep: "oldest" };
export const TRACE_MIN_BYTES = 256 * 1024;

export interface TraceStatus {
  readonly isOn: boolean;
  readonly path: string | null;
  /** In the file that is written now. */
  readonly bytes: number;
  /** The limit was reached, and the trace ended there. */
  readonly isFull: boolean;
  /** Events that came faster than they were written. */
  readonly lostEvents: number;
  /** Why it ended by itself, or null. */
  readonly failure: string | null;
}

export interface TraceWriterOptions {
  readonly clock: Clock;
  readonly openFile: OpenTraceFile;
  readonly header: CaptureHeader;
  /** Something that the owner should know: full, failed, events lost. */
  readonly warn: (text: string) => void;
}

/** One chain's side of it. */
export interface ChainTrace {
  push(direction: "in" | "out", bytes: Uint8Array, atMs: number): void;
  baud(baud: number): void;
}

const RING_BYTES = 2 * 1024 * 1024;
const ENTRY_MAX_BYTES = 16 * 1024;
const FLUSH_MS = 200;
/** Appended in pieces of about this size, far below that of the smallest file. */
const PIECE_CHARS = 16 * 1024;
/** Kept free for the line that tells why it ends. */
const LAST_WORDS_BYTES = 256;
const SIGN: Readonly<Record<EntryKind, string>> = {
  [ENTRY.uartIn]: "<",
  [ENTRY.uartOut]: ">",
  [ENTRY.poolIn]: "<",
  [ENTRY.poolOut]: ">",
  [ENTRY.note]: "!",
};
/** Place of a note that belongs to no chain. */
const NO_PLACE = 255;

interface Open {
  readonly path: string;
  readonly limits: TraceLimits;
  readonly startMs: number;
  readonly started: string;
  file: TraceFile;
  bytes: number;
}

export class TraceWriter {
  readonly #options: TraceWriterOptions;
  readonly #bauds = new Map<number, number>();
  /** Made at the first start: a run without a trace keeps no buffer. */
  #ring: TraceRing | null = null;
  #open: Open | null = null;
  #isFull = false;
  #failure: string | null = null;
  #lostEvents = 0;
  #timer: TimerHandle | null = null;
  #work: Promise<void> = Promise.resolve();

  constructor(options: TraceWriterOptions) {
    this.#options = options;
  }

  /** What a capture says of the machine. */
  get header(): CaptureHeader {
    return this.#options.header;
  }

  get status(): TraceStatus {
    return {
      isOn: this.#open !== null,
      path: this.#open?.path ?? null,
      bytes: this.#open?.bytes ?? 0,
      isFull: this.#isFull,
      lostEvents: this.#lostEvents,
      failure: this.#failure,
    };
  }

  /** @throws KumpelError `USAGE`: a trace runs already, or the file cannot be written. */
  async start(path: string, limits: TraceLimits = DEFAULT_TRACE_LIMITS): Promise<void> {
    if (this.#open !== null) {
      throw new KumpelError("USAGE", `A trace is written to "${this.#open.path}" already: stop it first.`);
    }
    if (limits.maxBytes < TRACE_MIN_BYTES) {
      throw new KumpelError(
        "USAGE",
        `A trace of ${limits.maxBytes} bytes is too short: give ${TRACE_MIN_BYTES} or more.`,
      );
    }
    const { clock, openFile } = this.#options;
    const file = await openFile(path);
    const started = new Date(clock.wallTimeMs()).toISOString();
    this.#ring ??= new TraceRing(RING_BYTES, ENTRY_MAX_BYTES);
    this.#ring.clear();
    this.#isFull = false;
    this.#failure = null;
    this.#lostEvents = 0;
    this.#open = { path, limits, startMs: clock.nowMs(), started, file, bytes: 0 };
    for (const [chain, baud] of this.#bauds) this.#note(chain, `baud ${baud}`);
    this.#work = this.#begin(this.#open);
    this.#arm();
    await this.#work;
  }

  /** Writes what is left; harmless when none runs. */
  async stop(reason: string): Promise<void> {
    if (this.#open === null) return;
    this.#note(NO_PLACE, `end: ${reason}`);
    this.#timer?.cancel();
    this.#timer = null;
    await this.#flush();
    await this.#close();
  }

  /** What the wire of a chain goes through. */
  chain(chainIndex: number): ChainTrace {
    return {
      push: (direction, bytes, atMs) => {
        if (this.#open === null) return;
        const kind = direction === "in" ? ENTRY.uartIn : ENTRY.uartOut;
        if (bytes.length <= ENTRY_MAX_BYTES) this.#ring?.push(kind, chainIndex, bytes, atMs);
        else this.#pushLong(kind, chainIndex, bytes, atMs);
      },
      baud: (baud) => {
        this.#bauds.set(chainIndex, baud);
        this.#note(chainIndex, `baud ${baud}`);
      },
    };
  }

  /** @param line without secrets */
  poolLine(pool: number, direction: "in" | "out", line: string): void {
    if (this.#open === null) return;
    const kind = direction === "in" ? ENTRY.poolIn : ENTRY.poolOut;
    this.#ring?.push(kind, pool, Buffer.from(oneLine(line)), this.#options.clock.nowMs());
  }

  #pushLong(kind: EntryKind, place: number, bytes: Uint8Array, atMs: number): void {
    for (let at = 0; at < bytes.length; at += ENTRY_MAX_BYTES) {
      this.#ring?.push(kind, place, bytes.subarray(at, at + ENTRY_MAX_BYTES), atMs);
    }
  }

  #note(place: number, text: string): void {
    if (this.#open === null) return;
    this.#ring?.push(ENTRY.note, place, Buffer.from(oneLine(text)), this.#options.clock.nowMs());
  }

  #arm(): void {
    this.#timer = this.#options.clock.setTimer(FLUSH_MS, () => {
      void this.#flush().then(() => {
        if (this.#open !== null && this.#timer !== null) this.#arm();
      });
    });
  }

  /** One at a time, in order. */
  #flush(): Promise<void> {
    this.#work = this.#work.then(() => this.#writeOut());
    return this.#work;
  }

  async #begin(open: Open, note = ""): Promise<void> {
    const head = headerText({ ...this.#options.header, started: open.started }) + note;
    open.bytes = Buffer.byteLength(head);
    await this.#append(open, head);
  }

  async #writeOut(): Promise<void> {
    const pieces = this.#takePieces();
    for (const piece of pieces) {
      const open = this.#open;
      if (open === null) return;
      const bytes = Buffer.byteLength(piece);
      if (open.bytes + bytes > this.#room(open)) {
        if (open.limits.keep === "oldest") {
          await this.#endFull(open);
          return;
        }
        await this.#turn(open);
      }
      await this.#append(open, piece);
      open.bytes += bytes;
    }
  }

  #room({ limits }: Open): number {
    return (limits.keep === "newest" ? limits.maxBytes / 2 : limits.maxBytes) - LAST_WORDS_BYTES;
  }

  /** Text of everything since the last time, in pieces. */
  #takePieces(): string[] {
    const open = this.#open;
    const ring = this.#ring;
    if (open === null || ring === null) return [];
    const pieces: string[] = [];
    let text = "";
    ring.drain((kind, place, bytes, atMs) => {
      text += entryText(kind, place, bytes, atMs - open.startMs);
      if (text.length < PIECE_CHARS) return;
      pieces.push(text);
      text = "";
    });
    const lost = ring.takeLost();
    if (lost.bytes > 0) {
      this.#lostEvents += lost.entries;
      const nowMs = this.#options.clock.nowMs() - open.startMs;
      text += `${timeText(nowMs)} - ! lost ${lost.entries} events, ${lost.bytes} bytes: they came faster than they are written\n`;
    }
    if (text !== "") pieces.push(text);
    return pieces;
  }

  async #endFull(open: Open): Promise<void> {
    const nowMs = this.#options.clock.nowMs() - open.startMs;
    this.#isFull = true;
    await this.#append(open, `${timeText(nowMs)} - ! full: the limit of ${open.limits.maxBytes} bytes is reached\n`);
    await this.#close();
    this.#options.warn(`the trace "${open.path}" is full (${open.limits.maxBytes} bytes) and ended`);
  }

  /** The older half goes to FILE.1, where the one before it was. */
  async #turn(open: Open): Promise<void> {
    const nowMs = this.#options.clock.nowMs() - open.startMs;
    try {
      await open.file.close();
      open.file = await this.#options.openFile(open.path);
    } catch (error) {
      await this.#fail(open, error);
      return;
    }
    await this.#begin(open, `${timeText(nowMs)} - ! continues ${open.path}.1\n`);
  }

  async #append(open: Open, text: string): Promise<void> {
    if (this.#open !== open) return;
    try {
      await open.file.append(text);
    } catch (error) {
      await this.#fail(open, error);
    }
  }

  /** A full disk must not end the mining. */
  async #fail(open: Open, error: unknown): Promise<void> {
    this.#failure = errorText(error);
    await this.#close();
    this.#options.warn(`the trace "${open.path}" ended: ${this.#failure}`);
  }

  async #close(): Promise<void> {
    const open = this.#open;
    if (open === null) return;
    this.#open = null;
    this.#timer?.cancel();
    this.#timer = null;
    try {
      await open.file.close();
    } catch (error) {
      this.#failure ??= errorText(error);
    }
  }
}

function oneLine(text: string): string {
  return text.replaceAll(/[\r\n]+/g, " ");
}

function entryText(kind: EntryKind, place: number, bytes: Uint8Array, tMs: number): string {
  const isBytes = kind === ENTRY.uartIn || kind === ENTRY.uartOut;
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString(isBytes ? "hex" : "utf8");
  const name = kind === ENTRY.poolIn || kind === ENTRY.poolOut ? `p${place}` : place === NO_PLACE ? "-" : String(place);
  return `${timeText(Math.max(0, tMs))} ${name} ${SIGN[kind]} ${text}\n`;
}
