import { expect, test } from "vitest";
import { FakePool } from "../support/fake-pool.ts";
import { POOL_PORT, type Rig, startRig } from "../support/rig.ts";

const SCALE = (2 ** 32 * 256) / 64;
/** About 10 shares/s for an S21. */
const DIFFICULTY = 4096;

async function start(pool: FakePool): Promise<Rig> {
  const rig = await startRig({ hasPool: false, suggestDifficulty: null });
  await pool.listen(rig.network, POOL_PORT);
  return rig;
}

async function hashing(rig: Rig): Promise<void> {
  await rig.until("all chains hash", () => rig.snapshot().chains.every((c) => c.state === "hashing"), 60_000);
}

function scripted(onMining: (pool: FakePool) => void = () => undefined): FakePool {
  const pool = new FakePool(SCALE);
  pool.onMining = () => {
    pool.setDifficulty(DIFFICULTY);
    pool.notify({ id: "j0", clean: true });
    onMining(pool);
  };
  return pool;
}

/** Every share was right, none came twice; returns how many there were. */
function expectAllGood(pool: FakePool): number {
  expect(pool.shares.filter((s) => s.verdict !== "good")).toEqual([]);
  return pool.shares.length;
}

test.each([0, 1, 2, 3, 16])("extranonce2 of %i bytes: right length, right roots, no duplicates", async (size) => {
  const pool = scripted();
  pool.extranonce2Size = size;
  const rig = await start(pool);
  await hashing(rig);
  await rig.advance(30_000);
  expect(expectAllGood(pool)).toBeGreaterThan(50);
  expect(pool.shares.every((s) => s.extranonce2.length === 2 * size)).toBe(true);
  for (const chain of rig.snapshot().chains) expect(chain.nonces).toMatchObject({ hardwareError: 0, duplicate: 0 });
  await rig.stop();
});

test("a new extranonce in mid-session counts from the next job on; older jobs keep theirs", async () => {
  const pool = scripted();
  const rig = await start(pool);
  await hashing(rig);
  await rig.advance(5_000);
  pool.extranonce1 = "0102030405";
  pool.extranonce2Size = 3;
  pool.call("mining.set_extranonce", ["0102030405", 3]);
  await rig.advance(5_000);
  pool.notify({ id: "j1", clean: true });
  await rig.advance(10_000);
  expectAllGood(pool);
  expect(pool.shares.filter((s) => s.jobId === "j0").every((s) => s.extranonce2.length === 8)).toBe(true);
  expect(pool.shares.filter((s) => s.jobId === "j1").length).toBeGreaterThan(20);
  await rig.stop();
});

test("a mask that shrinks and grows in mid-job: bits of new work lie inside it, no share is wrong", async () => {
  const pool = scripted();
  const rig = await start(pool);
  await hashing(rig);
  await rig.advance(5_000);
  pool.call("mining.set_version_mask", ["00ffe000"]);
  const changedAt = pool.shares.length;
  await rig.advance(5_000);
  const narrow = pool.shares.slice(changedAt);
  expect(narrow.length).toBeGreaterThan(20);
  expect(narrow.filter((s) => (Number.parseInt(s.bits ?? "0", 16) & ~0x00ffe000) !== 0).length).toBeLessThanOrEqual(1);
  pool.call("mining.set_version_mask", ["1fffe000"]);
  await rig.advance(10_000);
  expectAllGood(pool);
  expect(pool.shares.some((s) => Number.parseInt(s.bits ?? "0", 16) > 0x01000000)).toBe(true);
  for (const chain of rig.snapshot().chains) expect(chain.nonces.hardwareError).toBe(0);
  await rig.stop();
});

test("job version bits inside the mask are kept and submitted, never rolled", async () => {
  const pool = new FakePool(SCALE);
  pool.onMining = () => {
    pool.setDifficulty(DIFFICULTY);
    pool.notify({ id: "j0", clean: true, version: "20404000" });
  };
  const rig = await start(pool);
  await hashing(rig);
  await rig.advance(20_000);
  expect(expectAllGood(pool)).toBeGreaterThan(50);
  expect(pool.shares.every((s) => (Number.parseInt(s.bits ?? "0", 16) & 0x00404000) === 0x00404000)).toBe(true);
  await rig.stop();
});

test("a storm of 500 jobs in 5 s: the newest work is on the chips at once, shares of all of them count, none twice", async () => {
  const pool = scripted();
  const rig = await start(pool);
  await hashing(rig);
  let line = "";
  for (let i = 0; i < 500; i++) {
    if (i % 10 !== 9) line = pool.notifyLine({ id: `f${i}`, nTime: (0x6655aa00 + i).toString(16) });
    pool.raw(line);
    await rig.advance(10);
  }
  await rig.advance(1_000);
  expect(rig.miner.parts.scheduler.job?.jobId).toBe("f498");
  await rig.advance(20_000);
  expectAllGood(pool);
  expect(pool.shares.filter((s) => s.jobId === "f498").length).toBeGreaterThan(50);
  await rig.stop();
});

test("difficulty jumps by a million either way: shares meet their job's difficulty, nothing stops", async () => {
  const pool = scripted();
  const rig = await start(pool);
  await hashing(rig);
  for (const [i, difficulty] of [4.096e9, 4096, 1e6, 0.001, 8192].entries()) {
    pool.setDifficulty(difficulty);
    pool.notify({ id: `d${i}` });
    await rig.advance(difficulty < 1 ? 1_000 : 5_000);
  }
  await rig.advance(5_000);
  expectAllGood(pool);
  expect(pool.shares.filter((s) => s.jobId === "d0").length).toBe(0);
  expect(pool.shares.filter((s) => s.jobId === "d4").length).toBeGreaterThan(10);
  expect(rig.snapshot().chains.every((c) => c.ticketDifficulty === 256)).toBe(true);
  await rig.stop();
});

test("lines in any pieces: a byte a write, joined, CR LF, empty, a letter cut in two", async () => {
  const pool = scripted();
  const rig = await start(pool);
  await hashing(rig);
  // Answers to shares would land inside the slow line.
  pool.silentOn = ["mining.submit"];
  for (const byte of Buffer.from(pool.notifyLine({ id: "slow-ä", clean: true }))) {
    pool.raw(Uint8Array.of(byte));
    await rig.advance(1);
  }
  await rig.advance(100);
  pool.silentOn = [];
  expect(rig.miner.parts.scheduler.job?.jobId).toBe("slow-ä");
  pool.raw(["a", "b", "c"].map((id) => pool.notifyLine({ id }).replace("\n", "\r\n\r\n")).join(""));
  await rig.advance(100);
  expect(rig.miner.parts.scheduler.job?.jobId).toBe("c");
  await rig.advance(5_000);
  expectAllGood(pool);
  await rig.stop();
});

test("two megabytes without a line end close the link; it is dialled again and mines", async () => {
  const pool = scripted();
  const rig = await start(pool);
  await hashing(rig);
  pool.raw("x".repeat(2 << 20));
  await rig.advance(10);
  expect(rig.snapshot().pool.reason).toContain("1048576 bytes");
  await rig.until(
    "connected again",
    () => rig.snapshot().pool.connects === 2 && rig.snapshot().pool.state === "mining",
    30_000,
  );
  expectAllGood(pool);
  await rig.stop();
});

test("a job id that comes again with another content: shares of the old work are not sent under it", async () => {
  const pool = scripted();
  const rig = await start(pool);
  await hashing(rig);
  for (let i = 0; i < 10; i++) {
    pool.notify({ id: "j0", coinb2: `0${i}${"02".repeat(59)}` });
    await rig.advance(3_000);
  }
  expect(expectAllGood(pool)).toBeGreaterThan(100);
  await rig.stop();
});

test("a pool that restarts with the same extranonce1 and ids, but other work, gets no share of the old", async () => {
  const pool = scripted();
  const rig = await start(pool);
  await hashing(rig);
  for (let i = 0; i < 5; i++) {
    pool.onMining = () => {
      pool.setDifficulty(DIFFICULTY);
      pool.notify({ id: "j0", clean: true, coinb1: `0${i}${"01".repeat(39)}` });
    };
    await rig.advance(5_000);
    pool.close();
    await rig.until(
      "mining again",
      () => rig.snapshot().pool.connects === i + 2 && rig.snapshot().pool.state === "mining",
      90_000,
    );
    await rig.advance(5_000);
  }
  expect(expectAllGood(pool)).toBeGreaterThan(100);
  expect(rig.snapshot().pool.shares.lost).toBeGreaterThan(0);
  await rig.stop();
});

test.each([0, 1, 4])(
  "headers are never hashed twice, extranonce2 of %i bytes: resumed sessions, changing extranonce1, refreshed nTime",
  async (size) => {
    const pool = scripted();
    pool.extranonce2Size = size;
    const rig = await start(pool);
    const seen = new Set<string>();
    let works = 0;
    for (const { runtime } of rig.miner.parts.chains) {
      const fill = runtime.builder.fill.bind(runtime.builder);
      runtime.builder.fill = (work, job) => {
        fill(work, job);
        works++;
        seen.add(Buffer.from(work.header).toString("hex"));
      };
    }
    await hashing(rig);
    for (let i = 0; i < 12; i++) {
      pool.extranonce1 = i % 2 === 0 ? "0a0b0c0d" : "a1b2c3d4";
      pool.call("mining.set_extranonce", [pool.extranonce1, size]);
      pool.notify({ id: `r${i}`, nTime: (0x6655aa00 + 5 * Math.floor(i / 3)).toString(16) });
      await rig.advance(4_000);
      if (i % 4 !== 3) continue;
      pool.close();
      await rig.until("mining again", () => rig.snapshot().pool.state === "mining", 90_000);
    }
    expect(works).toBeGreaterThan(120);
    expect(seen.size).toBe(works);
    await rig.stop();
  },
);

test("a coinbase of 70 kB is mined like any other", async () => {
  const pool = scripted((p) => p.notify({ id: "big", clean: true, coinb2: "ab".repeat(70_000) }));
  const rig = await start(pool);
  await hashing(rig);
  await rig.advance(15_000);
  expectAllGood(pool);
  expect(pool.shares.filter((s) => s.jobId === "big").length).toBeGreaterThan(50);
  await rig.stop();
});

test.each(["mining.subscribe", "mining.authorize"])(
  "a pool that closes on %s is tried again with pauses",
  async (method) => {
    const pool = scripted();
    pool.closeOn = method;
    const rig = await start(pool);
    await rig.advance(30_000);
    const { connects } = rig.snapshot().pool;
    expect(connects).toBeGreaterThanOrEqual(3);
    expect(connects).toBeLessThanOrEqual(12);
    pool.closeOn = "";
    await rig.until("mining", () => rig.snapshot().pool.state === "mining", 120_000);
    await rig.stop();
  },
);

test("a pool that closes on mining.configure is mined without it", async () => {
  // A chain without rolling repeats itself after half a millisecond: a fiftieth of its hashrate is left.
  const pool = scripted((p) => {
    p.setDifficulty(64);
    p.notify({ id: "easy" });
  });
  pool.closeOn = "mining.configure";
  const rig = await start(pool);
  await rig.until("mining", () => rig.snapshot().pool.state === "mining", 20_000);
  await hashing(rig);
  await rig.advance(10_000);
  expect(expectAllGood(pool)).toBeGreaterThan(0);
  expect(pool.shares.every((s) => s.bits === undefined)).toBe(true);
  await rig.stop();
});

test.each(["mining.subscribe", "mining.authorize", "mining.submit"])(
  "silence on %s ends the link after its time",
  async (method) => {
    const pool = scripted();
    pool.silentOn = [method];
    const rig = await start(pool);
    await rig.until("a second connect", () => rig.snapshot().pool.connects >= 2, 200_000);
    await rig.stop();
  },
);

test("a pool that sends us on after each first job is followed with growing pauses, until a session has settled", async () => {
  const pool = scripted((p) => p.call("client.reconnect", []));
  const rig = await startRig({
    hasPool: false,
    // No network connects in no time at all.
    wrapNetwork: (network, clock) => ({
      listen: network.listen.bind(network),
      connect: async (options) => {
        await new Promise<void>((resolve) => void clock.setTimer(50, resolve));
        return network.connect(options);
      },
    }),
  });
  await pool.listen(rig.network, POOL_PORT);
  await rig.advance(30_000);
  const { connects } = rig.snapshot().pool;
  expect(connects).toBeGreaterThanOrEqual(4);
  expect(connects).toBeLessThanOrEqual(8);
  await rig.advance(300_000);
  expect(rig.snapshot().pool.connects).toBeLessThanOrEqual(connects + 8);
  pool.onMining = () => {
    pool.setDifficulty(DIFFICULTY);
    pool.notify({ id: "j0", clean: true });
  };
  await rig.until("mining", () => rig.snapshot().pool.state === "mining", 80_000);
  await rig.advance(61_000);
  const settled = rig.snapshot().pool.connects;
  pool.call("client.reconnect", []);
  await rig.advance(500);
  expect(rig.snapshot().pool).toMatchObject({ connects: settled + 1, state: "mining" });
  await rig.stop();
});
