/** What a text of settings comes to: read in any form, brought into the present one, told from one that was cut. Pure. */
import { errorText, isKumpelError } from "#hal/errors.ts";
import { type CheckedSettings, checkText, checkValue, TEXT_MAX } from "./check.ts";
import type { SettingsPath } from "./constraints.ts";
import { migrate } from "./migrations.ts";
import { changeToml } from "./toml-change.ts";
import { isTree, parseToml, type Tree } from "./toml-text.ts";

const BYTE_ORDER_MARK = "\uFEFF";

/** Some editors put a sign that nobody sees before the first one. */
export function withoutMark(text: string): string {
  return text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text;
}

/** Text to settings, older forms included. @param name of the file, for the sentences. */
export function readSettings(text: string, name: string): CheckedSettings {
  const checked = checkText(text, name);
  if (text.length > TEXT_MAX) return checked;
  const parsed = parseToml(text);
  if (parsed.kind === "broken") return checked;
  const { value, steps } = migrate(parsed.value);
  if (steps.length === 0) return checked;
  return checkValue({ value, lineOf: (path) => parsed.lineOf(inFirstForm(path, parsed.value)) }, name);
}

/** Where a key of the present form stands in a text of the first one, whose list of pools is the first group's. */
function inFirstForm(path: SettingsPath, value: Tree): SettingsPath {
  const [table, group, list, ...rest] = path;
  const isPools = table === "pool_groups" && group === 0 && list === "pools" && value["pool_groups"] === undefined;
  return isPools ? ["pools", ...rest] : path;
}

/** The text in the present form; null = it is in that form, or stays in its own since a change would damage it. */
export function laterForm(
  text: string,
  notes: string[],
): { form: string; text: string; steps: readonly string[] } | null {
  const parsed = parseToml(text);
  if (parsed.kind === "broken") return null;
  const { value, steps } = migrate(parsed.value);
  if (steps.length === 0) return null;
  try {
    return { form: String(parsed.value["settings_version"] ?? 1), text: changeToml(text, value), steps };
  } catch (error) {
    if (!isKumpelError(error, "SETTINGS_INVALID")) throw error;
    notes.push(`the file stays in its older form: ${errorText(error)}`);
    return null;
  }
}

/**
 * What is left of a broken file: how the program is reached. With it the owner can mend the rest from afar, where the
 * factory's settings would have him find the board first.
 * @param text of the broken file; null = there is none, or nobody can read it.
 */
export function reachableText(text: string | null, factoryText: string): string {
  const [broken, factory] = [parseToml(text ?? ""), parseToml(factoryText)];
  if (broken.kind === "broken" || factory.kind === "broken") return factoryText;
  const { network, security } = broken.value;
  const parts: Tree[] = [
    isTree(network) && isTree(network["http"]) ? { network: { http: network["http"] } } : {},
    isTree(security) ? { security } : {},
  ];
  let value: Tree = factory.value;
  for (const part of parts) {
    const wish = { ...value, ...part };
    if (checkValue({ value: wish, lineOf: () => 1 }, "").settings !== null) value = wish;
  }
  try {
    return changeToml(factoryText, value);
  } catch (error) {
    if (!isKumpelError(error, "SETTINGS_INVALID")) throw error;
    return factoryText;
  }
}

/**
 * A file that is the beginning of the last good one, or that breaks off within a line and lacks tables of it, was cut: by
 * a full disk, or by a tool that died. It would be valid, but without the owner's limits and pools.
 */
export function looksCut(text: string, good: string): boolean {
  const [have, had] = [text.trimEnd(), good.trimEnd()];
  if (have.length < had.length && had.startsWith(have)) return true;
  if (text.endsWith("\n")) return false;
  const [now, before] = [parseToml(text), parseToml(good)];
  if (now.kind === "broken" || before.kind === "broken") return false;
  return Object.entries(before.value).some(([key, value]) => isTree(value) && now.value[key] === undefined);
}

export function lastLine(text: string): number {
  return text.trimEnd().split("\n").length;
}
