/** Keeps the incidents in RAM and on disk: written when something happens, never by the clock, so that flash lasts. */
import { type Clock, within } from "#hal/clock.ts";
import { errorText, isKumpelError } from "#hal/errors.ts";
import type { FileStore } from "#hal/file-store.ts";
import type { Log } from "../log.ts";
import {
  addIncident,
  type Incident,
  type IncidentHistory,
  type IncidentKind,
  NO_HISTORY,
  parseHistory,
} from "./incident.ts";

export const INCIDENTS_FILE = "incidents.json";
/** A disk that hangs must not keep the machine from mining. */
const OPEN_LIMIT_MS = 2_000;
const BAD_FILE = "incidents.json.unreadable";

export interface IncidentLogOptions {
  readonly log: Log;
  readonly clock: Clock;
  readonly store: FileStore;
}

/** What parts see of it: they can tell, nothing else. */
export interface IncidentSink {
  note(kind: IncidentKind, text: string, chainIndex?: number): void;
}

export class IncidentLog implements IncidentSink {
  readonly #options: IncidentLogOptions;
  #history: IncidentHistory = NO_HISTORY;
  #run = 0;
  #startedAtMs: number;
  #writing: Promise<void> = Promise.resolve();
  #isWriteQueued = false;
  #isOpen = false;
  #told: string | null = null;
  #listener: (incident: Incident) => void = () => undefined;

  constructor(options: IncidentLogOptions) {
    this.#options = options;
    this.#startedAtMs = options.clock.nowMs();
  }

  /** What earlier runs left is read: notes from now on stay. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  get history(): IncidentHistory {
    return this.#history;
  }

  /** Sets the only listener: the black box keeps what led to it. */
  onIncident(listener: (incident: Incident) => void): void {
    this.#listener = listener;
  }

  /** Reads what earlier runs left and notes how the last one ended. A bad file is set aside, never overwritten. */
  async open(): Promise<void> {
    const { store, clock } = this.#options;
    this.#startedAtMs = clock.nowMs();
    try {
      const text = await store.read(INCIDENTS_FILE);
      const found = text === null ? NO_HISTORY : parseHistory(text);
      if (found === null) await store.write(BAD_FILE, text ?? "");
      this.#history = found ?? NO_HISTORY;
    } catch (error) {
      this.#complain(error);
    }
    const { openRun, runs } = this.#history;
    this.#run = runs + 1;
    this.#isOpen = true;
    this.#history = { ...this.#history, runs: this.#run, openRun: this.#run };
    if (openRun !== null) {
      this.note("uncleanEnd", `run ${openRun} ended without a word: power cut, kill, or a reset by the watchdog`);
    }
    // A run that begins is on disk before anything can end it, unless the disk hangs.
    this.#write();
    await within(clock, OPEN_LIMIT_MS, this.#writing);
  }

  note(kind: IncidentKind, text: string, chainIndex?: number): void {
    const { clock } = this.#options;
    const incident: Incident = {
      run: this.#run,
      atWallMs: clock.wallTimeMs(),
      uptimeMs: Math.round(clock.nowMs() - this.#startedAtMs),
      kind,
      chainIndex: chainIndex ?? null,
      text,
    };
    this.#history = addIncident(this.#history, incident);
    this.#listener(incident);
    if (this.#isOpen) this.#write();
  }

  /** The run ends in order; resolves when that is written, or could not be. */
  async close(reason: string): Promise<void> {
    this.note("stop", reason);
    this.#history = { ...this.#history, openRun: null };
    this.#write();
    await this.#writing;
  }

  /** One write at a time; what is noted meanwhile goes with the next one. */
  #write(): void {
    if (this.#isWriteQueued) return;
    this.#isWriteQueued = true;
    this.#writing = this.#writing.then(async () => {
      this.#isWriteQueued = false;
      try {
        await this.#options.store.write(INCIDENTS_FILE, JSON.stringify(this.#history));
        this.#told = null;
      } catch (error) {
        this.#complain(error);
      }
    });
  }

  /** A disk that fails must not end the mining. */
  #complain(error: unknown): void {
    if (!isKumpelError(error, "STORE_FAILED")) throw error;
    const text = errorText(error);
    if (text !== this.#told) this.#options.log.error(`incidents: ${text}`);
    this.#told = text;
  }
}
