/** Pool groups as somebody edits them: pure steps from one draft to the next, and back to what the board takes. */

import type { Constraint } from "./api-types.ts";
import { fieldText, type Tree, valueOfText } from "./settings-tree.ts";

export const POOL_PREFIX = "pool_groups[].pools[].";
export const GROUP_PREFIX = "pool_groups[].";

/** Texts by the key's last part; what is left out is not there. */
export type PoolDraft = Readonly<Record<string, string>>;
export interface GroupDraft {
  readonly quota: string;
  readonly pools: readonly PoolDraft[];
}
export type Draft = readonly GroupDraft[];

const EMPTY_POOL: PoolDraft = { url: "", user: "" };

export function emptyGroup(): GroupDraft {
  return { quota: "1", pools: [EMPTY_POOL] };
}

export function draftOf(groups: unknown): Draft {
  if (!Array.isArray(groups)) return [];
  return groups.map((group: Tree): GroupDraft => {
    const pools = Array.isArray(group["pools"]) ? (group["pools"] as Tree[]) : [];
    return {
      quota: fieldText(group["quota"]),
      pools: pools.map((pool) => Object.fromEntries(Object.entries(pool).map(([key, v]) => [key, fieldText(v)]))),
    };
  });
}

/** In the form of the settings. */
export function groupsOf(draft: Draft, constraints: readonly Constraint[]): Record<string, unknown>[] {
  return draft.map(({ quota, pools }) => ({
    quota: Number(quota),
    pools: pools.map((pool) => poolOf(pool, constraints)),
  }));
}

export function poolOf(pool: PoolDraft, constraints: readonly Constraint[]): Record<string, unknown> {
  const ofPool = constraints.filter(({ key }) => key.startsWith(POOL_PREFIX));
  return Object.fromEntries(
    ofPool.flatMap((constraint) => {
      const name = constraint.key.slice(POOL_PREFIX.length);
      const text = pool[name] ?? "";
      // What must be there goes along even when it is empty, so that the refusal names it.
      if (text === "" && name !== "url" && name !== "user") return [];
      return [[name, text === "" ? "" : valueOfText(constraint, text)]];
    }),
  );
}

export function withPool(
  draft: Draft,
  group: number,
  change: (pools: readonly PoolDraft[]) => readonly PoolDraft[],
): Draft {
  return draft.map((one, i) => (i === group ? { ...one, pools: change(one.pools) } : one));
}

export function addPool(draft: Draft, group: number): Draft {
  return withPool(draft, group, (pools) => [...pools, EMPTY_POOL]);
}

/** A group without pools goes with its last one. */
export function removePool(draft: Draft, group: number, pool: number): Draft {
  return withPool(draft, group, (pools) => pools.filter((_, i) => i !== pool)).filter(({ pools }) => pools.length > 0);
}

export function movePool(draft: Draft, group: number, pool: number, by: -1 | 1): Draft {
  return withPool(draft, group, (pools) => {
    const moved = pools[pool];
    const other = pools[pool + by];
    if (moved === undefined || other === undefined) return pools;
    return pools.map((one, i) => (i === pool ? other : i === pool + by ? moved : one));
  });
}

export function setField(draft: Draft, group: number, pool: number, name: string, text: string): Draft {
  return withPool(draft, group, (pools) => pools.map((one, i) => (i === pool ? { ...one, [name]: text } : one)));
}
