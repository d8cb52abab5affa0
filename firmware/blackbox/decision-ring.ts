/**
 * The last minutes of decisions in RAM, as finished lines in segments. Each segment begins with the state of every
 * machine that decides in it, so the oldest segment can fall out and the rest still replays.
 */

const SEGMENT_MS = 60_000;

interface Segment {
  readonly startMs: number;
  readonly lines: string[];
  bytes: number;
  /** Machines whose state stands in this segment. */
  readonly known: Set<string>;
}

export interface Decision {
  readonly machine: string;
  readonly before: unknown;
  readonly input: unknown;
  /** What else the step takes; a change of it is written down. Absent: nothing. */
  readonly context?: unknown;
  readonly after: unknown;
  readonly actions: readonly unknown[];
  readonly reason: string;
}

export class DecisionRing {
  readonly #maxBytes: number;
  readonly #segments: Segment[] = [];
  /** Of all segments. */
  #bytes = 0;
  /** State that each machine was left in, and its context: whatever else it begins with was set from outside. */
  readonly #last = new Map<string, { after: unknown; context: unknown }>();

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get lines(): readonly string[] {
    return this.#segments.flatMap(({ lines }) => lines);
  }

  add({ machine, before, input, context, after, actions, reason }: Decision, nowMs: number): void {
    const segment = this.#segmentAt(nowMs);
    const last = this.#last.get(machine);
    const isContinued = last !== undefined && last.after === before && last.context === context;
    if (!segment.known.has(machine) || !isContinued) {
      segment.known.add(machine);
      this.#push(segment, { k: "state", t: nowMs, m: machine, state: before, context });
    }
    this.#last.set(machine, { after, context });
    this.#push(segment, { k: "step", t: nowMs, m: machine, in: input, actions, reason });
  }

  /** A line that is no decision. */
  note(record: object, nowMs: number): void {
    this.#push(this.#segmentAt(nowMs), record);
  }

  #segmentAt(nowMs: number): Segment {
    const last = this.#segments.at(-1);
    if (last !== undefined && nowMs - last.startMs < SEGMENT_MS) return last;
    const segment: Segment = { startMs: nowMs, lines: [], bytes: 0, known: new Set() };
    this.#segments.push(segment);
    return segment;
  }

  #push(segment: Segment, record: object): void {
    const line = JSON.stringify(record);
    while (this.#bytes + line.length > this.#maxBytes && this.#segments.length > 1)
      this.#bytes -= this.#segments.shift()?.bytes ?? 0;
    // One minute alone beyond the limit: a storm. Its beginning says more than its end.
    if (this.#bytes + line.length > this.#maxBytes) return;
    segment.lines.push(line);
    segment.bytes += line.length;
    this.#bytes += line.length;
  }
}
