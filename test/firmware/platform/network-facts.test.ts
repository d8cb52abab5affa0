/** What the system's files say of this machine, from a folder that stands for the whole system. */
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
import { keptNetworkFacts, networkFacts } from "#firmware/platform/network-facts.ts";
import { VirtualClock } from "#hal/emulator/virtual-clock.ts";
import { temporaryFolder } from "../../support/program.ts";

function systemOf(files: Readonly<Record<string, string>>): string {
  const root = temporaryFolder();
  for (const [name, text] of Object.entries(files)) {
    fs.mkdirSync(path.dirname(path.join(root, name)), { recursive: true });
    fs.writeFileSync(path.join(root, name), text);
  }
  return root;
}

const NOTHING = systemOf({});

test("an image's files tell gateway, name servers, the way of configuring and the board's serial number", () => {
  const device = "eth0";
  const root = systemOf({
    "etc/network/interfaces": `auto ${device}\niface ${device} inet static\n`,
    "etc/resolv.conf": "nameserver 192.0.2.53\n",
    "proc/net/route": `Iface\tDestination\tGateway\tFlags\n${device}\t00000000\t010200C0\t0003\n`,
    "proc/device-tree/serial-number": "C4ZYNQ0017\0",
  });
  expect(networkFacts(root, { eth0: [address()] })).toMatchObject({
    hostname: os.hostname(),
    isDhcp: false,
    gateway: "192.0.2.1",
    dnsServers: ["192.0.2.53"],
    serialNumber: "C4ZYNQ0017",
  });
});

test("what is not there, or is no file, is unknown", () => {
  expect(networkFacts(NOTHING)).toMatchObject({ isDhcp: null, gateway: null, dnsServers: null, serialNumber: null });
  const root = systemOf({ "etc/resolv.conf/inside": "" });
  expect(networkFacts(root).dnsServers).toBeNull();
});

const MAC = "28:e2:97:0a:0b:0c";
const address = (changes: Partial<os.NetworkInterfaceInfoIPv4> = {}): os.NetworkInterfaceInfo => ({
  address: "192.0.2.7",
  netmask: "255.255.255.0",
  cidr: null,
  family: "IPv4",
  internal: false,
  mac: MAC,
  ...changes,
});
const linkLocal: os.NetworkInterfaceInfo = {
  ...{ address: "fe80::1", netmask: "ffff:ffff:ffff:ffff::", cidr: null, family: "IPv6", scopeid: 2 },
  ...{ internal: false, mac: MAC },
};
const loopback = address({ address: "127.0.0.1", internal: true, mac: "00:00:00:00:00:00" });

function devices(...list: readonly { name: string; mac: string; isReal?: boolean }[]): string {
  const files = list.flatMap(({ name, mac, isReal = false }, at) => [
    [`sys/class/net/${name}/address`, `${mac}\n`],
    [`sys/class/net/${name}/ifindex`, `${at + 1}\n`],
    ...(isReal ? [[`sys/class/net/${name}/device/uevent`, ""]] : []),
  ]);
  return systemOf(Object.fromEntries(files) as Record<string, string>);
}

const LO = { name: "lo", mac: "00:00:00:00:00:00" };
const BRIDGE = { name: "docker0", mac: "02:42:aa:bb:cc:dd" };
const TUNNEL = { name: "tun0", mac: "" };
const ETH = { name: "eth0", mac: MAC, isReal: true };

test("the MAC address is the same before the lease, with it, and where there is IPv6 only", () => {
  const root = devices(LO, ETH);
  for (const interfaces of [
    { lo: [loopback] },
    { lo: [loopback], eth0: [linkLocal] },
    { lo: [loopback], eth0: [linkLocal, address()] },
  ])
    expect(networkFacts(root, interfaces).macAddress).toBe(MAC);
  expect(networkFacts(NOTHING, { lo: [loopback], eth0: [linkLocal] })).toMatchObject({
    macAddress: MAC,
    ipAddress: null,
  });
  expect(networkFacts(NOTHING, { lo: [loopback] }).macAddress).toBeNull();
});

test("bridges and tunnels of other programs do not stand for the machine, unless there is nothing else", () => {
  const bridged = { lo: [loopback], docker0: [address({ address: "172.17.0.1", mac: BRIDGE.mac })] };
  expect(networkFacts(devices(LO, TUNNEL, BRIDGE, ETH), bridged).macAddress).toBe(MAC);
  expect(networkFacts(devices(LO, BRIDGE, ETH), { ...bridged, eth0: [address()] })).toMatchObject({
    netDevice: "eth0",
    ipAddress: "192.0.2.7",
    macAddress: MAC,
  });
  expect(networkFacts(devices(LO, TUNNEL, BRIDGE), bridged).macAddress).toBe(BRIDGE.mac);
});

test("of two real interfaces the machine's first one names it, whichever has the address", () => {
  const stick = { name: "eth1", mac: "28:e2:97:11:22:33", isReal: true };
  const facts = networkFacts(devices(LO, ETH, stick), { eth1: [address({ mac: stick.mac })] });
  expect(facts).toMatchObject({ netDevice: "eth1", macAddress: MAC });
});

test("it is looked at every five seconds at most, however often it is asked for", async () => {
  const clock = new VirtualClock();
  let looks = 0;
  const facts = keptNetworkFacts(clock, () => {
    looks++;
    return networkFacts(NOTHING);
  });
  for (let i = 0; i < 10; i++) facts();
  await clock.advance(4_999);
  facts();
  expect(looks).toBe(1);
  await clock.advance(1);
  facts();
  expect(looks).toBe(2);
});
