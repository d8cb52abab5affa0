/** Files in memory, for tests and virtual time: they can refuse, and a power cut can hit between any two steps of a write. */
import { KumpelError } from "#hal/errors.ts";
import type { FileStore } from "#hal/file-store.ts";

/** Of a write under way; never read. */
const UNFINISHED = ".new";

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
  /** Power goes at this step from now on, counting from 0; a write has four steps, a removal two. Null: it stays. */
  cutAtStep: number | null = null;
  /** Writes go straight into the file, as by a careless program: a cut leaves half of it. */
  isCareless = false;
  #isCut = false;

  /** Power is back: what was renamed is there, what was not is as it was before. */
  powerOn(): void {
    this.#isCut = false;
    this.cutAtStep = null;
  }

  /** True when power went at this step: nobody hears any more how it ended. */
  #step(): boolean {
    if (this.cutAtStep !== null && this.cutAtStep-- <= 0) this.#isCut = true;
    return this.#isCut;
  }

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
    if (this.isTearing) return never();
    this.writes++;
    return this.#write(name, text);
  }

  async #write(name: string, text: string): Promise<void> {
    const place = this.isCareless ? name : `${name}${UNFINISHED}`;
    if (this.#step()) return never();
    this.files.set(place, text.slice(0, text.length / 2));
    if (this.#step()) return never();
    this.files.set(place, text);
    if (this.#step()) return never();
    this.files.set(name, text);
    this.files.delete(`${name}${UNFINISHED}`);
    // Done, but not yet told.
    if (this.#step()) return never();
  }

  list(): Promise<string[]> {
    return Promise.resolve([...this.files.keys()].filter((name) => !name.endsWith(UNFINISHED)).sort());
  }

  async remove(name: string): Promise<void> {
    if (this.#step()) return never();
    this.files.delete(name);
    if (this.#step()) return never();
  }
}

function never(): Promise<never> {
  return new Promise(() => undefined);
}
