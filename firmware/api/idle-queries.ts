/** What can be answered while nothing is switched on. */
import { errorText, isKumpelError } from "#hal/errors.ts";
import type { FileStore } from "#hal/file-store.ts";
import { refused } from "./commands.ts";
import { type QueryAnswer, querySchema } from "./queries.ts";
import { storedReceipts } from "./receipts.ts";

/** Never rejects for what is on the disk. */
export async function answerIdle(input: unknown, store: FileStore): Promise<QueryAnswer> {
  const query = querySchema.safeParse(input);
  if (!query.success || query.data.kind !== "receipts") return refused("Nothing is switched on.");
  try {
    return { ok: true, data: await storedReceipts(store, query.data.days) };
  } catch (error) {
    if (!isKumpelError(error)) throw error;
    return refused(errorText(error));
  }
}
