/** An emulated S21 in virtual time, and what its API would answer: recorded once, then shown and bent by the tests. */

import type { AnswerOf, QueryKind } from "#firmware/api/queries.ts";
import { QueryRunner } from "#firmware/api/query-runner.ts";
import type { MinerSnapshot } from "#firmware/api/snapshot.ts";
import { TuningDesk } from "#firmware/tuning/tuning-desk.ts";
import { startRig } from "../../support/rig.ts";

export interface Recorded {
  readonly snapshot: MinerSnapshot;
  readonly answers: { readonly [K in Exclude<QueryKind, "chips" | "register">]: AnswerOf<K> };
  /** By chain. */
  readonly chips: readonly AnswerOf<"chips">[];
}

/** So long that each chip found enough to be told from its neighbours. */
const RUN_MS = 60_000;
const KINDS = ["sensors", "tuning", "decisions", "trace", "recording", "hardware"] as const;

export async function recordS21(): Promise<Recorded> {
  const rig = await startRig({ machine: "s21", hashesPerNonce: 1 });
  await rig.until("all hash", () => rig.snapshot().chains.every(({ state }) => state === "hashing"), 120_000);
  await rig.advance(RUN_MS);
  const queries = new QueryRunner(rig.miner.parts, new TuningDesk(rig.miner.parts));
  const ask = async (query: unknown): Promise<unknown> => {
    const answer = await queries.answer(query, "admin");
    if (!answer.ok) throw new Error(answer.message);
    return answer.data;
  };
  const answers: Record<string, unknown> = {};
  for (const kind of KINDS) answers[kind] = await ask({ kind });
  answers["receipts"] = await ask({ kind: "receipts", days: 14 });
  const snapshot = rig.snapshot();
  const chips: unknown[] = [];
  for (const { index } of snapshot.chains) chips.push(await ask({ kind: "chips", chainIndex: index }));
  await rig.stop();
  return { snapshot, answers, chips } as unknown as Recorded;
}
