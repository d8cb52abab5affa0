import { expect, test } from "vitest";
import { createLog } from "#firmware/log.ts";
import { loadTuning, TUNING_FILE, type TuningBase } from "#firmware/tuning/kept-tuning.ts";
import type { TuningTarget } from "#firmware/tuning/tuning.ts";
import { TuningDesk } from "#firmware/tuning/tuning-desk.ts";
import { MemoryStore } from "#hal/emulator/memory-store.ts";
import { CALM, startRig } from "../support/rig.ts";
import { ALL, chip, clocks, done, hashing } from "./tuning-orders.ts";

const chain = (chainIndex: number): TuningTarget => ({ ...ALL, chainIndex });

test("one chip of a mining S21 gets another clock: the others keep theirs, and no share is lost", async () => {
  const rig = await startRig();
  await hashing(rig);
  await rig.advance(20_000);
  const desk = new TuningDesk(rig.miner.parts);
  const before = rig.snapshot();
  const stockMhz = clocks(rig, 0)[0] ?? 0;
  const answer = await done(
    rig,
    desk.order({ kind: "frequency", target: chip(0, 12), value: { kind: "absolute", value: 525 } }),
  );
  expect(answer).toEqual({ ok: true, message: "Chip 0.12: 525 MHz." });
  expect(clocks(rig, 0).map((mhz, i) => (i === 12 ? mhz === 525 : mhz === stockMhz))).not.toContain(false);
  for (const index of [1, 2]) expect(clocks(rig, index).every((mhz) => mhz === stockMhz)).toBe(true);
  expect(rig.snapshot().chains[0]?.frequencyMhz).toBeCloseTo(stockMhz + (525 - stockMhz) / 108, 6);
  await rig.advance(40_000);
  const after = rig.snapshot();
  expect(after.pool.shares.accepted).toBeGreaterThan(before.pool.shares.accepted + 15);
  const { rejected, lost, duplicate } = after.pool.shares;
  expect({ rejected, lost, duplicate }).toEqual({ rejected: 0, lost: 0, duplicate: 0 });
  for (const { nonces } of after.chains) {
    expect(nonces.hardwareError).toBe(0);
    expect(nonces.duplicate).toBe(0);
  }
  expect(after.chains.map(({ state }) => state)).toEqual(["hashing", "hashing", "hashing"]);
  await rig.stop();
});

test("clocks of single chips come back after a restart of the chain, and after one of the program when they were kept", async () => {
  const store = new MemoryStore();
  const rig = await startRig({ ...CALM, store });
  await hashing(rig);
  const desk = new TuningDesk(rig.miner.parts);
  const domain: TuningTarget = { chainIndex: 2, domainIndex: 3, chipIndex: null };
  await done(rig, desk.order({ kind: "frequency", target: domain, value: { kind: "change", value: -50 } }));
  const { chipsPerDomain } = rig.miner.parts.options.hashboard;
  const slow = clocks(rig, 2);
  expect(new Set(slow.slice(3 * chipsPerDomain, 4 * chipsPerDomain)).size).toBe(1);
  expect(slow.filter((mhz) => mhz < (slow[0] ?? 0))).toHaveLength(chipsPerDomain);
  rig.miner.parts.chains[2]?.supervisor.fault("UART_IO_FAILED", "pulled for a test");
  await rig.until("it restarts", () => rig.snapshot().chains[2]?.state !== "hashing", 5_000);
  await hashing(rig);
  await rig.advance(5_000);
  expect(clocks(rig, 2)).toEqual(slow);
  expect((await desk.keep(store)).ok).toBe(true);
  const { hashboard: model, support, operatingPoint } = rig.miner.parts.options;
  await rig.stop();
  const log = createLog("silent");
  const base = { model, support, operatingPoint, chainTotal: 3 };
  const tuning = await loadTuning(store, base, log);
  const others: TuningBase[] = [
    { ...base, operatingPoint: { ...operatingPoint, frequencyMhz: operatingPoint.frequencyMhz + 1 } },
    { ...base, model: { ...model, model: "s19xp" } },
    { ...base, chainTotal: 2 },
  ];
  for (const other of others) expect(await loadTuning(store, other, log)).toBeNull();
  const kept = (await store.read(TUNING_FILE)) ?? "";
  for (const wrong of [
    kept.replace('"chipMhz":{', '"chipMhz":{"abc":500,'),
    kept.replace('"chipMhz":{', '"chipMhz":{"108":500,'),
    kept.replace(/"workMv":\[(\d+)/, '"workMv":[13000'),
    kept.replace(/"workMv":\[\d+/, '"workMv":[20000'),
    kept.replace(/"baseMhz":\d+/, '"baseMhz":9'),
    "{",
  ]) {
    const hand = new MemoryStore();
    await hand.write(TUNING_FILE, wrong);
    expect(wrong).not.toBe(kept);
    expect(await loadTuning(hand, base, log)).toBeNull();
  }
  if (tuning === null) throw new Error("the tuning was not kept");
  const second = await startRig({ ...CALM, miner: { ...CALM.miner, tuning } });
  await hashing(second);
  await second.advance(5_000);
  expect(clocks(second, 2)).toEqual(slow);
  await second.stop();
});

test("heat takes its share of a tuned clock, too, and gives it back", async () => {
  const rig = await startRig(CALM);
  await hashing(rig);
  const desk = new TuningDesk(rig.miner.parts);
  await done(rig, desk.order({ kind: "frequency", target: chip(0, 7), value: { kind: "absolute", value: 400 } }));
  for (const { supervisor } of rig.miner.parts.chains) supervisor.limitFrequency(50, "a test");
  await rig.advance(5_000);
  expect(clocks(rig, 0)[7]).toBeCloseTo(200, 0);
  expect(clocks(rig, 0)[8]).toBeLessThan(240);
  for (const { supervisor } of rig.miner.parts.chains) supervisor.limitFrequency(100, "a test");
  await rig.advance(30_000);
  expect(clocks(rig, 0)[7]).toBeCloseTo(400, 6);
  await rig.stop();
});

test("heat in the middle of a long climb takes the clocks down at once, and no chip keeps what the climb wrote last", async () => {
  const rig = await startRig(CALM);
  await hashing(rig);
  const desk = new TuningDesk(rig.miner.parts);
  await done(rig, desk.order({ kind: "frequency", target: ALL, value: { kind: "absolute", value: 100 } }));
  const climb = desk.order({ kind: "frequency", target: ALL, value: { kind: "absolute", value: 500 } });
  await rig.advance(2_050);
  const halfway = clocks(rig, 0)[0] ?? 0;
  expect(halfway).toBeGreaterThan(150);
  expect(halfway).toBeLessThan(400);
  for (const { supervisor } of rig.miner.parts.chains) supervisor.limitFrequency(20, "a test");
  await rig.advance(500);
  for (const index of [0, 1, 2]) for (const mhz of clocks(rig, index)) expect(mhz).toBeCloseTo(100, 0);
  expect((await done(rig, climb)).ok).toBe(true);
  for (const { supervisor } of rig.miner.parts.chains) supervisor.limitFrequency(100, "a test");
  await rig.advance(30_000);
  for (const mhz of clocks(rig, 1)) expect(mhz).toBeCloseTo(500, 6);
  expect(rig.snapshot().chains.map(({ state }) => state)).toEqual(["hashing", "hashing", "hashing"]);
  await rig.stop();
});

test("the supply of an S21 follows in steps; of an S9 each chain has a voltage of its own", async () => {
  const rig = await startRig(CALM);
  await hashing(rig);
  await rig.advance(10_000);
  const desk = new TuningDesk(rig.miner.parts);
  const shared = await desk.order({ kind: "voltage", target: chain(0), value: { kind: "absolute", value: 13_600 } });
  expect(shared).toEqual({
    ok: false,
    message: "Refused: all chains of this machine share one supply: say all instead of 0.",
  });
  const answer = await done(
    rig,
    desk.order({ kind: "voltage", target: ALL, value: { kind: "absolute", value: 13_800 } }),
  );
  expect(answer.ok).toBe(true);
  expect(rig.snapshot().chains[0]?.voltageV).toBeCloseTo(13.8, 1);
  expect(rig.snapshot().isPowerOn).toBe(true);
  await rig.stop();

  const s9 = await startRig({ ...CALM, machine: "s9" });
  await hashing(s9);
  await s9.advance(10_000);
  const s9Desk = new TuningDesk(s9.miner.parts);
  const before = s9.snapshot().chains.map(({ voltageV }) => voltageV);
  const own = await done(
    s9,
    s9Desk.order({ kind: "voltage", target: chain(1), value: { kind: "change", value: 100 } }),
  );
  expect(own.ok).toBe(true);
  const after = s9.snapshot().chains.map(({ voltageV }) => voltageV);
  expect(after[0]).toBe(before[0]);
  expect((after[1] ?? 0) - (before[1] ?? 0)).toBeCloseTo(0.1, 1);
  await s9.stop();
});

test("an order that a pause interrupts is what the machine comes to afterwards, and giving it again changes nothing", async () => {
  const rig = await startRig({ ...CALM });
  await hashing(rig);
  await rig.until("the working voltage", () => rig.miner.parts.workVoltage.isSettled, 60_000);
  const desk = new TuningDesk(rig.miner.parts);
  await done(rig, desk.order({ kind: "voltage", target: ALL, value: { kind: "change", value: 600 } }));
  await done(rig, desk.order({ kind: "frequency", target: ALL, value: { kind: "change", value: 50 } }));
  const [wishMhz, wishV] = [clocks(rig, 0)[0] ?? 0, rig.snapshot().chains[0]?.voltageV];
  await done(rig, desk.order({ kind: "reset" }));
  expect(clocks(rig, 0)[0]).toBeLessThan(wishMhz);
  const undone = done(rig, desk.order({ kind: "undo" }));
  rig.miner.parts.options.clock.setTimer(800, () => rig.miner.parts.pauses.pause("owner", "a pause"));
  expect(await undone).toMatchObject({
    ok: true,
    message: expect.stringContaining("it counts from the next start on"),
  });
  rig.miner.parts.pauses.resume("owner", "it goes on");
  await rig.until("it starts anew", () => rig.snapshot().chains[0]?.state !== "hashing", 5_000);
  await hashing(rig);
  await rig.until("the working voltage", () => rig.miner.parts.workVoltage.isSettled, 60_000);
  expect([clocks(rig, 0)[0], rig.snapshot().chains[0]?.voltageV]).toEqual([wishMhz, wishV]);
  const again = {
    kind: "frequency",
    target: ALL,
    value: { kind: "absolute", value: desk.state.now.chains[0]?.baseMhz ?? 0 },
  } as const;
  expect((await desk.order(again)).message).toContain("it is so already");
  await rig.stop();
});
