/** The file of tokens in the data folder. The first start makes one for the owner; it is shown once, on the console. */
import { z } from "zod";
import type { Clock } from "#hal/clock.ts";
import { errorText, isKumpelError, KumpelError } from "#hal/errors.ts";
import type { FileStore } from "#hal/file-store.ts";
import { createToken, type RandomBytes, type TokenRecord, tokenRecord } from "./access.ts";
import type { Scope } from "./commands.ts";

export const ACCESS_FILE = "access.json";
const BAD_FILE = "access.json.unreadable";
export const TOKENS_MAX = 32;
/** Name of the owner's own token. */
export const OWNER = "owner";

const accessFile = z.object({ version: z.literal(1), tokens: z.array(tokenRecord).max(TOKENS_MAX) });

export interface AccessKeeperOptions {
  readonly clock: Clock;
  readonly store: FileStore;
  readonly randomBytes: RandomBytes;
}

export class AccessKeeper {
  readonly #options: AccessKeeperOptions;
  #tokens: readonly TokenRecord[] = [];

  constructor(options: AccessKeeperOptions) {
    this.#options = options;
  }

  get tokens(): readonly TokenRecord[] {
    return this.#tokens;
  }

  /**
   * Reads the file. A damaged one is set aside: then nobody's token is good any more, and the owner gets a new one.
   * @returns a token that was just made, to be shown; null where there is one already.
   */
  async open(): Promise<string | null> {
    const { store } = this.#options;
    try {
      const text = await store.read(ACCESS_FILE);
      const tokens = text === null ? [] : parseAccess(text);
      if (tokens === null) await store.write(BAD_FILE, text ?? "");
      this.#tokens = tokens ?? [];
    } catch (error) {
      if (!isKumpelError(error, "STORE_FAILED")) throw error;
      this.#tokens = [];
    }
    return this.#tokens.some(({ scope }) => scope === "admin") ? null : this.#makeOwners();
  }

  /** @throws KumpelError `USAGE` when there are too many, `STORE_FAILED`. */
  async create(name: string, scope: Scope): Promise<string> {
    if (this.#tokens.length >= TOKENS_MAX)
      throw new KumpelError("USAGE", `There are ${TOKENS_MAX} tokens, which is the most; revoke one first.`);
    const { token, record } = await this.#make(name, scope);
    await this.#write([...this.#tokens, record]);
    return token;
  }

  /** Instead of one that was lost: all of the owner's own tokens are good for nothing from now on. */
  async replaceOwners(): Promise<string> {
    const { token, record } = await this.#make(OWNER, "admin");
    await this.#write([...this.#tokens.filter(({ name }) => name !== OWNER), record]);
    return token;
  }

  /** @throws KumpelError `USAGE` where there is none, or where it is the last that may do everything. */
  async revoke(id: string): Promise<void> {
    const rest = this.#tokens.filter((token) => token.id !== id);
    if (rest.length === this.#tokens.length) throw new KumpelError("USAGE", `There is no token ${id}.`);
    if (!rest.some(({ scope }) => scope === "admin"))
      throw new KumpelError("USAGE", `Token ${id} is the last with scope admin; create another first.`);
    await this.#write(rest);
  }

  #make(name: string, scope: Scope): ReturnType<typeof createToken> {
    const { randomBytes, clock } = this.#options;
    return createToken(randomBytes, name, scope, clock.wallTimeMs());
  }

  /** A disk that takes nothing must not leave the owner outside: the token is good for this run then. */
  async #makeOwners(): Promise<string> {
    const { token, record } = await this.#make(OWNER, "admin");
    try {
      await this.#write([...this.#tokens, record]);
    } catch (error) {
      if (!isKumpelError(error, "STORE_FAILED")) throw error;
      this.#tokens = [...this.#tokens, record];
    }
    return token;
  }

  async #write(tokens: readonly TokenRecord[]): Promise<void> {
    await this.#options.store.write(ACCESS_FILE, `${JSON.stringify({ version: 1, tokens }, null, 1)}\n`);
    this.#tokens = tokens;
  }
}

function parseAccess(text: string): TokenRecord[] | null {
  try {
    const parsed = accessFile.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data.tokens : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw new Error(errorText(error), { cause: error });
  }
}
