/** Who ordered what and how it ended: the last entries, in the data folder. Orders are few, so each is written at once. */
import { z } from "zod";
import type { Clock } from "#hal/clock.ts";
import { errorText, isKumpelError } from "#hal/errors.ts";
import type { FileStore } from "#hal/file-store.ts";
import type { Log } from "../log.ts";

export const AUDIT_FILE = "audit.json";
const BAD_FILE = "audit.json.unreadable";
export const AUDIT_MAX = 300;
const TEXT_MAX = 400;

export const auditEntry = z.object({
  atWallMs: z.number(),
  /** Token and its name, or the face and its user. */
  actor: z.string(),
  /** Kind of the command. */
  command: z.string(),
  ok: z.boolean(),
  message: z.string(),
});
export type AuditEntry = z.infer<typeof auditEntry>;

export interface AuditLogOptions {
  readonly log: Log;
  readonly clock: Clock;
  readonly store: FileStore;
}

export class AuditLog {
  readonly #options: AuditLogOptions;
  #entries: readonly AuditEntry[] = [];
  #writing: Promise<void> = Promise.resolve();

  constructor(options: AuditLogOptions) {
    this.#options = options;
  }

  /** Oldest first. */
  get entries(): readonly AuditEntry[] {
    return this.#entries;
  }

  async open(): Promise<void> {
    const { store } = this.#options;
    await this.#guard(async () => {
      const text = await store.read(AUDIT_FILE);
      if (text === null) return;
      const entries = parseAudit(text);
      if (entries === null) await store.write(BAD_FILE, text);
      else this.#entries = entries.slice(-AUDIT_MAX);
    });
  }

  note(entry: Omit<AuditEntry, "atWallMs">): void {
    const { clock, store } = this.#options;
    const message = entry.message.slice(0, TEXT_MAX);
    this.#entries = [...this.#entries, { ...entry, message, atWallMs: clock.wallTimeMs() }].slice(-AUDIT_MAX);
    this.#writing = this.#writing.then(() =>
      this.#guard(() => store.write(AUDIT_FILE, `${JSON.stringify(this.#entries)}\n`)),
    );
  }

  /** Resolves when all of it is on disk, or could not be written. */
  settled(): Promise<void> {
    return this.#writing;
  }

  async #guard(act: () => Promise<void>): Promise<void> {
    try {
      await act();
    } catch (error) {
      if (!isKumpelError(error, "STORE_FAILED")) throw error;
      this.#options.log.error(`the audit log is not on disk: ${errorText(error)}`);
    }
  }
}

function parseAudit(text: string): AuditEntry[] | null {
  try {
    const parsed = z.array(auditEntry).safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}
