import { expect, test } from "vitest";
import { LocalPool } from "#hal/emulator/local-pool.ts";
import { SeededRandom } from "#hal/emulator/prng.ts";
import { CALM, POOL_PORT, type Rig, startRig } from "../support/rig.ts";

async function hashing(rig: Rig): Promise<void> {
  await rig.until("all chains hash", () => rig.snapshot().chains.every((c) => c.state === "hashing"), 60_000);
}

const states = (rig: Rig): string[] => rig.snapshot().chains.map((c) => c.state);

test("the pool's link breaks: the chips hash on, the client comes back, later shares are accepted", async () => {
  const rig = await startRig(CALM);
  await hashing(rig);
  await rig.advance(10_000);
  const before = rig.snapshot().pool;
  rig.network.breakAll();
  rig.network.setDown(true);
  await rig.advance(20_000);
  expect(rig.snapshot().pool.state).not.toBe("mining");
  expect(states(rig)).toEqual(["hashing", "hashing", "hashing"]);
  rig.network.setDown(false);
  await rig.until("mining again", () => rig.snapshot().pool.state === "mining", 60_000);
  await rig.advance(20_000);
  const after = rig.snapshot().pool;
  expect(after.connects).toBeGreaterThan(before.connects);
  expect(after.shares.accepted).toBeGreaterThan(before.shares.accepted + 5);
  // What was found without a link belongs to another extranonce1: lost and counted, never sent.
  expect(after.shares.lost).toBeGreaterThan(0);
  expect(after.shares.rejected).toBe(0);
  await rig.stop();
});

test("without any pool for two minutes the chains go to sleep with the power off, and start again by themselves", async () => {
  const rig = await startRig(CALM);
  await hashing(rig);
  rig.network.breakAll();
  rig.network.setDown(true);
  await rig.advance(130_000);
  const idle = rig.snapshot();
  expect(idle).toMatchObject({ pauseReason: "no pool gives jobs", isPowerOn: false, poolReason: "no pool gives jobs" });
  expect(idle.chains.map(({ state, reason }) => [state, reason])).toEqual(
    Array.from({ length: 3 }, () => ["paused", "no pool gives jobs"]),
  );
  expect(rig.world.powerIsOn).toBe(false);
  const { accepted } = idle.pool.shares;
  await rig.advance(600_000);
  expect(rig.world.powerIsOn).toBe(false);
  rig.network.setDown(false);
  await rig.until("mining again", () => rig.snapshot().pool.state === "mining", 90_000);
  // The way up is the machine's own: supply, enumeration, ramp.
  await rig.until("hashing again", () => rig.snapshot().chains.every((c) => c.state === "hashing"), 30_000);
  expect(rig.snapshot().pauseReason).toBeNull();
  await rig.advance(20_000);
  const back = rig.snapshot();
  expect(back.pool.shares.accepted).toBeGreaterThan(accepted);
  expect(back.pool.shares.rejected).toBe(0);
  expect(back.chains.map((c) => Math.round(10 * (c.voltageV ?? 0)))).toEqual([134, 134, 134]);
  await rig.stop();
});

test("a miner that never has a pool goes to sleep, too", async () => {
  const rig = await startRig({ hasPool: false });
  await rig.advance(125_000);
  expect(rig.snapshot()).toMatchObject({ pauseReason: "no pool gives jobs", isPowerOn: false });
  expect(rig.world.powerIsOn).toBe(false);
  await rig.stop();
});

test("the miner starts before its pool: chains are ready and begin with the first job", async () => {
  const rig = await startRig({ hasPool: false });
  await hashing(rig);
  expect(rig.snapshot().hashrate.measuredThs).toBeNull();
  const { clock, network } = rig;
  const pool = new LocalPool({
    network,
    clock,
    random: new SeededRandom(9),
    host: "127.0.0.1",
    port: POOL_PORT,
    scale: (2 ** 32 * 256) / 64,
    startDifficulty: 45_000,
  });
  await pool.start();
  await rig.until("a share", () => rig.snapshot().pool.shares.accepted > 0, 120_000);
  await rig.stop();
  await pool.stop();
});

test("a chain with a dead chip is retried, then hashes with the chips before it; the others never stop", async () => {
  const rig = await startRig(CALM);
  const faults = rig.world.faults.chains[1];
  if (faults !== undefined) faults.deadChipIndex = 40;
  await rig.until("chains 0 and 2 hash", () => states(rig)[0] === "hashing" && states(rig)[2] === "hashing", 60_000);
  await rig.until("chain 1 hashes short", () => states(rig)[1] === "hashing", 120_000);
  await rig.advance(20_000);
  const { chains } = rig.snapshot();
  expect(chains.map((c) => [c.chips, c.chipsExpected])).toEqual([
    [108, 108],
    [40, 108],
    [108, 108],
  ]);
  expect(chains[1]?.nonces).toMatchObject({ hardwareError: 0, duplicate: 0 });
  expect((chains[1]?.hashrate.measuredThs ?? 0) / ((64.31 * 40) / 108)).toBeCloseTo(1, 0);
  await rig.stop();
});

test("a silent chain is retried with growing pauses and then switched off with its reason", async () => {
  const rig = await startRig(CALM);
  const faults = rig.world.faults.chains[2];
  if (faults !== undefined) faults.isSilent = true;
  await rig.until("chain 2 is given up", () => states(rig)[2] === "disabled", 1_200_000);
  expect(states(rig).slice(0, 2)).toEqual(["hashing", "hashing"]);
  expect(rig.snapshot().alarms).toEqual([
    expect.stringMatching(/^chain 2 is switched off: 0 of 108 chips answered; given up after 6 tries$/),
  ]);
  await rig.stop();
});

test("a chain that falls silent while it hashes is started anew, alone, and comes back", async () => {
  const rig = await startRig(CALM);
  await hashing(rig);
  await rig.advance(20_000);
  const faults = rig.world.faults.chains[1];
  if (faults !== undefined) faults.isSilent = true;
  await rig.until("chain 1 is restarted", () => states(rig)[1] === "coolingDown", 15_000);
  expect(rig.snapshot().chains[1]?.reason).toMatch(/^no nonce for 10 s, one was due every 0\.27 s/);
  expect([states(rig)[0], states(rig)[2]]).toEqual(["hashing", "hashing"]);
  if (faults !== undefined) faults.isSilent = false;
  await rig.until("chain 1 hashes again", () => states(rig)[1] === "hashing", 60_000);
  await rig.stop();
});

test("when no chain is left that could run, the power goes off", async () => {
  const rig = await startRig(CALM);
  for (const faults of rig.world.faults.chains) faults.isSilent = true;
  await rig.until("all are given up", () => states(rig).every((s) => s === "disabled"), 1_200_000);
  await rig.advance(2_000);
  expect(rig.world.powerIsOn).toBe(false);
  expect(rig.snapshot().alarms[0]).toBe("power is cut: no chain is left that could run");
  await rig.stop();
});

test("an empty connector is left alone", async () => {
  const rig = await startRig({ ...CALM, world: { plugged: [true, false, true] } });
  await rig.until("two chains hash", () => states(rig).filter((s) => s === "hashing").length === 2, 60_000);
  expect(rig.snapshot().chains[1]).toMatchObject({ state: "absent", reason: "no hashboard in the connector" });
  await rig.stop();
});

test("bit errors on the line cost their frames and no wrong share", async () => {
  const rig = await startRig({ hashesPerNonce: 2 ** 9 });
  await hashing(rig);
  for (const faults of rig.world.faults.chains) {
    faults.flipBitProbability = 0.001;
    faults.dropByteProbability = 0.001;
    faults.duplicateFrameProbability = 0.05;
  }
  await rig.advance(10_000);
  const { chains, pool } = rig.snapshot();
  for (const chain of chains) {
    expect(chain.link.crcErrors).toBeGreaterThan(0);
    expect(chain.nonces.duplicate).toBeGreaterThan(0);
    expect(chain.nonces.valid).toBeGreaterThan(300);
  }
  expect(pool.shares.accepted).toBeGreaterThan(1);
  expect(pool.shares.rejected).toBe(0);
  await rig.stop();
});

test("false nonces of the chips are hardware errors, never shares", async () => {
  const rig = await startRig({ hashesPerNonce: 2 ** 9 });
  await hashing(rig);
  for (const faults of rig.world.faults.chains) faults.falseNonceFraction = 0.03;
  await rig.advance(10_000);
  const { chains, pool } = rig.snapshot();
  for (const chain of chains) expect(chain.nonces.hardwareError / chain.nonces.valid).toBeCloseTo(0.03, 1);
  expect(chains.reduce((n, c) => n + c.nonces.hardwareError, 0)).toBeGreaterThan(20);
  expect(pool.shares.rejected).toBe(0);
  await rig.stop();
});
