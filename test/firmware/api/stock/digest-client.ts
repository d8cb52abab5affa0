/** Digest sign-on as clients of Antminers do it, with their habits as options. Its own reckoning, not the firmware's. */
import { createHash } from "node:crypto";

const md5 = (text: string): string => createHash("md5").update(text).digest("hex");

export interface DigestHabits {
  readonly user?: string;
  readonly password?: string;
  readonly nc?: string;
  readonly method?: string;
  readonly target: string;
  /** What the header says, when it differs from what is asked for. */
  readonly uri?: string;
  /** Undefined: without, as the oldest clients. */
  readonly qop?: string | undefined;
  readonly nonce: string;
}

export function digestHeader(habits: DigestHabits): string {
  const { user = "root", password = "root", nc = "00000001", method = "GET", target, nonce } = habits;
  const uri = habits.uri ?? target;
  const qop = "qop" in habits ? habits.qop : "auth";
  const ha1 = md5(`${user}:antMiner Configuration:${password}`);
  const ha2 = md5(`${method}:${uri}`);
  const response =
    qop === undefined ? md5(`${ha1}:${nonce}:${ha2}`) : md5(`${ha1}:${nonce}:${nc}:c0ffee:${qop}:${ha2}`);
  const quality = qop === undefined ? "" : `, qop=${qop}, nc=${nc}, cnonce="c0ffee"`;
  return `Digest username="${user}", realm="antMiner Configuration", nonce="${nonce}", uri="${uri}", algorithm=MD5, response="${response}"${quality}`;
}

export function nonceOf(challenge: string | null | undefined): string {
  return /nonce="([^"]+)"/.exec(challenge ?? "")?.[1] ?? "(none)";
}
