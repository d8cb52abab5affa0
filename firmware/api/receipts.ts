/** Receipts of past work as the own API tells them: the newest days, bounded, whether the machine runs or idles. */
import { z } from "zod";
import type { FileStore } from "#hal/file-store.ts";
import { type Ledger, parseLedger } from "../pool/ledger.ts";
import { LEDGER_FILE } from "../pool/ledger-keeper.ts";

/** Two years and a day. */
export const RECEIPT_DAYS_MAX = 731;
/** Lines of one answer: a day has one for each pool and user. */
export const RECEIPTS_MAX = 1_000;

const receipt = z.object({
  pool: z.string(),
  user: z.string(),
  acceptedShares: z.number(),
  acceptedDifficulty: z
    .number()
    .meta({ description: "Sum of the accepted shares' difficulties, in the pool's units." }),
  rejectedShares: z.number(),
  staleShares: z.number(),
  lostShares: z.number(),
});

export const receiptsAnswer = z.object({
  days: z
    .array(z.object({ day: z.string(), receipts: z.array(receipt).readonly() }))
    .readonly()
    .meta({ description: "UTC days, newest first." }),
  olderDays: z.number().meta({ description: "Days that are kept and not in this answer." }),
});
export type ReceiptsAnswer = Readonly<z.infer<typeof receiptsAnswer>>;

export function receiptsOf(ledger: Ledger, daysMax: number): ReceiptsAnswer {
  const all = Object.keys(ledger).sort().reverse();
  const days: { day: string; receipts: Ledger[string] }[] = [];
  let lines = 0;
  for (const day of all.slice(0, daysMax)) {
    const receipts = ledger[day] ?? [];
    lines += receipts.length;
    if (lines > RECEIPTS_MAX && days.length > 0) break;
    days.push({ day, receipts: receipts.slice(0, RECEIPTS_MAX) });
  }
  return { days, olderDays: all.length - days.length };
}

/** For a machine that does not run. @throws KumpelError `STORE_FAILED`. */
export async function storedReceipts(store: FileStore, daysMax: number): Promise<ReceiptsAnswer> {
  const text = await store.read(LEDGER_FILE);
  return receiptsOf((text === null ? null : parseLedger(text)) ?? {}, daysMax);
}
