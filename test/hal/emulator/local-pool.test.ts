import { afterEach, expect, test } from "vitest";
import { LocalPool, type LocalPoolOptions } from "#hal/emulator/local-pool.ts";
import { shareTarget } from "#hal/emulator/local-pool-target.ts";
import { VarDiff } from "#hal/emulator/local-pool-vardiff.ts";
import { MemoryNetwork } from "#hal/emulator/memory-network.ts";
import { VirtualClock } from "#hal/emulator/virtual-clock.ts";
import type { Random } from "#hal/random.ts";
import { PoolClient } from "./local-pool-client.ts";

/** F of these tests: a share of difficulty 1 costs 16 hashes. */
const SCALE = 2 ** 28;
/** A hash of difficulty d at F = 1 meets a share difficulty of d x F. */
const meets = (shareDifficulty: number) => (hashDifficulty: number) => hashDifficulty * SCALE > shareDifficulty * 1.01;
const misses = (shareDifficulty: number) => (hashDifficulty: number) => hashDifficulty * SCALE < shareDifficulty * 0.99;

/** xorshift, enough for made-up blocks. */
function makeRandom(seed: number): Random {
  let state = seed;
  const uint32 = (): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
  return { uint32, unit: () => uint32() / 2 ** 32 };
}

const pools: LocalPool[] = [];

async function startPool(options: Partial<LocalPoolOptions> = {}) {
  const clock = new VirtualClock();
  const network = new MemoryNetwork({ clock, latencyMs: 5 });
  const pool = new LocalPool({
    network,
    clock,
    random: makeRandom(7),
    host: "127.0.0.1",
    port: 0,
    scale: SCALE,
    startDifficulty: 1,
    sharesPerSecond: 0,
    blockIntervalMs: 1e9,
    ...options,
  });
  pools.push(pool);
  const port = await pool.start();
  const client = new PoolClient(clock);
  await client.connect(network, port);
  return { clock, network, pool, port, client };
}

afterEach(async () => {
  for (const pool of pools.splice(0)) await pool.stop();
});

test("a good share is accepted and books the difficulty of its job", async () => {
  const { pool, client } = await startPool({ startDifficulty: 2.5 });
  await client.login();
  expect(client.lastJob).toMatchObject({ isClean: true, difficulty: 2.5, version: 0x20000000 });
  const answer = await client.call("mining.submit", client.mine(client.lastJob, meets(2.5), 0x00b44000));
  expect(answer).toMatchObject({ result: true, error: null });
  expect(pool.counts()).toMatchObject({ accepted: 1, rejected: 0, acceptedDifficulty: 2.5, connections: 1 });
});

test("five params are good when no version bit is rolled", async () => {
  const { pool, client } = await startPool();
  await client.login();
  await client.call("mining.submit", client.mine(client.lastJob, meets(1)).slice(0, 5));
  expect(pool.counts().accepted).toBe(1);
});

test("every wrong share is refused with the code of its fault", async () => {
  const { pool, client } = await startPool({ startDifficulty: 4 });
  await client.login();
  const good = client.mine(client.lastJob, meets(4));
  const withField = (index: number, value: string): string[] => good.map((field, i) => (i === index ? value : field));
  const codeOf = async (params: string[]): Promise<number | undefined> =>
    (await client.call("mining.submit", params)).error?.[0];

  expect(await codeOf(withField(0, "somebody"))).toBe(24);
  expect(await codeOf(withField(1, "nosuchjob"))).toBe(21);
  expect(await codeOf(withField(2, "00"))).toBe(20);
  expect(await codeOf(withField(3, (client.lastJob.ntime - 1).toString(16)))).toBe(20);
  expect(await codeOf(withField(3, (client.lastJob.ntime + 7001).toString(16)))).toBe(20);
  expect(await codeOf(withField(4, "12"))).toBe(20);
  expect(await codeOf(withField(5, "20000000"))).toBe(20);
  expect(await codeOf(good.slice(0, 4))).toBe(20);
  expect(await codeOf(client.mine(client.lastJob, misses(4)))).toBe(23);
  expect(await codeOf(good)).toBeUndefined();
  expect(await codeOf(good)).toBe(22);
  expect(pool.counts()).toMatchObject({
    accepted: 1,
    rejected: 10,
    duplicate: 1,
    lowDifficulty: 1,
    invalid: 8,
    stale: 0,
  });
});

test("a share before subscribing is refused with 25", async () => {
  const { client } = await startPool();
  expect((await client.call("mining.submit", ["a", "1", "00", "0", "0"])).error?.[0]).toBe(25);
});

test("a new block makes older jobs stale and sends a clean job; a refresh leaves them good", async () => {
  const { clock, pool, client } = await startPool();
  await client.login();
  const first = client.lastJob;
  pool.refresh();
  await clock.advance(50);
  const second = client.lastJob;
  expect(second).toMatchObject({ isClean: false, prevHash: first.prevHash });
  expect(second.coinb2).not.toBe(first.coinb2);
  expect((await client.call("mining.submit", client.mine(first, meets(1)))).result).toBe(true);

  pool.newBlock();
  await clock.advance(50);
  expect(client.lastJob.isClean).toBe(true);
  expect(client.lastJob.prevHash).not.toBe(first.prevHash);
  const late = await client.call("mining.submit", client.mine(second, meets(1)));
  expect(late.error?.[0]).toBe(21);
  expect(pool.counts()).toMatchObject({ accepted: 1, stale: 1, blocks: 1 });
});

test("difficulty is bound to the job that was sent under it", async () => {
  const { clock, pool, client } = await startPool({ startDifficulty: 1 });
  await client.login();
  const easy = client.lastJob;
  pool.setDifficulty(16);
  await clock.advance(50);
  const hard = client.lastJob;
  expect([easy.difficulty, hard.difficulty]).toEqual([1, 16]);
  const between = (d: number): boolean => meets(1)(d) && misses(16)(d);
  expect((await client.call("mining.submit", client.mine(easy, between))).result).toBe(true);
  expect((await client.call("mining.submit", client.mine(hard, between))).error?.[0]).toBe(23);
});

test("the granted version mask is what both sides allow", async () => {
  const { client } = await startPool({ versionMask: 0x00ffe000 });
  await client.login("1fff0000");
  expect(client.versionMask).toBe(0x00ff0000);
});

test("vardiff brings the share rate near its aim from far below and far above", async () => {
  for (const startDifficulty of [0.05, 5000]) {
    const vardiff = new VarDiff(startDifficulty, 1, 0);
    // A miner whose share rate is 8 / difficulty.
    let owed = 0;
    for (let second = 1; second <= 600; second++) {
      owed += Math.min(200, 8 / vardiff.difficulty);
      for (; owed >= 1; owed--) {
        vardiff.countShare();
        vardiff.retarget(second * 1000);
      }
      vardiff.retarget(second * 1000);
    }
    expect(vardiff.difficulty).toBeGreaterThan(8 / 2);
    expect(vardiff.difficulty).toBeLessThan(8 * 2);
  }
});

test("a silent client's difficulty comes down by itself, each step announced before its job", async () => {
  const { clock, client } = await startPool({ sharesPerSecond: 1, startDifficulty: 64 });
  await client.login();
  await clock.advance(40_000);
  expect(client.jobs.map((job) => job.difficulty)).toEqual(expect.arrayContaining([64, 16, 4]));
  expect(client.difficulty).toBe(4);
});

test("a suggested difficulty becomes the start value", async () => {
  const { client } = await startPool({ startDifficulty: 1000 });
  await client.call("mining.suggest_difficulty", [0.25]);
  await client.login();
  expect(client.jobs).toHaveLength(1);
  expect(client.lastJob.difficulty).toBe(0.25);
});

test("malformed and oversized lines are answered and the session goes on", async () => {
  const { clock, pool, client } = await startPool();
  client.raw("not json\n[1]\n{}\n\r\n");
  client.raw("x".repeat(40_000));
  client.raw("y".repeat(40_000));
  await clock.advance(50);
  client.raw("\n");
  await client.login();
  expect(client.malformedAnswers.length).toBe(3);
  expect(pool.counts().malformed).toBe(3);
  expect((await client.call("mining.nonsense", [])).error?.[0]).toBe(-3);
  expect((await client.call("mining.extranonce.subscribe", [])).result).toBe(true);
  expect((await client.call("mining.submit", client.mine(client.lastJob, meets(1)))).result).toBe(true);
});

test("blocks come by the timer alone, templates are refreshed, branch counts vary", async () => {
  const { clock, pool, client } = await startPool({ blockIntervalMs: 60_000 });
  await client.login();
  await clock.advance(3_600_000);
  const { blocks } = pool.counts();
  expect(blocks).toBeGreaterThan(35);
  expect(blocks).toBeLessThan(95);
  expect(client.jobs.filter((job) => job.isClean).length).toBe(blocks + 1);
  const branchCounts = new Set(client.jobs.map((job) => job.branches.length));
  expect(Math.min(...branchCounts)).toBe(0);
  expect(Math.max(...branchCounts)).toBe(12);
  expect(pool.counts().notifies).toBe(client.jobs.length);
});

test("each connection has an extranonce1 of its own, and stopping ends them all", async () => {
  const { clock, network, pool, port, client } = await startPool({ extranonce2Size: 4 });
  const other = new PoolClient(clock);
  await other.connect(network, port);
  await client.login();
  await other.login();
  expect(client.extranonce1).toMatch(/^[0-9a-f]{8}$/);
  expect(other.extranonce1).not.toBe(client.extranonce1);
  expect(client.extranonce2Size).toBe(4);
  await pool.stop();
  await clock.advance(50);
  expect([client.isClosed, other.isClosed]).toEqual([true, true]);
});

test("share targets are exact for fractional difficulties and any scale", () => {
  const t1 = 0xffffn << 208n;
  expect(shareTarget(1, 1)).toBe(t1);
  expect(shareTarget(16383.75, 1)).toBe((t1 * 4n) / 65535n);
  expect(shareTarget(0.00001, 2 ** 40)).toBe(2n ** 256n - 1n);
  expect(shareTarget(3, 0.5)).toBe(t1 / 6n);
});
