/** The support bundle: what somebody needs who helps from afar, in one JSON file. Nothing secret is in any of its sources. */
import type { Scope } from "../commands.ts";
import type { Query, QueryAnswer } from "../queries.ts";
import type { ManagementState } from "./state.ts";

const PARTS = ["sensors", "tuning", "decisions", "trace", "recording"] as const;

export interface BundleSources {
  readonly state: ManagementState;
  readonly query: (query: Query, scope: Scope) => Promise<QueryAnswer>;
}

export async function supportBundle({ state, query }: BundleSources, scope: Scope): Promise<Record<string, unknown>> {
  const details: Record<string, unknown> = {};
  for (const kind of PARTS) details[kind] = await answerOf(query({ kind }, scope));
  const chains = state.snapshot?.chains ?? [];
  const chips = await Promise.all(
    chains.map(({ index }) => answerOf(query({ kind: "chips", chainIndex: index }, scope))),
  );
  return {
    form: "kumpel support bundle 1",
    version: state.version,
    idleReason: state.idleReason,
    snapshot: state.snapshot,
    settings: state.settings?.view ?? null,
    audit: state.audit,
    log: state.log,
    chips,
    ...details,
  };
}

async function answerOf(asked: Promise<QueryAnswer>): Promise<unknown> {
  const answer = await asked;
  return answer.ok ? answer.data : { problem: answer.message };
}
