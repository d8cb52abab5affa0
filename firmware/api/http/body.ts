/** Bodies of requests: what is taken, and what the web server itself found wrong, in sentences of our own. */
import type { IncomingHttpHeaders } from "node:http";

/** Media type of a bundle. */
export const FILE = "application/octet-stream";
export const BODY_MAX_BYTES = 64 * 1024;
const DEPTH_MAX = 32;

/** As the web server throws it. */
export interface WebServerError {
  readonly code?: string;
  readonly statusCode?: number;
  readonly message: string;
}

export type ParsedBody = { readonly value: unknown } | { readonly problem: string };

/** Keys that change what objects are, and not what is in them, are no keys of anything that is taken. */
export function parseJsonBody(text: string): ParsedBody {
  if (text.trim() === "") return { problem: "the body is empty: send an object in JSON" };
  if (depthOf(text) > DEPTH_MAX) return { problem: `the body is nested deeper than ${DEPTH_MAX}: send a flatter one` };
  const poison = new Set<string>();
  try {
    const value: unknown = JSON.parse(text, (key, item: unknown) => {
      if (key === "__proto__") poison.add(key);
      if (key === "constructor" && typeof item === "object" && item !== null && Object.hasOwn(item, "prototype"))
        poison.add("constructor.prototype");
      return item;
    });
    const [key] = poison;
    return key === undefined ? { value } : { problem: `the body holds the key ${key}: leave it out` };
  } catch {
    return { problem: `the body of ${text.length} signs is no valid JSON: send one object such as {"kind":"pause"}` };
  }
}

/** One sentence for what never came to a route. */
export function webServerProblem({ code, statusCode, message }: WebServerError, headers: IncomingHttpHeaders): string {
  const bytes = headers["content-length"];
  const status = statusCode ?? 500;
  if (status >= 500) return "the management plane failed on this request";
  switch (code) {
    case undefined:
      // Ours are sentences already.
      return message;
    case "FST_ERR_CTP_BODY_TOO_LARGE":
      return `the body${bytes === undefined ? "" : ` of ${bytes} bytes`} is larger than ${BODY_MAX_BYTES} bytes: send less at once`;
    case "FST_ERR_CTP_INVALID_CONTENT_LENGTH":
      return `the content-length is ${bytes ?? "missing"}, and the body has another length: send it as long as it is`;
    case "FST_ERR_CTP_INVALID_MEDIA_TYPE":
      return `the content-type must be application/json, or ${FILE} for a bundle`;
    case "FST_ERR_BAD_URL":
      return "the address holds a % that no two hexadecimal digits follow: write a % itself as %25";
    default:
      return "this is no request that can be understood; /api/v1/openapi.json lists what is";
  }
}

/** Deepest nesting of a JSON text, by its brackets outside of texts; told before anything is built from it. */
function depthOf(text: string): number {
  let [depth, deepest, isText] = [0, 0, false];
  for (let i = 0; i < text.length; i++) {
    const sign = text[i];
    if (isText) {
      if (sign === "\\") i++;
      else if (sign === '"') isText = false;
    } else if (sign === '"') isText = true;
    else if (sign === "[" || sign === "{") deepest = Math.max(deepest, ++depth);
    else if (sign === "]" || sign === "}") depth--;
  }
  return deepest;
}
