/**
 * Who asks, and what he may. Tokens come as `Authorization: Bearer`, sessions as a cookie that scripts cannot read. Wrong
 * ones are answered ever slower, but nobody is locked out: a right token is never kept waiting for another's wrong ones.
 */
import { type Clock, sleep } from "#hal/clock.ts";
import { Mutex } from "#hal/mutex.ts";
import { digestOf, isSecretOf, type RandomBytes, splitToken, type TokenRecord } from "../access.ts";
import type { Scope } from "../commands.ts";
import type { KeptSession } from "../session-memory.ts";

export const COOKIE = "kumpel_session";
const SESSIONS_MAX = 32;
const ADDRESSES_MAX = 256;
const FIRST_DELAY_MS = 100;
const DELAY_MAX_MS = 2_000;
/** So long without a wrong one forgives the earlier ones. */
const FORGIVE_AFTER_MS = 60_000;
/** A hash costs a processor some 30 ms: more than so many do not wait for theirs. */
const HASHES_WAITING_MAX = 16;
/** Who keeps sessions is told of a longer life when it grew by so much of the whole. */
const TOLD_SHARE = 0.05;

export interface Identity {
  /** Name of the token, for the audit log. */
  readonly who: string;
  readonly scope: Scope;
  readonly tokenId: string;
  readonly isSession: boolean;
  /** Digest of the session's secret; null: it is none. */
  readonly sessionKey: string | null;
  /** Where it came in, for the audit log. */
  readonly face: "own API" | "console";
}

/** busy: so many wrong ones are being checked that this one was not looked at. */
export type Identified = Identity | "none" | "wrong" | "busy";

interface Session {
  readonly tokenId: string;
  expiresAtMs: number;
  /** As it was told last. */
  toldExpiresAtMs: number;
}

export interface GuardOptions {
  readonly clock: Clock;
  readonly randomBytes: RandomBytes;
  readonly sessionMs: number;
  /** Sessions began, ended or were prolonged by much; absent: nobody keeps them. */
  readonly onSessions?: (sessions: readonly KeptSession[]) => void;
  /** Somebody who was let in before may be no longer; see `isStillIn`. */
  readonly onFewer?: () => void;
}

export class Guard {
  readonly #options: GuardOptions;
  #tokens = new Map<string, TokenRecord>();
  /** Digests of tokens that were proved: a hash is not reckoned twice. */
  readonly #proved = new Map<string, string>();
  readonly #sessions = new Map<string, Session>();
  readonly #failures = new Map<string, { count: number; atMs: number }>();
  readonly #hashing = new Mutex();
  #hashesWaiting = 0;

  constructor(options: GuardOptions) {
    this.#options = options;
  }

  get tokens(): TokenRecord[] {
    return [...this.#tokens.values()];
  }

  setTokens(tokens: readonly TokenRecord[]): void {
    this.#tokens = new Map(tokens.map((token) => [token.id, token]));
    for (const [digest, id] of this.#proved) if (!this.#tokens.has(id)) this.#proved.delete(digest);
    for (const [key, { tokenId }] of this.#sessions) if (!this.#tokens.has(tokenId)) this.#sessions.delete(key);
    this.#options.onFewer?.();
  }

  /** Whether who was let in once would be still. It is no request: a session is not prolonged by it. */
  isStillIn({ tokenId, sessionKey }: Identity): boolean {
    if (!this.#tokens.has(tokenId)) return false;
    if (sessionKey === null) return true;
    const session = this.#sessions.get(sessionKey);
    return session !== undefined && this.#options.clock.nowMs() < session.expiresAtMs;
  }

  /** Those of the guard before this one; after the tokens, since a session ends with its token. */
  setSessions(sessions: readonly KeptSession[]): void {
    const { clock, sessionMs } = this.#options;
    for (const { digest, tokenId, leftMs } of sessions.slice(-SESSIONS_MAX)) {
      const expiresAtMs = clock.nowMs() + Math.min(leftMs, sessionMs);
      if (this.#tokens.has(tokenId)) this.#sessions.set(digest, { tokenId, expiresAtMs, toldExpiresAtMs: expiresAtMs });
    }
  }

  async identify(authorization: string | undefined, cookie: string | undefined, address: string): Promise<Identified> {
    const bearer = /^Bearer +(\S+)$/i.exec(authorization ?? "")?.[1];
    if (bearer !== undefined) return this.checkToken(bearer, address);
    if (authorization !== undefined) return this.#refuse(address);
    const session = sessionOf(cookie);
    if (session === null) return "none";
    return this.#identifySession(session) ?? "none";
  }

  async checkToken(token: string, address: string): Promise<Identified> {
    const parts = splitToken(token);
    const record = parts === null ? undefined : this.#tokens.get(parts.id);
    if (parts === null || record === undefined) return this.#refuse(address);
    const digest = digestOf(token);
    if (this.#proved.get(digest) === record.id) return identityOf(record, null);
    if (this.#hashesWaiting >= HASHES_WAITING_MAX) return "busy";
    this.#hashesWaiting++;
    try {
      if (!(await this.#hashing.run(() => isSecretOf(record, parts.secret)))) return await this.#refuse(address);
    } finally {
      this.#hashesWaiting--;
    }
    this.#proved.set(digest, record.id);
    return identityOf(record, null);
  }

  /** @returns the cookie's value. */
  beginSession({ tokenId }: Identity): string {
    const { clock, randomBytes, sessionMs } = this.#options;
    const oldest = this.#sessions.keys().next();
    if (this.#sessions.size >= SESSIONS_MAX && oldest.done !== true) this.#sessions.delete(oldest.value);
    const value = Buffer.from(randomBytes(24)).toString("base64url");
    const expiresAtMs = clock.nowMs() + sessionMs;
    this.#sessions.set(digestOf(value), { tokenId, expiresAtMs, toldExpiresAtMs: expiresAtMs });
    this.#tell();
    this.#options.onFewer?.();
    return value;
  }

  endSession(cookie: string | undefined): void {
    const value = sessionOf(cookie);
    if (value === null || !this.#sessions.delete(digestOf(value))) return;
    this.#tell();
    this.#options.onFewer?.();
  }

  #identifySession(value: string): Identity | null {
    const { clock, sessionMs } = this.#options;
    const key = digestOf(value);
    const session = this.#sessions.get(key);
    const record = session === undefined ? undefined : this.#tokens.get(session.tokenId);
    if (session === undefined || record === undefined) return null;
    if (clock.nowMs() >= session.expiresAtMs) {
      this.#sessions.delete(key);
      return null;
    }
    session.expiresAtMs = clock.nowMs() + sessionMs;
    if (session.expiresAtMs - session.toldExpiresAtMs > sessionMs * TOLD_SHARE) this.#tell();
    return identityOf(record, key);
  }

  #tell(): void {
    const nowMs = this.#options.clock.nowMs();
    const sessions = [...this.#sessions].map(([digest, session]) => {
      session.toldExpiresAtMs = session.expiresAtMs;
      return { digest, tokenId: session.tokenId, leftMs: session.expiresAtMs - nowMs };
    });
    this.#options.onSessions?.(sessions);
  }

  /** Each wrong one of an address waits twice as long as the one before. */
  async #refuse(address: string): Promise<"wrong"> {
    const { clock } = this.#options;
    const nowMs = clock.nowMs();
    const before = this.#failures.get(address);
    const count = before === undefined || nowMs - before.atMs > FORGIVE_AFTER_MS ? 0 : before.count;
    this.#failures.delete(address);
    const oldest = this.#failures.keys().next();
    if (this.#failures.size >= ADDRESSES_MAX && oldest.done !== true) this.#failures.delete(oldest.value);
    this.#failures.set(address, { count: count + 1, atMs: nowMs });
    await sleep(clock, Math.min(DELAY_MAX_MS, FIRST_DELAY_MS * 2 ** Math.min(count, 10)));
    return "wrong";
  }
}

function identityOf({ id, name, scope }: TokenRecord, sessionKey: string | null): Identity {
  return { who: name, scope, tokenId: id, isSession: sessionKey !== null, sessionKey, face: "own API" };
}

function sessionOf(cookie: string | undefined): string | null {
  return new RegExp(`(?:^|;\\s*)${COOKIE}=([\\w-]{32})(?:;|$)`).exec(cookie ?? "")?.[1] ?? null;
}

/** A page of somebody else must not act with the owner's cookie, nor read: its origin is another than the one asked for. */
export function isForeign(origin: string | undefined, host: string | undefined): boolean {
  if (origin === undefined) return false;
  return !/^https?:\/\//.test(origin) || origin.replace(/^https?:\/\//, "") !== host;
}
