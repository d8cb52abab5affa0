/** What main thread and management worker tell each other. Both sides are one program, so these are types, not schemas. */
import type { KeyFacts } from "../config/constraints.ts";
import type { PoolSettings } from "../pool/pool-settings.ts";
import type { UpdateStatus } from "../update/update-status.ts";
import type { TokenRecord } from "./access.ts";
import type { AuditEntry } from "./audit-log.ts";
import type { CommandAnswer, CommandOrigin, Scope } from "./commands.ts";
import type { StartedFaces } from "./face-places.ts";
import type { Idle } from "./idle-snapshot.ts";
import type { QueryAnswer } from "./queries.ts";
import type { KeptSession } from "./session-memory.ts";
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
  /** Settings that the command line overrides in this run. */
  readonly overriddenKeys: readonly string[];
}

export type ToWorker =
  | { readonly kind: "snapshot"; readonly snapshot: MinerSnapshot }
  /** Nothing is switched on, and why. */
  | ({ readonly kind: "idle" } & Omit<Idle, "sinceMs">)
  | { readonly kind: "settings"; readonly view: SettingsView; readonly constraints: readonly KeyFacts[] }
  | { readonly kind: "access"; readonly tokens: readonly TokenRecord[] }
  /** Those of the worker before this one; comes after `access`. */
  | { readonly kind: "sessions"; readonly sessions: readonly KeptSession[] }
  | { readonly kind: "audit"; readonly entries: readonly AuditEntry[] }
  | { readonly kind: "update"; readonly status: UpdateStatus }
  | { readonly kind: "log"; readonly lines: readonly string[] }
  | { readonly kind: "answer"; readonly id: number; readonly answer: CommandAnswer }
  | { readonly kind: "told"; readonly id: number; readonly answer: QueryAnswer }
  /** Send a test alert and say `tested`. */
  | { readonly kind: "testAlert"; readonly id: number }
  /** Try a pool and say `tested`. */
  | { readonly kind: "testPool"; readonly id: number; readonly pool: PoolSettings }
  /** The button was pressed: tell the network our address. */
  | { readonly kind: "ipReport" }
  /** Say `alive`. */
  | { readonly kind: "ping" }
  /** Say goodbye to others, then `closed`. */
  | { readonly kind: "close" };

export type FromWorker =
  /** Once it is up, and again when more is had. problems: what cannot be had, one sentence each; it is tried again. */
  | {
      readonly kind: "listening";
      readonly port: number | null;
      readonly faces: StartedFaces;
      readonly problems: readonly string[];
    }
  | { readonly kind: "failed"; readonly code: string; readonly message: string }
  /** A line for the log. */
  | { readonly kind: "say"; readonly level: "info" | "warn"; readonly text: string }
  | { readonly kind: "tested"; readonly id: number; readonly answer: CommandAnswer }
  /** All that there are now: the next worker gets them. */
  | { readonly kind: "sessions"; readonly sessions: readonly KeptSession[] }
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
