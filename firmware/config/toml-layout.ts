/** Where tables and keys of a TOML text are, as ranges of its signs: what a change needs to leave the rest untouched. */
import { parseTOML } from "toml-eslint-parser";
import type { SettingsPath } from "./constraints.ts";

export interface Range {
  readonly start: number;
  readonly end: number;
}

/** `key = value` outside of inline tables and lists. */
export interface KeyPlace extends Range {
  readonly path: SettingsPath;
  readonly value: Range;
  /** Path of the table it is written in: a dotted key is longer than that by more than one. */
  readonly container: SettingsPath;
}

/** `[table]` or one `[[table]]` with the keys under it. */
export interface TablePlace extends Range {
  readonly path: SettingsPath;
  /** End of its last key, or of its header. */
  readonly lastEnd: number;
}

export class TomlLayout {
  readonly #text: string;
  readonly keys: KeyPlace[] = [];
  readonly tables: TablePlace[] = [];

  constructor(text: string) {
    this.#text = text;
    for (const node of parseTOML(text, { tomlVersion: "1.0" }).body[0].body) {
      if (node.type === "TOMLKeyValue") this.#addKey(node, []);
      else {
        for (const child of node.body) this.#addKey(child, node.resolvedKey);
        const lastEnd = node.body.at(-1)?.range[1] ?? this.#headerEnd(node.range[0]);
        this.tables.push({ path: node.resolvedKey, start: node.range[0], end: lastEnd, lastEnd });
      }
    }
  }

  key(path: SettingsPath): KeyPlace | null {
    return this.keys.find((place) => isPath(place.path, path)) ?? null;
  }

  table(path: SettingsPath): TablePlace | null {
    return this.tables.find((place) => isPath(place.path, path)) ?? null;
  }

  tablesBelow(path: SettingsPath): TablePlace[] {
    return this.tables.filter((place) => startsWith(place.path, path));
  }

  keysBelow(path: SettingsPath): KeyPlace[] {
    return this.keys.filter((place) => startsWith(place.path, path));
  }

  /** The whole lines of a range, with the end of the last. */
  lines({ start, end }: Range): Range {
    return { start: this.#text.lastIndexOf("\n", start - 1) + 1, end: this.lineAfter(end) };
  }

  /** Start of the line after a place. */
  lineAfter(at: number): number {
    const newline = this.#text.indexOf("\n", at);
    return newline === -1 ? this.#text.length : newline + 1;
  }

  #addKey(node: KeyNode, container: SettingsPath): void {
    const names = node.key.keys.map((key) => (key.type === "TOMLBare" ? key.name : key.value));
    const [start, end] = node.range;
    const [valueStart, valueEnd] = node.value.range;
    const value = { start: valueStart, end: valueEnd };
    this.keys.push({ path: [...container, ...names], container, start, end, value });
  }

  #headerEnd(start: number): number {
    const newline = this.#text.indexOf("\n", start);
    return newline === -1 ? this.#text.length : newline;
  }
}

type KeyNode = Extract<ReturnType<typeof parseTOML>["body"][0]["body"][number], { type: "TOMLKeyValue" }>;

export function isPath(a: SettingsPath, b: SettingsPath): boolean {
  return a.length === b.length && startsWith(a, b);
}

function startsWith(path: SettingsPath, prefix: SettingsPath): boolean {
  return prefix.every((part, i) => path[i] === part);
}
