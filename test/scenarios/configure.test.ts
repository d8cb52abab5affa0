/** What a pool does at mining.configure, and what it costs: without version rolling a chain repeats itself. */
import { expect, test } from "vitest";
import type { MemoryNetwork } from "#hal/emulator/memory-network.ts";
import type { VirtualClock } from "#hal/emulator/virtual-clock.ts";
import type { Network } from "#hal/network.ts";
import { FakePool } from "../support/fake-pool.ts";
import { CALM, POOL_PORT, type Rig, type RigOptions, rigPool, startRig } from "../support/rig.ts";

const SCALE = 2 ** 32 * 256;
const [PORT_A, PORT_B] = [3401, 3402];
const FULL_MASK = 0x1fffe000;

/** Jobs as usual, and shares never: work is not the matter. */
function scripted(): FakePool {
  const pool = new FakePool(SCALE);
  pool.onMining = () => {
    pool.setDifficulty(1e12);
    pool.notify({ id: "j0", clean: true });
  };
  return pool;
}

async function start(pool: FakePool, options: RigOptions = {}): Promise<Rig> {
  const rig = await startRig({ ...CALM, hasPool: false, suggestDifficulty: null, ...options });
  await pool.listen(rig.network, POOL_PORT);
  await rig.until("mining", () => rig.snapshot().pool.state === "mining", 60_000);
  return rig;
}

const mask = (rig: Rig): number | undefined => rig.miner.parts.scheduler.job?.versionMask;
const isMining = (rig: Rig, connects: number) => (): boolean =>
  rig.snapshot().pool.connects >= connects && rig.snapshot().pool.state === "mining";
const asked = (pool: FakePool): number => pool.calls.filter((method) => method === "mining.configure").length;
/** Live pools renew their jobs. */
async function advance(rig: Rig, seconds: number, ...pools: FakePool[]): Promise<void> {
  for (let s = 0; s < seconds; s += 10) {
    await rig.advance(10_000);
    for (const pool of pools) pool.notify({ id: `r${rig.clock.nowMs()}` });
  }
}

test("a pool that is restarted and closes one link in the middle of the call is asked again at once", async () => {
  const pool = scripted();
  const rig = await start(pool);
  pool.closeOn = "mining.configure";
  pool.close();
  await rig.until("the call is cut", () => asked(pool) === 2, 30_000);
  pool.closeOn = "";
  await rig.until("mining again", isMining(rig, 3), 30_000);
  expect(asked(pool)).toBe(3);
  expect(mask(rig)).toBe(FULL_MASK);
  await rig.stop();
});

test("a pool that closes links for a while is mined without the call, and asked again a minute later", async () => {
  const pool = scripted();
  const rig = await start(pool);
  pool.closeOn = "mining.configure";
  pool.close();
  await rig.until("mining without rolling", isMining(rig, 4), 30_000);
  expect(mask(rig)).toBe(0);
  pool.closeOn = "";
  await advance(rig, 70, pool);
  expect(rig.snapshot().pool).toMatchObject({ state: "mining", connects: 5 });
  expect(mask(rig)).toBe(FULL_MASK);
  const calls = pool.calls.length;
  await advance(rig, 300, pool);
  expect(pool.calls.length).toBe(calls);
  await rig.stop();
});

/** The preferred pool is mined for without the call, and there is a backup. */
async function closesOnTheCall() {
  const [alice, bob] = [scripted(), scripted()];
  alice.closeOn = "mining.configure";
  const rig = await startRig({
    ...CALM,
    hasPool: false,
    poolGroups: [{ quota: 1, pools: [rigPool(PORT_A, "alice.1"), rigPool(PORT_B, "bob.9")] }],
  });
  await alice.listen(rig.network, PORT_A);
  await rig.until("mining", () => rig.snapshot().pools[0]?.isWorking === true, 60_000);
  // The backup was dialled as well until then, and is let go.
  await rig.advance(11_000);
  await bob.listen(rig.network, PORT_B);
  return { rig, alice, bob };
}

test("a pool that closes on the call whenever it comes hears it ever more seldom, and no backup takes over for that", async () => {
  const { rig, alice, bob } = await closesOnTheCall();
  const counts: number[] = [];
  // After 60 s, 120 s more, 240 s more.
  for (const seconds of [30, 60, 120, 240]) {
    await advance(rig, seconds, alice, bob);
    counts.push(asked(alice));
  }
  expect(counts).toEqual([2, 3, 4, 5]);
  expect(rig.snapshot().pools[0]).toMatchObject({ isWorking: true, state: "mining" });
  expect(bob.calls).toEqual([]);
  await rig.stop();
});

test("a pool that stays away when it is asked again is lost like any other", async () => {
  const { rig, alice } = await closesOnTheCall();
  alice.override = () => true;
  await rig.until("the link is given up", () => rig.snapshot().pools[0]?.state !== "mining", 60_000);
  await rig.advance(5_000);
  expect(rig.snapshot().pools[0]?.isWorking).toBe(true);
  await rig.until("the backup works", () => rig.snapshot().pools[1]?.isWorking === true, 12_000);
  await rig.stop();
});

test("an answer to the call that takes six seconds still grants rolling", async () => {
  const pool = scripted();
  const clocks: VirtualClock[] = [];
  pool.override = ({ id, method }) => {
    if (method !== "mining.configure") return false;
    const line = `${JSON.stringify({ id, result: pool.configureResult, error: null })}\n`;
    clocks[0]?.setTimer(6_000, () => pool.raw(line));
    return true;
  };
  const wrapNetwork = (network: MemoryNetwork, clock: VirtualClock): Network => {
    clocks.push(clock);
    return network;
  };
  const rig = await start(pool, { wrapNetwork });
  await rig.advance(5_000);
  expect(mask(rig)).toBe(FULL_MASK);
  expect(rig.snapshot().pool).toMatchObject({ connects: 1, state: "mining" });
  await rig.stop();
});

test("a link that we hang up ourselves in the middle of the call says nothing about the pool", async () => {
  const [alice, bob] = [scripted(), scripted()];
  let connectMs = 7_000;
  const rig = await startRig({
    ...CALM,
    hasPool: false,
    wrapNetwork: (network, clock) => ({
      listen: network.listen.bind(network),
      connect: async (options) => {
        if (options.port === PORT_A) await new Promise<void>((resolve) => void clock.setTimer(connectMs, resolve));
        return network.connect(options);
      },
    }),
    poolGroups: [{ quota: 1, pools: [rigPool(PORT_A, "alice.1"), rigPool(PORT_B, "bob.9")] }],
  });
  await bob.listen(rig.network, PORT_B);
  await rig.until("the backup works", () => rig.snapshot().pools[1]?.isWorking === true, 60_000);
  alice.silentOn = ["mining.configure"];
  await alice.listen(rig.network, PORT_A);
  await rig.until("three calls were given up", () => asked(alice) === 3 && !alice.isConnected, 300_000);
  alice.silentOn = [];
  connectMs = 0;
  await rig.until("the preferred one works", () => rig.snapshot().pools[0]?.isWorking === true, 120_000);
  expect(asked(alice)).toBe(4);
  expect(mask(rig)).toBe(FULL_MASK);
  await rig.stop();
});
