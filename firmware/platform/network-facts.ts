/** What the operating system says of this machine's identity: name, address, kernel. The faces of managers ask for it. */
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import type { Clock } from "#hal/clock.ts";
import { boardSerialOf, dnsServersOf, gatewayOf, isDhcpOf, isRealMac } from "./route-facts.ts";

/** Faces ask many times a second; what they ask for changes by hand. */
const KEEP_MS = 5_000;
const DEVICES = "sys/class/net";

export interface NetworkFacts {
  readonly hostname: string;
  readonly kernelVersion: string;
  /** Of the first interface that leads out; null where there is none. Those that the machine really has come first. */
  readonly netDevice: string | null;
  /** Of the first interface that has one, with or without an address yet: it must be the same before and after the lease. */
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

/**
 * @param root folder that stands for `/`.
 * @param interfaces those that are up and have an address, as the system lists them.
 */
export function networkFacts(root = "/", interfaces: Interfaces = os.networkInterfaces()): NetworkFacts {
  const devices = devicesOf(root, interfaces);
  const found = devices
    .flatMap(({ name, addresses }) => addresses.map((address) => Object.assign({ name }, address)))
    .find(({ internal, family }) => !internal && family === "IPv4");
  return {
    hostname: os.hostname(),
    kernelVersion: os.release(),
    netDevice: found?.name ?? null,
    macAddress: devices.find(({ mac }) => mac !== null)?.mac ?? null,
    ipAddress: found?.address ?? null,
    netmask: found?.netmask ?? null,
    isDhcp: found === undefined ? null : read(root, "etc/network/interfaces", (text) => isDhcpOf(text, found.name)),
    gateway: read(root, "proc/net/route", gatewayOf),
    dnsServers: read(root, "etc/resolv.conf", dnsServersOf),
    serialNumber: read(root, "proc/device-tree/serial-number", boardSerialOf),
  };
}

type Interfaces = ReturnType<typeof os.networkInterfaces>;

interface Device {
  readonly name: string;
  readonly mac: string | null;
  readonly addresses: NonNullable<Interfaces[string]>;
}

/**
 * All that the system has, those with hardware behind them first (bridges and tunnels of other programs come and go),
 * then in the order in which the kernel found them.
 */
function devicesOf(root: string, interfaces: Interfaces): Device[] {
  return [...new Set([...Object.keys(interfaces), ...netDevices(root)])]
    .map((name) => {
      const addresses = interfaces[name] ?? [];
      const text = (file: string): string | null => read(root, `${DEVICES}/${name}/${file}`, (whole) => whole.trim());
      const macs = [text("address"), ...addresses.map(({ mac }) => mac)];
      return {
        name,
        addresses,
        mac: macs.find(isRealMac) ?? null,
        isVirtual: !fs.existsSync(path.join(root, DEVICES, name, "device")),
        rank: Number(text("ifindex") ?? Number.MAX_SAFE_INTEGER),
      };
    })
    .sort((a, b) => Number(a.isVirtual) - Number(b.isVirtual) || a.rank - b.rank);
}

function netDevices(root: string): string[] {
  try {
    return fs.readdirSync(path.join(root, DEVICES));
  } catch {
    return [];
  }
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
