/** Faults of temperature sensors and of the heat itself. */
import assert from "node:assert/strict";
import { FaultBench } from "./fault-bench.ts";
import type { FaultArea, FaultRow } from "./fault-row.ts";

/** Puts another first byte (whole degrees) into what one sensor answers; null = what it really says. */
function lie(bench: FaultBench, chain: number, sensor: number, lieC: (trueC: number) => number): () => void {
  const address = bench.world.chains[chain]?.sensors[sensor]?.model.address;
  assert(address !== undefined);
  return bench.stage.disturb((answer, role, asked) => {
    if (role !== "hashboards" || asked !== address) return answer;
    const changed = Uint8Array.from(answer);
    changed[0] = lieC(changed[0] ?? 0) & 0xff;
    return changed;
  });
}

const isFull = (bench: FaultBench) => (): boolean => bench.dutyPct === 100;

async function hashingCool(): Promise<FaultBench> {
  const bench = await FaultBench.hashing();
  await bench.until("the fans have slowed down", () => bench.dutyPct < 80, 120);
  return bench;
}

const SENSOR_ROWS: readonly FaultRow[] = [
  {
    id: "sensor-nack",
    fault: "one of two sensors of a board does not answer",
    detectedBy: "no good reading for 10 s",
    reaction: "full fans, the other sensor leads, hashing goes on",
    requiredS: 12,
    play: async () => {
      const bench = await hashingCool();
      bench.world.faults.sensors[0]![0] = "failed";
      const s = await bench.until("full fans", isFull(bench), 30);
      assert.equal(bench.thermalReason, "1 of 6 temperature sensors lost: full fans");
      await bench.holds("power stays on", () => bench.isOn, 60);
      return s;
    },
  },
  {
    id: "board-blind",
    fault: "no sensor of one board answers",
    detectedBy: "no good reading of that board for 10 s",
    reaction: "power off, latched, the cause names the part",
    requiredS: 13,
    play: async () => {
      const bench = await FaultBench.hashing();
      bench.world.faults.sensors[2]!.fill("failed");
      const s = await bench.until("power off", () => !bench.isOn, 30);
      assert.match(bench.thermalReason, /^no temperature sensor of chain 2 answers \(.*\): check that board/);
      return s;
    },
  },
  {
    id: "all-blind",
    fault: "no sensor of any board answers",
    detectedBy: "a turn without a single good reading",
    reaction: "full fans at once, power off when it lasts 10 s",
    requiredS: 2,
    play: async () => {
      const bench = await hashingCool();
      for (const sensors of bench.world.faults.sensors) sensors.fill("failed");
      const s = await bench.until("full fans", isFull(bench), 5);
      await bench.until("power off", () => !bench.isOn, 12);
      return s;
    },
  },
  {
    id: "sensor-glitch",
    fault: "one reading is 255 degrees",
    detectedBy: "outside of what a board can be",
    reaction: "counted and dropped: nothing changes",
    requiredS: 0,
    play: async () => {
      const bench = await hashingCool();
      const before = bench.dutyPct;
      const end = lie(bench, 0, 1, () => 0xff);
      await bench.advance(1);
      end();
      await bench.holds("fans and power as before", () => bench.isOn && bench.dutyPct <= before + 5, 10);
      assert(bench.miner.parts.thermal.state.glitches > 0);
      return 0;
    },
  },
  {
    id: "sensor-minus-one",
    fault: "a sensor says -1 degree for ever",
    detectedBy: "a jump that no board makes, held against the other sensors",
    reaction: "never believed; full fans after 10 s",
    requiredS: 12,
    play: async () => {
      const bench = await hashingCool();
      lie(bench, 1, 1, () => 0xff);
      const s = await bench.until("full fans", isFull(bench), 30);
      await bench.holds("never believed", () => (bench.snapshot.chains[1]?.temperatureBoardMaxC ?? 0) > 20, 120);
      return s;
    },
  },
  {
    id: "sensor-127",
    fault: "both sensors of a board say 127 degrees",
    detectedBy: "outside of what a board can be",
    reaction: "not taken for heat; without a temperature power goes off after 10 s",
    requiredS: 13,
    play: async () => {
      const bench = await FaultBench.hashing();
      lie(bench, 0, 0, () => 0x7f);
      const address = bench.world.chains[0]?.sensors[1]?.model.address;
      bench.stage.disturb((answer, role, asked) =>
        role === "hashboards" && asked === address ? new Uint8Array(answer.length).fill(0x7f) : answer,
      );
      const s = await bench.until("power off", () => !bench.isOn, 30);
      assert.match(bench.thermalReason, /^no temperature sensor of chain 0 answers/);
      return s;
    },
  },
  {
    id: "sensor-frozen-start",
    fault: "a sensor keeps its value from before power was on",
    detectedBy: "unmoved for three minutes of hashing, or while its neighbour heated up by 8 K",
    reaction: "failed: full fans, the other sensor leads",
    requiredS: 200,
    play: async () => {
      const bench = await FaultBench.start();
      await bench.advance(2);
      bench.world.faults.sensors[0]![1] = "stuck";
      await bench.until("all chains hash", bench.allHash, 300);
      const found = (): boolean => bench.miner.parts.thermal.state.sensors[1]?.held?.isFrozen === true;
      const s = await bench.until("it is found frozen", found, 300);
      await bench.until("full fans", isFull(bench), 15);
      return s;
    },
  },
  {
    id: "board-frozen-start",
    fault: "both sensors of a board keep their value from before power was on",
    detectedBy: "unmoved for three minutes of hashing",
    reaction: "failed; without a temperature power goes off after 10 s",
    requiredS: 200,
    play: async () => {
      const bench = await FaultBench.start();
      await bench.advance(2);
      bench.world.faults.sensors[0]!.fill("stuck");
      await bench.until("chain 0 hashes", () => bench.states[0] === "hashing", 300);
      const s = await bench.until("power off", () => !bench.isOn, 300);
      assert.match(bench.thermalReason, /it stays at 25\.\d C whatever happens/);
      return s;
    },
  },
  {
    id: "sensor-frozen-run",
    fault: "a sensor freezes while hashing, then the air gets warmer",
    detectedBy: "unmoved while its neighbour moved by 8 K",
    reaction: "failed: full fans, the other sensor leads",
    requiredS: 240,
    play: async () => {
      const bench = await FaultBench.hashing();
      await bench.advance(300);
      bench.world.faults.sensors[0]![0] = "stuck";
      await bench.advance(60);
      bench.world.ambientC = 45;
      const frozen = (): boolean => bench.miner.parts.thermal.state.sensors[0]?.held?.isFrozen === true;
      const s = await bench.until("it is found frozen", frozen, 600);
      await bench.until("full fans", isFull(bench), 15);
      return s;
    },
  },
];

const HEAT_ROWS: readonly FaultRow[] = [
  {
    id: "board-too-hot",
    fault: "a board reads 76 degrees, one above its limit, from one second to the next",
    detectedBy: "a second reading at or above the limit",
    reaction: "power off, latched; the first cause is kept",
    requiredS: 2,
    play: async () => {
      const bench = await FaultBench.hashing();
      lie(bench, 1, 1, () => 76);
      const s = await bench.until("power off", () => !bench.isOn, 10);
      assert.match(bench.thermalReason, /^board (at 76|of chain 1 suddenly above its limit of 75)/);
      assert.deepEqual(bench.incidents("shutdown"), [bench.thermalReason]);
      return s;
    },
  },
  {
    id: "board-heats-up",
    fault: "air of 80 degrees at the inlet: a board climbs to its limit whatever the fans do",
    detectedBy: "the first believed reading at the limit",
    reaction: "throttled on the way, power off at the limit",
    requiredS: 2,
    play: async () => {
      const bench = await FaultBench.hashing();
      bench.world.ambientC = 80;
      const hottest = (): number => Math.max(...bench.world.chains.map(({ thermal }) => thermal.outletC));
      await bench.until("a sensor shows its limit", () => hottest() >= 75, 900);
      return bench.until("power off", () => !bench.isOn, 10);
    },
  },
  {
    id: "chip-too-hot",
    fault: "a chip reads 97 degrees, two above its limit",
    detectedBy: "a second reading a second later (chips are read every 5 s, every second near the limit)",
    reaction: "power off, latched",
    requiredS: 2,
    play: async () => {
      const bench = await FaultBench.hashing();
      const chip = bench.world.chains[2]?.model.chips[50];
      assert(chip !== undefined);
      const heat = (): void => {
        chip.dieTemperatureC = 97;
        bench.stage.clock.setTimer(50, heat);
      };
      heat();
      const read = (): boolean => (bench.snapshot.chains[2]?.temperatureChipMaxC ?? 0) >= 95;
      await bench.until("it is read", read, 10);
      const s = await bench.until("power off", () => !bench.isOn, 10);
      assert.match(bench.thermalReason, /^chip at 9\d\.\d C, limit 95 C$/);
      return s;
    },
  },
  {
    id: "warm-room",
    fault: "air of 50 degrees at the inlet",
    detectedBy: "hot for 30 s with full fans",
    reaction: "frequency down a step of 5 % each half minute until it holds; no shutdown",
    requiredS: 400,
    play: async () => {
      const bench = await FaultBench.hashing();
      bench.world.ambientC = 55;
      const slowed = (): boolean => bench.snapshot.thermal.phase === "throttling";
      const s = await bench.until("throttled", slowed, 900);
      await bench.holds("power stays on", () => bench.isOn, 900);
      assert((bench.snapshot.chains[0]?.frequencyMhz ?? 0) < 450);
      bench.world.ambientC = 25;
      await bench.until("all of the frequency back", () => (bench.snapshot.chains[0]?.frequencyMhz ?? 0) > 460, 3_000);
      return s;
    },
  },
  {
    id: "dust",
    fault: "dust lets a third of the air through",
    detectedBy: "the temperature itself",
    reaction: "faster fans; frequency down where they do not suffice; no shutdown",
    requiredS: 300,
    play: async () => {
      const bench = await hashingCool();
      const before = bench.dutyPct;
      bench.world.fans.airflowShare = 1 / 3;
      const s = await bench.until("more air", () => bench.dutyPct > before + 20, 600);
      await bench.holds("power stays on", () => bench.isOn, 1_200);
      await bench.earns();
      return s;
    },
  },
  {
    id: "too-cold",
    fault: "boards at -15 degrees at the start",
    detectedBy: "coldest board below -10 C",
    reaction: "no power until it is warmer, and the reason is shown",
    requiredS: 0,
    play: async () => {
      const bench = await FaultBench.start();
      bench.stage.world.ambientC = -15;
      for (const { thermal } of bench.world.chains) {
        thermal.dieC = -15;
        thermal.inletC = -15;
        thermal.outletC = -15;
      }
      await bench.stage.clock.advance(1_000);
      await bench.advance(1);
      await bench.holds("no power", () => !bench.isOn, 60);
      assert.match(bench.thermalReason, /too cold to start: warm the place above -10 C$/);
      bench.world.ambientC = 5;
      await bench.until("it starts by itself", bench.allHash, 900);
      return 0;
    },
  },
  {
    id: "latched-restart",
    fault: "the program is started again after it had shut the machine down",
    detectedBy: "the record of the shutdown in the data folder",
    reaction: "no power until the owner acknowledges it, and then only when it is cool",
    requiredS: 0,
    play: async () => {
      const bench = await FaultBench.hashing();
      lie(bench, 1, 1, () => 76);
      await bench.until("power off", () => !bench.isOn, 10);
      const cause = bench.thermalReason;
      const hot = await bench.miner.acknowledgeShutdown();
      assert.match(hot ?? "", /^a sensor of chain 1 still reads above the limit of 75 C$/);
      bench.stage.restartLife(1_000);
      await bench.advance(10);
      await bench.holds("no power", () => !bench.isOn, 120);
      assert.equal(bench.thermalReason, cause);
      bench.stage.world.i2c.disturb = null;
      await bench.advance(120);
      assert.equal(await bench.miner.acknowledgeShutdown(), null);
      await bench.until("it hashes again", bench.allHash, 300);
      return 0;
    },
  },
];

export const HEAT: FaultArea = {
  name: "heat",
  title: "Temperature and its sensors",
  rows: [...SENSOR_ROWS, ...HEAT_ROWS],
};
