/** The settings file as text: its value, and the line of each key. */
import { getStaticTOMLValue, ParseError, parseTOML } from "toml-eslint-parser";
import type { SettingsPath } from "./constraints.ts";

export type Tree = Readonly<Record<string, unknown>>;

export interface ParsedToml {
  readonly kind: "parsed";
  readonly value: Tree;
  /** Line of a key, or of the nearest table around it; 1 where there is none. */
  lineOf(path: SettingsPath): number;
}

export interface BrokenToml {
  readonly kind: "broken";
  readonly line: number;
  readonly reason: string;
}

/** Far more than any settings need; without a limit a small file keeps a parser busy for minutes. */
const DEPTH_MAX = 32;

export function parseToml(text: string): ParsedToml | BrokenToml {
  const deepLine = tooDeepAt(text);
  if (deepLine !== null) return { kind: "broken", line: deepLine, reason: "it is nested too deeply" };
  try {
    const program = parseTOML(text, { tomlVersion: "1.0" });
    const lines = new Map<string, number>();
    for (const node of program.body[0].body) noteLines(node, [], lines);
    return {
      kind: "parsed",
      value: getStaticTOMLValue(program) as Tree,
      lineOf: (path) => {
        for (let length = path.length; length > 0; length--) {
          const line = lines.get(JSON.stringify(path.slice(0, length)));
          if (line !== undefined) return line;
        }
        return 1;
      },
    };
  } catch (error) {
    if (error instanceof ParseError) return { kind: "broken", line: error.lineNumber, reason: error.message };
    // Nesting that the signs do not show would end the parser's stack.
    if (error instanceof RangeError) return { kind: "broken", line: 1, reason: "it is nested too deeply" };
    throw error;
  }
}

/** First line that nests deeper than any settings do, told from the signs alone; texts and comments do not count. */
function tooDeepAt(text: string): number | null {
  let depth = 0;
  for (const [index, line] of text.split("\n").entries()) {
    const bare = line.replace(/"(?:[^"\\]|\\.)*"|'[^']*'|#.*/g, "");
    for (const sign of bare) {
      if (sign === "[" || sign === "{") depth++;
      else if (sign === "]" || sign === "}") depth = Math.max(0, depth - 1);
      if (depth > DEPTH_MAX) return index + 1;
    }
    if ((bare.split("=", 1)[0]?.split(".").length ?? 0) > DEPTH_MAX) return index + 1;
  }
  return null;
}

type Program = ReturnType<typeof parseTOML>;
type BodyNode = Program["body"][0]["body"][number];
type ContentNode = Extract<BodyNode, { type: "TOMLKeyValue" }>["value"];

function noteLines(node: BodyNode, above: SettingsPath, lines: Map<string, number>): void {
  if (node.type === "TOMLTable") {
    note(node.resolvedKey, node.loc.start.line, lines);
    for (const child of node.body) noteLines(child, node.resolvedKey, lines);
    return;
  }
  const names = node.key.keys.map((key) => (key.type === "TOMLBare" ? key.name : key.value));
  const path = [...above, ...names];
  for (let length = above.length + 1; length <= path.length; length++)
    note(path.slice(0, length), node.loc.start.line, lines);
  noteContent(node.value, path, lines);
}

function noteContent(node: ContentNode, path: SettingsPath, lines: Map<string, number>): void {
  if (node.type === "TOMLInlineTable") for (const child of node.body) noteLines(child, path, lines);
  if (node.type !== "TOMLArray") return;
  node.elements.forEach((element, i) => {
    note([...path, i], element.loc.start.line, lines);
    noteContent(element, [...path, i], lines);
  });
}

/** The first place of a key counts. */
function note(path: SettingsPath, line: number, lines: Map<string, number>): void {
  const key = JSON.stringify(path);
  if (!lines.has(key)) lines.set(key, line);
}

/** Tables and lists that are empty count as none: a header without keys says nothing. */
export function isSame(a: unknown, b: unknown): boolean {
  if (a instanceof Date && b instanceof Date) return a.toString() === b.toString();
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((item, i) => isSame(item, b[i]));
  if (!isTree(a) || !isTree(b)) return Object.is(a, b);
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...names].every((name) => isSame(orEmpty(a[name], b[name]), orEmpty(b[name], a[name])));
}

function orEmpty(value: unknown, other: unknown): unknown {
  if (value !== undefined) return value;
  if (isTree(other)) return {};
  return Array.isArray(other) ? [] : value;
}

export function isTree(value: unknown): value is Tree {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Date);
}
