/** `kumpel receipts`: what was mined for whom, by day, out of the folder of a run. */
import { parseArgs } from "node:util";
import type { FileStore } from "#hal/file-store.ts";
import { type Ledger, parseLedger } from "../pool/ledger.ts";
import { LEDGER_FILE } from "../pool/ledger-keeper.ts";
import { argumentsError, EXIT, usageError } from "./usage.ts";

export const RECEIPTS_HELP = `kumpel receipts --data DIR [--json]: accepted work by day, pool and user.

  --data DIR   folder that a run was given with --data
  --json       as JSON: { version, days: { "2026-11-28": [ { pool, user, acceptedShares, acceptedDifficulty,
               rejectedShares, staleShares, lostShares } ] } }; difficulty in the pool's units

There is no fee of any kind in this program: every share goes to a pool of the owner's list.
`;

export interface ReceiptsContext {
  /** Opens the folder to read; makes nothing. */
  readonly openStore: (folder: string) => Promise<FileStore>;
  readonly stdout: (text: string) => void;
}

/** @throws KumpelError `USAGE` or `STORE_FAILED`. */
export async function receiptsCommand(args: readonly string[], context: ReceiptsContext): Promise<number> {
  const { help, data, json } = parseOrExplain(args);
  if (help === true) {
    context.stdout(RECEIPTS_HELP);
    return EXIT.done;
  }
  if (data === undefined || data === "") throw usageError("No folder: give --data DIR, the one that the run had.");
  const store = await context.openStore(data);
  const text = await store.read(LEDGER_FILE);
  if (text === null) throw usageError(`${store.place} holds no receipts; give the folder that a run had with --data.`);
  const ledger = parseLedger(text);
  if (ledger === null)
    throw usageError(`${LEDGER_FILE} in ${store.place} is no file of receipts; give another folder.`);
  context.stdout(json === true ? `${JSON.stringify({ version: 1, days: ledger })}\n` : receiptsTable(ledger));
  return EXIT.done;
}

function parseOrExplain(args: readonly string[]) {
  try {
    const options = { help: { type: "boolean" }, json: { type: "boolean" }, data: { type: "string" } } as const;
    return parseArgs({ args: [...args], allowPositionals: false, options }).values;
  } catch (error) {
    throw argumentsError(error, "kumpel receipts");
  }
}

/** One line a day, pool and user. */
export function receiptsTable(ledger: Ledger): string {
  const lines = ["day         accepted       difficulty  rejected  stale  lost  pool, user"];
  for (const day of Object.keys(ledger).sort()) {
    for (const receipt of ledger[day] ?? []) {
      lines.push(
        [
          day.padEnd(10),
          String(receipt.acceptedShares).padStart(9),
          receipt.acceptedDifficulty.toPrecision(8).padStart(15),
          String(receipt.rejectedShares).padStart(8),
          String(receipt.staleShares).padStart(5),
          String(receipt.lostShares).padStart(4),
          `${receipt.pool}, ${receipt.user}`,
        ].join("  "),
      );
    }
  }
  return `${lines.join("\n")}\n`;
}
