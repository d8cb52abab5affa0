/** Shows the snapshot: a picture that redraws itself on a terminal, a line every ten seconds elsewhere. */
import type { Clock } from "#hal/clock.ts";
import type { MinerSnapshot } from "../api/snapshot.ts";
import { statusLine, statusLines } from "./status-view.ts";

const LINE_PERIOD_MS = 10_000;
const ESC = "\u001b[";

export interface PrinterOutput {
  readonly stderr: (text: string) => void;
  readonly isTerminal: boolean;
}

export class StatusPrinter {
  readonly #output: PrinterOutput;
  readonly #clock: Clock;
  #lastLineMs = Number.NEGATIVE_INFINITY;
  #drawnLines = 0;
  #last: MinerSnapshot | null = null;

  constructor(output: PrinterOutput, clock: Clock) {
    this.#output = output;
    this.#clock = clock;
  }

  show(snapshot: MinerSnapshot, httpPort: number | null): void {
    this.#last = snapshot;
    if (this.#output.isTerminal) {
      this.#redraw([...statusLines(snapshot), ...footer(httpPort)]);
      return;
    }
    const nowMs = this.#clock.nowMs();
    if (nowMs - this.#lastLineMs < LINE_PERIOD_MS) return;
    this.#lastLineMs = nowMs;
    this.#output.stderr(`${statusLine(snapshot)}\n`);
  }

  /** The last picture stays on the screen; what comes next starts below it. */
  end(): void {
    if (!this.#output.isTerminal && this.#last !== null) this.#output.stderr(`${statusLine(this.#last)}\n`);
    this.#drawnLines = 0;
  }

  #redraw(lines: readonly string[]): void {
    const up = this.#drawnLines === 0 ? "" : `${ESC}${this.#drawnLines}A`;
    const text = lines.map((line) => `${line}${ESC}K\n`).join("");
    this.#output.stderr(`${up}\r${text}${ESC}J`);
    this.#drawnLines = lines.length;
  }
}

function footer(httpPort: number | null): string[] {
  const api = httpPort === null ? "starting" : `http://127.0.0.1:${httpPort}/api/v1/snapshot`;
  return ["", `own API ${api}   Ctrl-C stops (hashboards off first)`];
}
