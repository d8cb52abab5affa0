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
  /** The owner's for this run alone: it never gets into the file. */
  #passing: TokenRecord | null = null;
  #isRead = false;
  /** One for all orders that wait for it. */
  #reading: Promise<void> | null = null;
  #problem: string | null = null;

  constructor(options: AccessKeeperOptions) {
    this.#options = options;
  }

  get tokens(): readonly TokenRecord[] {
    return this.#passing === null ? this.#tokens : [...this.#tokens, this.#passing];
  }

  /** Why the token that `open` made ends with this run; null: it does not. */
  get problem(): string | null {
    return this.#problem;
  }

  /**
   * Reads the file. A damaged one is set aside: then nobody's token is good any more, and the owner gets a new one. One
   * that cannot be read is left as it is, since all tokens may be in it: the owner gets a token for this run.
   * @returns a token that was just made, to be shown; null where there is one already.
   */
  async open(): Promise<string | null> {
    try {
      await this.#read();
    } catch (error) {
      if (!isKumpelError(error, "STORE_FAILED")) throw error;
      this.#problem = errorText(error);
      const { token, record } = await this.#make(OWNER, "admin");
      this.#passing = record;
      return token;
    }
    return this.#tokens.some(isAdmin) ? null : this.#makeOwners();
  }

  /** @throws KumpelError `USAGE` when there are too many, `STORE_FAILED`. */
  async create(name: string, scope: Scope): Promise<string> {
    await this.#read();
    if (this.#tokens.length >= TOKENS_MAX)
      throw new KumpelError("USAGE", `There are ${TOKENS_MAX} tokens, which is the most; revoke one first.`);
    const { token, record } = await this.#make(name, scope);
    await this.#write([...this.#tokens, record]);
    return token;
  }

  /** Instead of one that was lost: all of the owner's own tokens are good for nothing from now on. */
  async replaceOwners(): Promise<string> {
    await this.#read();
    const { token, record } = await this.#make(OWNER, "admin");
    await this.#write([...this.#tokens.filter(({ name }) => name !== OWNER), record]);
    this.#passing = null;
    return token;
  }

  /** @throws KumpelError `USAGE` where there is none, or where it is the last that may do everything; `STORE_FAILED`. */
  async revoke(id: string): Promise<void> {
    await this.#read();
    const rest = this.#tokens.filter((token) => token.id !== id);
    const isPassing = this.#passing?.id === id;
    if (rest.length === this.#tokens.length && !isPassing) throw new KumpelError("USAGE", `There is no token ${id}.`);
    if (!rest.some(isAdmin))
      throw new KumpelError("USAGE", `Token ${id} is the last with scope admin; create another first.`);
    if (isPassing) this.#passing = null;
    else await this.#write(rest);
  }

  #make(name: string, scope: Scope): ReturnType<typeof createToken> {
    const { randomBytes, clock } = this.#options;
    return createToken(randomBytes, name, scope, clock.wallTimeMs());
  }

  /** Until it succeeded once: what was never read must not be written over. @throws KumpelError `STORE_FAILED`. */
  async #read(): Promise<void> {
    if (this.#isRead) return;
    this.#reading ??= this.#readFile().finally(() => {
      this.#reading = null;
    });
    await this.#reading;
  }

  async #readFile(): Promise<void> {
    const { store } = this.#options;
    const text = await store.read(ACCESS_FILE);
    const tokens = text === null ? [] : parseAccess(text);
    if (tokens === null) await store.write(BAD_FILE, text ?? "");
    this.#isRead = true;
    this.#tokens = tokens ?? [];
    if (this.#passing === null || this.#tokens.some(isAdmin)) return;
    // There is no other owner: it stays.
    this.#tokens = [...this.#tokens, this.#passing];
    this.#passing = null;
  }

  /** A disk that takes nothing must not leave the owner outside: the token is good for this run then. */
  async #makeOwners(): Promise<string> {
    const { token, record } = await this.#make(OWNER, "admin");
    try {
      await this.#write([...this.#tokens, record]);
    } catch (error) {
      if (!isKumpelError(error, "STORE_FAILED")) throw error;
      this.#problem = errorText(error);
      this.#tokens = [...this.#tokens, record];
    }
    return token;
  }

  async #write(tokens: readonly TokenRecord[]): Promise<void> {
    await this.#options.store.write(ACCESS_FILE, `${JSON.stringify({ version: 1, tokens }, null, 1)}\n`);
    this.#tokens = tokens;
  }
}

function isAdmin({ scope }: TokenRecord): boolean {
  return scope === "admin";
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
