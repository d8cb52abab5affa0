/** A bundle that the owner put on his card: offered once, by its hash, or a refused one would be offered at each start. */
import { z } from "zod";
import type { FileStore } from "#hal/file-store.ts";
import type { MinerSnapshot } from "../api/snapshot.ts";

/** On the boot partition. */
export const CARD_BUNDLE = "kumpel-update.raucb";
const MARKER_FILE = "update-card.json";
/** A machine that does not mine by then is not waited for. */
const WAIT_MS = 300_000;

const marker = z.object({ sha256: z.string() });

/**
 * The new version must hash as this one does: what that is shows once the chains are up. With nothing switched on there is
 * nothing to wait for.
 */
export function isCardDue(
  snapshot: (Pick<MinerSnapshot, "chains" | "pauseReason"> & { uptimeMs: number }) | null,
): boolean {
  if (snapshot === null || snapshot.pauseReason !== null || snapshot.uptimeMs > WAIT_MS) return true;
  const states = snapshot.chains.map(({ state }) => state);
  return states.includes("hashing") && states.every((s) => s === "hashing" || s === "absent" || s === "disabled");
}

export class CardMemory {
  readonly #store: FileStore;

  constructor(store: FileStore) {
    this.#store = store;
  }

  /** True once for each bundle. @throws KumpelError `STORE_FAILED`: what cannot be remembered is not offered. */
  async isNew(sha256: string): Promise<boolean> {
    const text = await this.#store.read(MARKER_FILE);
    if (text !== null && seenIn(text) === sha256) return false;
    await this.#store.write(MARKER_FILE, JSON.stringify({ sha256 }));
    return true;
  }
}

function seenIn(text: string): string | null {
  try {
    const parsed = marker.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data.sha256 : null;
  } catch {
    return null;
  }
}
