/** Files in memory, for tests and virtual time: they can refuse, and a power cut can hit between any two steps of a write. */
import { KumpelError } from "#hal/errors.ts";
import type { FileStore } from "#hal/file-store.ts";

export class MemoryStore implements FileStore {
  readonly place = "memory";
  readonly files = new Map<string, string>();
  /** Every write is refused, as by a full or read-only disk. */
  isFull = false;
  /** Every read fails, as on a disk that breaks or a file of somebody else. */
  isUnreadable = false;
  /** Power goes in the middle of the next write: the old file stays, and nobody hears how the write ended. */
  isTearing = false;
  writes = 0;

  read(name: string): Promise<string | null> {
    if (this.isUnreadable) {
      return Promise.reject(new KumpelError("STORE_FAILED", `${name} cannot be read: check the disk`));
    }
    return Promise.resolve(this.files.get(name) ?? null);
  }

  write(name: string, text: string): Promise<void> {
    if (this.isFull) {
      return Promise.reject(new KumpelError("STORE_FAILED", `${name} cannot be written: no space; free some`));
    }
    if (this.isTearing) return new Promise(() => undefined);
    this.writes++;
    this.files.set(name, text);
    return Promise.resolve();
  }

  list(): Promise<string[]> {
    return Promise.resolve([...this.files.keys()].sort());
  }

  remove(name: string): Promise<void> {
    this.files.delete(name);
    return Promise.resolve();
  }
}
