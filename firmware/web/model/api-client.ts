/** Asks the board. Whatever goes wrong becomes one sentence for whoever asked; nothing is thrown. */
import { browser } from "../browser.ts";
import type { Answers, Command, CommandAnswer, Given, Got, Path, PoolTest, Session } from "./api-types.ts";
import { upload } from "./upload.ts";

const ROOT = "/api/v1";
/** The board answers within ten seconds, or says that it cannot; a line that swallows everything never says so. */
const LIMIT_MS = 15_000;
const UNREACHABLE = "The miner does not answer: the connection is lost, or it starts again.";
const NO_SENSE = "The miner answered something that this page does not understand; load the page again.";

export class ApiClient {
  readonly #onSignedOut: () => void;

  /** @param onSignedOut the board knows nobody behind this request (any more). */
  constructor(onSignedOut: () => void) {
    this.#onSignedOut = onSignedOut;
  }

  get<P extends Path>(path: P): Promise<Got<Answers[P]>> {
    return this.#ask("GET", path);
  }

  async order(command: Command): Promise<Given> {
    const got = await this.#ask<CommandAnswer>("POST", "/commands", command);
    return got.ok ? got.data : got;
  }

  /** Only what is in the patch changes; null removes a key. */
  async change(patch: Readonly<Record<string, unknown>>): Promise<Given> {
    const got = await this.#ask<CommandAnswer>("PATCH", "/settings", patch);
    return got.ok ? got.data : got;
  }

  /** Tries a pool in the form of the settings; seconds may pass. */
  testPool(pool: Readonly<Record<string, unknown>>): Promise<Got<PoolTest>> {
    return this.#ask("POST", "/pools/test", pool);
  }

  /** @param onSent share of the file that went out, 0 to 1. */
  async installUpdate(file: Blob, isForced: boolean, onSent: (share: number) => void): Promise<Given> {
    const got = await upload(`${ROOT}/update?force=${isForced}`, file, onSent);
    if (!got.ok && got.status === 401) this.#onSignedOut();
    return got.ok ? got.data : got;
  }

  signIn(token: string): Promise<Got<Session>> {
    return this.#ask("POST", "/sessions", { token }, false);
  }

  async signOut(): Promise<void> {
    await this.#ask("DELETE", "/sessions", undefined, false);
  }

  async #ask<T>(method: string, path: string, body?: unknown, tellsSignedOut = true): Promise<Got<T>> {
    const headers = { "content-type": "application/json" };
    const late = new AbortController();
    const stop = browser.after(LIMIT_MS, () => late.abort());
    const { signal } = late;
    const init = body === undefined ? { method, signal } : { method, signal, headers, body: JSON.stringify(body) };
    let status = 0;
    try {
      const response = await fetch(ROOT + path, init);
      status = response.status;
      const data = (await response.json()) as T & { readonly message?: string };
      if (response.ok) return { ok: true, data };
      if (status === 401 && tellsSignedOut) this.#onSignedOut();
      return { ok: false, status, message: data.message ?? NO_SENSE };
    } catch {
      if (late.signal.aborted) return { ok: false, status: 0, message: UNREACHABLE };
      return { ok: false, status, message: status === 0 ? UNREACHABLE : NO_SENSE };
    } finally {
      stop();
    }
  }
}

/** Address of a recording, by its path on the board. */
export function traceFile(path: string): string {
  return `${ROOT}/trace/file?name=${encodeURIComponent(path.slice(path.lastIndexOf("/") + 1))}`;
}

export const EVENTS = `${ROOT}/events`;
export const SUPPORT = `${ROOT}/support`;
