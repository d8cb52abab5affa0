/** Pool groups out of the settings, in the form that the miner takes. */
import type { TlsTrust } from "#hal/network.ts";
import type { Settings } from "../config/schema.ts";
import type { PoolGroup } from "../pool/pool-groups.ts";
import { poolSettings } from "../pool/pool-settings.ts";
import { parsePoolUrl, parseProxyUrl } from "../stratum/pool-url.ts";
import { readPem } from "./pool-options.ts";

type Pool = Settings["pool_groups"][number]["pools"][number];

/** @throws KumpelError `USAGE` where a file of authorities cannot be used. */
export function poolGroupsOf({ pool_groups }: Settings): PoolGroup[] {
  return pool_groups.map(({ quota, pools }, group) => {
    return { quota, pools: pools.map((pool, i) => poolOf(pool, `pool_groups[${group}].pools[${i}]`)) };
  });
}

/** @throws KumpelError `USAGE` where a file of authorities cannot be used. */
export function poolOf(pool: Pool, key: string): PoolGroup["pools"][number] {
  const { url, user, password, proxy, version_bits } = pool;
  return poolSettings(parsePoolUrl(url), user, password, {
    versionBits: version_bits,
    proxy: proxy === undefined ? null : parseProxyUrl(proxy),
    tls: trustOf(pool, key),
  });
}

/** @throws KumpelError `USAGE` where a file of authorities cannot be used. */
export function trustOf(
  { tls_trust, tls_pin_sha256, tls_authority_file }: Pick<Pool, "tls_trust" | "tls_pin_sha256" | "tls_authority_file">,
  key: string,
): TlsTrust {
  switch (tls_trust) {
    case "unchecked":
      return { kind: "none" };
    case "pinned":
      return { kind: "pinned", fingerprint256: tls_pin_sha256 ?? "" };
    case "authorities": {
      const extraPem =
        tls_authority_file === undefined ? null : readPem(tls_authority_file, `${key}.tls_authority_file`);
      return { kind: "authorities", extraPem };
    }
  }
}
