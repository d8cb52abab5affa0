/** The worker's side of what it asks of the main thread: orders and questions under way, by their number. */
import { type Clock, LATE, within } from "#hal/clock.ts";
import { type CommandAnswer, type CommandOrigin, refused, type Scope } from "./commands.ts";
import type { FromWorker, ToWorker } from "./messages.ts";
import type { QueryAnswer } from "./queries.ts";

const LIMIT_MS = 10_000;
/** More than that many at once are refused without asking. */
const WAITING_MAX = 64;

const BUSY = refused("Too many commands wait; try again in a second.");
const SILENT = refused(`No answer within ${LIMIT_MS / 1000} s; look whether it was done.`);

export class Orders {
  readonly #clock: Clock;
  readonly #tell: (message: FromWorker) => void;
  readonly #onDone: (command: unknown) => void;
  readonly #waiting = new Map<number, (answer: never) => void>();
  #next = 1;

  /** @param onDone gets each command that was carried out. */
  constructor(clock: Clock, tell: (message: FromWorker) => void, onDone: (command: unknown) => void) {
    this.#clock = clock;
    this.#tell = tell;
    this.#onDone = onDone;
  }

  async order(command: unknown, origin: CommandOrigin, scope: Scope): Promise<CommandAnswer> {
    const answer = await this.#ask<CommandAnswer>((id) => {
      return { kind: "command", id, deadlineMs: LIMIT_MS, command, origin, scope };
    });
    if (answer.ok) this.#onDone(command);
    return answer;
  }

  query(query: unknown, scope: Scope): Promise<QueryAnswer> {
    return this.#ask<QueryAnswer>((id) => {
      return { kind: "query", id, deadlineMs: LIMIT_MS, query, scope };
    });
  }

  take(message: Extract<ToWorker, { kind: "answer" | "told" }>): void {
    this.#waiting.get(message.id)?.(message.answer as never);
  }

  async #ask<Answer>(make: (id: number) => FromWorker): Promise<Answer | Extract<CommandAnswer, { ok: false }>> {
    if (this.#waiting.size >= WAITING_MAX) return BUSY;
    const id = this.#next++;
    const answer = new Promise<Answer>((resolve) => this.#waiting.set(id, resolve as (answer: never) => void));
    this.#tell(make(id));
    const outcome = await within(this.#clock, LIMIT_MS, answer);
    this.#waiting.delete(id);
    return outcome === LATE ? SILENT : outcome;
  }
}
