/**
 * Small files that survive a power cut: a write is complete or has not happened. One folder; names are plain, without a
 * path. Real ones in `hal/linux/folder-store.ts`, in-memory ones with power cuts in `hal/emulator/memory-store.ts`.
 */
export interface FileStore {
  /** Where it is, for messages. */
  readonly place: string;
  /** Text of a file, or null when it is not there. @throws KumpelError `STORE_FAILED`. */
  read(name: string): Promise<string | null>;
  /** Replaces the file as a whole; resolves when it would survive a power cut. @throws KumpelError `STORE_FAILED`. */
  write(name: string, text: string): Promise<void>;
  /** Names of all files, sorted. @throws KumpelError `STORE_FAILED`. */
  list(): Promise<string[]>;
  /** Removes a file; none is no error. @throws KumpelError `STORE_FAILED`. */
  remove(name: string): Promise<void>;
}
