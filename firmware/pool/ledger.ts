/**
 * Receipts: for every day, pool and user the work that was accepted, so that an owner can prove where each hash went. Pure;
 * `ledger-keeper.ts` keeps it on disk.
 */
import { z } from "zod";

/** Work found before the clock was set (a board without a battery starts in 1970): kept, under no date. */
export const UNKNOWN_DAY = "before the clock was set";
/** Nothing of this program is older. */
const EARLIEST_MS = Date.UTC(2024, 0, 1);

export interface Receipt {
  readonly pool: string;
  readonly user: string;
  /** Of the accepted shares. */
  readonly acceptedShares: number;
  /** Sum of their jobs' difficulties, in the pool's units. */
  readonly acceptedDifficulty: number;
  readonly rejectedShares: number;
  readonly staleShares: number;
  readonly lostShares: number;
}

/** Receipts by UTC day (`2026-11-28`), then by pool and user. */
export type Ledger = Readonly<Record<string, readonly Receipt[]>>;

export type LedgerOutcome = "accepted" | "rejected" | "stale" | "lost";

export function dayOf(wallTimeMs: number): string {
  return wallTimeMs < EARLIEST_MS ? UNKNOWN_DAY : new Date(wallTimeMs).toISOString().slice(0, 10);
}

/** The ledger with one more share. */
export function bookShare(
  ledger: Ledger,
  day: string,
  share: { readonly pool: string; readonly user: string; readonly difficulty: number },
  outcome: LedgerOutcome,
): Ledger {
  const receipts = ledger[day] ?? [];
  const index = receipts.findIndex(({ pool, user }) => pool === share.pool && user === share.user);
  const before = receipts[index] ?? emptyReceipt(share.pool, share.user);
  const after: Receipt = {
    ...before,
    acceptedShares: before.acceptedShares + (outcome === "accepted" ? 1 : 0),
    acceptedDifficulty: before.acceptedDifficulty + (outcome === "accepted" ? share.difficulty : 0),
    rejectedShares: before.rejectedShares + (outcome === "rejected" ? 1 : 0),
    staleShares: before.staleShares + (outcome === "stale" ? 1 : 0),
    lostShares: before.lostShares + (outcome === "lost" ? 1 : 0),
  };
  const others = index < 0 ? receipts : receipts.filter((_, i) => i !== index);
  return { ...ledger, [day]: [...others, after] };
}

function emptyReceipt(pool: string, user: string): Receipt {
  return { pool, user, acceptedShares: 0, acceptedDifficulty: 0, rejectedShares: 0, staleShares: 0, lostShares: 0 };
}

const COUNT = z.number().int().nonnegative();
const LEDGER_FILE = z.object({
  version: z.literal(1),
  days: z.record(
    z.string(),
    z.array(
      z.object({
        pool: z.string(),
        user: z.string(),
        acceptedShares: COUNT,
        acceptedDifficulty: z.number().nonnegative(),
        rejectedShares: COUNT,
        staleShares: COUNT,
        lostShares: COUNT,
      }),
    ),
  ),
});

export function ledgerText(ledger: Ledger): string {
  return `${JSON.stringify({ version: 1, days: ledger }, null, 1)}\n`;
}

/** The ledger of a file, or null when it is none. */
export function parseLedger(text: string): Ledger | null {
  try {
    const parsed = LEDGER_FILE.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data.days : null;
  } catch {
    return null;
  }
}
