/**
 * What installs bundles and decides which slot boots. On boards it is RAUC (`rauc.ts`); every method rejects with a
 * `KumpelError` `UPDATE_FAILED` and one sentence when it cannot.
 */
export interface BundleInfo {
  /** Board that it is for. */
  readonly compatible: string;
  readonly version: string;
}

export interface Slot {
  /** As the boot loader calls it, "A". */
  readonly name: string;
  /** The boot loader may boot it. */
  readonly isGood: boolean;
}

export interface SlotStatus {
  /** Board that bundles must be for. */
  readonly compatible: string;
  readonly booted: Slot;
  /** Null: there is no second one, so that nothing can be updated. */
  readonly other: Slot | null;
}

export interface Updater {
  status(): Promise<SlotStatus>;
  /** Checks the signature and reads what the bundle says of itself. */
  inspect(file: string): Promise<BundleInfo>;
  /**
   * Writes the other slot and makes it the one that boots next. @param onProgress 0 to 100
   * @returns late: it did not end within its limit and may go on by itself.
   */
  install(file: string, onProgress: (percent: number) => void): Promise<"installed" | "late">;
  /** The booted slot has proved itself. */
  markGood(): Promise<void>;
  /** The booted slot must not be booted again. */
  markBad(): Promise<void>;
  /** The other slot boots next. */
  activateOther(): Promise<void>;
  /** What `keepPledge` kept. Null: nothing, or the boot loader has no place for it. */
  pledge(): Promise<string | null>;
  /** Keeps one line beside the boot loader's own state, which no loss of the data partition takes along. Null removes it. */
  keepPledge(line: string | null): Promise<void>;
}
