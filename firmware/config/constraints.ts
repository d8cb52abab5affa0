/**
 * Facts of every key, read off the schema: what the API serves as constraints, what the reference page lists, and what a
 * message about a wrong value says.
 */
import { z } from "zod";
import { settingsSchema } from "./schema.ts";

export type SettingsPath = readonly (string | number)[];

export interface KeyFacts {
  /** `cooling.target_c`; a list of tables is written `pool_groups[]`. */
  readonly key: string;
  /** What a form calls it. */
  readonly title: string;
  /** What the table that it stands in is for. */
  readonly table: string;
  readonly type: "boolean" | "number" | "integer" | "string" | "list";
  readonly min: number | null;
  readonly max: number | null;
  readonly choices: readonly string[] | null;
  readonly default: unknown;
  readonly unit: string | null;
  readonly needsRestart: boolean;
  readonly isSecret: boolean;
  readonly description: string;
}

/** The parts of a JSON Schema that our schema uses. */
export interface SchemaNode {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly items?: SchemaNode;
  readonly enum?: readonly string[];
  readonly const?: unknown;
  readonly pattern?: string;
  readonly oneOf?: readonly SchemaNode[];
  readonly anyOf?: readonly SchemaNode[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly default?: unknown;
  readonly unit?: string;
  readonly needsRestart?: boolean;
  readonly isSecret?: boolean;
  readonly title?: string;
  readonly description?: string;
}

/** JSON Schema (draft 2020-12) of what may stand in the file. */
export function settingsJsonSchema(): SchemaNode & Record<string, unknown> {
  return z.toJSONSchema(settingsSchema, { io: "input" }) as SchemaNode & Record<string, unknown>;
}

/** Every key in the order of the schema. */
export function settingsKeys(root: SchemaNode = settingsJsonSchema()): KeyFacts[] {
  return Object.entries(root.properties ?? {}).flatMap(([name, node]) => keysBelow(name, node));
}

function keysBelow(key: string, node: SchemaNode, table = ""): KeyFacts[] {
  const what = node.description ?? table;
  if (node.properties !== undefined)
    return Object.entries(node.properties).flatMap(([name, child]) => keysBelow(`${key}.${name}`, child, what));
  if (node.items?.properties !== undefined)
    return Object.entries(node.items.properties).flatMap(([name, child]) => keysBelow(`${key}[].${name}`, child, what));
  return [factsOf(key, node, table)];
}

function factsOf(key: string, node: SchemaNode, table: string): KeyFacts {
  return {
    key,
    title: node.title ?? key,
    table,
    type: node.type === "array" ? "list" : ((node.type ?? "string") as KeyFacts["type"]),
    min: node.minimum ?? node.minItems ?? node.minLength ?? null,
    max: node.maximum ?? node.maxItems ?? node.maxLength ?? null,
    choices: node.enum ?? null,
    default: node.default ?? null,
    unit: node.unit ?? null,
    needsRestart: node.needsRestart ?? false,
    isSecret: node.isSecret ?? false,
    description: node.description ?? "",
  };
}

/** The schema's node at a path, or null where it knows none. */
export function nodeAt(root: SchemaNode, path: SettingsPath): SchemaNode | null {
  let node: SchemaNode | undefined = root;
  for (const part of path) {
    node = typeof part === "number" ? node.items : ownProperty(node.properties, part);
    if (node === undefined) return null;
  }
  return node;
}

/** `pool_groups[0].pools[1].url`. */
export function keyText(path: SettingsPath): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === "number") return `${text}[${part}]`;
    return text === "" ? part : `${text}.${part}`;
  }, "");
}

/** What a value must be, in words: `30..80 C`. */
export function wanted(node: SchemaNode): string {
  if (node.enum !== undefined) return `one of: ${node.enum.join(" ")}`;
  if (node.const !== undefined) return JSON.stringify(node.const);
  if (node.anyOf !== undefined) return node.anyOf.map(wanted).join(" or ");
  switch (node.type ?? "string") {
    case "null":
      return "null";
    case "boolean":
      return "true or false";
    case "integer":
    case "number":
      return wantedNumber(node);
    case "array": {
      const items = node.items?.type === "object" || node.items?.properties !== undefined ? "tables" : "texts";
      return `a list of ${node.minItems ?? 0} to ${node.maxItems} ${items}`;
    }
    case "object":
      return "a table";
    default:
      return node.maxLength === undefined ? "a text" : `a text of ${node.minLength ?? 0} to ${node.maxLength} signs`;
  }
}

/** A limit that only says how far whole numbers are exact is none to tell. */
function wantedNumber({ type, minimum, maximum, unit }: SchemaNode): string {
  const kind = type === "integer" ? "a whole number" : "";
  const behind = unit === undefined ? "" : ` ${unit}`;
  if (minimum === undefined && maximum === undefined) return `${kind || "a number"}${behind}`;
  if (maximum === undefined || maximum === Number.MAX_SAFE_INTEGER)
    return `${kind || "a number"} of ${minimum} or more${behind}`;
  return `${kind === "" ? "" : `${kind} in `}${minimum}..${maximum}${behind}`;
}

/** Keys of the value that the schema does not know. */
export function unknownPaths(root: SchemaNode, value: unknown, path: SettingsPath = []): SettingsPath[] {
  if (Array.isArray(value) && root.items !== undefined) {
    const { items } = root;
    return value.flatMap((item, i) => unknownPaths(items, item, [...path, i]));
  }
  if (root.properties === undefined || typeof value !== "object" || value === null || Array.isArray(value)) return [];
  const { properties } = root;
  return Object.entries(value).flatMap(([name, child]) => {
    const node = ownProperty(properties, name);
    return node === undefined ? [[...path, name]] : unknownPaths(node, child, [...path, name]);
  });
}

function ownProperty<T>(record: Readonly<Record<string, T>> | undefined, name: string): T | undefined {
  return record !== undefined && Object.hasOwn(record, name) ? record[name] : undefined;
}
