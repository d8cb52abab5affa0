/** What the operating system says of this machine's identity: name, address, kernel. The faces of managers ask for it. */
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import type { Clock } from "#hal/clock.ts";
import { boardSerialOf, dnsServersOf, gatewayOf, isDhcpOf } from "./route-facts.ts";

/** Faces ask many times a second; what they ask for changes by hand. */
const KEEP_MS = 5_000;

export interface NetworkFacts {
  readonly hostname: string;
  readonly kernelVersion: string;
  /** Of the first interface that leads out; null where there is none. */
  readonly netDevice: string | null;
  readonly macAddress: string | null;
  readonly ipAddress: string | null;
  readonly netmask: string | null;
  /** Null: what configures that interface is not known. */
  readonly isDhcp: boolean | null;
  readonly gateway: string | null;
  readonly dnsServers: readonly string[] | null;
  /** The control board's own. A hashboard's would not do: it leaves the machine with the board. */
  readonly serialNumber: string | null;
}

/** The same, looked at anew every few seconds at most. */
export function keptNetworkFacts(clock: Pick<Clock, "nowMs">, look = networkFacts): () => NetworkFacts {
  let kept: NetworkFacts | null = null;
  let lookedAtMs = 0;
  return () => {
    const nowMs = clock.nowMs();
    if (kept !== null && nowMs - lookedAtMs < KEEP_MS) return kept;
    lookedAtMs = nowMs;
    kept = look();
    return kept;
  };
}

/** @param root folder that stands for `/`. */
export function networkFacts(root = "/"): NetworkFacts {
  const found = Object.entries(os.networkInterfaces())
    .flatMap(([name, addresses]) => (addresses ?? []).map((address) => Object.assign({ name }, address)))
    .find(({ internal, family }) => !internal && family === "IPv4");
  return {
    hostname: os.hostname(),
    kernelVersion: os.release(),
    netDevice: found?.name ?? null,
    macAddress: found?.mac ?? null,
    ipAddress: found?.address ?? null,
    netmask: found?.netmask ?? null,
    isDhcp: found === undefined ? null : read(root, "etc/network/interfaces", (text) => isDhcpOf(text, found.name)),
    gateway: read(root, "proc/net/route", gatewayOf),
    dnsServers: read(root, "etc/resolv.conf", dnsServersOf),
    serialNumber: read(root, "proc/device-tree/serial-number", boardSerialOf),
  };
}

/** Small files of the system; null where they are not there, may not be read, or are no files (a pipe would block). */
function read<T>(root: string, name: string, understand: (text: string) => T): T | null {
  const file = path.join(root, name);
  try {
    return fs.statSync(file).isFile() ? understand(fs.readFileSync(file, "utf8")) : null;
  } catch {
    return null;
  }
}

export interface NetworkNames {
  readonly names: readonly string[];
  /** Without those of a link only: nobody calls a machine by them. */
  readonly addresses: readonly string[];
}

/** What a certificate of this machine has to name. */
export function networkNames(): NetworkNames {
  const host = os.hostname();
  const addresses = Object.values(os.networkInterfaces())
    .flatMap((list) => list ?? [])
    .map(({ address }) => address)
    .filter((address) => !address.startsWith("fe80:"));
  return { names: [...new Set([host, `${host}.local`, "localhost"])], addresses: [...new Set(addresses)] };
}
