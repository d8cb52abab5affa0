/** Keeps the receipts on disk: read at the start, written every few minutes and at the end, a bad file set aside. */
import { type Clock, pause } from "#hal/clock.ts";
import { errorText, isKumpelError } from "#hal/errors.ts";
import type { FileStore } from "#hal/file-store.ts";
import type { Share } from "../job/job.ts";
import type { Log } from "../log.ts";
import { isRejected, type ShareOutcome } from "../stratum/share-outcome.ts";
import { bookShare, dayOf, type Ledger, type LedgerOutcome, ledgerText, parseLedger } from "./ledger.ts";

export const LEDGER_FILE = "receipts.json";
/** Flash wears out by writes; this much of the receipts may be lost in a power cut. */
const WRITE_PERIOD_MS = 300_000;

export interface LedgerKeeperOptions {
  log: Log;
  clock: Clock;
  store: FileStore;
}

export class LedgerKeeper {
  readonly #options: LedgerKeeperOptions;
  #ledger: Ledger = {};
  #isChanged = false;
  /** False while the file could not be read: then nothing is written over it, and what is booked waits. */
  #isRead = false;
  /** The trouble that was told last; it is not told again at each try. */
  #told: string | null = null;

  constructor(options: LedgerKeeperOptions) {
    this.#options = options;
  }

  get ledger(): Ledger {
    return this.#ledger;
  }

  book(share: Share, outcome: ShareOutcome): void {
    const { session, difficulty } = share.job;
    const booked = { pool: session.poolUrl, user: session.user, difficulty };
    this.#ledger = bookShare(this.#ledger, dayOf(this.#options.clock.wallTimeMs()), booked, outcomeOf(outcome));
    this.#isChanged = true;
  }

  /**
   * Reads what is there, then writes from time to time until `signal` aborts, and once more when `booked` has ended, by
   * which time the last shares have their outcome.
   */
  async run(signal: AbortSignal, booked: Promise<unknown>): Promise<void> {
    await this.#read();
    while (await pause(this.#options.clock, WRITE_PERIOD_MS, signal)) await this.#write();
    await booked.catch(() => undefined);
    await this.#write();
  }

  async #read(): Promise<void> {
    const { store, log } = this.#options;
    try {
      const text = await store.read(LEDGER_FILE);
      const found = text === null ? {} : parseLedger(text);
      if (found !== null) {
        this.#ledger = mergeLedgers(found, this.#ledger);
      } else {
        // Nothing is lost: what cannot be understood stays beside the new file.
        const file = await this.#freeName();
        await store.write(file, text ?? "");
        log.warn({ file }, "the receipts could not be understood and were set aside");
      }
      this.#isRead = true;
      this.#told = null;
    } catch (error) {
      this.#complain(error);
    }
  }

  /** An older file that was set aside stays, too. */
  async #freeName(): Promise<string> {
    for (let n = 1; ; n++) {
      const name = `${LEDGER_FILE}.unreadable${n === 1 ? "" : `-${n}`}`;
      if ((await this.#options.store.read(name)) === null) return name;
    }
  }

  async #write(): Promise<void> {
    if (!this.#isRead) await this.#read();
    if (!this.#isChanged || !this.#isRead) return;
    this.#isChanged = false;
    try {
      await this.#options.store.write(LEDGER_FILE, ledgerText(this.#ledger));
      this.#told = null;
    } catch (error) {
      this.#isChanged = true;
      this.#complain(error);
    }
  }

  /** A disk that fails must not end the mining. */
  #complain(error: unknown): void {
    if (!isKumpelError(error, "STORE_FAILED")) throw error;
    const text = errorText(error);
    if (text !== this.#told) this.#options.log.error(`receipts: ${text}`);
    this.#told = text;
  }
}

function outcomeOf(outcome: ShareOutcome): LedgerOutcome {
  if (outcome === "accepted" || outcome === "stale" || outcome === "lost") return outcome;
  return isRejected(outcome) ? "rejected" : "lost";
}

/** What was booked while the file was still being read is added to what it held. */
function mergeLedgers(older: Ledger, newer: Ledger): Ledger {
  const merged: Record<string, Ledger[string]> = { ...older };
  for (const [day, receipts] of Object.entries(newer)) {
    const before = merged[day] ?? [];
    const rest = before.filter(({ pool, user }) => !receipts.some((r) => r.pool === pool && r.user === user));
    const sums = receipts.map((receipt) => {
      const old = before.find(({ pool, user }) => pool === receipt.pool && user === receipt.user);
      if (old === undefined) return receipt;
      return {
        ...receipt,
        acceptedShares: old.acceptedShares + receipt.acceptedShares,
        acceptedDifficulty: old.acceptedDifficulty + receipt.acceptedDifficulty,
        rejectedShares: old.rejectedShares + receipt.rejectedShares,
        staleShares: old.staleShares + receipt.staleShares,
        lostShares: old.lostShares + receipt.lostShares,
      };
    });
    merged[day] = [...rest, ...sums];
  }
  return merged;
}
