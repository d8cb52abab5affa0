import { expect, test } from "vitest";
import { dnsServersOf, gatewayOf } from "#firmware/platform/route-facts.ts";

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
