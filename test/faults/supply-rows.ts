/** Faults of the power supply, of the hashboards' voltage controllers and of the I2C buses that lead to them. */
import assert from "node:assert/strict";
import { nackError } from "#hal/emulator/i2c-net.ts";
import { SeededRandom } from "#hal/emulator/prng.ts";
import { dspicOf, picOf, psuOf } from "../support/board-parts.ts";
import { FaultBench } from "./fault-bench.ts";
import type { FaultArea, FaultRow } from "./fault-row.ts";

export const SUPPLY: FaultArea = {
  name: "supply",
  title: "Power supply",
  rows: [
    {
      id: "supply-dead-start",
      fault: "the supply does not answer on its bus at the start",
      detectedBy: "no acknowledge in several tries",
      reaction: "never switched on; tried again with growing pauses; the reason names bus and cable",
      requiredS: 0,
      play: async () => {
        const bench = await FaultBench.start();
        psuOf(bench).isDead = true;
        await bench.advance(1);
        await bench.holds("no power", () => !bench.isOn, 60);
        assert.match(bench.snapshot.chains[0]?.reason ?? "", /power supply 0x10 .* does not answer: check the cable/);
        psuOf(bench).isDead = false;
        await bench.until("it starts by itself", bench.allHash, 600);
        return 0;
      },
    },
    {
      id: "supply-ignores-sets",
      fault: "the supply keeps another set point than it was told",
      detectedBy: "the set point is read back before the output goes on",
      reaction: "never switched on",
      requiredS: 0,
      play: async () => {
        const bench = await FaultBench.start();
        psuOf(bench).ignoredSets = 1_000;
        await bench.advance(1);
        await bench.holds("no power", () => !bench.isOn, 60);
        assert.match(bench.snapshot.chains[0]?.reason ?? "", /holds \d+ instead of \d+/);
        return 0;
      },
    },
    {
      id: "supply-keeps-high",
      fault: "the supply does not take the lower working voltage once the chips run",
      detectedBy: "the set point is read back after each step",
      reaction: "power off: nobody knows what it gives",
      requiredS: 30,
      play: async () => {
        const bench = await FaultBench.start();
        await bench.until("all chains hash", bench.allHash, 300);
        psuOf(bench).ignoredSets = 1_000;
        const s = await bench.until("power off", () => !bench.isOn, 60);
        assert.match(bench.miner.parts.power.cutReason ?? "", /does not take the working voltage/);
        return s;
      },
    },
    {
      id: "supply-fails-loaded",
      fault: "the output fails under load and stays away",
      detectedBy: "every chain is silent for 20 of its nonce gaps, at least 10 s",
      reaction:
        "chains restarted, the supply switched off and on; then given up and off until the owner acknowledges it",
      requiredS: 15,
      play: async () => {
        const bench = await FaultBench.hashing();
        bench.world.faults.psuFailed = true;
        const s = await bench.until("restarted", () => bench.states.every((state) => state === "coolingDown"), 60);
        await bench.until("given up", () => bench.miner.parts.power.cutReason !== null, 2_400);
        assert.equal(bench.miner.parts.power.cutReason, "no chain is left that could run");
        assert(!bench.isOn);
        bench.world.faults.psuFailed = false;
        assert.equal(await bench.miner.acknowledgeShutdown(), null);
        await bench.until("all chains hash again", bench.allHash, 300);
        return s;
      },
    },
    {
      id: "supply-trips",
      fault: "the supply switches its output off by itself (over-temperature, over-current)",
      detectedBy: "no chip of any chain answers, in two tries",
      reaction: "the supply is switched off and on, which ends the trip; all chains start anew",
      requiredS: 120,
      play: async () => {
        const bench = await FaultBench.hashing();
        psuOf(bench).trip();
        await bench.until("noticed", () => bench.states.every((state) => state === "coolingDown"), 60);
        const s = await bench.until("all chains hash", bench.allHash, 300);
        assert.deepEqual(bench.incidents("powerCycle"), [
          "no chip of any chain answers: the supply is switched off and on",
        ]);
        await bench.earns();
        return s;
      },
    },
    {
      id: "supply-dip",
      fault: "the output dips for half a second: all chips forget everything",
      detectedBy: "every chain is silent",
      reaction: "each chain is started anew and hashes again",
      requiredS: 120,
      play: async () => {
        const bench = await FaultBench.hashing();
        bench.world.faults.psuFailed = true;
        await bench.advance(0.5);
        bench.world.faults.psuFailed = false;
        await bench.until("noticed", () => !bench.allHash(), 60);
        const s = await bench.until("all chains hash", bench.allHash, 300);
        await bench.earns();
        return s;
      },
    },
    {
      id: "supply-bus-stuck-run",
      fault: "the supply's bus hangs while hashing",
      detectedBy: "nothing is asked of it while hashing",
      reaction: "hashing goes on; power still goes off at the end, over the enable line",
      requiredS: 2,
      play: async () => {
        const bench = await FaultBench.hashing();
        await bench.advance(60);
        bench.world.i2c.stuck.supply = true;
        await bench.holds("hashing", bench.allHash, 120);
        bench.stage.endLife();
        return bench.until("power off", () => !bench.isOn, 5);
      },
    },
  ],
};

const CONTROLLER_ROWS: readonly FaultRow[] = [
  {
    id: "controller-dead-start",
    fault: "S9: the controller of one board does not answer at the start",
    detectedBy: "no acknowledge in several tries",
    reaction: "its board stays off with the reason, the others hash",
    requiredS: 60,
    play: async () => {
      const bench = await FaultBench.start({ machine: "s9" });
      picOf(bench, 1).isDead = true;
      const two = (): boolean => bench.states.filter((state) => state === "hashing").length === 2;
      const s = await bench.until("the others hash", two, 120);
      assert.match(bench.snapshot.chains[1]?.reason ?? "", /0x56/);
      return s;
    },
  },
  {
    id: "controller-dies",
    fault: "S9: the controller of one board stops answering while hashing",
    detectedBy: "its heartbeat is not acknowledged",
    reaction: "that chain is stopped; the controller cuts its own board; the others go on",
    requiredS: 15,
    play: async () => {
      const bench = await FaultBench.hashing({ machine: "s9" });
      picOf(bench, 0).isDead = true;
      const s = await bench.until("stopped", () => bench.states[0] !== "hashing", 60);
      assert.deepEqual(bench.states.slice(1), ["hashing", "hashing"]);
      return s;
    },
  },
  {
    id: "controller-cuts-orphan",
    fault: "S9: the program is killed, nothing feeds the controllers any more",
    detectedBy: "the controllers themselves",
    reaction: "each cuts its own board, without any help",
    requiredS: 90,
    play: async () => {
      const bench = await FaultBench.hashing({
        machine: "s9",
        wrapBoard: (board) => {
          return { ...board, watchdog: null };
        },
      });
      bench.stage.killLife();
      return bench.until("power off", () => !bench.isOn, 180);
    },
  },
  {
    id: "dspic-dies",
    fault: "S17: the controller of one board stops answering while hashing",
    detectedBy: "its heartbeat is not acknowledged",
    reaction: "that chain is stopped; the controller cuts its own board; the others go on",
    requiredS: 15,
    play: async () => {
      const bench = await FaultBench.hashing({ machine: "s17" });
      dspicOf(bench, 2).isDead = true;
      const s = await bench.until("stopped", () => bench.states[2] !== "hashing", 60);
      assert.deepEqual(bench.states.slice(0, 2), ["hashing", "hashing"]);
      return s;
    },
  },
];

const BUS_ROWS: readonly FaultRow[] = [
  {
    id: "board-bus-stuck-start",
    fault: "the bus of the hashboards is stuck from the start",
    detectedBy: "no temperature of any board",
    reaction: "no power, full fans; starts by itself when the bus is free",
    requiredS: 0,
    play: async () => {
      const bench = await FaultBench.start();
      bench.world.i2c.stuck.hashboards = true;
      await bench.advance(1);
      await bench.holds("no power", () => !bench.isOn, 60);
      assert.equal(bench.dutyPct, 100);
      bench.world.i2c.stuck.hashboards = false;
      await bench.until("it starts by itself", bench.allHash, 300);
      return 0;
    },
  },
  {
    id: "board-bus-stuck-run",
    fault: "the bus of the hashboards hangs while hashing",
    detectedBy: "no good reading for 10 s",
    reaction: "full fans at once, power off, latched",
    requiredS: 13,
    play: async () => {
      const bench = await FaultBench.hashing();
      bench.world.i2c.stuck.hashboards = true;
      return bench.until("power off", () => !bench.isOn, 30);
    },
  },
  {
    id: "board-bus-nacks",
    fault: "a third of the transactions with the hashboards fail",
    detectedBy: "single bad readings",
    reaction: "borne: counted, nothing else changes",
    requiredS: 0,
    play: async () => {
      const bench = await FaultBench.hashing();
      const random = new SeededRandom(5);
      bench.stage.disturb((answer, role, address) => {
        if (role === "hashboards" && random.unit() < 1 / 3) throw nackError(role, address);
        return answer;
      });
      await bench.holds("hashing", bench.allHash, 300);
      return 0;
    },
  },
  {
    id: "board-bus-hangs-driver",
    fault: "a transaction with the hashboards never ends (the kernel's driver hangs)",
    detectedBy: "the thermal loop does not finish a turn within 10 s",
    reaction: "the program ends itself with the power off",
    requiredS: 13,
    play: async () => {
      let isHung = false;
      const bench = await FaultBench.hashing({
        wrapBoard: (board) => {
          const { hashboardBus } = board;
          const transfer: typeof hashboardBus.transfer = (...args) =>
            isHung ? new Promise<never>(() => undefined) : hashboardBus.transfer(...args);
          return { ...board, hashboardBus: { name: hashboardBus.name, transfer } };
        },
      });
      isHung = true;
      const s = await bench.until("power off", () => !bench.isOn, 30);
      await bench.until("the process has ended", () => bench.stage.restarts.itself === 1, 5);
      return s;
    },
  },
];

export const CONTROLLERS: FaultArea = {
  name: "controllers",
  title: "Voltage controllers and I2C buses",
  rows: [...CONTROLLER_ROWS, ...BUS_ROWS],
};
