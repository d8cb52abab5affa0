/**
 * Changes of the settings file that keep the owner's comments and order: only the signs of what differs are touched. What
 * was written is read back before it counts. (The patch libraries that were tried break nested lists of tables.)
 */
import { KumpelError } from "#hal/errors.ts";
import type { SettingsPath } from "./constraints.ts";
import { type Range, TomlLayout } from "./toml-layout.ts";
import { isSame, isTree, parseToml, type Tree } from "./toml-text.ts";

/** @throws KumpelError `SETTINGS_INVALID` where the text cannot be changed without damage. */
export function changeToml(text: string, value: Tree): string {
  const base = text === "" || text.endsWith("\n") ? text : `${text}\n`;
  const before = parseToml(base);
  if (before.kind === "broken") throw unchangeable(before.reason);
  const written = new Change(base).apply(before.value, value);
  const readBack = parseToml(written);
  if (readBack.kind === "parsed" && isSame(readBack.value, value)) return written;
  throw unchangeable("what was written did not read back");
}

interface Edit extends Range {
  readonly text: string;
}

class Change {
  readonly #text: string;
  readonly #layout: TomlLayout;
  readonly #edits: Edit[] = [];
  /** New tables for the end of the text. */
  readonly #blocks: string[] = [];
  /** New keys of tables that are not written out yet, by header. */
  readonly #begun = new Map<string, string>();

  constructor(text: string) {
    this.#text = text;
    this.#layout = new TomlLayout(text);
  }

  apply(before: Tree, after: Tree): string {
    this.#tree(before, after, []);
    let [written, at] = ["", 0];
    // What is put in goes before what is taken out or replaced at the same place.
    for (const edit of this.#edits.sort((a, b) => a.start - b.start || a.end - b.end)) {
      written += this.#text.slice(at, edit.start) + edit.text;
      at = edit.end;
    }
    written += this.#text.slice(at);
    const begun = [...this.#begun].map(([header, lines]) => `${header}\n${lines}`);
    for (const block of [...begun, ...this.#blocks]) written += `${blankBefore(written)}${block}`;
    return written;
  }

  #tree(before: Tree, after: Tree, path: SettingsPath): void {
    for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
      const [old, wish] = [before[name], after[name]];
      if (!isSame(old, wish)) this.#entry(old, wish, [...path, name]);
    }
  }

  #entry(old: unknown, wish: unknown, path: SettingsPath): void {
    const key = this.#layout.key(path);
    if (old === undefined) this.#add(path, wish);
    else if (wish === undefined) this.#remove(path);
    else if (key !== null) this.#edits.push({ ...key.value, text: encode(wish) });
    else if (isTree(old) && isTree(wish)) this.#tree(old, wish, path);
    else if (isListOfTables(old) && isListOfTables(wish)) this.#list(old, wish, path);
    else if (Array.isArray(wish) && wish.length === 0) this.#remove(path);
    else throw unchangeable(`${path.join(".")} would turn from a table into something else`);
  }

  /** Tables of a list keep their places: the first stays the first, comments and all. */
  #list(old: readonly Tree[], wish: readonly Tree[], path: SettingsPath): void {
    wish.forEach((item, i) => {
      const before = old[i];
      if (before !== undefined) this.#tree(before, item, [...path, i]);
    });
    for (let i = wish.length; i < old.length; i++) this.#remove([...path, i]);
    const blocks = wish.slice(old.length).flatMap((item) => encodeTable(`[[${headerOf(path)}]]`, path, item));
    if (blocks.length > 0) this.#insertAfter(path, blocks);
  }

  #add(path: SettingsPath, wish: unknown): void {
    if (isTree(wish) || isListOfTables(wish)) {
      const blocks = encodeTables(path, wish);
      const owner = path.slice(0, path.findLastIndex((part) => typeof part === "number") + 1);
      if (owner.length > 0) this.#insertAfter(owner, blocks);
      else this.#blocks.push(...blocks);
      return;
    }
    if (wish === undefined || (Array.isArray(wish) && wish.length === 0)) return;
    this.#addKey(path.slice(0, -1), path, wish);
  }

  #addKey(parent: SettingsPath, path: SettingsPath, wish: unknown): void {
    const table = this.#layout.table(parent);
    const line = (container: SettingsPath): string => `${headerOf(path.slice(container.length))} = ${encode(wish)}\n`;
    const neighbour = this.#layout.keysBelow(parent).findLast(({ container }) => container.length <= parent.length);
    if (table !== null) this.#insert(this.#layout.lineAfter(table.lastEnd), line(parent));
    else if (neighbour !== undefined) this.#insert(this.#layout.lineAfter(neighbour.end), line(neighbour.container));
    else if (parent.length === 0) this.#insert(0, line(parent));
    else {
      const header = `[${headerOf(parent)}]`;
      this.#begun.set(header, `${this.#begun.get(header) ?? ""}${line(parent)}`);
    }
  }

  #remove(path: SettingsPath): void {
    const tables = this.#layout.tablesBelow(path);
    const isInside = (place: Range): boolean =>
      tables.some(({ start, end }) => place.start >= start && place.end <= end);
    const keys = this.#layout.keysBelow(path).filter((place) => !isInside(place));
    for (const place of [...tables, ...keys]) this.#edits.push({ ...this.#layout.lines(place), text: "" });
  }

  #insertAfter(path: SettingsPath, blocks: readonly string[]): void {
    const last = this.#layout.tablesBelow(path).at(-1);
    const at = last === undefined ? this.#text.length : this.#layout.lineAfter(last.lastEnd);
    this.#insert(at, blocks.map((block) => `\n${block}`).join(""));
  }

  #insert(at: number, text: string): void {
    this.#edits.push({ start: at, end: at, text });
  }
}

function encodeTables(path: SettingsPath, item: unknown): string[] {
  if (isTree(item)) return encodeTable(`[${headerOf(path)}]`, path, item);
  if (!isListOfTables(item)) return [];
  return item.flatMap((element) => encodeTable(`[[${headerOf(path)}]]`, path, element));
}

function encodeTable(header: string, path: SettingsPath, tree: Tree): string[] {
  const entries = Object.entries(tree).filter(([, value]) => value !== undefined);
  const isBelow = ([, value]: [string, unknown]): boolean => isTree(value) || isListOfTables(value);
  const lines = entries.filter((entry) => !isBelow(entry)).map(([name, v]) => `${encodeName(name)} = ${encode(v)}\n`);
  const below = entries.filter(isBelow).flatMap(([name, value]) => encodeTables([...path, name], value));
  return [`${header}\n${lines.join("")}`, ...below];
}

function isListOfTables(value: unknown): value is Tree[] {
  return Array.isArray(value) && value.length > 0 && value.every(isTree);
}

/** Numbers in a path say which table of a list; a header means the last one by itself. */
function headerOf(path: SettingsPath): string {
  return path
    .filter((part) => typeof part === "string")
    .map(encodeName)
    .join(".");
}

function encodeName(name: string): string {
  return /^[\w-]+$/.test(name) ? name : encode(name);
}

/** JSON's texts, numbers and truth values are TOML's, too, but for one sign and the numbers that JSON lacks. */
function encode(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(encode).join(", ")}]`;
  if (isTree(value)) {
    const entries = Object.entries(value).filter(([, item]) => item !== undefined);
    return `{ ${entries.map(([name, item]) => `${encodeName(name)} = ${encode(item)}`).join(", ")} }`;
  }
  // What was read tells a day, a time and a moment no longer apart.
  if (value instanceof Date) throw unchangeable("a date or time in it would have to be written anew");
  if (typeof value === "number" && !Number.isFinite(value)) return String(value).toLowerCase().replace("inity", "");
  if (Object.is(value, -0)) return "-0.0";
  return JSON.stringify(value).replaceAll("\u007f", "\\u007f");
}

function blankBefore(text: string): string {
  return text === "" || text.endsWith("\n\n") ? "" : "\n";
}

function unchangeable(why: string): KumpelError {
  return new KumpelError(
    "SETTINGS_INVALID",
    `The settings file cannot be changed without damage to its text (${why}): change it in an editor.`,
  );
}
