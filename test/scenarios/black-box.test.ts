/** An incident leaves a recording that replays: a recorded incident is a test. */
import { expect, test } from "vitest";
import { replayRecording } from "#firmware/blackbox/replay.ts";
import { MemoryStore } from "#hal/emulator/memory-store.ts";
import { startRig } from "../support/rig.ts";

async function recordedShutdown(): Promise<string> {
  const store = new MemoryStore();
  const rig = await startRig({ hashesPerNonce: 16, store });
  await rig.until("hashing", () => rig.snapshot().chains.every((c) => c.state === "hashing"), 60_000);
  await rig.advance(30_000);
  rig.world.faults.fanStopped[1] = true;
  await rig.until("power off", () => !rig.world.powerIsOn, 60_000);
  await rig.advance(1_000);
  await rig.stop();
  const text = store.files.get("blackbox-000001.jsonl");
  if (text === undefined) throw new Error(`no recording among ${[...store.files.keys()].join(", ")}`);
  return text;
}

test("a shutdown leaves a recording with its decisions and traffic, and the same program decides the same", async () => {
  const text = await recordedShutdown();
  const result = replayRecording(text);
  expect(result.header).toMatchObject({ machine: "s21", cause: "fan 2 stands still" });
  expect(result.decisions).toBeGreaterThan(80);
  expect(result).toMatchObject({ differences: [], unreadable: [], skipped: 0 });
  expect(result.uartChunks).toBeGreaterThan(1_000);
  expect(result.poolLines).toBeGreaterThan(20);
  for (const machine of ["thermal", "chain 0", "chain 1", "chain 2", "failover 0"]) {
    expect(text).toContain(`"k":"step","t":`);
    expect(text).toContain(`"m":"${machine}"`);
  }
  expect(text).not.toContain("password");
});

test("a decision that was made otherwise is found at its line", async () => {
  const lines = (await recordedShutdown()).split("\n");
  const at = lines.findIndex((line) => line.includes('"kind":"cutPower"'));
  lines[at] =
    lines[at]?.replace("fan 2 stands still", "fan 2 turns").replace("fan 2 stands still", "fan 2 turns") ?? "";
  const { differences } = replayRecording(lines.join("\n"));
  expect(differences).toHaveLength(1);
  expect(differences[0]).toMatchObject({ line: at + 1, machine: "thermal", today: { reason: "fan 2 stands still" } });
});
