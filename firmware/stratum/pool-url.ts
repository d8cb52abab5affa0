/** Pool and proxy addresses as people write them. */
import { KumpelError } from "#hal/errors.ts";
import type { ProxyAddress } from "#hal/network.ts";

export interface PoolAddress {
  /** Normalised, for display and reports: `stratum+tcp://host:port`. Never holds a secret. */
  readonly url: string;
  /** Letter by letter as it was given: whoever wrote it knows it again by that only. Never holds a secret either. */
  readonly asWritten: string;
  /** Without brackets; an IPv6 zone stays (`fe80::1%eth0`). */
  readonly host: string;
  readonly port: number;
  /** TLS from the first byte. */
  readonly isTls: boolean;
  /** The address asked for the extranonce subscription (`#xnsub`). */
  readonly wantsExtranonceSubscribe: boolean;
}

const EXAMPLE = "write it as stratum+tcp://HOST:PORT, stratum+ssl://HOST:PORT or stratum+tcp://[IPV6]:PORT";
const TLS_SCHEMES: readonly string[] = ["stratum+ssl", "stratum+tls", "stratums", "ssl"];
const PLAIN_SCHEMES: readonly string[] = ["stratum+tcp", "stratum", "tcp"];

/** @throws KumpelError `POOL_URL_INVALID` with one sentence: what was given, what is wrong, how to write it. */
export function parsePoolUrl(text: string): PoolAddress {
  const match = /^(?:([a-z0-9+.-]+):\/\/)?(.*?)\/?(#xnsub)?$/i.exec(text.trim());
  const scheme = match?.[1]?.toLowerCase() ?? "stratum+tcp";
  const isTls = TLS_SCHEMES.includes(scheme);
  if (scheme.startsWith("stratum2")) throw invalid(text, "Stratum V2 is not spoken yet");
  if (!isTls && !PLAIN_SCHEMES.includes(scheme)) throw invalid(text, `the scheme "${scheme}" is not known`);
  const rest = match?.[2] ?? "";
  if (rest.includes("@"))
    throw invalid(text, "user and password do not belong here: give them with --user and --password");
  const { host, port } = splitHostPort(text, rest);
  const shownHost = host.includes(":") ? `[${host}]` : host;
  return {
    url: `${isTls ? "stratum+ssl" : "stratum+tcp"}://${shownHost}:${port}`,
    asWritten: text,
    host,
    port,
    isTls,
    wantsExtranonceSubscribe: match?.[3] !== undefined,
  };
}

/** The same for all texts of one address; a text that is none stands for itself. */
export function poolKey(text: string): string {
  try {
    return parsePoolUrl(text).url;
  } catch {
    return text;
  }
}

interface PoolName {
  readonly url?: unknown;
  readonly user?: unknown;
}

/** An address may be written in many ways; which of them somebody chose makes no other pool of it. */
export function isSamePool(a: PoolName, b: PoolName): boolean {
  return (
    typeof a.url === "string" && typeof b.url === "string" && poolKey(a.url) === poolKey(b.url) && a.user === b.user
  );
}

function splitHostPort(text: string, rest: string): { host: string; port: number } {
  const hostPort = /^(?:\[([^\]\s]+)\]|([^:[\]/\s]+)):(\d{1,5})$/.exec(rest);
  if (hostPort === null) {
    if (/^[0-9a-f]*:[0-9a-f:]+/i.test(rest)) throw invalid(text, "an IPv6 address goes into brackets");
    throw invalid(text, "host and port were not understood");
  }
  const port = Number(hostPort[3]);
  if (port < 1 || port > 65535) throw invalid(text, `port ${hostPort[3]} is outside 1..65535`);
  return { host: hostPort[1] ?? hostPort[2] ?? "", port };
}

function invalid(text: string, why: string): KumpelError {
  return new KumpelError("POOL_URL_INVALID", `Pool address "${hideCredentials(text)}": ${why}; ${EXAMPLE}.`);
}

/** `socks5://[user:password@]host:port`; what is shown of it never holds the password. */
export function parseProxyUrl(text: string): ProxyAddress {
  let url: URL;
  try {
    url = new URL(text.trim());
  } catch {
    throw invalidProxy(text, "it is no address");
  }
  if (url.protocol !== "socks5:" && url.protocol !== "socks5h:") throw invalidProxy(text, "only socks5 is spoken");
  const port = Number(url.port);
  if (url.hostname === "" || !(port >= 1 && port <= 65535)) throw invalidProxy(text, "host and port are needed");
  const host = url.hostname.replace(/^\[|\]$/g, "");
  try {
    const user = url.username === "" ? null : decodeURIComponent(url.username);
    return { host, port, user, password: url.password === "" ? null : decodeURIComponent(url.password) };
  } catch {
    throw invalidProxy(text, "a % in user or password is written %25");
  }
}

function invalidProxy(text: string, why: string): KumpelError {
  return new KumpelError(
    "POOL_URL_INVALID",
    `Proxy "${hideCredentials(hidePassword(text))}": ${why}; write it as socks5://HOST:PORT or socks5://USER:PASSWORD@HOST:PORT.`,
  );
}

/**
 * A password may hold any sign, also a slash or another @: all that stands before the last one may be part of it, and so may
 * anything behind a question mark.
 */
function hideCredentials(text: string): string {
  return text.replace(/^(\s*[a-z0-9+.-]+:\/\/)?.*@/is, "$1...@").replace(/\?.*$/s, "?...");
}

/** `user:password` whose host was forgotten: what follows the colon is shown only if it is a port. */
function hidePassword(text: string): string {
  return text.includes("@")
    ? text
    : text.replace(/^(\s*(?:[a-z0-9+.-]+:\/\/)?[^:/]*):(?!\d{1,5}\/?\s*$|\/\/).*$/is, "$1:...");
}
