/** Pool addresses as people write them. */
import { KumpelError } from "#hal/errors.ts";

export interface PoolAddress {
  /** Normalised `stratum+tcp://host:port`, for display and reports. */
  readonly url: string;
  readonly host: string;
  readonly port: number;
}

const EXAMPLE = "write it as stratum+tcp://HOST:PORT";

/**
 * @throws KumpelError `POOL_URL_INVALID` with one sentence: what was given, what is wrong, how to write it.
 */
export function parsePoolUrl(text: string): PoolAddress {
  const match = /^(?:([a-z0-9+.-]+):\/\/)?(.*?)\/?(?:#xnsub)?$/i.exec(text.trim());
  const scheme = match?.[1]?.toLowerCase() ?? "stratum+tcp";
  if (scheme !== "stratum+tcp") {
    throw invalid(text, `the scheme "${scheme}" is not one that this version speaks`);
  }
  const hostPort = /^(\[[^\]]+\]|[^:[\]/\s]+):(\d{1,5})$/.exec(match?.[2] ?? "");
  if (hostPort === null) throw invalid(text, "host and port were not understood");
  const port = Number(hostPort[2]);
  if (port < 1 || port > 65535) throw invalid(text, `port ${hostPort[2]} is outside 1..65535`);
  const shownHost = hostPort[1] as string;
  return { url: `stratum+tcp://${shownHost}:${port}`, host: shownHost.replace(/^\[|\]$/g, ""), port };
}

function invalid(text: string, why: string): KumpelError {
  return new KumpelError("POOL_URL_INVALID", `Pool address "${text}": ${why}; ${EXAMPLE}.`);
}
