/** Public bug case H16: IPv6 in every written form, on real sockets; the odd addresses live in a network namespace. */
import { spawnSync } from "node:child_process";
import path from "node:path";
import { build } from "esbuild";
import { expect, test } from "vitest";

const PROGRAM = path.resolve("dist/test/h16-program.cjs");

/**
 * fd00::dead lies in the net of the loopback device, which has no such address: packets to it vanish without an answer.
 * The IPv4 address is there because resolvers leave out a family of which the machine has loopback only.
 */
const NAMESPACE = `
set -e
ip link set lo up
ip addr add fe80::1/64 dev lo nodad
ip addr add fd00::1/64 dev lo nodad
ip addr add 10.9.9.9/32 dev lo
hosts=$(mktemp)
printf 'fd00::dead dead6.pool.test\\n127.0.0.1 dead6.pool.test\\n' > "$hosts"
mount --bind "$hosts" /etc/hosts
rm "$hosts"
exec "$@"
`;

interface Dialled {
  text: string;
  url?: string;
  family?: string;
  answer?: string;
  tookMs?: number;
  error?: string;
}

test("H16: brackets, zones, bare forms and a name with a dead IPv6 address", async ({ skip }) => {
  const isPossible = spawnSync("unshare", ["-n", "-m", "ip", "link", "set", "lo", "up"]).status === 0;
  if (!isPossible) {
    console.warn("SKIPPED H16: network namespaces need root, unshare and ip; no odd address was dialled");
    skip();
  }
  await build({
    entryPoints: ["test/scenarios/cases/h16-program.ts"],
    outfile: PROGRAM,
    bundle: true,
    platform: "node",
    format: "cjs",
    logLevel: "error",
  });
  const texts = [
    "stratum+tcp://[::1]:3333",
    "stratum+tcp://[fe80::1%lo]:3333",
    "[::1]:3333",
    "::1:3333",
    "dead6.pool.test:3333",
  ];
  const run = spawnSync("unshare", ["-n", "-m", "sh", "-c", NAMESPACE, "sh", process.execPath, PROGRAM, ...texts], {
    encoding: "utf8",
  });
  expect(run.stderr).toBe("");
  const [loopback, zone, bare, unbracketed, dead] = JSON.parse(run.stdout) as Dialled[];
  expect(loopback).toMatchObject({ url: "stratum+tcp://[::1]:3333", family: "IPv6", answer: "hello" });
  expect(zone).toMatchObject({ url: "stratum+tcp://[fe80::1%lo]:3333", family: "IPv6", answer: "hello" });
  expect(bare).toMatchObject({ url: "stratum+tcp://[::1]:3333", family: "IPv6", answer: "hello" });
  expect(unbracketed?.error).toMatch(/an IPv6 address goes into brackets; .*stratum\+tcp:\/\/\[IPV6\]:PORT/);
  expect(dead).toMatchObject({ url: "stratum+tcp://dead6.pool.test:3333", family: "IPv4", answer: "hello" });
  expect(dead?.tookMs).toBeLessThan(5_000);
});
