/** One page of the menu. */
import type { ComponentType } from "preact";

export interface Page {
  readonly id: string;
  readonly title: string;
  readonly Body: ComponentType;
  /** Not in the menu. */
  readonly isHidden?: boolean;
}
