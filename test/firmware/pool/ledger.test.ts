import { expect, test, vi } from "vitest";
import { receiptsTable } from "#firmware/cli/receipts-command.ts";
import { createLog } from "#firmware/log.ts";
import { bookShare, dayOf, type Ledger, ledgerText, parseLedger, UNKNOWN_DAY } from "#firmware/pool/ledger.ts";
import { LEDGER_FILE, LedgerKeeper } from "#firmware/pool/ledger-keeper.ts";
import { MemoryStore } from "#hal/emulator/memory-store.ts";
import { VirtualClock } from "#hal/emulator/virtual-clock.ts";
import { fixtureNotify, SessionDriver, shareOf } from "../stratum/session-support.ts";

const alice = { pool: "stratum+tcp://a:1", user: "alice.1", difficulty: 512.5 };
const bob = { pool: "stratum+tcp://b:2", user: "bob.9", difficulty: 8 };

function job() {
  const found = new SessionDriver().handshake().receive(fixtureNotify()).jobs[0]?.job;
  if (found === undefined) throw new Error("no job");
  return found;
}

test("every share is booked once, under its day, pool and user", () => {
  let ledger: Ledger = {};
  for (const outcome of ["accepted", "accepted", "rejected", "stale", "lost"] as const) {
    ledger = bookShare(ledger, "2026-11-28", alice, outcome);
  }
  ledger = bookShare(ledger, "2026-11-28", bob, "accepted");
  ledger = bookShare(ledger, "2026-11-29", alice, "accepted");
  expect(ledger["2026-11-28"]).toEqual([
    {
      pool: alice.pool,
      user: "alice.1",
      acceptedShares: 2,
      acceptedDifficulty: 1025,
      rejectedShares: 1,
      staleShares: 1,
      lostShares: 1,
    },
    {
      pool: bob.pool,
      user: "bob.9",
      acceptedShares: 1,
      acceptedDifficulty: 8,
      rejectedShares: 0,
      staleShares: 0,
      lostShares: 0,
    },
  ]);
  expect(ledger["2026-11-29"]?.length).toBe(1);
  expect(parseLedger(ledgerText(ledger))).toEqual(ledger);
  expect(receiptsTable(ledger).trim().split("\n").length).toBe(4);
});

test("days are UTC; before the clock was set there is no date", () => {
  expect(dayOf(Date.UTC(2026, 10, 28, 23, 59, 59))).toBe("2026-11-28");
  expect(dayOf(5_000)).toBe(UNKNOWN_DAY);
});

test.each(["", "{", "[]", '{"version":2,"days":{}}', '{"version":1,"days":{"2026-11-28":[{"pool":"x"}]}}'])(
  "%s is no ledger",
  (text) => {
    expect(parseLedger(text)).toBeNull();
  },
);

test("receipts outlive a run, and what is booked while the file is read is added", async () => {
  const store = new MemoryStore();
  const clock = new VirtualClock();
  const share = shareOf(job());
  for (let run = 1; run <= 2; run++) {
    const stop = new AbortController();
    const keeper = new LedgerKeeper({ log: createLog("silent"), clock, store });
    const running = keeper.run(stop.signal, Promise.resolve());
    keeper.book(share, "accepted");
    await clock.advance(301_000);
    expect(store.writes).toBe(2 * run - 1);
    keeper.book(share, "lowDifficulty");
    stop.abort();
    await clock.advance(1);
    await running;
    const day = Object.keys(parseLedger(store.files.get(LEDGER_FILE) ?? "") ?? {});
    expect(keeper.ledger[day[0] ?? ""]).toMatchObject([{ acceptedShares: run, rejectedShares: run }]);
  }
});

test("a file that is no ledger is set aside, and a full disk is told without an end of the run", async () => {
  const store = new MemoryStore();
  store.files.set(LEDGER_FILE, "{ torn");
  const clock = new VirtualClock();
  const stop = new AbortController();
  const keeper = new LedgerKeeper({ log: createLog("silent"), clock, store });
  const running = keeper.run(stop.signal, Promise.resolve());
  await clock.advance(1);
  expect(store.files.get(`${LEDGER_FILE}.unreadable`)).toBe("{ torn");
  keeper.book(shareOf(job()), "accepted");
  store.isFull = true;
  await clock.advance(301_000);
  store.isFull = false;
  stop.abort();
  await clock.advance(1);
  await running;
  expect(parseLedger(store.files.get(LEDGER_FILE) ?? "")).not.toBeNull();
});

test("a file that cannot be read is not written over: what is booked waits, and is added when it can be read", async () => {
  const store = new MemoryStore();
  const clock = new VirtualClock();
  const before = bookShare({}, dayOf(clock.wallTimeMs()), alice, "accepted");
  store.files.set(LEDGER_FILE, ledgerText(before));
  store.isUnreadable = true;
  const stop = new AbortController();
  const log = createLog("silent");
  const told = vi.spyOn(log, "error");
  const keeper = new LedgerKeeper({ log, clock, store });
  const running = keeper.run(stop.signal, Promise.resolve());
  keeper.book(shareOf(job()), "accepted");
  await clock.advance(601_000);
  expect(store.files.get(LEDGER_FILE)).toBe(ledgerText(before));
  expect(told).toHaveBeenCalledTimes(1);
  store.isUnreadable = false;
  stop.abort();
  await clock.advance(1);
  await running;
  const days = Object.values(parseLedger(store.files.get(LEDGER_FILE) ?? "") ?? {});
  expect(days.flat().map(({ acceptedShares }) => acceptedShares)).toEqual([1, 1]);
});

test("the last write waits for the outcomes of the last shares, and a file that was set aside before stays", async () => {
  const store = new MemoryStore();
  store.files.set(LEDGER_FILE, "{ torn");
  store.files.set(`${LEDGER_FILE}.unreadable`, "{ older");
  const clock = new VirtualClock();
  const stop = new AbortController();
  const keeper = new LedgerKeeper({ log: createLog("silent"), clock, store });
  let end = (): void => undefined;
  const pools = new Promise<void>((resolve) => {
    end = resolve;
  });
  const running = keeper.run(stop.signal, pools);
  await clock.advance(1);
  expect(store.files.get(`${LEDGER_FILE}.unreadable-2`)).toBe("{ torn");
  expect(store.files.get(`${LEDGER_FILE}.unreadable`)).toBe("{ older");
  stop.abort();
  await clock.advance(1);
  keeper.book(shareOf(job()), "lost");
  end();
  await running;
  const days = Object.values(parseLedger(store.files.get(LEDGER_FILE) ?? "") ?? {});
  expect(days.flat()).toMatchObject([{ lostShares: 1 }]);
});
