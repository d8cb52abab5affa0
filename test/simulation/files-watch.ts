/** What the process leaves in its files, judged apart from its own code after every write. */
import type { Stage } from "./stage.ts";

const RECEIPTS = "receipts.json";

interface ReceiptsFile {
  readonly days: Readonly<Record<string, readonly { readonly acceptedShares: number }[]>>;
}

export class FilesWatch {
  readonly #stage: Stage;
  #seenWrites = 0;
  #accepted = 0;
  #trouble: string | null = null;

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  /** What is wrong; null = nothing. */
  everySecond(): string | null {
    const { store } = this.#stage;
    if (store.writes === this.#seenWrites) return this.#trouble;
    this.#seenWrites = store.writes;
    this.#trouble ??= this.#judge();
    return this.#trouble;
  }

  #judge(): string | null {
    const { store, primary, backup } = this.#stage;
    const aside = [...store.files.keys()].find((name) => name.includes("unreadable"));
    if (aside !== undefined) return `${aside}: a file of its own could not be read`;
    for (const [name, text] of store.files) if (name.endsWith(".json") && !isJson(text)) return `${name} is no JSON`;
    const text = store.files.get(RECEIPTS);
    if (text === undefined) return this.#accepted === 0 ? null : "the receipts are gone";
    const accepted = acceptedOf(text);
    if (accepted < this.#accepted) return `the receipts shrank from ${this.#accepted} accepted shares to ${accepted}`;
    this.#accepted = accepted;
    const atPools = primary.counts().accepted + backup.counts().accepted;
    return accepted <= atPools ? null : `the receipts claim ${accepted} accepted shares, the pools know ${atPools}`;
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}

function acceptedOf(text: string): number {
  const { days } = JSON.parse(text) as ReceiptsFile;
  return Object.values(days).reduce((sum, day) => day.reduce((all, r) => all + r.acceptedShares, sum), 0);
}
