/** Settings as nested tables, their keys with dots, and the texts in form fields. */
import type { Constraint } from "./api-types.ts";

export type Tree = Readonly<Record<string, unknown>>;

function isTree(value: unknown): value is Tree {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Undefined: it is left out. */
export function valueAt(tree: Tree, key: string): unknown {
  return key.split(".").reduce<unknown>((node, part) => (isTree(node) ? node[part] : undefined), tree);
}

/** As the board takes it: nested tables with nothing but what changed. */
export function patchOf(changes: ReadonlyMap<string, unknown>): Tree {
  const patch: Record<string, unknown> = {};
  for (const [key, value] of changes) {
    const parts = key.split(".");
    const last = parts.pop() ?? key;
    let node = patch;
    for (const part of parts) {
      const inner = isTree(node[part]) ? (node[part] as Record<string, unknown>) : {};
      node[part] = inner;
      node = inner;
    }
    node[last] = value;
  }
  return patch;
}

/** What stands in the field; empty: left out. */
export function fieldText(value: unknown): string {
  if (value === undefined || value === null) return "";
  return Array.isArray(value) ? value.join("\n") : String(value);
}

/** Null: the key is removed, so that its default counts. What is out of range the board refuses, in its own words. */
export function valueOfText({ type }: Pick<Constraint, "type">, text: string): unknown {
  if (text === "") return null;
  switch (type) {
    case "number":
    case "integer":
      return numberOf(text.trim());
    case "boolean":
      return text === "true";
    case "list":
      return text
        .split("\n")
        .map((line) => line.trim())
        .filter((line) => line !== "");
    case "string":
      return text;
  }
}

/** As people write it: `Number` would take 0x10 for 16, and a space for nothing at all. */
function numberOf(text: string): number | string | null {
  if (text === "") return null;
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : text;
}

/** What a field must hold, in words. */
export function rangeText({ type, min, max, choices, unit }: Constraint): string {
  const behind = unit === null ? "" : ` ${unitText(unit)}`;
  if (choices !== null || type === "boolean" || max === null) return "";
  if (type === "string") return `up to ${max} signs`;
  if (type === "list") return `${min ?? 0} to ${max} lines`;
  return `${min ?? ""} to ${max}${behind}`;
}

export function defaultText({ default: value, unit, type }: Constraint): string {
  if (value === null || value === undefined || value === "") return "";
  if (type === "boolean") return `default: ${value === true ? "yes" : "no"}`;
  return `default: ${fieldText(value)}${unit === null ? "" : ` ${unitText(unit)}`}`;
}

/** As people write what ends the keys. */
export function unitText(unit: string): string {
  return unit === "C" ? "°C" : unit;
}
