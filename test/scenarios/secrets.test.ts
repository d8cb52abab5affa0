/** Passwords of pools and proxies appear nowhere: not in a log line of any level, not in a snapshot, not in an error. */
import net from "node:net";
import tls from "node:tls";
import pino from "pino";
import { afterEach, describe, expect, test } from "vitest";
import type { Log } from "#firmware/log.ts";
import { type PoolSettings, poolSettings } from "#firmware/pool/pool-settings.ts";
import { LatencyHistogram } from "#firmware/stats/latency-histogram.ts";
import { PoolStats } from "#firmware/stats/pool-stats.ts";
import { PoolLink } from "#firmware/stratum/pool-link.ts";
import { parsePoolUrl, parseProxyUrl } from "#firmware/stratum/pool-url.ts";
import { SeededRandom } from "#hal/emulator/prng.ts";
import { SocketNetwork } from "#hal/linux/socket-network.ts";
import { SystemClock } from "#hal/linux/system-clock.ts";
import { FakePool } from "../support/fake-pool.ts";
import { startProgram, temporaryFolder } from "../support/program.ts";
import { POOL_PORT, rigPool, startRig } from "../support/rig.ts";
import { startSocksServer } from "../support/socks-server.ts";
import { identity } from "../support/tls-fixture.ts";

const PASSWORD = "pool-S3cret";
const PROXY_PASSWORD = "proxy-S3cret";
const SECRETS = /S3cret/i;

const closers: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

/** Every line at every level; `seen` resolves with the first one that matches. */
function capturedLog(): { log: Log; lines: string[]; seen: (pattern: RegExp) => Promise<void> } {
  const lines: string[] = [];
  const waiters: [pattern: RegExp, resolve: () => void][] = [];
  const write = (line: string): void => {
    lines.push(line);
    for (const [pattern, resolve] of waiters) if (pattern.test(line)) resolve();
  };
  const seen = (pattern: RegExp): Promise<void> => new Promise((resolve) => waiters.push([pattern, resolve]));
  return { log: pino({ level: "trace", base: null }, { write }), lines, seen };
}

test("a whole run with every log line: authorised, refused by a pool that repeats the password, shares refused likewise", async () => {
  const { log, lines } = capturedLog();
  const pool = new FakePool(2 ** 32 * 16);
  pool.onMining = () => {
    pool.setDifficulty(4096);
    pool.notify({ id: "j0", clean: true });
    pool.call("client.show_message", [`welcome, ${PASSWORD}`]);
    pool.raw(`not JSON: ${PASSWORD}\n`);
  };
  pool.refusal = [24, `wrong password ${PASSWORD}`, null];
  const rig = await startRig({
    hasPool: false,
    hashesPerNonce: 16,
    miner: { log },
    poolGroups: [{ quota: 1, pools: [{ ...rigPool(POOL_PORT, "alice.1"), password: PASSWORD }] }],
  });
  const passwords: unknown[] = [];
  pool.override = ({ id, method, params }) => {
    if (method !== "mining.authorize") return false;
    passwords.push(params[1]);
    if (passwords.length > 1) return false;
    pool.raw(`${JSON.stringify({ id, result: false, error: [24, `bad password ${PASSWORD}`, null] })}\n`);
    return true;
  };
  await pool.listen(rig.network, POOL_PORT);
  await rig.until("refused", () => passwords.length === 1, 30_000);
  await rig.until("shares", () => pool.shares.length > 3, 180_000);
  await rig.advance(1_000);
  const { lastRejectText } = rig.snapshot().pools[0]?.shares ?? {};
  expect(lastRejectText).toBe("wrong password ...");
  expect(passwords).toEqual([PASSWORD, PASSWORD]);
  expect(lines.join("")).toContain("bad password ...");
  expect(lines.filter((line) => SECRETS.test(line))).toEqual([]);
  expect(JSON.stringify(rig.snapshot())).not.toMatch(SECRETS);
  await rig.stop();
});

describe("on real sockets", () => {
  async function listen(server: net.Server): Promise<number> {
    server.on("tlsClientError", () => undefined);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    closers.push(() => void server.close());
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("no port");
    return address.port;
  }

  /** Runs a link until its first try has failed. */
  async function firstFailure(url: string, more: Partial<PoolSettings>): Promise<string> {
    const { log, lines, seen } = capturedLog();
    const stats = new PoolStats(() => 0);
    const link = new PoolLink({
      log,
      clock: new SystemClock(),
      random: new SeededRandom(1),
      network: new SocketNetwork(),
      settings: poolSettings(parsePoolUrl(url), "alice.1", PASSWORD, more),
      pool: 0,
      agent: "kumpel/test",
      chipVersionMask: 0,
      poolScale: 1,
      nextSerial: () => 1,
      stats,
      nonceToSubmit: new LatencyHistogram(),
      events: {
        onJob: () => undefined,
        onDown: () => undefined,
        onSubmitted: () => undefined,
        onShareEnded: () => undefined,
        onLine: (_direction, line) => lines.push(line),
      },
    });
    const stop = new AbortController();
    const failed = seen(/"code":/);
    const run = link.run(stop.signal);
    await failed;
    const { reason } = stats;
    stop.abort();
    await run;
    return [...lines, reason].join("\n");
  }
  const proxyOf = (port: number) => parseProxyUrl(`socks5://miner:${PROXY_PASSWORD}@127.0.0.1:${port}`);

  test("a proxy that refuses the user, one that is not there, one that speaks something else", async () => {
    const socks = await startSocksServer({ name: "miner", password: "another" });
    closers.push(() => socks.close());
    const odd = await listen(net.createServer((socket) => void socket.end("HTTP/1.1 400\r\n\r\n")));
    for (const port of [socks.port, odd, 1]) {
      const text = await firstFailure("pool.test:3333", { proxy: proxyOf(port) });
      expect(text).toContain("PROXY_FAILED");
      expect(text).not.toMatch(SECRETS);
    }
  });

  test("a certificate that nobody vouches for, directly and through the proxy", async () => {
    const port = await listen(tls.createServer(identity("pool")));
    const socks = await startSocksServer({ name: "miner", password: PROXY_PASSWORD });
    closers.push(() => socks.close());
    for (const proxy of [null, proxyOf(socks.port)]) {
      const text = await firstFailure(`stratum+ssl://127.0.0.1:${port}`, { proxy });
      expect(text).toContain("TLS_FAILED");
      expect(text).not.toMatch(SECRETS);
    }
  });
});

test.each([
  `stratum+tcp://alice:${PASSWORD}@pool.test:3333`,
  `alice:${PASSWORD}@pool.test`,
  `stratum2+tcp://alice:${PASSWORD}@pool.test:3333`,
  `http://alice:${PASSWORD}@pool.test:3333`,
  `stratum+tcp://alice:${PASSWORD}@x@pool.test:3333`,
])("a pool address with a password in it is refused without it: %#", (text) => {
  expect(() => parsePoolUrl(text)).toThrow();
  expect(() => parsePoolUrl(text)).not.toThrow(SECRETS);
});

test.each([
  `http://miner:${PASSWORD}@127.0.0.1:1080`,
  `socks5://miner:${PASSWORD}@127.0.0.1`,
  `miner:${PASSWORD}@127.0.0.1:1080`,
  `socks5://miner:${PASSWORD}@:1080`,
  `socks5://miner:${PASSWORD}/${PASSWORD}@127.0.0.1:1080`,
])("a proxy address that is wrong is refused without its password: %#", (text) => {
  expect(() => parseProxyUrl(text)).toThrow();
  expect(() => parseProxyUrl(text)).not.toThrow(SECRETS);
});

test("the program at its most talkative, with its report", async () => {
  const report = `${temporaryFolder()}/report.json`;
  const pool = ["--pool", "127.0.0.1:1", "--user", "alice.1", "--password", PASSWORD];
  const proxy = ["--proxy", `socks5://miner:${PROXY_PASSWORD}@127.0.0.1:1`];
  const more = ["--http-port", "0", "--log-level", "trace", "--report", report];
  const program = startProgram("run", "--demo", ...pool, ...proxy, ...more);
  await program.seen(/PROXY_FAILED/);
  process.kill(program.pid, "SIGTERM");
  expect(await program.ended()).toBe(0);
  const { readFileSync } = await import("node:fs");
  for (const text of [program.stdout(), program.stderr(), readFileSync(report, "utf8")])
    expect(text).not.toMatch(SECRETS);
});
