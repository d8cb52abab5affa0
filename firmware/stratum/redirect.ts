/**
 * Where a pool's `client.reconnect` may send us: never out of the configured host's own domain, since plain-text links were
 * hijacked that way. The saved settings stay as they are.
 */
import { isIP } from "node:net";
import { shown } from "./messages.ts";
import type { PoolAddress } from "./pool-url.ts";

export type Redirect =
  | { readonly kind: "follow"; readonly host: string; readonly port: number; readonly waitMs: number }
  | { readonly kind: "refused"; readonly text: string };

/** Longer waits are cut: a pool must not send a miner to sleep for a day. */
const WAIT_MAX_S = 60;
const MAX_HOST_CHARS = 253;

/** @param params host, port, seconds to wait; the last may be missing, or all of them; numbers may be text. */
export function judgeRedirect(address: PoolAddress, params: readonly unknown[]): Redirect {
  const [givenHost, givenPort, givenWait] = params;
  const isAbsent = params.length === 0 || givenHost === "";
  const host = isAbsent ? address.host : typeof givenHost === "string" ? givenHost : "";
  const port = givenPort === undefined || givenPort === null ? address.port : numberOf(givenPort);
  const waitS = numberOf(givenWait ?? 0);
  if (!Number.isInteger(port) || port < 1 || port > 65535) {
    return refused(`the pool asked to move to port ${shown(givenPort)}, which is no port`);
  }
  if (host.length > MAX_HOST_CHARS || !isWithinDomain(host.toLowerCase(), address.host.toLowerCase())) {
    return refused(`the pool asked to move to ${shown(givenHost)}, outside of ${address.host}'s own domain`);
  }
  const waitMs = 1_000 * Math.min(WAIT_MAX_S, Number.isFinite(waitS) ? Math.max(0, waitS) : 0);
  return { kind: "follow", host, port, waitMs };
}

function refused(why: string): Redirect {
  return { kind: "refused", text: `${why}: not followed` };
}

function numberOf(value: unknown): number {
  if (typeof value === "number") return value;
  return typeof value === "string" && /^\d{1,9}$/.test(value) ? Number(value) : Number.NaN;
}

/** Same host, or a name under the same base; an address or a bare name only leads to itself. */
function isWithinDomain(target: string, own: string): boolean {
  if (target === own) return true;
  if (isIP(own) !== 0 || isIP(target) !== 0 || !own.includes(".")) return false;
  const base = baseDomain(own);
  return target === base || target.endsWith(`.${base}`);
}

/** Everything after the first dot, unless that would be a registry's own domain (`pool.com`, `pool.co.uk`). */
function baseDomain(host: string): string {
  const labels = host.split(".");
  const rest = labels.slice(1);
  const isRegistry = rest.length < 2 || (rest.length === 2 && (rest[0] ?? "").length <= 3);
  return isRegistry ? host : rest.join(".");
}
