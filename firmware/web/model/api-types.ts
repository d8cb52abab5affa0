/** What the board answers, as types of the very schemas that it checks itself with. Nothing of them is in the page. */
import type { z } from "zod";
import type { Command, CommandAnswer, poolTestSchema } from "../../api/commands.ts";
import type { chipHistoryAnswer, historyAnswer } from "../../api/http/history-schemas.ts";
import type { machineAnswer } from "../../api/http/machine-routes.ts";
import type {
  auditAnswer,
  healthSchema,
  logsAnswer,
  sessionAnswer,
  settingsAnswer,
  snapshotSchema,
  tokensAnswer,
} from "../../api/http/schemas.ts";
import type { trafficAnswer } from "../../api/http/traffic-feed.ts";
import type { AnswerOf } from "../../api/queries.ts";
import type { updateStatusSchema } from "../../update/update-status.ts";

export type { Command, CommandAnswer };
export type Snapshot = z.infer<typeof snapshotSchema> & { readonly version: string };
export type Chain = Snapshot["chains"][number];
export type Pool = Snapshot["pools"][number];
export type Incident = Snapshot["recentIncidents"][number];
export type Settings = z.infer<typeof settingsAnswer>;
export type Constraint = Settings["constraints"][number];
export type Session = z.infer<typeof sessionAnswer>;
export type Chips = AnswerOf<"chips">;
export type Chip = Chips["chips"][number];
export type Tuning = AnswerOf<"tuning">;
export type Sensors = AnswerOf<"sensors">;
export type PoolTest = z.infer<typeof poolTestSchema>;
export type UpdateStatus = z.infer<typeof updateStatusSchema>;
export type Machine = z.infer<typeof machineAnswer>;
export type Traffic = z.infer<typeof trafficAnswer>;
export type TrafficLine = Traffic["lines"][number];
export type Receipts = AnswerOf<"receipts">;
export type History = z.infer<typeof historyAnswer>;

/** What is read, by its path below /api/v1. */
export interface Answers {
  readonly "/health": z.infer<typeof healthSchema>;
  readonly "/snapshot": Snapshot;
  readonly "/settings": Settings;
  readonly "/sensors": Sensors;
  readonly "/tuning": Tuning;
  readonly "/machine": Machine;
  readonly "/update": UpdateStatus;
  readonly "/trace": AnswerOf<"trace">;
  readonly "/decisions": AnswerOf<"decisions">;
  readonly "/logs": z.infer<typeof logsAnswer>;
  readonly "/audit": z.infer<typeof auditAnswer>;
  readonly "/tokens": z.infer<typeof tokensAnswer>;
  readonly [chips: `/chains/${number}/chips`]: Chips;
  readonly [course: `/chains/${number}/chips/${number}/history`]: z.infer<typeof chipHistoryAnswer>;
  readonly [traffic: `/traffic?after=${number}`]: Traffic;
  readonly [receipts: `/receipts?days=${number}`]: Receipts;
  readonly [history: `/history?${string}`]: History;
}
export type Path = keyof Answers;

/** What came of an order. */
export type Given = CommandAnswer | Extract<Got<never>, { readonly ok: false }>;

/** What came of a question; a problem is one sentence. */
export type Got<T> =
  | { readonly ok: true; readonly data: T }
  /** status 0: there was no answer. */
  | { readonly ok: false; readonly status: number; readonly message: string };
