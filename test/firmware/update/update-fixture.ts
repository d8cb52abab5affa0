/** Boards, records and the way to each state of the update machine. */
import { stepUpdate } from "#firmware/update/update-machine.ts";
import type { UpdateRecord } from "#firmware/update/update-record.ts";
import {
  BEGINNING,
  type BoardFacts,
  type UpdateInput,
  type UpdateState,
  type UpdateWish,
} from "#firmware/update/update-types.ts";

export const OLD: BoardFacts = { version: "0.1.0", slot: "A", otherSlot: "B", bootId: "boot-1" };
export const NEW: BoardFacts = { version: "0.2.0", slot: "B", otherSlot: "A", bootId: "boot-2" };
export const WISH: UpdateWish = {
  isForced: false,
  clearsSettings: false,
  source: "upload",
  hashingChains: 3,
  isIdle: false,
};
export const RECORD: UpdateRecord = {
  form: 1,
  phase: "installed",
  fromVersion: "0.1.0",
  toVersion: "0.2.0",
  fromSlot: "A",
  toSlot: "B",
  bootId: "boot-1",
  hashingChains: 3,
  wasIdle: false,
  clearsSettings: false,
  reason: "",
};
export const PROVE_MS = 900_000;
export const check = { bundle: { compatible: "s9", version: "0.2.0" }, board: "s9", runningVersion: "0.1.0" };

/** One input after the other; the last decision. */
export function after(inputs: readonly UpdateInput[], state: UpdateState = BEGINNING, nowMs = 1_000) {
  let decision = { state, actions: [], reason: "", isRefused: false } as ReturnType<typeof stepUpdate>;
  for (const input of inputs) decision = stepUpdate(decision.state, input, nowMs);
  return decision;
}

export const kinds = ({ actions }: ReturnType<typeof stepUpdate>): string[] => actions.map(({ kind }) => kind);
export const STAGED: UpdateInput[] = [{ kind: "stage" }];
export const VERIFYING: UpdateInput[] = [...STAGED, { kind: "install", wish: WISH }];
export const INSTALLING: UpdateInput[] = [...VERIFYING, { kind: "inspected", check, board: OLD }];
export const PENDING: UpdateInput[] = [...INSTALLING, { kind: "installed" }];
export const PROVING: UpdateInput[] = [{ kind: "booted", pledge: null, record: RECORD, board: NEW }];
export const tick = (lacks: string[] = []): UpdateInput => ({ kind: "tick", lacks, proveMs: PROVE_MS });
