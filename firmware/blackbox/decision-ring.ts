/**
 * The last minutes of decisions in RAM, as finished lines in segments. Each segment begins with the state of every
 * machine that decides in it, so the oldest segment can fall out and the rest still replays.
 */

const SEGMENT_MS = 60_000;
/** For who asks why. */
const RECENT_MAX = 64;

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

export interface RecentDecision {
  readonly atMs: number;
  readonly machine: string;
  /** Kind of what came in, and of what was ordered. */
  readonly input: string;
  readonly actions: readonly string[];
  readonly reason: string;
}

/** Inputs and actions say their kind; what does not is told as it is. */
function kindOf(value: unknown): string {
  if (typeof value === "object" && value !== null && "kind" in value) return String(value.kind);
  return typeof value === "string" ? value : "readings";
}

export class DecisionRing {
  readonly #maxBytes: number;
  readonly #segments: Segment[] = [];
  readonly #recent: RecentDecision[] = [];
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

  /** The last ones that did something, oldest first. */
  get recent(): readonly RecentDecision[] {
    return this.#recent;
  }

  add({ machine, before, input, context, after, actions, reason }: Decision, nowMs: number): void {
    if (actions.length > 0) {
      this.#recent.push({ atMs: nowMs, machine, input: kindOf(input), actions: actions.map(kindOf), reason });
      if (this.#recent.length > RECENT_MAX) this.#recent.shift();
    }
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
