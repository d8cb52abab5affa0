import { expect, test } from "vitest";
import { boardSerialOf, dnsServersOf, gatewayOf, isDhcpOf } from "#firmware/platform/route-facts.ts";

const HEAD = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n";

test("the gateway is that of the route to everywhere, and none is no gateway", () => {
  const local = "eth0\t0001A8C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n";
  const out = "eth0\t00000000\t0101A8C0\t0003\t0\t0\t0\t00000000\t0\t0\t0\n";
  expect(gatewayOf(HEAD + local + out)).toBe("192.168.1.1");
  expect(gatewayOf(HEAD + local)).toBeNull();
  expect(gatewayOf("")).toBeNull();
});

test("name servers are taken in their order, remarks are not", () => {
  expect(dnsServersOf("# nameserver 9.9.9.9\nsearch lan\nnameserver 192.168.1.1\nnameserver fd00::1\n")).toEqual([
    "192.168.1.1",
    "fd00::1",
  ]);
});

test.each([
  ["# configured by the image\nauto lo\niface lo inet loopback\n\nauto eth0\niface eth0 inet dhcp\n", true],
  ["iface eth0 inet static\n  address 192.0.2.7\n", false],
  ["  iface  eth0 \\\n inet static\niface eth0 inet6 auto\n", false],
  ["iface eth1 inet static\n", null],
  ["#iface eth0 inet static\n", null],
  ["iface eth0 inet manual\n", null],
  ["iface eth0 inet static\niface eth0 inet dhcp\n", null],
  ["iface eth0 inherits other\nsource /etc/network/interfaces.d/*\n", null],
  ["", null],
])("%j: DHCP on eth0 %s", (text, isDhcp) => {
  expect(isDhcpOf(text, "eth0")).toBe(isDhcp);
});

test.each([
  ["C4ZYNQ0017\0", "C4ZYNQ0017"],
  ["10000000abcdef01\0", "10000000abcdef01"],
  ["0000000000000000\0", null],
  ["two words\0", null],
  ["\0", null],
  ["x".repeat(65), null],
])("the serial number of the board in %j is %s", (text, serial) => {
  expect(boardSerialOf(text)).toBe(serial);
});
