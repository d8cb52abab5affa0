/** What the owner says about one pool. */
import type { ProxyAddress, TlsTrust } from "#hal/network.ts";
import type { PoolAddress } from "../stratum/pool-url.ts";

/** How a server puts submitted version bits back into the job's version; they differ only where the job has bits of its own there. */
export type VersionBitsForm =
  /** Header version AND mask: what BIP 310 says; servers that OR take it too. */
  | "bip310"
  /** The rolled bits alone, for servers that XOR. */
  | "xor";

export interface PoolSettings {
  readonly address: PoolAddress;
  readonly user: string;
  /** Never shown, logged or answered. */
  readonly password: string;
  /** Goes out as mining.suggest_difficulty; null = the pool decides. */
  readonly suggestDifficulty: number | null;
  /** Asked for in mining.configure; null = not asked. */
  readonly minimumDifficulty: number | null;
  /** Ask for changes of the extranonce in mid-session; some old servers drop the link on it. */
  readonly wantsExtranonceSubscribe: boolean;
  readonly versionBits: VersionBitsForm;
  readonly tls: TlsTrust;
  readonly proxy: ProxyAddress | null;
}

const SYSTEM_AUTHORITIES: TlsTrust = { kind: "authorities", extraPem: null };

/** Settings of a pool that the owner has said no more about. */
export function poolSettings(
  address: PoolAddress,
  user: string,
  password: string,
  more: Partial<PoolSettings> = {},
): PoolSettings {
  return {
    address,
    user,
    password,
    suggestDifficulty: null,
    minimumDifficulty: null,
    wantsExtranonceSubscribe: address.wantsExtranonceSubscribe,
    versionBits: "bip310",
    tls: SYSTEM_AUTHORITIES,
    proxy: null,
    ...more,
  };
}
