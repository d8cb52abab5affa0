/** Changes of single settings: nested tables as in the file, where null removes a key and a list replaces the whole list. */

import { KumpelError } from "#hal/errors.ts";
import { jsonSchema } from "./check.ts";
import { keyText, nodeAt, type SettingsPath } from "./constraints.ts";
import { isSame, isTree } from "./toml-text.ts";

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
    if (node === null || at.length > DEPTH_MAX)
      throw new KumpelError("SETTINGS_INVALID", `${keyText(at)} is no setting; kumpel config schema lists them.`);
    if (wish === null) delete result[name];
    else if (isTree(wish) && node.properties !== undefined) result[name] = merge(result[name], wish, at);
    else result[name] = revealed(wish, result[name]);
  }
  return result;
}

/** A list or value as it was shown, with what was hidden in it put back. */
function revealed(wish: unknown, before: unknown): unknown {
  if (wish === HIDDEN) return before;
  if (Array.isArray(wish)) return wish.map((item, i) => revealed(item, counterpart(item, before, i)));
  if (!isTree(wish)) return wish;
  const tree = isTree(before) ? before : {};
  return Object.fromEntries(
    Object.entries(wish)
      .map(([name, item]) => [name, revealed(item, tree[name])] as const)
      .filter(([, item]) => item !== undefined && item !== null),
  );
}

/** The same pool may have moved in its list: its address and user find it, else its place does. */
function counterpart(item: unknown, before: unknown, index: number): unknown {
  if (!Array.isArray(before)) return undefined;
  if (isTree(item) && item["url"] !== undefined) {
    return before.find((other) => isTree(other) && other["url"] === item["url"] && other["user"] === item["user"]);
  }
  return before[index];
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
