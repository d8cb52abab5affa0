/**
 * Live traffic for the page and others: asked of the mining plane while somebody reads, decoded here, kept in a bounded
 * list with numbers, so that any number of readers cost it one question at a time.
 */
import { z } from "zod";
import type { LiveDecoder, TrafficLine } from "../../trace/live/live-decoder.ts";
import type { Scope } from "../commands.ts";
import type { AnswerOf, Query, QueryAnswer } from "../queries.ts";

/** Lines that are kept; a reader that is further behind is told how many it missed. */
export const LINES_KEPT = 2_000;
/** Lines of one answer. */
const ANSWER_MAX = 500;

export const trafficWish = z.object({
  after: z.coerce
    .number()
    .int()
    .min(0)
    .max(Number.MAX_SAFE_INTEGER)
    .default(0)
    .meta({ description: "Number of the last line that is known already; left out: whatever is kept." }),
});

export const trafficAnswer = z.object({
  lines: z
    .array(
      z.object({
        number: z.number(),
        atWallMs: z.number(),
        place: z.enum(["chain", "pool"]),
        index: z.number().meta({ description: "Of the chain, or of the pool in the owner's order." }),
        direction: z.enum(["in", "out"]).meta({ description: "out: from the board." }),
        kind: z.string().meta({ description: "Kind of a frame, method of a pool's line, answer, or unknown." }),
        text: z.string(),
        hex: z.string().nullable().meta({ description: "The frame's bytes; null for lines of a pool." }),
      }),
    )
    .readonly()
    .meta({ description: "Oldest first." }),
  last: z.number().meta({ description: "For `after` of the next question." }),
  missed: z.number().meta({ description: "Lines and events that came faster than they were read." }),
});
export type TrafficAnswer = Readonly<z.infer<typeof trafficAnswer>>;
type Numbered = TrafficAnswer["lines"][number];

export class TrafficFeed {
  readonly #query: (query: Query, scope: Scope) => Promise<QueryAnswer>;
  #lines: Numbered[] = [];
  #last = 0;
  /** Events of the mining plane that were lost, by the number of the line after them. */
  #losses: { beforeNumber: number; events: number }[] = [];
  #decoder: LiveDecoder | null = null;
  #asking: Promise<QueryAnswer> | null = null;

  constructor(query: (query: Query, scope: Scope) => Promise<QueryAnswer>) {
    this.#query = query;
  }

  async read(after: number, scope: Scope): Promise<QueryAnswer> {
    // All who read at the same time share one question.
    this.#asking ??= this.#ask(scope).finally(() => {
      this.#asking = null;
    });
    const asked = await this.#asking;
    if (!asked.ok) return asked;
    // Numbers begin anew with the program: a page of before starts over.
    const from = after > this.#last ? 0 : after;
    const oldest = this.#last - this.#lines.length;
    const lines = this.#lines.slice(Math.max(0, from - oldest)).slice(-ANSWER_MAX);
    const skipped = from === 0 ? 0 : this.#last - from - lines.length;
    const lost = this.#losses
      .filter(({ beforeNumber }) => beforeNumber > from)
      .reduce((sum, { events }) => sum + events, 0);
    return { ok: true, data: { lines, last: this.#last, missed: skipped + lost } satisfies TrafficAnswer };
  }

  async #ask(scope: Scope): Promise<QueryAnswer> {
    const answer = await this.#query({ kind: "traffic" }, scope);
    if (!answer.ok) return answer;
    const { header, entries, lostEvents, nowMs, nowWallMs } = answer.data as AnswerOf<"traffic">;
    if (this.#decoder === null) {
      // Its tables cost memory: they are loaded when somebody looks for the first time.
      const { LiveDecoder } = await import("../../trace/live/live-decoder.ts");
      this.#decoder = new LiveDecoder(header);
    }
    if (lostEvents > 0)
      this.#losses = [...this.#losses, { beforeNumber: this.#last + 1, events: lostEvents }].slice(-50);
    const fresh = this.#decoder.decode(entries).map((line) => this.#number(line, nowWallMs - nowMs));
    this.#lines = [...this.#lines, ...fresh].slice(-LINES_KEPT);
    return answer;
  }

  #number({ atMs, ...line }: TrafficLine, offsetMs: number): Numbered {
    return { number: ++this.#last, atWallMs: Math.round(atMs + offsetMs), ...line };
  }
}
