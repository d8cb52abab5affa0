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
  const device = networkFacts(NOTHING).netDevice;
  const root = systemOf({
    "etc/network/interfaces": `auto ${device}\niface ${device} inet static\n`,
    "etc/resolv.conf": "nameserver 192.0.2.53\n",
    "proc/net/route": `Iface\tDestination\tGateway\tFlags\n${device}\t00000000\t010200C0\t0003\n`,
    "proc/device-tree/serial-number": "C4ZYNQ0017\0",
  });
  expect(networkFacts(root)).toMatchObject({
    hostname: os.hostname(),
    isDhcp: device === null ? null : false,
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
