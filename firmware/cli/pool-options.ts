/** The pools of a command line: repeated `--pool`, with one `--user` for all or one for each. */
import { X509Certificate } from "node:crypto";
import fs from "node:fs";
import { errorText } from "#hal/errors.ts";
import type { TlsTrust } from "#hal/network.ts";
import type { PoolGroup } from "../pool/pool-groups.ts";
import { type PoolSettings, poolSettings, type VersionBitsForm } from "../pool/pool-settings.ts";
import { parsePoolUrl, parseProxyUrl } from "../stratum/pool-url.ts";
import { usageError } from "./usage.ts";

export const DEMO_USER = "kumpel.demo";
export const DEMO_PASSWORD = "x";
/** More fail-over pools than that help nobody. */
const POOLS_MAX = 8;
const QUOTA_MAX = 1_000;

export interface PoolArguments {
  readonly pool: readonly string[];
  readonly user: readonly string[];
  readonly password: readonly string[];
  readonly quota: readonly string[];
  readonly proxy: string | undefined;
  readonly tlsAuthority: string | undefined;
  readonly tlsPin: string | undefined;
  readonly isTlsUnchecked: boolean;
  readonly versionBits: string | undefined;
  /** From the settings: they count where no pool is given. */
  readonly groups: readonly PoolGroup[];
}

/** @throws KumpelError `USAGE` or `POOL_URL_INVALID` with one sentence. */
export function parsePools(args: PoolArguments): PoolGroup[] {
  if (args.pool.length === 0) {
    refuseWithoutPool(args);
    return [...args.groups];
  }
  const pools = parsePoolList(args);
  if (args.quota.length === 0) return [{ quota: 1, pools }];
  if (args.quota.length !== pools.length) {
    throw usageError(
      `--quota is given ${args.quota.length} times for ${pools.length} pools; give it once for each pool.`,
    );
  }
  return pools.map((pool, i) => {
    return { quota: parseQuota(args.quota[i] ?? ""), pools: [pool] };
  });
}

/** The built-in pool takes none of these; left out in silence, the owner would believe in a proxy that is not used. */
function refuseWithoutPool(args: PoolArguments): void {
  if (args.user.includes("")) throw emptyUser();
  const given = {
    "--quota": args.quota.length > 0,
    "--proxy": args.proxy !== undefined,
    "--tls-authority": args.tlsAuthority !== undefined,
    "--tls-pin": args.tlsPin !== undefined,
    "--tls-unchecked": args.isTlsUnchecked,
    "--version-bits": args.versionBits !== undefined,
  };
  const option = Object.entries(given).find(([, isGiven]) => isGiven)?.[0];
  if (option !== undefined) throw usageError(`${option} needs --pool; give one, or leave ${option} out.`);
}

function emptyUser(): Error {
  return usageError('--user "" is empty; give the user as the pool wants it, often ADDRESS.WORKER.');
}

function parseQuota(text: string): number {
  const quota = Number(text);
  if (text.trim() !== "" && quota > 0 && quota <= QUOTA_MAX) return quota;
  throw usageError(`--quota "${text}" is no share; give a number above 0, up to ${QUOTA_MAX}.`);
}

function parsePoolList(args: PoolArguments): PoolSettings[] {
  const { pool: urls, user: users, password: passwords } = args;
  if (urls.length > POOLS_MAX) throw usageError(`${urls.length} pools are given; at most ${POOLS_MAX} are taken.`);
  if (users.includes("")) throw emptyUser();
  checkCount("--user", users.length, urls.length);
  checkCount("--password", passwords.length, urls.length);
  const proxy = args.proxy === undefined ? null : parseProxyUrl(args.proxy);
  const more = { proxy, tls: tlsOf(args), versionBits: versionBitsOf(args.versionBits) };
  return urls.map((url, i) =>
    poolSettings(parsePoolUrl(url), pick(users, i, DEMO_USER), pick(passwords, i, DEMO_PASSWORD), more),
  );
}

/** None, one for all pools, or one for each. */
function checkCount(option: string, given: number, pools: number): void {
  if (given <= 1 || given === pools) return;
  throw usageError(`${option} is given ${given} times for ${pools} pools; give it once, or once for each pool.`);
}

function pick(values: readonly string[], i: number, fallback: string): string {
  return values[i] ?? values[0] ?? fallback;
}

function tlsOf({ tlsAuthority, tlsPin, isTlsUnchecked }: PoolArguments): TlsTrust {
  const given = [tlsAuthority, tlsPin, isTlsUnchecked ? "" : undefined].filter((value) => value !== undefined);
  if (given.length > 1) {
    throw usageError("--tls-authority, --tls-pin and --tls-unchecked exclude each other; give one of them.");
  }
  if (isTlsUnchecked) return { kind: "none" };
  if (tlsPin !== undefined) {
    if (!/^([0-9a-f]{2}:?){32}$/i.test(tlsPin)) {
      throw usageError(`--tls-pin "${tlsPin}" is no SHA-256 fingerprint; give 64 hex digits, colons or not.`);
    }
    return { kind: "pinned", fingerprint256: tlsPin };
  }
  return {
    kind: "authorities",
    extraPem: tlsAuthority === undefined ? null : readPem(tlsAuthority, "--tls-authority"),
  };
}

/** @throws KumpelError `USAGE`. */
export function readPem(file: string, option: string): string {
  try {
    const text = fs.readFileSync(file, "utf8");
    const certificates = text
      .split(/^(?=-----BEGIN CERTIFICATE-----)/m)
      .filter((part) => part.startsWith("-----BEGIN"));
    if (certificates.length === 0) throw new Error("it holds no certificate");
    certificates.forEach(assertCertificate);
    return text;
  } catch (error) {
    throw usageError(
      `${option} "${file}" cannot be used (${errorText(error)}); give a file with a certificate in PEM form.`,
    );
  }
}

/** One that is broken would be passed over in silence when the connection is made. */
function assertCertificate(pem: string, index: number): void {
  try {
    new X509Certificate(pem);
  } catch (error) {
    throw new Error(`certificate ${index + 1} in it is damaged`, { cause: error });
  }
}

function versionBitsOf(text: string | undefined): VersionBitsForm {
  if (text === undefined || text === "bip310" || text === "xor") return text ?? "bip310";
  throw usageError(`--version-bits "${text}" is unknown; choose bip310 or xor.`);
}
