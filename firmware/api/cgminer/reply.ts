/**
 * Replies as tables of named fields, and their two forms: JSON and text. Numbers, texts and truth values keep their types
 * in JSON; text escapes the letters that divide it. Every reply ends with one NUL byte (public notes on the clients).
 */

export type FieldValue = string | number | boolean;
export type Row = readonly (readonly [name: string, value: FieldValue])[];

export interface Section {
  readonly name: string;
  readonly rows: readonly Row[];
  /** In text the rows begin with their own number, such as `POOL=0`, and need no name before them. */
  readonly isNumbered: boolean;
}

/** S success, I information, W warning, E error, F fatal. */
export type StatusLetter = "S" | "I" | "W" | "E" | "F";

export interface Reply {
  readonly letter: StatusLetter;
  readonly code: number;
  readonly message: string;
  readonly section: Section | null;
}

export interface ReplyStamp {
  readonly whenS: number;
  readonly description: string;
}

export function reply(letter: StatusLetter, code: number, message: string, section: Section | null = null): Reply {
  return { letter, code, message, section };
}

export function section(name: string, rows: readonly Row[], isNumbered = false): Section {
  return { name, rows, isNumbered };
}

export type JsonReply = Record<string, unknown>;

export function jsonReply({ letter, code, message, section: part }: Reply, stamp: ReplyStamp): JsonReply {
  const status = { STATUS: letter, When: stamp.whenS, Code: code, Msg: message, Description: stamp.description };
  return {
    STATUS: [status],
    ...(part === null ? {} : { [part.name]: part.rows.map((row) => Object.fromEntries(row)) }),
    id: 1,
  };
}

export function textReply({ letter, code, message, section: part }: Reply, stamp: ReplyStamp): string {
  const status: Row = [
    ["STATUS", letter],
    ["When", stamp.whenS],
    ["Code", code],
    ["Msg", message],
    ["Description", stamp.description],
  ];
  const rows = part?.rows.map((row) => (part.isNumbered ? rowText(row) : `${part.name},${rowText(row)}`)) ?? [];
  return [rowText(status), ...rows].map((line) => `${line}|`).join("");
}

function rowText(row: Row): string {
  return row.map(([name, value]) => `${name}=${escaped(value)}`).join(",");
}

function escaped(value: FieldValue): string {
  return typeof value === "string" ? value.replaceAll(/[|,=\\]/g, "\\$&").replaceAll("\0", "") : String(value);
}
