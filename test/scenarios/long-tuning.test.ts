/** What tuning does to a mining machine over minutes: nonces of one chip, voltages at the wrong moment. */
import { expect, test } from "vitest";
import { type TuningAnswer, TuningDesk } from "#firmware/tuning/tuning-desk.ts";
import { CALM, startRig } from "../support/rig.ts";
import { ALL, chip, clocks, done, hashing } from "./tuning-orders.ts";

test("a tuned chip finds as many more nonces as its clock is faster, and undo takes it back", async () => {
  const rig = await startRig({ hashesPerNonce: 4 });
  await hashing(rig);
  const desk = new TuningDesk(rig.miner.parts);
  await done(rig, desk.order({ kind: "frequency", target: chip(1, 5), value: { kind: "absolute", value: 50 } }));
  const counters = rig.miner.parts.chains[1]?.runtime.counters;
  const from = counters?.heard(5) ?? 0;
  const others = (): number =>
    Array.from({ length: 108 }, (_, i) => counters?.heard(i) ?? 0).reduce((a, b) => a + b, 0);
  const othersFrom = others();
  await rig.advance(1_200_000);
  const share = ((counters?.heard(5) ?? 0) - from) / ((others() - othersFrom) / 108);
  expect(share).toBeLessThan(0.35);
  await done(rig, desk.order({ kind: "undo" }));
  expect(new Set(clocks(rig, 1)).size).toBe(1);
  expect(await desk.order({ kind: "undo" })).toEqual({ ok: false, message: "Refused: there is nothing to undo." });
  await rig.stop();
});

test("a voltage is refused while a chain starts or the supply is on its way, and counts from the next start when all is off", async () => {
  const rig = await startRig({ ...CALM, machine: "s19pro" });
  await hashing(rig);
  const desk = new TuningDesk(rig.miner.parts);
  const to = (value: number): Promise<TuningAnswer> =>
    desk.order({ kind: "voltage", target: ALL, value: { kind: "absolute", value } });
  const volts = (): number | null => rig.snapshot().chains[0]?.voltageV ?? null;
  await rig.until("the supply is on its way down", () => (volts() ?? 99) < 14.8, 30_000);
  expect(await to(15_000)).toEqual({
    ok: false,
    message: expect.stringContaining("on its way to the working voltage"),
  });
  await rig.advance(30_000);
  expect(volts()).toBeCloseTo(12.6, 1);
  rig.miner.parts.chains[1]?.supervisor.fault("UART_IO_FAILED", "pulled for a test");
  await rig.until("it starts again", () => rig.snapshot().chains[1]?.state === "enumerating", 60_000);
  expect(await to(13_000)).toEqual({
    ok: false,
    message: expect.stringContaining("chain 1 is starting (enumerating)"),
  });
  await hashing(rig);
  await rig.advance(5_000);
  expect((await done(rig, to(13_000))).ok).toBe(true);
  expect(volts()).toBeCloseTo(13, 1);
  rig.miner.parts.pauses.pause("owner", "a test");
  await rig.advance(5_000);
  expect((await to(12_800)).message).toMatch(/counts from the next start on/);
  rig.miner.parts.pauses.resume("owner", "a test");
  await hashing(rig);
  await rig.advance(30_000);
  expect(volts()).toBeCloseTo(12.8, 1);
  await rig.stop();
});
