/** Chains that take midstates, driver against emulator in virtual time: they come up, are fed, and every find is real. */
import { describe, expect, test } from "vitest";
import { type FpgaRigOptions, fixtureJob, fpgaRig, signal } from "./fpga-rig.ts";

const SECONDS = 12;

/** Brings all chains up, feeds them, and tells what came of it. */
async function mine(options: FpgaRigOptions, seconds = SECONDS) {
  const rig = fpgaRig(options);
  for (const chain of rig.chains) await rig.bringUp(chain);
  rig.scheduler.replaceJob(fixtureJob());
  for (const index of rig.chains.keys()) rig.feed(index);
  await rig.clock.advance(100);
  const jobsBefore = rig.wired.map(({ model }) => model.counts.jobs);
  await rig.clock.advance(1000 * seconds);
  const results = rig.chains.map((chain, index) => {
    const model = rig.wired[index]?.model;
    const runtime = rig.runtimes[index];
    if (model === undefined || runtime === undefined) throw new Error("no chain");
    return {
      chipCount: chain.chipCount,
      worksPerS: (model.counts.jobs - (jobsBefore[index] ?? 0)) / seconds,
      idleSweepMs: model.counts.idleSweepMs,
      badCrcs: model.counts.badCrcs,
      noiseBytes: model.counts.noiseBytes,
      finds: model.nonces.counts.finds,
      nonces: runtime.counters.ofChain(),
    };
  });
  return { ...rig, results };
}

const ONLY_GOOD = { duplicate: 0, stale: 0, hardwareError: 0, unknownWork: 0 };

function expectedFinds(
  rig: { board: { chips: number }; row: { engines: number } },
  mhz: number,
  ticket: number,
): number {
  return (mhz * 1e6 * rig.row.engines * rig.board.chips * SECONDS) / (2 ** 32 * ticket);
}

describe("S9: three chains of 63 BM1387 behind the open FPGA", () => {
  test("come up, get 344 works/s each without a gap, and every find is right", async () => {
    const rig = await mine({ machine: "s9", chains: 3, ticket: 64 });
    for (const [index, result] of rig.results.entries()) {
      expect(result).toMatchObject({ chipCount: 63, badCrcs: 0, noiseBytes: 0 });
      expect(result.worksPerS).toBeGreaterThanOrEqual(344);
      expect(result.worksPerS).toBeLessThan(346);
      expect(result.idleSweepMs).toBe(0);
      expect(result.nonces).toMatchObject(ONLY_GOOD);
      const good = result.nonces.valid + result.nonces.share;
      expect(result.finds - good).toBeLessThan(3);
      const expected = expectedFinds(rig, 650, 64);
      expect(Math.abs(good - expected)).toBeLessThan(5 * Math.sqrt(expected));
      expect(rig.chains[index]?.frequencyMhz).toBe(650);
    }
    expect(rig.results.reduce((sum, { worksPerS }) => sum + worksPerS, 0)).toBeGreaterThanOrEqual(1033);
  });

  test("live cores prove themselves by their known finds, which count as no work", async () => {
    const rig = fpgaRig({ machine: "s9", ticket: 64 });
    const [chain] = rig.chains;
    if (chain === undefined) throw new Error("no chain");
    await rig.bringUp(chain);
    // Core 3 of chip 28 is open from the fourth work on, core 9 of chip 56 from the tenth.
    expect(chain.counters).toMatchObject({ openCoreNonces: 111 + 105, nonceReports: 0 });
    expect(rig.runtimes[0]?.counters.ofChain()).toMatchObject({ unknownWork: 0 });
  });

  test("finds name chips all over the chain", async () => {
    const rig = await mine({ machine: "s9", ticket: 16 }, 10);
    const chips = Array.from({ length: 63 }, (_, k) => rig.runtimes[0]?.counters.ofChip(k).valid ?? 0);
    expect(chips.filter((count) => count > 0)).toHaveLength(63);
  });

  test("a replaced job empties the queue: no find of the old work is taken for one of the new", async () => {
    const rig = await mine({ machine: "s9", ticket: 64 }, 5);
    const before = rig.results[0]?.nonces.valid ?? 0;
    for (let block = 0; block < 20; block++) {
      rig.scheduler.replaceJob(fixtureJob({ jobId: `block ${block}`, prevHash: `${block % 10}1`.repeat(32) }));
      await rig.clock.advance(777);
    }
    const counts = rig.runtimes[0]?.counters.ofChain();
    expect(counts).toMatchObject({ duplicate: 0, hardwareError: 0, unknownWork: 0 });
    expect(counts?.stale).toBeLessThan(8);
    expect(counts?.valid).toBeGreaterThan(before + 200);
    expect(rig.wired[0]?.model.counts.idleSweepMs).toBe(0);
  });

  test("without rolling works hold one midstate and come four times as often", async () => {
    const rig = await mine({ machine: "s9", ticket: 64 }, 2);
    rig.scheduler.updateJob({ ...fixtureJob({ jobId: "no rolling" }), versionMask: 0 });
    const before = rig.wired[0]?.model.counts.jobs ?? 0;
    await rig.clock.advance(5000);
    const perS = ((rig.wired[0]?.model.counts.jobs ?? 0) - before) / 5;
    expect(perS).toBeGreaterThan(4 * 343.5);
    expect(rig.scheduler.coverage(0)).toBe(1);
    expect(rig.runtimes[0]?.counters.ofChain()).toMatchObject({ duplicate: 0, hardwareError: 0, unknownWork: 0 });
    expect(rig.wired[0]?.model.counts.idleSweepMs).toBe(0);
  });
});

test.each(["s9", "t17"] as const)(
  "%s: registers of a chip can be read and written while it hashes",
  async (machine) => {
    const rig = await mine({ machine, ticket: 64 }, 1);
    const [chain] = rig.chains;
    const model = rig.wired[0]?.model;
    if (chain === undefined || model === undefined) throw new Error("no chain");
    const misc = machine === "s9" ? 0x1c : 0x18;
    const before = await rig.run(chain.readChipRegister(5, misc, signal));
    expect(before).toBe(model.chips[5]?.register(misc));
    await rig.run(chain.writeChipRegister(5, misc, (before | 0x4000) >>> 0));
    await rig.clock.advance(20);
    expect(await rig.run(chain.readChipRegister(5, misc, signal))).toBe((before | 0x4000) >>> 0);
    expect(model.chips[6]?.register(misc)).toBe(before);
    chain.setTicketDifficulty(128);
    await rig.clock.advance(1000);
    expect(model.chips.every((chip) => chip.register(machine === "s9" ? 0x18 : 0x14) === 0xfe)).toBe(true);
    expect(model.counts).toMatchObject({ idleSweepMs: 0, badCrcs: 0 });
  },
);

describe("S17: three chains of 48 BM1397 behind the vendor's FPGA", () => {
  test("come up, get 2,210 works/s each without a gap, and every find is right", async () => {
    const rig = await mine({ machine: "s17", chains: 3, ticket: 256 });
    for (const result of rig.results) {
      expect(result).toMatchObject({ chipCount: 48, badCrcs: 0, noiseBytes: 0 });
      expect(result.worksPerS).toBeGreaterThanOrEqual(2210);
      expect(result.worksPerS).toBeLessThan(2220);
      expect(result.idleSweepMs).toBe(0);
      expect(result.nonces).toMatchObject(ONLY_GOOD);
      const good = result.nonces.valid + result.nonces.share;
      const expected = expectedFinds(rig, 580, 256);
      expect(Math.abs(good - expected)).toBeLessThan(5 * Math.sqrt(expected));
    }
    expect(rig.vendor?.lostWorks).toBe(0);
  });

  test("at a rate that the notes settle the line is too slow for the works, and the expectation says so", async () => {
    const rig = await mine({ machine: "s17", ticket: 256, isExperimentAccepted: false }, 5);
    const [result] = rig.results;
    expect(rig.scheduler.coverage(0)).toBeCloseTo(0.4519 / 0.4864, 2);
    expect(result?.worksPerS).toBeGreaterThan(2050);
    expect(result?.worksPerS).toBeLessThan(2060);
    expect(result?.idleSweepMs).toBeGreaterThan(0);
    expect(result?.nonces).toMatchObject(ONLY_GOOD);
  });

  test("without rolling three of four engines rest, and the expectation says so", async () => {
    const rig = await mine({ machine: "s17", ticket: 256 }, 2);
    rig.scheduler.updateJob({ ...fixtureJob({ jobId: "no rolling" }), versionMask: 0 });
    expect(rig.scheduler.coverage(0)).toBe(0.25);
    const before = rig.runtimes[0]?.counters.ofChain().valid ?? 0;
    await rig.clock.advance(1000 * SECONDS);
    const counts = rig.runtimes[0]?.counters.ofChain();
    const expected = expectedFinds(rig, 580, 256) / 4;
    expect(Math.abs((counts?.valid ?? 0) - before - expected)).toBeLessThan(5 * Math.sqrt(expected));
    expect(counts).toMatchObject({ duplicate: 0, hardwareError: 0, unknownWork: 0 });
  });

  test("the clock can be changed while works flow", async () => {
    const rig = await mine({ machine: "t17", ticket: 256 }, 2);
    const [chain] = rig.chains;
    const [wired] = rig.wired;
    if (chain === undefined || wired === undefined) throw new Error("no chain");
    expect(await rig.run(chain.retune(() => 500, signal))).toBe(500);
    const before = wired.model.counts.jobs;
    await rig.clock.advance(2000);
    expect((wired.model.counts.jobs - before) / 2).toBeCloseTo(1000 / 1.048, -1);
    expect(rig.runtimes[0]?.counters.ofChain()).toMatchObject(ONLY_GOOD);
  });
});

describe("a single BM1397 on a plain UART", () => {
  test("gets one work at a time, in time, and every find is right", async () => {
    const rig = await mine({ machine: "bitaxe-max", ticket: 1, link: "uart" });
    const [result] = rig.results;
    // 2^32 / (256 x 425 MHz) is 39.5 ms; a host's timer is late by up to a millisecond, so 0.95 of it.
    expect(rig.scheduler.feedPeriodMs(0)).toBeCloseTo(0.95 * 39.476, 2);
    expect(result?.worksPerS).toBeCloseTo(1000 / (0.95 * 39.476), 0);
    expect(result?.idleSweepMs).toBe(0);
    expect(result?.nonces).toMatchObject(ONLY_GOOD);
    const good = result?.nonces.valid ?? 0;
    const expected = expectedFinds(rig, 425, 1);
    expect(Math.abs(good - expected)).toBeLessThan(5 * Math.sqrt(expected));
  });
});

describe("63 BM1387 on a plain UART, as on a bench", () => {
  test("replies that name neither chip nor register are told apart, and finds are right", async () => {
    const rig = await mine({ machine: "s9", ticket: 1, link: "uart" }, 5);
    const [chain] = rig.chains;
    const [result] = rig.results;
    if (chain === undefined) throw new Error("no chain");
    expect(result).toMatchObject({ chipCount: 63, badCrcs: 0 });
    expect(chain.counters).toMatchObject({ openCoreNonces: 216, unsolicited: 0 });
    expect(await rig.run(chain.readChipRegister(61, 0x00, signal))).toBe(0x138790f4);
    // A host's timer cannot renew works every 3 ms.
    expect(rig.scheduler.coverage(0)).toBeCloseTo(3.226 / 20, 3);
    expect(result?.nonces).toMatchObject(ONLY_GOOD);
    expect(result?.nonces.valid).toBeGreaterThan(100);
  });
});

describe("BM1398, of which nobody ever saw a nonce", () => {
  test("is counted and addressed, and refuses to go on without the owner's agreement", async () => {
    const rig = fpgaRig({ machine: "s19pro", ticket: 256, isExperimentAccepted: false });
    const [chain] = rig.chains;
    if (chain === undefined) throw new Error("no chain");
    await rig.run(chain.open());
    await rig.clock.advance(200);
    expect(await rig.run(chain.enumerate(signal))).toMatchObject({ chipCount: 114 });
    await rig.run(chain.address(signal));
    await expect(rig.run(chain.configure(signal))).rejects.toMatchObject({ code: "CHIP_EXPERIMENTAL" });
  });

  test("with it the emulated chips hash by the same guesses", async () => {
    const rig = await mine({ machine: "s19pro", ticket: 256 }, 5);
    expect(rig.results[0]?.nonces).toMatchObject(ONLY_GOOD);
    expect(rig.results[0]?.nonces.valid).toBeGreaterThan(50);
    expect(rig.results[0]?.idleSweepMs).toBe(0);
  });
});
