/** Faults of fans and their tachometers. */
import assert from "node:assert/strict";
import { FaultBench } from "./fault-bench.ts";
import type { FaultArea } from "./fault-row.ts";

async function settled(): Promise<FaultBench> {
  const bench = await FaultBench.hashing();
  await bench.advance(300);
  return bench;
}

export const FANS: FaultArea = {
  name: "fans",
  title: "Fans",
  rows: [
    {
      id: "fan-stops",
      fault: "one rotor stands",
      detectedBy: "less than 500 RPM for 10 s",
      reaction: "the other fans go full",
      requiredS: 15,
      play: async () => {
        const bench = await settled();
        bench.world.faults.fanStopped[1] = true;
        const s = await bench.until("full fans", () => bench.thermalReason === "fan 2 stands still: full fans", 40);
        assert.equal(bench.dutyPct, 100);
        return s;
      },
    },
    {
      id: "fan-stays-stopped",
      fault: "one rotor stands for longer",
      detectedBy: "less than 500 RPM for 30 s",
      reaction: "power off, latched, the fan is named",
      requiredS: 36,
      play: async () => {
        const bench = await settled();
        bench.world.faults.fanStopped[1] = true;
        const s = await bench.until("power off", () => !bench.isOn, 60);
        assert.equal(bench.thermalReason, "fan 2 stands still");
        return s;
      },
    },
    {
      id: "all-fans-stop",
      fault: "all rotors stand at once (a plug, a fuse)",
      detectedBy: "all below half of what they did at this duty, in two readings",
      reaction: "power off, latched",
      requiredS: 5,
      play: async () => {
        const bench = await settled();
        bench.world.faults.fanStopped.fill(true);
        const s = await bench.until("power off", () => !bench.isOn, 60);
        assert.equal(bench.thermalReason, "all 4 fans have stopped, or their cable is off");
        return s;
      },
    },
    {
      id: "all-tachos-dead",
      fault: "the tachometers of all fans fall silent",
      detectedBy: "as above: nobody can tell it from fans that stand",
      reaction: "power off, latched",
      requiredS: 5,
      play: async () => {
        const bench = await settled();
        bench.world.fans.isTachoDead.fill(true);
        return bench.until("power off", () => !bench.isOn, 60);
      },
    },
    {
      id: "tacho-dead",
      fault: "one fan turns, its tachometer is silent",
      detectedBy: "no pulses for 30 s",
      reaction: "taken for a fan that stands: power off",
      requiredS: 36,
      play: async () => {
        const bench = await settled();
        bench.world.fans.isTachoDead[3] = true;
        const s = await bench.until("power off", () => !bench.isOn, 60);
        assert.equal(bench.thermalReason, "fan 4 stands still");
        return s;
      },
    },
    {
      id: "fan-slow",
      fault: "one fan turns at a third of its speed",
      detectedBy: "for a minute below half of what it did at this duty",
      reaction: "full fans, hashing goes on, the fan is named",
      requiredS: 75,
      play: async () => {
        const bench = await FaultBench.hashing();
        bench.world.ambientC = 38;
        await bench.advance(600);
        bench.world.fans.speedShare[0] = 1 / 3;
        const slow = (): boolean => bench.thermalReason.startsWith("fan 1 turns far slower than it used to");
        const s = await bench.until("full fans", slow, 120);
        await bench.holds("power stays on", () => bench.isOn, 60);
        return s;
      },
    },
    {
      id: "fan-missing",
      fault: "a fan is not plugged in at the start",
      detectedBy: "it never turns",
      reaction: "no power, and the reason names the fan",
      requiredS: 0,
      play: async () => {
        const bench = await FaultBench.start();
        bench.world.faults.fanStopped[2] = true;
        await bench.advance(3);
        await bench.holds("no power", () => !bench.isOn, 120);
        assert.equal(bench.thermalReason, "fan 3 does not turn yet");
        return 0;
      },
    },
    {
      id: "fan-unreadable",
      fault: "the driver of the tachometers fails",
      detectedBy: "no reading counts as a fan that stands",
      reaction: "full fans, then power off",
      requiredS: 36,
      play: async () => {
        let isBroken = false;
        const bench = await FaultBench.hashing({
          wrapBoard: (board) => {
            const { fans } = board;
            if (fans === null) return board;
            const readRpm = (): Promise<readonly (number | null)[]> =>
              isBroken ? Promise.resolve([null, null, null, null]) : fans.readRpm();
            return { ...board, fans: { count: fans.count, setDutyPct: (duty) => fans.setDutyPct(duty), readRpm } };
          },
        });
        isBroken = true;
        return bench.until("power off", () => !bench.isOn, 60);
      },
    },
    {
      id: "fans-gone-at-once-restart",
      fault: "a shutdown for a fan is acknowledged while the fan still stands",
      detectedBy: "the fans have to prove themselves anew",
      reaction: "no power",
      requiredS: 0,
      play: async () => {
        const bench = await settled();
        bench.world.faults.fanStopped[1] = true;
        await bench.until("power off", () => !bench.isOn, 60);
        await bench.advance(120);
        assert.equal(await bench.miner.acknowledgeShutdown(), null);
        await bench.holds("no power", () => !bench.isOn, 60);
        bench.world.faults.fanStopped[1] = false;
        await bench.until("it hashes again", bench.allHash, 300);
        return 0;
      },
    },
  ],
};
