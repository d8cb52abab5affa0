/** Shows the snapshot: a picture that redraws itself on a terminal, a line every ten seconds elsewhere. */
import type { Clock } from "#hal/clock.ts";
import type { MinerSnapshot } from "../api/snapshot.ts";
import { statusLine, statusLines, titleLine } from "./status-view.ts";

const LINE_PERIOD_MS = 10_000;
/** The picture is made for a terminal of this width, also where there is more room. */
const MOST_COLUMNS = 80;
const ESC = "\u001b[";

export interface PrinterOutput {
  readonly stderr: (text: string) => void;
  readonly isTerminal: boolean;
  /** Width of the terminal now. */
  readonly columns: () => number;
}

export class StatusPrinter {
  readonly #output: PrinterOutput;
  readonly #clock: Clock;
  #lastLineMs = Number.NEGATIVE_INFINITY;
  #drawnLines = 0;

  constructor(output: PrinterOutput, clock: Clock) {
    this.#output = output;
    this.#clock = clock;
  }

  show(snapshot: MinerSnapshot, apiUrl: string | null): void {
    if (this.#output.isTerminal) {
      this.#redraw(
        [...statusLines(snapshot), ...footer(apiUrl)].map((line) =>
          clipped(line, Math.min(this.#output.columns(), MOST_COLUMNS)),
        ),
      );
      return;
    }
    const nowMs = this.#clock.nowMs();
    if (nowMs - this.#lastLineMs < LINE_PERIOD_MS) return;
    // The first line says what this is, as the picture does on a terminal.
    if (!Number.isFinite(this.#lastLineMs)) this.#output.stderr(`${titleLine(snapshot)}\n`);
    this.#lastLineMs = nowMs;
    this.#output.stderr(`${statusLine(snapshot)}\n`);
  }

  /** The last word of a run; on a terminal the picture stays above it. */
  end(snapshot: MinerSnapshot): void {
    const { accepted, rejected } = snapshot.pool.shares;
    const power = snapshot.isPowerOn ? "HASHBOARD POWER NOT CONFIRMED OFF" : "hashboards off";
    this.#output.stderr(`Stopped: ${power}, ${accepted} shares accepted, ${rejected} rejected.\n`);
  }

  #redraw(lines: readonly string[]): void {
    const up = this.#drawnLines === 0 ? "" : `${ESC}${this.#drawnLines}A`;
    const text = lines.map((line) => `${line}${ESC}K\n`).join("");
    this.#output.stderr(`${up}\r${text}${ESC}J`);
    this.#drawnLines = lines.length;
  }
}

function footer(apiUrl: string | null): string[] {
  const api = apiUrl === null ? "starting" : `${apiUrl}/api/v1/health`;
  return ["", `own API ${api}`, "Ctrl-C stops (hashboards off first)"];
}

/** A line that wraps would spoil the next redraw, which counts lines. */
function clipped(line: string, columns: number): string {
  return line.length < columns ? line : `${line.slice(0, Math.max(0, columns - 2))}…`;
}
