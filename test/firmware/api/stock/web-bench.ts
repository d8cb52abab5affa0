/** The stock web face over a machine at one moment, with a client that signs on by itself. */
import { credentialsOf, type WebCredentials } from "#firmware/api/stock/digest.ts";
import { WebFace } from "#firmware/api/stock/web-face.ts";
import type { WebParts, WebReply, WebRequest } from "#firmware/api/stock/web-types.ts";
import { SeededRandom } from "#hal/emulator/prng.ts";
import { type FaceBench, faceBench, type Json } from "../cgminer/face-fixture.ts";
import { type DigestHabits, digestHeader, nonceOf } from "./digest-client.ts";

export interface WebBench {
  readonly bench: FaceBench;
  readonly face: WebFace;
  readonly secrets: { credentials: WebCredentials | null };
  /** The raw exchange, without sign-on unless a header is given. */
  raw(changes: Partial<WebRequest>): Promise<WebReply>;
  nonce(): Promise<string>;
  /** Signs on and asks for a page below /cgi-bin/. */
  ask(page: string, body?: unknown, habits?: Partial<DigestHabits>): Promise<WebReply>;
  json(page: string, body?: unknown): Promise<Json>;
}

export function webBench(bench: FaceBench = faceBench(), changes: Partial<WebParts> = {}): WebBench {
  const secrets: WebBench["secrets"] = { credentials: credentialsOf("root", "root") };
  const parts: WebParts = {
    ...bench,
    credentials: () => secrets.credentials,
    changeCredentials: (next) => {
      secrets.credentials = next;
      return Promise.resolve({ ok: true, message: "", effectiveAt: "now" });
    },
    setNetwork: null,
    logText: () => "line\n",
    ...changes,
  };
  const face = new WebFace(parts, new SeededRandom(7));
  const raw: WebBench["raw"] = (request) =>
    face.handle({
      method: "GET",
      target: "/",
      authorization: undefined,
      origin: undefined,
      referer: undefined,
      fetchSite: undefined,
      userAgent: undefined,
      host: "192.0.2.7",
      body: "",
      localAddress: "192.0.2.7",
      clientAddress: "192.0.2.50",
      ...request,
    });
  const nonce = async (): Promise<string> => nonceOf((await raw({})).headers["WWW-Authenticate"]);
  const ask: WebBench["ask"] = async (page, body, habits = {}) => {
    const method = habits.method ?? (body === undefined ? "GET" : "POST");
    const target = `/cgi-bin/${page}.cgi`;
    const authorization = digestHeader({ target, method, nonce: await nonce(), ...habits });
    const text = body === undefined ? "" : typeof body === "string" ? body : JSON.stringify(body);
    return raw({ method, target, authorization, body: text });
  };
  const json: WebBench["json"] = async (page, body) => JSON.parse((await ask(page, body)).body) as Json;
  return { bench, face, secrets, raw, nonce, ask, json };
}
