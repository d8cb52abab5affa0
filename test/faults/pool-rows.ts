/** Faults of pools and of the network that leads to them. */
import assert from "node:assert/strict";
import { PRIMARY_PORT } from "../simulation/stage.ts";
import { FaultBench } from "./fault-bench.ts";
import type { FaultArea } from "./fault-row.ts";

const workingPool = (bench: FaultBench): number => bench.snapshot.pools.findIndex(({ isWorking }) => isWorking);
const onBackup = (bench: FaultBench) => (): boolean => workingPool(bench) === 1;

/** The backup works, and later the preferred pool again. */
async function failsOver(bench: FaultBench, limitS: number, mend: () => void): Promise<number> {
  const s = await bench.until("the backup works", onBackup(bench), limitS);
  await bench.earns();
  mend();
  await bench.until("the preferred pool works again", () => workingPool(bench) === 0, 900);
  assert.equal(bench.wrongShares, 0);
  return s;
}

export const POOLS: FaultArea = {
  name: "pools",
  title: "Pools and network",
  rows: [
    {
      id: "pool-silent",
      fault: "the pool says nothing any more, the connection stands",
      detectedBy: "a submit without an answer, or no job for too long",
      reaction: "the backup works; back when the pool has been sound for half a minute",
      requiredS: 60,
      play: async () => {
        const bench = await FaultBench.hashing();
        bench.stage.primary.faults.isSilent = true;
        return failsOver(bench, 300, () => {
          bench.stage.primary.faults.isSilent = false;
          bench.stage.primary.disconnectAll();
        });
      },
    },
    {
      id: "pool-half-open",
      fault: "packets to and from the pool are lost without a word",
      detectedBy: "a submit without an answer",
      reaction: "the backup works; back as above",
      requiredS: 60,
      play: async () => {
        const bench = await FaultBench.hashing();
        bench.stage.flaky.mute.add(PRIMARY_PORT);
        return failsOver(bench, 300, () => bench.stage.flaky.mute.delete(PRIMARY_PORT));
      },
    },
    {
      id: "pool-gone",
      fault: "the pool's program ends, its port refuses",
      detectedBy: "the connection closes",
      reaction: "the backup works at once",
      requiredS: 5,
      play: async () => {
        const bench = await FaultBench.hashing();
        await bench.stage.primary.stop();
        return failsOver(bench, 60, () => void bench.stage.primary.start());
      },
    },
    {
      id: "pool-disconnects",
      fault: "the pool cuts the connection once",
      detectedBy: "the connection closes",
      reaction: "the backup works at once, the pool is dialled again and comes back",
      requiredS: 5,
      play: async () => {
        const bench = await FaultBench.hashing();
        bench.stage.primary.disconnectAll();
        return failsOver(bench, 60, () => undefined);
      },
    },
    {
      id: "pool-rejects-all",
      fault: "every share is refused",
      detectedBy: "twenty refusals in a row over a minute",
      reaction: "the pool is passed over for ten minutes, the backup works",
      requiredS: 120,
      play: async () => {
        const bench = await FaultBench.hashing();
        bench.stage.primary.faults.rejectsAll = true;
        return failsOver(bench, 300, () => {
          bench.stage.primary.faults.rejectsAll = false;
        });
      },
    },
    {
      id: "pool-nonsense",
      fault: "lines without sense, cut short, or no JSON at all",
      detectedBy: "each line is checked before it is used",
      reaction: "dropped with a reason; the session goes on or is opened anew; no wrong share",
      requiredS: 0,
      play: async () => {
        const bench = await FaultBench.hashing();
        const lines = [
          '{"id":null,"method":"mining.notify","params":[1,2,3]}',
          "<html>",
          "[]",
          '{"method":5}',
          "\u0000",
        ];
        for (let i = 0; i < 100; i++) {
          bench.stage.primary.sendRaw(`${lines[i % lines.length] ?? ""}\n`);
          await bench.advance(0.5);
        }
        await bench.earns();
        assert.equal(bench.wrongShares, 0);
        return 0;
      },
    },
    {
      id: "pool-job-flood",
      fault: "fifty jobs a second, every tenth a clean one",
      detectedBy: "the last one counts",
      reaction: "chips get the newest job; queues stay bounded; shares go on",
      requiredS: 0,
      play: async () => {
        const bench = await FaultBench.hashing();
        for (let i = 0; i < 500; i++) {
          if (i % 10 === 9) bench.stage.primary.newBlock();
          else bench.stage.primary.refresh();
          await bench.advance(0.02);
        }
        await bench.earns();
        assert.equal(bench.wrongShares, 0);
        return 0;
      },
    },
    {
      id: "pool-new-extranonce",
      fault: "extranonces change in the middle of the session",
      detectedBy: "mining.set_extranonce",
      reaction: "new work at once; no share with the old one",
      requiredS: 0,
      play: async () => {
        const bench = await FaultBench.hashing();
        for (let i = 0; i < 12; i++) {
          bench.stage.primary.changeExtranonces();
          await bench.advance(5);
        }
        await bench.earns();
        assert.equal(bench.wrongShares, 0);
        return 0;
      },
    },
    {
      id: "network-down",
      fault: "no pool can be reached",
      detectedBy: "no pool gives jobs for two minutes",
      reaction: "chains stop and power goes off; all starts again by itself when a pool is back",
      requiredS: 240,
      play: async () => {
        const bench = await FaultBench.hashing();
        bench.stage.network.setDown(true);
        bench.stage.network.breakAll();
        const s = await bench.until("power off", () => !bench.isOn, 600);
        assert.equal(bench.snapshot.pauseReason, "no pool gives jobs");
        bench.stage.network.setDown(false);
        await bench.until("it hashes again", bench.allHash, 900);
        await bench.earns();
        return s;
      },
    },
    {
      id: "connections-break",
      fault: "all connections break at once",
      detectedBy: "they close",
      reaction: "dialled again; chips go on with the last job meanwhile",
      requiredS: 30,
      play: async () => {
        const bench = await FaultBench.hashing();
        const before = bench.snapshot.pools.reduce((sum, { connects }) => sum + connects, 0);
        bench.stage.network.breakAll();
        const again = (): boolean => bench.snapshot.pools.reduce((sum, { connects }) => sum + connects, 0) > before;
        const s = await bench.until("connected again", again, 120);
        assert(bench.allHash());
        await bench.earns();
        return s;
      },
    },
  ],
};
