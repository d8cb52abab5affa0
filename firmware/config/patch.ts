/** Changes of single settings: nested tables as in the file, where null removes a key and a list replaces the whole list. */

import { KumpelError } from "#hal/errors.ts";
import { jsonSchema } from "./check.ts";
import { keyText, nodeAt, type SettingsPath, unknownPaths } from "./constraints.ts";
import { isSame, isTree, type Tree } from "./toml-text.ts";

export type SettingsPatch = Readonly<Record<string, unknown>>;

/** Stands for a secret wherever settings are shown; sent back, it means: as it was. */
export const HIDDEN = "(hidden)";
const DEPTH_MAX = 8;

/** @throws KumpelError `SETTINGS_INVALID` for keys that the schema does not know: a typing error must not be kept. */
export function changed(value: Readonly<Record<string, unknown>>, patch: SettingsPatch): Record<string, unknown> {
  return merge(value, patch, []);
}

function merge(value: unknown, patch: Readonly<Record<string, unknown>>, path: SettingsPath): Record<string, unknown> {
  const result: Record<string, unknown> = isTree(value) ? { ...value } : {};
  for (const [name, wish] of Object.entries(patch)) {
    const at = [...path, name];
    const node = nodeAt(jsonSchema(), at);
    if (node === null || at.length > DEPTH_MAX) throw unknownKey(at);
    if (wish === null) delete result[name];
    else if (isTree(wish) && node.properties !== undefined) result[name] = merge(result[name], wish, at);
    else result[name] = revealed(wish, result[name], at);
  }
  return result;
}

/** @throws KumpelError `SETTINGS_INVALID` for a key within a list that the schema does not know. */
export function assertKnownKeys(patch: SettingsPatch): void {
  const [first] = unknownPaths(jsonSchema(), patch);
  if (first !== undefined) throw unknownKey(first);
}

function unknownKey(path: SettingsPath): KumpelError {
  return new KumpelError("SETTINGS_INVALID", `${keyText(path)} is no setting; kumpel config schema lists them.`);
}

/** A list or value as it was shown, with what was hidden in it put back. */
function revealed(wish: unknown, before: unknown, path: SettingsPath): unknown {
  if (wish === HIDDEN) {
    // A password that most pools do not ask for; a proxy that was left out in silence would show the owner's address.
    if (before !== undefined || nodeAt(jsonSchema(), path)?.default !== undefined) return before;
    const what = `${keyText(path)} is hidden, and there is none that it could stand for`;
    throw new KumpelError("SETTINGS_INVALID", `${what}: give it anew, or leave it out.`);
  }
  if (Array.isArray(wish)) {
    const counterparts = keyText(path) === "pool_groups" ? groupsBefore(wish, before) : before;
    return wish.map((item, i) =>
      revealed(item, Array.isArray(counterparts) ? counterparts[i] : undefined, [...path, i]),
    );
  }
  if (!isTree(wish)) return wish;
  const tree = isTree(before) ? before : {};
  return Object.fromEntries(
    Object.entries(wish)
      .filter(([, item]) => item !== undefined && item !== null)
      .map(([name, item]) => [name, revealed(item, tree[name], [...path, name])] as const)
      .filter(([, item]) => item !== undefined),
  );
}

/**
 * For each wished pool the one that it was, wherever it stood: groups come and go, pools move, workers get other names. Its
 * address and user find it, else its address alone; no secret goes to another address.
 */
function groupsBefore(wish: readonly unknown[], before: unknown): Tree[] {
  const left = poolsOf(Array.isArray(before) ? before : []);
  const take = (matches: (pool: Tree) => boolean): Tree | undefined => {
    const at = left.findIndex(matches);
    return at < 0 ? undefined : left.splice(at, 1)[0];
  };
  const wished = poolsOf(wish);
  const found = new Map<Tree, Tree | undefined>();
  for (const pool of wished)
    found.set(
      pool,
      take(({ url, user }) => url === pool["url"] && user === pool["user"]),
    );
  for (const pool of wished) found.set(pool, found.get(pool) ?? take(({ url }) => url === pool["url"]));
  return wish.map((group) => ({ pools: poolsOf([group]).map((pool) => found.get(pool)) }));
}

function poolsOf(groups: readonly unknown[]): Tree[] {
  return groups.flatMap((group) => {
    const pools = isTree(group) ? group["pools"] : [];
    return Array.isArray(pools) ? pools.filter(isTree) : [];
  });
}

/** Settings as they may be shown. */
export function withoutSecrets(value: unknown, path: SettingsPath = []): unknown {
  if (Array.isArray(value)) return value.map((item, i) => withoutSecrets(item, [...path, i]));
  if (isTree(value))
    return Object.fromEntries(
      Object.entries(value).map(([name, item]) => [name, withoutSecrets(item, [...path, name])]),
    );
  return nodeAt(jsonSchema(), path)?.isSecret === true ? HIDDEN : value;
}

/** Keys whose value differs, as `cooling.target_c`; a list counts as one key. */
export function changedKeys(before: unknown, after: unknown, path: SettingsPath = []): string[] {
  if (isSame(before, after)) return [];
  if (!isTree(before) && !isTree(after)) return [keyText(path)];
  const [a, b] = [isTree(before) ? before : {}, isTree(after) ? after : {}];
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...names].flatMap((name) => changedKeys(a[name], b[name], [...path, name]));
}
