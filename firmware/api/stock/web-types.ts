/** Requests and replies of the stock web face, without sockets, and what its pages are made of. */
import type { Readable } from "node:stream";
import type { FaceParts, FaceView, OrderAnswer } from "../machine-facts.ts";
import type { WebCredentials } from "./digest.ts";
import type { ConfMemory } from "./miner-conf.ts";
import type { SetNetwork } from "./network-conf.ts";

export interface WebParts extends FaceParts {
  /** Null: nobody may sign on. */
  readonly credentials: () => WebCredentials | null;
  /** Keeps new ones for good; null = that is not possible here. */
  readonly changeCredentials: ((next: WebCredentials, who: string) => Promise<OrderAnswer>) | null;
  /** Null = network settings are not ours to change. */
  readonly setNetwork: SetNetwork | null;
  /** Takes an image; absent = none is taken. @param bytes of the whole form, where the client says so */
  readonly receiveImage?: (
    image: Readable,
    bytes: number | null,
    clearsSettings: boolean,
    who: string,
  ) => Promise<OrderAnswer>;
  /** The last lines of the log; null = none is kept. */
  readonly logText: (() => string) | null;
}

export interface WebRequest {
  readonly method: string;
  /** Path and query as they came. */
  readonly target: string;
  readonly authorization: string | undefined;
  /** Where a browser says that the page comes from, in three headers; other clients say nothing. */
  readonly origin: string | undefined;
  readonly referer: string | undefined;
  readonly fetchSite: string | undefined;
  readonly userAgent: string | undefined;
  readonly host: string | undefined;
  readonly body: string;
  /** Of the machine, as the client reached it. */
  readonly localAddress: string;
  readonly clientAddress: string;
}

export interface WebReply {
  readonly status: number;
  readonly contentType: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What the face remembers of its own: nothing of it outlives a restart. */
export interface WebMemory {
  conf: ConfMemory;
  /** Told to blink, when nobody else knows. */
  isLocating: boolean;
}

export interface PageContext {
  readonly parts: WebParts;
  readonly view: FaceView;
  readonly request: WebRequest;
  readonly memory: WebMemory;
  readonly credentials: WebCredentials;
  readonly who: string;
}

export type Page = (context: PageContext) => WebReply | Promise<WebReply>;

export function jsonPage(body: unknown, status = 200): WebReply {
  return { status, contentType: "application/json", headers: {}, body: JSON.stringify(body) };
}

export function textPage(body: string, status = 200): WebReply {
  return { status, contentType: "text/plain; charset=utf-8", headers: {}, body };
}

/** How stock tells what came of a change: with a code of its page's letter. */
export function codePage(isDone: boolean, code: string, message: string): WebReply {
  return jsonPage({ stats: isDone ? "success" : "error", code, msg: message });
}

/** The body as an object, whatever type it is said to have: the largest manager says text. Null for anything else. */
export function bodyObject(body: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(body);
    const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
    return isObject ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
