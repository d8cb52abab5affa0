/** What is wrong with a value that was read from a file or came over the own API, in one sentence: the thing, the value, what it must be. */
import type { z } from "zod";
import { keyText, type SchemaNode, type SettingsPath, wanted } from "./constraints.ts";
import { isTree } from "./toml-text.ts";

const SHOWN_MAX = 60;

/** The path of a problem as keys and places of lists. */
export function pathOf({ path }: Pick<z.core.$ZodIssue, "path">): SettingsPath {
  return path.map((part) => (typeof part === "symbol" ? String(part) : part));
}

/**
 * @param node what the schema wants there; null: it knows no such place.
 * @param show says the value; empty: it may be a secret.
 */
export function issueSentence(
  issue: z.core.$ZodIssue,
  value: unknown,
  node: SchemaNode | null,
  show: (given: unknown, node: SchemaNode | null) => string = shown,
): string {
  const path = pathOf(issue);
  const key = keyText(path);
  const given = valueAt(value, path);
  const must = issue.code === "custom" || issue.code === "invalid_format" ? issue.message : mustBe(node);
  if (must.startsWith("is ")) return `${key} ${must}`;
  return `${given === undefined ? `${key} is missing` : `${key}${show(given, node)}`}: ${must}`;
}

function mustBe(node: SchemaNode | null): string {
  return node === null ? "must be something else" : `must be ${wanted(node)}`;
}

export function shown(given: unknown, node: SchemaNode | null): string {
  if (node?.isSecret === true) return " (not shown)";
  if (Array.isArray(given)) return " is a list";
  if (isTree(given)) return " is a table";
  return ` is ${shortened(typeof given === "bigint" ? String(given) : JSON.stringify(given))}`;
}

export function shortened(text: string): string {
  return text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}...` : text;
}

function valueAt(value: unknown, path: SettingsPath): unknown {
  return path.reduce<unknown>(
    (at, part) =>
      typeof at === "object" && at !== null && Object.hasOwn(at, part)
        ? (at as Record<string, unknown>)[part]
        : undefined,
    value,
  );
}
