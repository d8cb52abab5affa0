/** Types of the Stratum session machine: one link, from the connect to the close. */
import type { Job, SessionIdentity, Share } from "../job/job.ts";
import type { VersionBitsForm } from "../pool/pool-settings.ts";
import type { NotifyFields, ServerMessage, SubscribeResult } from "./messages.ts";
import type { PoolAddress } from "./pool-url.ts";
import type { ShareOutcome } from "./share-outcome.ts";

export type SessionPhase = "configuring" | "subscribing" | "authorising" | "mining" | "closed";

export interface PendingShare {
  readonly share: Share;
  readonly sentAtMs: number;
}

export interface SessionOptions {
  readonly identity: SessionIdentity;
  readonly address: PoolAddress;
  readonly password: string;
  /** `name/version`, at most 64 characters. */
  readonly agent: string;
  /** Version bits that our chips can roll; a pool's answer is always ANDed with it. */
  readonly chipVersionMask: number;
  /** Scale of the pool side: 1 towards every real pool. */
  readonly poolScale: number;
  /** Goes out as mining.suggest_difficulty after the authorisation; null = do not suggest. */
  readonly suggestDifficulty: number | null;
  readonly minimumDifficulty: number | null;
  readonly wantsExtranonceSubscribe: boolean;
  readonly versionBits: VersionBitsForm;
  /** This pool closes on mining.configure: left out until then, when a session that mines makes way for one that asks. */
  readonly skipConfigureUntilMs: number | null;
}

export interface SessionState {
  readonly options: SessionOptions;
  readonly phase: SessionPhase;
  readonly phaseSinceMs: number;
  readonly nextId: number;
  /** The handshake call whose answer is due, or null. */
  readonly awaiting: { readonly id: string; readonly method: string } | null;
  /** Id of the mining.configure call while it has no answer, however late that comes; null = answered or not sent. */
  readonly configureId: string | null;
  readonly pending: ReadonlyMap<string, PendingShare>;
  /** Ids of calls whose answers change nothing. */
  readonly wishIds: readonly string[];
  readonly extranonce: SubscribeResult | null;
  readonly grantedMask: number;
  readonly isVersionRollingGranted: boolean;
  /** In force for the next notify. */
  readonly difficulty: number;
  /** A notify that came before the extranonce was known. */
  readonly heldNotify: { readonly fields: NotifyFields; readonly receivedAtMs: number } | null;
  readonly job: Job | null;
  readonly lastReceivedMs: number;
  readonly unansweredInARow: number;
  /** The pool took a share of this session. */
  readonly hasAccepted: boolean;
  /** Present form of submitted version bits: the setting, or what a refusal taught. */
  readonly versionBits: VersionBitsForm;
  /** When the last notify came; null = none yet. */
  readonly lastNotifyMs: number | null;
}

export type SessionInput =
  | { readonly kind: "connected" }
  | { readonly kind: "message"; readonly message: ServerMessage }
  | { readonly kind: "submit"; readonly share: Share }
  | { readonly kind: "tick" };

/**
 * `unanswered`: no answer to shares, and none was taken before, while the pool talks on; `mute`: the same, but it may be the
 * link. `asked`: the pool wants a new link; `again`: we do, to ask for version rolling.
 */
export type CloseCause = "silent" | "unanswered" | "mute" | "handshake" | "unauthorised" | "asked" | "again";

export type SessionAction =
  | { readonly kind: "send"; readonly line: string }
  | { readonly kind: "submitted"; readonly line: string; readonly share: Share }
  | { readonly kind: "job"; readonly job: Job; readonly isReplacing: boolean }
  | {
      readonly kind: "answered";
      readonly share: Share;
      readonly outcome: ShareOutcome;
      readonly text: string;
      readonly roundTripMs: number;
    }
  | { readonly kind: "notice"; readonly level: "info" | "warn"; readonly text: string }
  /** The next connect goes there, after a wait. */
  | { readonly kind: "redirect"; readonly host: string; readonly port: number; readonly waitMs: number }
  | { readonly kind: "close"; readonly cause: CloseCause; readonly text: string };

export interface SessionStep {
  readonly state: SessionState;
  readonly actions: readonly SessionAction[];
  readonly reason: string;
}
