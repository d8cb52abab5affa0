/**
 * The stock web face: everything behind digest sign-on, also the root, by whose refusal clients tell the make. Knows no
 * sockets. Wrong passwords make answers slower and lock nobody out, since a manager keeps its old one for a while.
 */
import type { Readable } from "node:stream";
import { pause } from "#hal/clock.ts";
import type { Random } from "#hal/random.ts";
import { viewOf } from "../machine-facts.ts";
import { challenge, judgeDigest, NonceMaker } from "./digest.ts";
import { NO_MEMORY } from "./miner-conf.ts";
import { type PageEntry, pageAt } from "./pages.ts";
import {
  codePage,
  jsonPage,
  textPage,
  type WebMemory,
  type WebParts,
  type WebReply,
  type WebRequest,
} from "./web-types.ts";

/** One client asks here whether this is another maker's machine: anything but JSON says no. */
const OTHER_MAKERS_PATH = "/kaonsu/v1/brief";
const SLOW_STEP_MS = 50;
const SLOWEST_MS = 1000;
/** A wrong password is forgotten after so long. */
const FORGET_MS = 10_000;
/** So many may wait for a slow answer at once; others get theirs at once, or waiting ones would fill the memory. */
const WAITING_MAX = 32;

const POST_ONLY = "from a browser this is taken by POST only\n";

export type WebRequestHead = Omit<WebRequest, "body">;

/** Answered already, or a page to be shown once the body is there. */
export type Admission = { readonly reply: WebReply } | { readonly entry: PageEntry };

export class WebFace {
  readonly #parts: WebParts;
  readonly #nonces: NonceMaker;
  readonly #memory: WebMemory = { conf: NO_MEMORY, isLocating: false };
  readonly #stop = new AbortController();
  #failures = 0;
  #failedAtMs = 0;
  #waiting = 0;

  constructor(parts: WebParts, random: Random) {
    this.#parts = parts;
    this.#nonces = new NonceMaker(parts.clock, random);
  }

  /** Before the body is read: who may not see the page has no business sending one. */
  async admit(head: WebRequestHead): Promise<Admission> {
    const path = head.target.split("?")[0];
    if (path === OTHER_MAKERS_PATH) return { reply: textPage("not found\n", 404) };
    const credentials = this.#parts.credentials();
    const judgement = judgeDigest({ ...head, header: head.authorization, credentials, nonces: this.#nonces });
    if (judgement === "wrong") await this.#slowDown();
    if (judgement !== "granted") return { reply: this.#unauthorised(judgement === "stale") };
    if (isForeignPage(head)) return { reply: textPage("requests from pages of other sites are not taken\n", 403) };
    // Our own pages live on another port; some words here would make clients take us for another maker.
    if (path === "/") return { reply: textPage("fleet tools: see /cgi-bin/\n") };
    const entry = pageAt(head.target);
    if (entry === undefined) return { reply: textPage("not found\n", 404) };
    if (entry.actsOnGet === true && isUnfoundedGet(head)) return { reply: textPage(POST_ONLY, 403) };
    if (entry.methods.includes(head.method)) return { entry };
    return { reply: { ...textPage("method not allowed\n", 405), headers: { Allow: entry.methods.join(", ") } } };
  }

  async show(entry: PageEntry, request: WebRequest): Promise<WebReply> {
    const view = viewOf(this.#parts);
    const credentials = this.#parts.credentials();
    if (credentials === null) return jsonPage({ error: "the miner has just begun" }, 503);
    const who = `web user ${credentials.user} from ${request.clientAddress}`;
    if (view === null) return jsonPage({ error: "the miner has just begun" }, 503);
    const idle = this.#parts.idle?.() ?? null;
    // What the settings hold would be gone with a change of settings that could not be read.
    if (idle?.lacksPool === false && !entry.methods.includes("GET")) return jsonPage({ error: idle.reason }, 503);
    return entry.page({ parts: this.#parts, view, request, memory: this.#memory, credentials, who });
  }

  /** An image as it comes. Success is told only of one that was checked and is being installed. */
  async receive(entry: PageEntry, head: WebRequestHead, image: Readable, bytes: number | null): Promise<WebReply> {
    const { receiveImage, credentials } = this.#parts;
    const user = credentials()?.user;
    if (receiveImage === undefined || user === undefined) return this.show(entry, { ...head, body: "" });
    const who = `web user ${user} from ${head.clientAddress}`;
    const { ok, message } = await receiveImage(image, bytes, entry.upload === "clears", who);
    return codePage(ok, ok ? "U000" : "U001", message);
  }

  /** Both steps in one, for whoever has the body at hand. */
  async handle(request: WebRequest): Promise<WebReply> {
    const admission = await this.admit(request);
    return "entry" in admission ? this.show(admission.entry, request) : admission.reply;
  }

  close(): void {
    this.#stop.abort();
  }

  #unauthorised(isStale: boolean): WebReply {
    return {
      ...textPage("sign on\n", 401),
      headers: { "WWW-Authenticate": challenge(this.#nonces, isStale), "Cache-Control": "no-store" },
    };
  }

  async #slowDown(): Promise<void> {
    const nowMs = this.#parts.clock.nowMs();
    if (nowMs - this.#failedAtMs > FORGET_MS) this.#failures = 0;
    this.#failures++;
    this.#failedAtMs = nowMs;
    if (this.#waiting >= WAITING_MAX) return;
    this.#waiting++;
    await pause(this.#parts.clock, Math.min(SLOWEST_MS, this.#failures * SLOW_STEP_MS), this.#stop.signal);
    this.#waiting--;
  }
}

/**
 * A browser signs on by itself for any page that calls us. Tools say nothing of where they come from; a browser does, and
 * then it must be from here.
 */
function isForeignPage({ origin, referer, fetchSite, host }: WebRequestHead): boolean {
  if (fetchSite === "cross-site") return true;
  return [origin, referer].some((place) => place !== undefined && !isOfHost(place, host));
}

function isOfHost(place: string, host: string | undefined): boolean {
  const found = /^https?:\/\/([^/?#]*)/i.exec(place)?.[1];
  return found !== undefined && found.toLowerCase() === host?.toLowerCase();
}

/**
 * Managers restart and reset by GET. A page of somebody else can have a browser do that as for an image, and keep it from
 * saying where it comes from: a browser must name one of our own pages then, or post, which always tells its origin.
 */
function isUnfoundedGet({ method, referer, fetchSite, userAgent }: WebRequestHead): boolean {
  if (method !== "GET" || referer !== undefined || !/^Mozilla\//i.test(userAgent ?? "")) return false;
  // "none": somebody typed the address.
  return fetchSite !== "same-origin" && fetchSite !== "none";
}
