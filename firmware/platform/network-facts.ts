/** What the operating system says of this machine's identity: name, address, kernel. The faces of managers ask for it. */
import fs from "node:fs";
import os from "node:os";
import { dnsServersOf, gatewayOf } from "./route-facts.ts";

export interface NetworkFacts {
  readonly hostname: string;
  readonly kernelVersion: string;
  /** Of the first interface that leads out; null where there is none. */
  readonly netDevice: string | null;
  readonly macAddress: string | null;
  readonly ipAddress: string | null;
  readonly netmask: string | null;
  readonly gateway: string | null;
  readonly dnsServers: readonly string[] | null;
}

export function networkFacts(): NetworkFacts {
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
    gateway: read("/proc/net/route", gatewayOf),
    dnsServers: read("/etc/resolv.conf", dnsServersOf),
  };
}

/** Small files of the system; null where they are not there, or may not be read. */
function read<T>(file: string, understand: (text: string) => T): T | null {
  try {
    return understand(fs.readFileSync(file, "utf8"));
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
