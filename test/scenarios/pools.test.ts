/** Several pools: fail-over, return, whose name is on a share. All in virtual time. Quotas: long-quotas.test.ts. */
import { expect, test } from "vitest";
import { FakePool } from "../support/fake-pool.ts";
import { type Rig, rigPool, startRig } from "../support/rig.ts";

const SCALE = (2 ** 32 * 256) / 64;
/** About 10 shares/s for an S21. */
const DIFFICULTY = 4096;
const [PORT_A, PORT_B] = [3401, 3402];

function scripted(): FakePool {
  const pool = new FakePool(SCALE);
  pool.onMining = () => {
    pool.setDifficulty(DIFFICULTY);
    pool.notify({ id: "j0", clean: true });
  };
  return pool;
}

async function twoPools(): Promise<Rig> {
  return startRig({
    hasPool: false,
    poolGroups: [{ quota: 1, pools: [rigPool(PORT_A, "alice.1"), rigPool(PORT_B, "bob.9")] }],
  });
}

const workingUser = (rig: Rig): string | null => rig.snapshot().pools.find((pool) => pool.isWorking)?.user ?? null;
const hashing = (rig: Rig): Promise<void> =>
  rig.until("all chains hash", () => rig.snapshot().chains.every((c) => c.state === "hashing"), 60_000);

test("the first pool is closed: the second works at once; the first comes back, proves itself and works again", async () => {
  const [alice, bob] = [scripted(), scripted()];
  const rig = await twoPools();
  const address = { url: `stratum+tcp://127.0.0.1:${PORT_A}`, urlAsWritten: `127.0.0.1:${PORT_A}` };
  expect(rig.snapshot().pools[0]).toMatchObject(address);
  await bob.listen(rig.network, PORT_B);
  await rig.until("mining on the second", () => workingUser(rig) === "bob.9", 60_000);
  expect(rig.clock.nowMs()).toBeLessThan(60_000);
  await hashing(rig);
  await rig.advance(90_000 - rig.clock.nowMs());
  await alice.listen(rig.network, PORT_A);
  await rig.until("back on the first", () => workingUser(rig) === "alice.1", 65_000);
  await rig.advance(20_000);
  expect(new Set(alice.shares.map((s) => s.user))).toEqual(new Set(["alice.1"]));
  expect(new Set(bob.shares.map((s) => s.user))).toEqual(new Set(["bob.9"]));
  for (const pool of [alice, bob]) expect(pool.shares.filter((s) => s.verdict !== "good")).toEqual([]);
  expect(alice.shares.length).toBeGreaterThan(50);
  // The link to the second one was let go.
  expect(bob.isConnected).toBe(false);
  await rig.stop();
});

test("a share in flight when its pool goes is lost, and never sent to the other pool", async () => {
  const [alice, bob] = [scripted(), scripted()];
  const rig = await twoPools();
  await alice.listen(rig.network, PORT_A);
  await bob.listen(rig.network, PORT_B);
  await hashing(rig);
  await rig.advance(10_000);
  alice.silentOn = ["mining.submit"];
  await rig.advance(2_000);
  const inFlight = alice.shares.length;
  alice.stopListening();
  alice.close();
  await rig.until("mining on the second", () => workingUser(rig) === "bob.9", 60_000);
  await rig.advance(10_000);
  expect(alice.shares.length).toBe(inFlight);
  expect(bob.shares.length).toBeGreaterThan(20);
  for (const share of bob.shares) expect(share).toMatchObject({ user: "bob.9", verdict: "good" });
  expect(rig.snapshot().pools[0]?.shares.lost).toBeGreaterThan(0);
  await rig.stop();
});

test("a pool that refuses every share is left for one that takes them", async () => {
  const [alice, bob] = [scripted(), scripted()];
  alice.refusal = [23, "Difficulty too low", null];
  const rig = await twoPools();
  await alice.listen(rig.network, PORT_A);
  await bob.listen(rig.network, PORT_B);
  await hashing(rig);
  await rig.until("mining on the second", () => workingUser(rig) === "bob.9", 120_000);
  expect(rig.snapshot().pools[0]?.reason).toMatch(/^it refused \d+ shares in a row and took none$/);
  await rig.advance(60_000);
  expect(workingUser(rig)).toBe("bob.9");
  expect(bob.shares.length).toBeGreaterThan(100);
  await rig.stop();
});

test("a pool to which every share is stale is left; one with stale shares after each block is not", async () => {
  const [alice, bob] = [scripted(), scripted()];
  let answers = 0;
  // Two in three are stale, and one is taken.
  alice.override = ({ id, method }) => {
    if (method !== "mining.submit" || ++answers % 3 === 0) return false;
    alice.raw(`${JSON.stringify({ id, result: null, error: [21, "Job not found", null] })}\n`);
    return true;
  };
  const rig = await twoPools();
  await alice.listen(rig.network, PORT_A);
  await bob.listen(rig.network, PORT_B);
  await hashing(rig);
  await rig.advance(120_000);
  expect(workingUser(rig)).toBe("alice.1");
  alice.override = () => false;
  alice.refusal = [21, "Job not found", null];
  await rig.until("mining on the second", () => workingUser(rig) === "bob.9", 120_000);
  await rig.advance(120_000);
  expect(workingUser(rig)).toBe("bob.9");
  await rig.stop();
});

test.each([
  ["and talks on", true, 60_000],
  ["and says nothing else", false, 100_000],
])(
  "a pool that answers no share %s is passed over after its first or second session",
  async (_name, talksOn, limitMs) => {
    const [alice, bob] = [scripted(), scripted()];
    alice.silentOn = ["mining.submit"];
    const rig = await twoPools();
    await alice.listen(rig.network, PORT_A);
    await bob.listen(rig.network, PORT_B);
    await hashing(rig);
    let aliceMs = 0;
    for (let s = 0; s < 300; s++) {
      await rig.advance(1_000);
      if (workingUser(rig) === "alice.1") aliceMs += 1_000;
      for (const pool of talksOn ? [alice, bob] : [bob]) pool.notify({ id: `r${s}` });
    }
    expect(aliceMs).toBeLessThan(limitMs);
    expect(rig.snapshot().pools[0]?.reason).toBe("it answered none of a session's shares");
    expect(workingUser(rig)).toBe("bob.9");
    await rig.stop();
  },
);

test("a group whose pools are gone lends its share to the other one within seconds, and gets it back", async () => {
  const [alice, bob] = [scripted(), scripted()];
  const rig = await startRig({
    hasPool: false,
    poolGroups: [
      { quota: 1, pools: [rigPool(PORT_A, "alice.1")] },
      { quota: 1, pools: [rigPool(PORT_B, "bob.9")] },
    ],
  });
  for (const [pool, port] of [
    [alice, PORT_A],
    [bob, PORT_B],
  ] as const)
    await pool.listen(rig.network, port);
  await hashing(rig);
  await rig.advance(5_000);
  const bobsShares = async (seconds: number): Promise<number> => {
    const before = bob.shares.length;
    await rig.advance(1_000 * seconds);
    return (bob.shares.length - before) / seconds;
  };
  const half = await bobsShares(30);
  // A link that is back at once costs nobody his share.
  alice.close();
  const quick = await bobsShares(30);
  expect(quick).toBeLessThan(1.4 * half);
  alice.stopListening();
  await rig.advance(8_000);
  expect(await bobsShares(30)).toBeGreaterThan(1.6 * half);
  // With nobody left the last job is worked on.
  bob.stopListening();
  await rig.advance(30_000);
  expect(rig.miner.parts.scheduler.nextJob()).not.toBeNull();
  expect(rig.snapshot().pauseReason).toBeNull();
  for (const [pool, port] of [
    [alice, PORT_A],
    [bob, PORT_B],
  ] as const)
    await pool.listen(rig.network, port);
  await rig.until("both work", () => rig.snapshot().pools.every(({ isWorking }) => isWorking), 120_000);
  await rig.advance(10_000);
  expect(await bobsShares(30)).toBeLessThan(1.4 * half);
  await rig.stop();
});

test("a user that is refused is a setting fault: the next pool works, and the sentence names the user", async () => {
  const [alice, bob] = [scripted(), scripted()];
  alice.takesUser = false;
  const rig = await twoPools();
  await alice.listen(rig.network, PORT_A);
  await bob.listen(rig.network, PORT_B);
  await rig.until("mining on the second", () => workingUser(rig) === "bob.9", 30_000);
  await rig.advance(120_000);
  expect(alice.calls.filter((method) => method === "mining.authorize").length).toBe(1);
  expect(rig.snapshot().pools[0]).toMatchObject({ reason: "it does not take this user" });
  await rig.stop();
});
