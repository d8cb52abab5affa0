/** With `--emulated-chips` scaled shares must never reach somebody else's pool. */
import { BlockList, isIP } from "node:net";
import { KumpelError } from "#hal/errors.ts";
import type { PoolGroup } from "../pool/pool-groups.ts";

/** Loopback, private and link-local addresses (RFC 1122, 1918, 3927, 4193, 4291). */
const NEAR = new BlockList();
NEAR.addSubnet("127.0.0.0", 8, "ipv4");
NEAR.addSubnet("10.0.0.0", 8, "ipv4");
NEAR.addSubnet("172.16.0.0", 12, "ipv4");
NEAR.addSubnet("192.168.0.0", 16, "ipv4");
NEAR.addSubnet("169.254.0.0", 16, "ipv4");
NEAR.addAddress("::1", "ipv6");
NEAR.addSubnet("fc00::", 7, "ipv6");
NEAR.addSubnet("fe80::", 10, "ipv6");

/**
 * Names other than `localhost` are refused, too: where they lead can change.
 * @throws KumpelError `USAGE` for the first pool that is elsewhere, or that is reached over a proxy.
 */
export function assertNearPools(groups: readonly PoolGroup[]): void {
  for (const { address, proxy } of groups.flatMap(({ pools }) => pools)) {
    if (proxy !== null) {
      throw refused(address.url, "is reached over a proxy, which may lead anywhere");
    }
    if (!isNear(address.host)) throw refused(address.url, "is neither a loopback nor a private address");
  }
}

function isNear(host: string): boolean {
  if (host.toLowerCase() === "localhost") return true;
  const [bare = ""] = host.split("%");
  const family = isIP(bare);
  return family !== 0 && NEAR.check(bare, family === 6 ? "ipv6" : "ipv4");
}

function refused(url: string, why: string): KumpelError {
  return new KumpelError(
    "USAGE",
    `--emulated-chips: pool "${url}" ${why}; shares of emulated chips go to such addresses only, for example 127.0.0.1:3333.`,
  );
}
