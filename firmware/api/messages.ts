/** What main thread and management worker tell each other. Both sides are one program, so these are types, not schemas. */
import type { KeyFacts } from "../config/constraints.ts";
import type { UpdateStatus } from "../update/update-status.ts";
import type { TokenRecord } from "./access.ts";
import type { AuditEntry } from "./audit-log.ts";
import type { CommandAnswer, CommandOrigin, Scope } from "./commands.ts";
import type { StartedFaces } from "./face-places.ts";
import type { QueryAnswer } from "./queries.ts";
import type { MinerSnapshot } from "./snapshot.ts";

export interface SettingsView {
  /** File, for the owner. */
  readonly place: string;
  readonly source: "file" | "lastGood" | "none" | "idle";
  /** What is wrong with the file, one sentence each. */
  readonly problems: readonly string[];
  /** In force after the next start, with defaults; secrets hidden. */
  readonly settings: unknown;
  /** Settings that differ from those that the machine runs with, and need a restart. */
  readonly pendingRestart: readonly string[];
}

export type ToWorker =
  | { readonly kind: "snapshot"; readonly snapshot: MinerSnapshot }
  /** Nothing is switched on, and why. */
  | { readonly kind: "idle"; readonly reason: string }
  | { readonly kind: "settings"; readonly view: SettingsView; readonly constraints: readonly KeyFacts[] }
  | { readonly kind: "access"; readonly tokens: readonly TokenRecord[] }
  | { readonly kind: "audit"; readonly entries: readonly AuditEntry[] }
  | { readonly kind: "update"; readonly status: UpdateStatus }
  | { readonly kind: "log"; readonly lines: readonly string[] }
  | { readonly kind: "answer"; readonly id: number; readonly answer: CommandAnswer }
  | { readonly kind: "told"; readonly id: number; readonly answer: QueryAnswer }
  /** Send a test alert and say `alertTested`. */
  | { readonly kind: "testAlert"; readonly id: number }
  /** The button was pressed: tell the network our address. */
  | { readonly kind: "ipReport" }
  /** Say `alive`. */
  | { readonly kind: "ping" }
  /** Say goodbye to others, then `closed`. */
  | { readonly kind: "close" };

export type FromWorker =
  | { readonly kind: "listening"; readonly port: number; readonly faces: StartedFaces }
  | { readonly kind: "failed"; readonly code: string; readonly message: string }
  /** A line for the log. */
  | { readonly kind: "say"; readonly level: "info" | "warn"; readonly text: string }
  | { readonly kind: "alertTested"; readonly id: number; readonly answer: CommandAnswer }
  | { readonly kind: "closed" }
  | { readonly kind: "alive" }
  | {
      readonly kind: "query";
      readonly id: number;
      readonly deadlineMs: number;
      readonly query: unknown;
      readonly scope: Scope;
    }
  /** An answer later than the deadline is of no use to anybody. */
  | {
      readonly kind: "command";
      readonly id: number;
      readonly deadlineMs: number;
      readonly command: unknown;
      readonly origin: CommandOrigin;
      readonly scope: Scope;
    };
