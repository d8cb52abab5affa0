/** Public bug cases H14 and H15: pools that vanish, and whose name is on a share. The whole machine, in virtual time. */
import { expect, test } from "vitest";
import { FakePool } from "../../support/fake-pool.ts";
import { FlakyNetwork } from "../../support/flaky-network.ts";
import { CALM, type Rig, rigPool, startRig } from "../../support/rig.ts";

const HASHES_PER_NONCE = 16;
const SCALE = (2 ** 32 * 256) / HASHES_PER_NONCE;
const [PORT_A, PORT_B] = [3401, 3402];
/** No share in a test's time, and many of them. */
const [UNREACHABLE, EASY] = [1e12, 4096];
const REFRESH_MS = 30_000;

function pools(difficulty: number): [alice: FakePool, bob: FakePool] {
  const make = (): FakePool => {
    const pool = new FakePool(SCALE);
    pool.onMining = () => {
      pool.setDifficulty(difficulty);
      pool.notify({ id: "j0", clean: true });
    };
    return pool;
  };
  return [make(), make()];
}

const poolGroups = [{ quota: 1, pools: [rigPool(PORT_A, "alice.1"), rigPool(PORT_B, "bob.9")] }];
const workingUser = (rig: Rig): string | null => rig.snapshot().pools.find((pool) => pool.isWorking)?.user ?? null;

test("H14: pools that vanish without closing: the next one works in two minutes, with none left the chips sleep, the first one returns", async () => {
  const [alice, bob] = pools(UNREACHABLE);
  const flaky: FlakyNetwork[] = [];
  const rig = await startRig({
    ...CALM,
    hasPool: false,
    poolGroups,
    wrapNetwork: (network, clock) => {
      const wrapped = new FlakyNetwork(network, clock);
      flaky.push(wrapped);
      return wrapped;
    },
  });
  const mute = flaky[0]?.mute ?? new Set();
  await alice.listen(rig.network, PORT_A);
  await bob.listen(rig.network, PORT_B);
  // Live pools renew their jobs; a dead one's are dropped on the way.
  let refreshes = 0;
  const refresh = (): void => {
    for (const pool of [alice, bob]) pool.notify({ id: `r${++refreshes}` });
    rig.clock.setTimer(REFRESH_MS, refresh);
  };
  rig.clock.setTimer(REFRESH_MS, refresh);
  await rig.advance(60_000);
  expect(workingUser(rig)).toBe("alice.1");
  mute.add(PORT_A);
  await rig.until("the second works", () => workingUser(rig) === "bob.9", 125_000);
  expect(rig.snapshot().poolReason).toBe("pool 2 works");
  expect(rig.snapshot().chains.every((c) => c.state === "hashing")).toBe(true);

  mute.add(PORT_B);
  await rig.until("the chips sleep", () => rig.snapshot().pauseReason !== null, 125_000 + 125_000);
  await rig.advance(5_000);
  expect(rig.snapshot()).toMatchObject({ pauseReason: "no pool gives jobs", isPausedByOwner: false, isPowerOn: false });
  const hotDutyPct = rig.snapshot().thermal.fanDutyPct;
  await rig.advance(120_000);
  // The fans follow the heat that is left.
  expect(rig.snapshot().thermal.fanDutyPct).toBeLessThanOrEqual(hotDutyPct);

  mute.clear();
  // The longest pause between two tries is 75 s.
  await rig.until("the first works again", () => workingUser(rig) === "alice.1", 75_000 + 30_000);
  await rig.until("all chains hash", () => rig.snapshot().chains.every((c) => c.state === "hashing"), 60_000);
  await rig.stop();
});

test("H15: the first pool opens late and closes again: every share under its own user, the one in flight is dropped", async () => {
  const [alice, bob] = pools(EASY);
  const rig = await startRig({ hasPool: false, hashesPerNonce: HASHES_PER_NONCE, poolGroups });
  await bob.listen(rig.network, PORT_B);
  await rig.until("the second works", () => workingUser(rig) === "bob.9", 60_000);
  await rig.advance(90_000 - rig.clock.nowMs());
  await alice.listen(rig.network, PORT_A);
  await rig.until("back on the first", () => workingUser(rig) === "alice.1", 65_000);
  await rig.advance(179_000 - rig.clock.nowMs());
  alice.silentOn = ["mining.submit"];
  await rig.advance(1_000);
  const inFlight = alice.shares.at(-1);
  expect(inFlight).toBeDefined();
  const bobsBefore = bob.shares.length;
  alice.stopListening();
  alice.close();
  await rig.until("the second works again", () => workingUser(rig) === "bob.9", 60_000);
  await rig.advance(20_000);
  expect(bob.shares.length).toBeGreaterThan(bobsBefore + 20);
  expect(new Set(alice.shares.map(({ user }) => user))).toEqual(new Set(["alice.1"]));
  expect(new Set(bob.shares.map(({ user }) => user))).toEqual(new Set(["bob.9"]));
  // A share of the other pool would not hash right here, and the nonce in flight went to nobody else.
  for (const pool of [alice, bob]) expect(pool.shares.filter(({ verdict }) => verdict !== "good")).toEqual([]);
  expect(
    bob.shares.some(({ nonce, extranonce2 }) => nonce === inFlight?.nonce && extranonce2 === inFlight.extranonce2),
  ).toBe(false);
  expect(rig.snapshot().pools[0]?.shares.lost).toBeGreaterThan(0);
  await rig.stop();
});
