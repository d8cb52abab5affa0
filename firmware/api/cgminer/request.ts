/**
 * Reads one request of the miner socket API: JSON (`{"command":C,"parameter":P}`) or text (`C` or `C|P`). Some clients add
 * a newline or a NUL, some end their half of the connection, none of them waits for a prompt (public notes on the
 * clients).
 */

/** The command of a request, or why it is none, as an error code of the protocol. */
export type ParsedRequest =
  | {
      readonly kind: "request";
      readonly isJson: boolean;
      /** Several where commands are joined with `+`. */
      readonly commands: readonly string[];
      readonly isJoined: boolean;
      readonly parameter: string | null;
      /** The stock extension: reports of the web pages. */
      readonly isNewApi: boolean;
    }
  | { readonly kind: "error"; readonly isJson: boolean; readonly code: 14 | 23 | 24 };

/** More than any true request: a few addresses and names. */
export const REQUEST_LIMIT_BYTES = 8192;
/** A join of more members than there are commands is an attack, not a question. */
const JOIN_LIMIT = 40;

const PADDING = /^[\s\0]+|[\s\0]+$/g;

export function parseRequest(raw: string): ParsedRequest {
  const text = raw.replace(PADDING, "");
  return text.startsWith("{") ? parseJson(text) : parseText(text);
}

/** Nothing more can follow: the answer may be given before the client says that it is done. */
export function isRequestComplete(raw: string): boolean {
  const text = raw.replace(PADDING, "");
  if (text === "") return false;
  if (!text.startsWith("{")) return /[\n\0]/.test(raw);
  return text.endsWith("}") && parseObject(text) !== null;
}

function parseObject(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}

function parseJson(text: string): ParsedRequest {
  const object = parseObject(text);
  if (object === null) return { kind: "error", isJson: true, code: 23 };
  if (!Object.hasOwn(object, "command")) return { kind: "error", isJson: true, code: 24 };
  const { command, parameter, new_api: newApi } = object as Record<string, unknown>;
  if (typeof command !== "string") return { kind: "error", isJson: true, code: 14 };
  return request(true, command, parameterText(parameter), newApi === true);
}

function parseText(text: string): ParsedRequest {
  const at = text.indexOf("|");
  return at < 0 ? request(false, text, null, false) : request(false, text.slice(0, at), text.slice(at + 1), false);
}

function request(isJson: boolean, command: string, parameter: string | null, isNewApi: boolean): ParsedRequest {
  const isJoined = command.includes("+");
  const members = command.split("+").map((name) => name.trim().toLowerCase());
  const commands = isJoined ? [...new Set(members.filter((name) => name !== ""))].slice(0, JOIN_LIMIT) : members;
  return { kind: "request", isJson, commands, isJoined, parameter, isNewApi };
}

/** Text, integer or real; an empty one counts as none. */
function parameterText(value: unknown): string | null {
  const text = typeof value === "number" || typeof value === "string" ? String(value) : "";
  return text === "" ? null : text;
}

/** Fields of a comma list in which a backslash takes the next letter as it is. */
export function splitFields(text: string): string[] {
  const fields: string[] = [];
  let field = "";
  for (let i = 0; i < text.length; i++) {
    const letter = text[i] ?? "";
    if (letter === "\\") field += text[++i] ?? "";
    else if (letter === ",") {
      fields.push(field);
      field = "";
    } else field += letter;
  }
  return [...fields, field];
}
