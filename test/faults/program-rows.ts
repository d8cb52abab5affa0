/** Faults of disk, clock, and of the program and the board that it runs on. */
import assert from "node:assert/strict";
import { INCIDENTS_FILE } from "#firmware/incidents/incident-log.ts";
import { LEDGER_FILE } from "#firmware/pool/ledger-keeper.ts";
import { FaultBench } from "./fault-bench.ts";
import type { FaultArea, FaultRow } from "./fault-row.ts";

const STORAGE_ROWS: readonly FaultRow[] = [
  {
    id: "disk-full",
    fault: "every write is refused",
    detectedBy: "the write itself",
    reaction: "told once; hashing goes on; what could not be written is written later",
    requiredS: 0,
    play: async () => {
      const bench = await FaultBench.hashing();
      bench.stage.store.isFull = true;
      await bench.holds("hashing", bench.allHash, 400);
      await bench.earns();
      bench.stage.store.isFull = false;
      await bench.until("receipts are written", () => bench.stage.store.files.has(LEDGER_FILE), 400);
      return 0;
    },
  },
  {
    id: "disk-unreadable",
    fault: "nothing can be read at the start",
    detectedBy: "the read itself",
    reaction: "told; mining starts; nothing is written over what could not be read",
    requiredS: 60,
    play: async () => {
      const bench = await FaultBench.start();
      bench.stage.store.files.set(LEDGER_FILE, '{"2026-01-01":[]}');
      bench.stage.store.isUnreadable = true;
      const s = await bench.until("all chains hash", bench.allHash, 120);
      await bench.advance(400);
      assert.equal(bench.stage.store.files.get(LEDGER_FILE), '{"2026-01-01":[]}');
      return s;
    },
  },
  {
    id: "receipts-damaged",
    fault: "the receipts on disk are damaged",
    detectedBy: "they do not parse",
    reaction: "set aside under another name, new ones begun",
    requiredS: 0,
    play: async () => {
      const bench = await FaultBench.start();
      bench.stage.store.files.set(LEDGER_FILE, '{"2026-01-0');
      await bench.until("all chains hash", bench.allHash, 120);
      assert.equal(bench.stage.store.files.get(`${LEDGER_FILE}.unreadable`), '{"2026-01-0');
      return 0;
    },
  },
  {
    id: "incidents-damaged",
    fault: "the record of incidents is damaged",
    detectedBy: "it does not parse",
    reaction: "set aside under another name, a new one begun",
    requiredS: 0,
    play: async () => {
      const bench = await FaultBench.start();
      bench.stage.store.files.set(INCIDENTS_FILE, "[]");
      await bench.until("all chains hash", bench.allHash, 120);
      assert.equal(bench.stage.store.files.get(`${INCIDENTS_FILE}.unreadable`), "[]");
      return 0;
    },
  },
  {
    id: "latch-damaged",
    fault: "the record of a shutdown cannot be understood",
    detectedBy: "it does not parse",
    reaction: "counts as a shutdown: no power until it is acknowledged",
    requiredS: 0,
    play: async () => {
      const bench = await FaultBench.start();
      bench.stage.store.files.set("shutdown.json", "{");
      await bench.advance(2);
      await bench.holds("no power", () => !bench.isOn, 60);
      assert.match(bench.thermalReason, /record \(shutdown\.json\) cannot be read$/);
      assert.equal(await bench.miner.acknowledgeShutdown(), null);
      await bench.until("all chains hash", bench.allHash, 120);
      return 0;
    },
  },
  {
    id: "torn-write",
    fault: "power goes in the middle of a write",
    detectedBy: "files are written whole or not at all",
    reaction: "the older file stays; the next start begins with it",
    requiredS: 60,
    play: async () => {
      const bench = await FaultBench.hashing();
      await bench.advance(400);
      const before = bench.stage.store.files.get(LEDGER_FILE);
      assert(before !== undefined);
      bench.stage.store.isTearing = true;
      await bench.advance(310);
      bench.stage.cutMains();
      bench.stage.store.isTearing = false;
      assert.equal(bench.stage.store.files.get(LEDGER_FILE), before);
      bench.stage.startSoon(0);
      return bench.until("all chains hash", bench.allHash, 300);
    },
  },
];

const CLOCK_ROWS: readonly FaultRow[] = [-56 * 365, 3_650, 1 / 12].map((days): FaultRow => {
  const name = days < 0 ? "back to 1970" : days > 1 ? "ten years ahead" : "two hours ahead";
  return {
    id: days < 0 ? "clock-1970" : days > 1 ? "clock-decade" : "clock-hours",
    fault: `the wall clock jumps ${name}`,
    detectedBy: "no timer hangs on it",
    reaction: "nothing changes: no restart, no fan action, shares go on",
    requiredS: 0,
    play: async () => {
      const bench = await FaultBench.hashing();
      const before = bench.dutyPct;
      bench.stage.wallOffsetMs = days * 86_400_000;
      await bench.holds("as before", () => bench.allHash() && Math.abs(bench.dutyPct - before) <= 80, 120);
      await bench.earns();
      assert.equal(bench.stage.restarts.itself, 0);
      return 0;
    },
  };
});

const PROGRAM_ROWS: readonly FaultRow[] = [
  {
    id: "stop-signal",
    fault: "SIGTERM, SIGINT or SIGHUP while hashing",
    detectedBy: "the signal",
    reaction: "power off first, then chips into reset, then links closed; watchdog let go",
    requiredS: 2,
    play: async () => {
      const bench = await FaultBench.hashing();
      bench.stage.endLife();
      const s = await bench.until("power off", () => !bench.isOn, 5);
      await bench.advance(60);
      assert.equal(bench.stage.restarts.watchdog, 0);
      return s;
    },
  },
  {
    id: "uncaught-error",
    fault: "a bug: a part throws what nobody expects",
    detectedBy: "the part's promise rejects",
    reaction: "power off, the program ends with the error and is started again by init",
    requiredS: 2,
    play: async () => {
      let isBroken = false;
      const bench = await FaultBench.hashing({
        wrapBoard: (board) => {
          const transfer: typeof board.hashboardBus.transfer = (...args) => {
            if (isBroken) throw new TypeError("undefined is not a function");
            return board.hashboardBus.transfer(...args);
          };
          return { ...board, hashboardBus: { name: "broken", transfer } };
        },
      });
      isBroken = true;
      const s = await bench.until("power off", () => !bench.isOn, 10);
      await bench.until("the process has ended", () => bench.stage.restarts.itself === 1, 5);
      return s;
    },
  },
  {
    id: "killed",
    fault: "the process is gone between two instructions (SIGKILL, out of memory)",
    detectedBy: "nobody feeds the watchdog",
    reaction: "the watchdog resets the board: power off, chips in reset; the next start says so",
    requiredS: 16,
    play: async () => {
      const bench = await FaultBench.hashing();
      bench.stage.killLife();
      const s = await bench.until("power off", () => !bench.isOn, 60);
      assert.equal(bench.stage.restarts.watchdog, 1);
      await bench.until("all chains hash again", bench.allHash, 300);
      assert.match(bench.incidents("uncleanEnd")[0] ?? "", /^run 1 ended without a word/);
      return s;
    },
  },
  {
    id: "watchdog-write-hangs",
    fault: "the write that feeds the watchdog never ends (its driver blocks)",
    detectedBy: "the watchdog itself",
    reaction: "it resets the board: power off",
    requiredS: 16,
    play: async () => {
      let isHung = false;
      const bench = await FaultBench.hashing({
        wrapBoard: (board) => {
          const { watchdog } = board;
          if (watchdog === null) return board;
          const feed = (): Promise<void> => (isHung ? new Promise<void>(() => undefined) : watchdog.feed());
          const rest = { setTimeoutS: (s: number) => watchdog.setTimeoutS(s), disarm: () => watchdog.disarm() };
          return { ...board, watchdog: { ...rest, feed } };
        },
      });
      isHung = true;
      return bench.until("power off", () => !bench.isOn, 60);
    },
  },
  {
    id: "mains-gone",
    fault: "mains are gone, and come back",
    detectedBy: "the next start finds a run that did not end",
    reaction: "nothing is powered before sensors and fans are proven again; shares go on; the cause is shown",
    requiredS: 60,
    play: async () => {
      const bench = await FaultBench.hashing();
      bench.stage.cutMains();
      await bench.advance(30);
      assert(!bench.isOn);
      bench.stage.startSoon(0);
      const s = await bench.until("all chains hash", bench.allHash, 300);
      assert.equal(bench.incidents("uncleanEnd").length, 1);
      await bench.earns();
      return s;
    },
  },
  {
    id: "watchdog-missing",
    fault: "the watchdog device cannot be used",
    detectedBy: "it refuses its time at the start",
    reaction: "told as an error; mining goes on without it",
    requiredS: 60,
    play: async () => {
      const bench = await FaultBench.start({
        wrapBoard: (board) => {
          return { ...board, watchdog: null };
        },
      });
      const s = await bench.until("all chains hash", bench.allHash, 300);
      assert.equal(bench.miner.parts.supervision.watchdog.timeoutS, null);
      return s;
    },
  },
  {
    id: "left-on",
    fault: "an earlier process was killed and left the supply on, nobody cut it",
    detectedBy: "every start begins with it",
    reaction: "first act of the next start: all off, before anything is proven",
    requiredS: 1,
    play: async () => {
      const bench = await FaultBench.hashing({
        wrapBoard: (board) => {
          return { ...board, watchdog: null };
        },
      });
      bench.stage.killLife();
      await bench.advance(5);
      assert(bench.isOn);
      bench.stage.startSoon(0);
      return bench.until("power off", () => !bench.isOn, 10);
    },
  },
];

export const STORAGE: FaultArea = { name: "storage", title: "Disk", rows: STORAGE_ROWS };
export const CLOCK: FaultArea = { name: "clock", title: "Clock", rows: CLOCK_ROWS };
export const PROGRAM: FaultArea = { name: "program", title: "The program and its board", rows: PROGRAM_ROWS };
