import { expect, test } from "vitest";
import type { ControlBoard } from "#hal/control-board.ts";
import type { Uart } from "#hal/uart.ts";
import { type Rig, startRig } from "../support/rig.ts";

async function hashing(rig: Rig): Promise<void> {
  await rig.until("all chains hash", () => rig.snapshot().chains.every((c) => c.state === "hashing"), 60_000);
}

/** A link that lets only every n-th job through: to the chips this is a feeder n times too slow. */
function losingJobs(board: ControlBoard, keepEvery: number): ControlBoard {
  const slow = (uart: Uart): Uart => {
    let jobs = 0;
    const inner = uart.write.bind(uart);
    uart.write = (bytes) => {
      if (bytes[2] !== 0x21 || jobs++ % keepEvery === 0) inner(bytes);
    };
    return uart;
  };
  const chains = board.chains.map((connector) => {
    const { link } = connector;
    if (link.kind !== "uart") throw new Error("an S21 has serial links");
    return { ...connector, link: { ...link, open: async (baud: number) => slow(await link.open(baud)) } };
  });
  return { ...board, chains };
}

test("a feeder slower than the epoch is caught: duplicates and lost hashrate are named", async () => {
  const rig = await startRig({ wrapBoard: (board) => losingJobs(board, 4) });
  await hashing(rig);
  await rig.advance(60_000);
  const { chains, alarms, hashrate, pool } = rig.snapshot();
  for (const chain of chains) {
    expect(chain.nonces.duplicate).toBeGreaterThan(0.3 * chain.nonces.valid);
    expect(chain.nonces.hardwareError).toBe(0);
  }
  // 1.86 s of every 4 s are useful.
  expect((hashrate.measuredThs ?? 0) / (hashrate.expectedThs ?? 1)).toBeCloseTo(1.86 / 4, 1);
  expect(alarms.length).toBe(3);
  for (const alarm of alarms)
    expect(alarm).toMatch(
      /^chain \d: \d+ % of the nonces are repeats and \d+ % of the hashrate is lost: .*too late; a job lasts 18\d\d ms$/,
    );
  expect(pool.shares.duplicate).toBe(0);
  await rig.stop();
});

test("a new block reaches every chain at once, and late nonces of the old work are stale, not rejected", async () => {
  const rig = await startRig({ pool: { blockIntervalMs: 1e9 } });
  await hashing(rig);
  await rig.advance(5_300);
  const before = rig.snapshot().chains.map((c) => c.link.jobsWritten);
  const jobId = rig.miner.parts.scheduler.job?.jobId;
  rig.pool.newBlock();
  await rig.advance(1);
  expect(rig.miner.parts.scheduler.job?.jobId).not.toBe(jobId);
  expect(rig.snapshot().chains.map((c, i) => c.link.jobsWritten - (before[i] ?? 0))).toEqual([1, 1, 1]);
  for (let i = 0; i < 60; i++) {
    rig.pool.newBlock();
    await rig.advance(500);
  }
  const { chains, pool } = rig.snapshot();
  expect(chains.reduce((n, c) => n + c.nonces.stale, 0)).toBeGreaterThan(0);
  for (const chain of chains) expect(chain.nonces).toMatchObject({ hardwareError: 0, duplicate: 0 });
  expect(pool.shares.rejected).toBe(0);
  await rig.stop();
});

test.each([
  ["without its lowest three bits", 0x1fff0000],
  ["with a gap in it", 0x1f07e000],
])("a mask %s: what it takes away is expected, so the chains are not taken for silent", async (_name, versionMask) => {
  const rig = await startRig({ machine: "bitaxe-supra", pool: { versionMask }, hashesPerNonce: 8 });
  await hashing(rig);
  await rig.advance(300_000);
  const [chain] = rig.snapshot().chains;
  expect(chain?.state).toBe("hashing");
  expect(chain?.reason).toBe("1 chips hash");
  expect(chain?.coverage).toBeLessThan(0.2);
  expect(chain?.nonces).toMatchObject({ hardwareError: 0, unknownWork: 0 });
  expect((chain?.nonces.valid ?? 0) + (chain?.nonces.share ?? 0)).toBeGreaterThan(50);
  const { measuredThs, expectedThs } = chain?.hashrate ?? {};
  expect((measuredThs ?? 0) / (expectedThs ?? 1)).toBeGreaterThan(0.8);
  expect((measuredThs ?? 0) / (expectedThs ?? 1)).toBeLessThan(1.2);
  await rig.stop();
});

test("a mask of 11 bits is fed at its epoch of 58 ms and loses nothing", async () => {
  const rig = await startRig({ pool: { versionMask: 0x00ffe000 } });
  await hashing(rig);
  await rig.advance(30_000);
  const { chains, hashrate, alarms } = rig.snapshot();
  for (const chain of chains) {
    expect(chain.feedPeriodMs).toBeCloseTo(0.8 * 58, 0);
    expect(chain.nonces).toMatchObject({ duplicate: 0, hardwareError: 0 });
  }
  expect((hashrate.measuredThs ?? 0) / (hashrate.expectedThs ?? 1)).toBeCloseTo(1, 1);
  expect(alarms).toEqual([]);
  await rig.stop();
});

test("an easy pool lowers the ticket before shares are lost, a hard one leaves the stock ticket", async () => {
  const rig = await startRig({ pool: { sharesPerSecond: 0, startDifficulty: 64 }, suggestDifficulty: null });
  await hashing(rig);
  await rig.advance(4_000);
  expect(rig.snapshot().chains.map((c) => c.ticketDifficulty)).toEqual([64, 64, 64]);
  const { accepted } = rig.snapshot().pool.shares;
  // 193 TH/s at difficulty 64: 702 shares/s.
  expect(accepted / 4 / 702).toBeCloseTo(1, 0);
  rig.pool.setDifficulty(100_000);
  rig.pool.refresh();
  await rig.advance(5_000);
  expect(rig.snapshot().chains.map((c) => c.ticketDifficulty)).toEqual([256, 256, 256]);
  for (const chain of rig.snapshot().chains) expect(chain.nonces.hardwareError).toBe(0);
  expect(rig.snapshot().pool.shares.rejected).toBe(0);
  await rig.stop();
});
