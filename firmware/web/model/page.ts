/** One page of the menu. */

/** Pages that are loaded after the first one. */
export type LatePageId = "boards" | "pools" | "cooling" | "history" | "incidents" | "trace" | "system" | "first-run";

export interface Page {
  readonly id: "dashboard" | LatePageId;
  readonly title: string;
  /** Not in the menu. */
  readonly isHidden?: boolean;
}
