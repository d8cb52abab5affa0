/**
 * The live stream: server-sent events, one a second, made once for all who listen. Who does not keep up is let go, and so is
 * who would not be let in again.
 */
import type { ServerResponse } from "node:http";

export const LISTENERS_MAX = 32;
const BACKLOG_MAX_BYTES = 256 * 1024;

/** Whether a listener may go on listening. */
export type StillIn = () => boolean;

export class EventStream {
  readonly #listeners = new Map<ServerResponse, StillIn>();

  get isFull(): boolean {
    return this.#listeners.size >= LISTENERS_MAX;
  }

  get isEmpty(): boolean {
    return this.#listeners.size === 0;
  }

  add(response: ServerResponse, first: string | null, isStillIn: StillIn = () => true): void {
    this.#listeners.set(response, isStillIn);
    response.on("close", () => this.#listeners.delete(response));
    response.writeHead(200, {
      "content-type": "text/event-stream",
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
    });
    response.write(first === null ? "retry: 2000\n\n" : `retry: 2000\n\n${eventOf("snapshot", first)}`);
  }

  /** Tokens or sessions became fewer; those that time ends are found with the next event. */
  endOfWhoIsOut(): void {
    for (const [response, isStillIn] of this.#listeners) {
      if (isStillIn()) continue;
      this.#listeners.delete(response);
      response.end();
    }
  }

  /** @param text JSON without line breaks. */
  send(event: string, text: string): void {
    this.endOfWhoIsOut();
    const chunk = eventOf(event, text);
    for (const response of this.#listeners.keys()) {
      if (response.writableLength > BACKLOG_MAX_BYTES) response.destroy();
      else response.write(chunk);
    }
  }
}

function eventOf(event: string, text: string): string {
  return `event: ${event}\ndata: ${text}\n\n`;
}
