/** What the owner orders of a machine that runs: pause, chains, fans, light. */
import { expect, test } from "vitest";
import { LOCATE_LIMIT_MS, LocateLight } from "#firmware/api/locate-light.ts";
import { machineControls } from "#firmware/api/machine-controls.ts";
import { loadPause } from "#firmware/api/owner-pause.ts";
import { MemoryStore } from "#hal/emulator/memory-store.ts";
import { VirtualClock } from "#hal/emulator/virtual-clock.ts";
import { KumpelError } from "#hal/errors.ts";
import { startRig } from "../../support/rig.ts";
import { log, ORIGIN, runnerWith } from "./runner-bench.ts";

test("the owner's pause switches off and is remembered; resume, restart of a chain and fan duty act on the machine", async () => {
  const rig = await startRig({ machine: "s19jpro", hashesPerNonce: 16 });
  const { runner, store } = await runnerWith(null, machineControls(rig.miner, log));
  const order = (command: object) => runner.execute(command, ORIGIN, "admin");
  await rig.until("all hash", () => rig.snapshot().chains.every(({ state }) => state === "hashing"), 120_000);
  expect(await order({ kind: "restartChain", chainIndex: 1 })).toMatchObject({ ok: true });
  await rig.until("it starts anew", () => rig.snapshot().chains[1]?.state !== "hashing", 5_000);
  expect(rig.snapshot().chains[0]?.state).toBe("hashing");
  await rig.until("all hash again", () => rig.snapshot().chains.every(({ state }) => state === "hashing"), 120_000);
  expect(await order({ kind: "restartChain", chainIndex: 9 })).toMatchObject({ ok: false });
  expect(await order({ kind: "setFanDuty", dutyPct: 77 })).toMatchObject({ ok: true, effect: "now" });
  await rig.until("the fans follow", () => rig.snapshot().thermal.fanDutyPct === 77, 60_000);
  for (const [patch, words] of [
    [{ tuning: { frequency_mhz: 1_000 } }, /^A clock of 1000 MHz \(tuning.frequency_mhz\) is outside of /],
    [{ tuning: { work_voltage_mv: 25_000 } }, /^A working voltage of 25000 mV .* is outside of /],
    [{ cooling: { board_limit_c: 99 } }, /^cooling.board_limit_c 99 is no board limit for /],
  ] as const)
    expect(await order({ kind: "setSettings", patch })).toMatchObject({
      ok: false,
      message: expect.stringMatching(words),
    });
  expect(await order({ kind: "pause", reason: "night" })).toMatchObject({ ok: true });
  await rig.until("power is off", () => !rig.world.powerIsOn, 10_000);
  expect(await loadPause(store)).toBe("paused by phone (own API): night");
  expect(await order({ kind: "restartChain", chainIndex: 1 })).toMatchObject({ ok: false });
  expect(await order({ kind: "acknowledgeShutdown" })).toEqual({
    ok: false,
    message: "Refused: nothing is shut down.",
  });
  store.isFull = true;
  store.remove = () => Promise.reject(new KumpelError("STORE_FAILED", "pause.json cannot be removed (EROFS)"));
  const resumed = await order({ kind: "resume" });
  expect(resumed).toMatchObject({
    ok: true,
    message: expect.stringContaining("A restart does not know of it: pause.json"),
  });
  expect(await order({ kind: "pause" })).toMatchObject({ ok: true, message: expect.stringContaining("does not know") });
  expect(await order({ kind: "resume" })).toMatchObject({ ok: true });
  await rig.until("all hash", () => rig.snapshot().chains.every(({ state }) => state === "hashing"), 120_000);
  await rig.stop();
});

test("a machine that was paused before it starts stays off until resume", async () => {
  const store = new MemoryStore();
  const rig = await startRig({ machine: "s19jpro", hashesPerNonce: 16, store });
  rig.miner.parts.pauses.pause("owner", "paused by phone");
  await rig.advance(90_000);
  expect(rig.world.powerIsOn).toBe(false);
  expect(rig.snapshot()).toMatchObject({ isPowerOn: false, pauseReason: "paused by phone", isPausedByOwner: true });
  rig.miner.parts.pauses.resume("owner", "resumed");
  await rig.until("all hash", () => rig.snapshot().chains.every(({ state }) => state === "hashing"), 120_000);
  await rig.stop();
});

test("a pause file that cannot be read speaks for a pause, a disk that does not answer does not", async () => {
  const store = new MemoryStore();
  store.files.set("pause.json", "{");
  expect(await loadPause(store)).toContain("cannot be read");
  store.isUnreadable = true;
  expect(await loadPause(store)).toBeNull();
});

test("the locating light blinks, ends by itself, and is told to be missing where there is none", async () => {
  const clock = new VirtualClock();
  const lit: boolean[] = [];
  const led = {
    set: (isOn: boolean): Promise<void> => {
      lit.push(isOn);
      return Promise.resolve();
    },
  };
  const light = new LocateLight({ leds: { red: null, green: led } }, clock, log);
  expect(light.set(true)).toBe(true);
  await clock.advance(1_300);
  expect(lit).toEqual([true, false, true, false]);
  await clock.advance(LOCATE_LIMIT_MS);
  expect(light.isOn).toBe(false);
  expect(lit.at(-1)).toBe(false);
  expect(new LocateLight({ leds: { red: null, green: null } }, clock, log).set(true)).toBe(false);
});
