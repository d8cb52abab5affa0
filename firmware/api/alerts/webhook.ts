/** Posts alerts to the owner's address: one after the other, with a time limit and a bounded number of tries. */
import http from "node:http";
import https from "node:https";
import { pause } from "#hal/clock.ts";
import { errorText } from "#hal/errors.ts";
import { retryDelayMs } from "../../stratum/back-off.ts";
import type { AlertOptions } from "../outward-options.ts";
import type { OutwardParts } from "../outward-parts.ts";
import { parseWebhookUrl } from "../outward-urls.ts";

/** Null when it was taken; else why not, and whether another try can help. */
export interface PostFailure {
  readonly why: string;
  readonly isFinal: boolean;
}
export type Post = (body: string, signal: AbortSignal) => Promise<PostFailure | null>;

type WebhookOptions = NonNullable<AlertOptions["webhook"]>;

const POST_LIMIT_MS = 7_000;
const TRIES_MAX = 6;
const QUEUE_MAX = 32;
/** Of these a later try may have another answer. */
const RETRIED_STATUS = [408, 425, 429];

export class Webhook {
  /** Host and port: the address itself may hold a secret and is never told. */
  readonly name: string;
  readonly #parts: Pick<OutwardParts, "clock" | "random" | "say">;
  readonly #post: Post;
  readonly #queue: string[] = [];
  #isSending = false;
  #isFailing = false;

  constructor(
    options: WebhookOptions,
    parts: Pick<OutwardParts, "clock" | "random" | "say">,
    post: Post = postTo(options),
  ) {
    this.name = parseWebhookUrl(options.url).host;
    this.#parts = parts;
    this.#post = post;
  }

  /** Queued; the oldest goes first when too many wait. */
  send(body: string, signal: AbortSignal): void {
    this.#queue.push(body);
    if (this.#queue.length > QUEUE_MAX) this.#queue.shift();
    void this.#sendAll(signal);
  }

  /** One try, now. Null when it was taken, else why not. */
  async sendNow(body: string, signal: AbortSignal): Promise<string | null> {
    return (await this.#post(body, signal))?.why ?? null;
  }

  async #sendAll(signal: AbortSignal): Promise<void> {
    if (this.#isSending) return;
    this.#isSending = true;
    try {
      for (let body = this.#queue.shift(); body !== undefined && !signal.aborted; body = this.#queue.shift())
        await this.#tryOften(body, signal);
    } finally {
      this.#isSending = false;
    }
  }

  async #tryOften(body: string, signal: AbortSignal): Promise<void> {
    const { clock, random, say } = this.#parts;
    for (let attempt = 0; attempt < TRIES_MAX; attempt++) {
      const failure = await this.#post(body, signal);
      if (signal.aborted) return;
      if (failure === null) {
        if (this.#isFailing) say("info", `alerts: the webhook on ${this.name} takes alerts again`);
        this.#isFailing = false;
        return;
      }
      if (!this.#isFailing) say("warn", `alerts: the webhook on ${this.name} took none (${failure.why})`);
      this.#isFailing = true;
      if (failure.isFinal) return;
      if (!(await pause(clock, retryDelayMs(attempt + 1, false, random), signal))) return;
    }
  }
}

/** Redirects are not followed: the owner names the place. */
export function postTo({ url, token }: WebhookOptions): Post {
  const target = parseWebhookUrl(url);
  return (body, signal) =>
    new Promise((resolve) => {
      const fail = (error: unknown): void => resolve({ why: wordsOf(error), isFinal: false });
      const limit = AbortSignal.timeout(POST_LIMIT_MS);
      const options = {
        method: "POST",
        agent: false,
        signal: AbortSignal.any([signal, limit]),
        headers: {
          "content-type": "application/json",
          "content-length": Buffer.byteLength(body),
          "user-agent": "kumpel",
          ...(token === null ? {} : { authorization: `Bearer ${token}` }),
        },
      };
      try {
        const request = (target.protocol === "https:" ? https : http).request(target, options, (response) => {
          response.resume();
          response.on("error", fail);
          resolve(judged(response.statusCode ?? 0));
        });
        request.on("error", fail);
        request.end(body);
      } catch (error) {
        fail(error);
      }
    });
}

function judged(status: number): PostFailure | null {
  if (status >= 200 && status < 300) return null;
  return { why: `HTTP status ${status}`, isFinal: status < 500 && !RETRIED_STATUS.includes(status) };
}

function wordsOf(error: unknown): string {
  if (error instanceof Error && error.name === "AbortError") return `no answer within ${POST_LIMIT_MS / 1000} s`;
  if (error instanceof AggregateError && error.errors.length > 0) return errorText(error.errors[0]);
  return errorText(error);
}
