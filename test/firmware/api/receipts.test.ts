import { expect, test } from "vitest";
import { answerIdle } from "#firmware/api/idle-queries.ts";
import { RECEIPTS_MAX, receiptsOf } from "#firmware/api/receipts.ts";
import { bookShare, type Ledger, ledgerText } from "#firmware/pool/ledger.ts";
import { MemoryStore } from "#hal/emulator/memory-store.ts";

function ledgerOf(days: readonly string[], usersADay: number): Ledger {
  let ledger: Ledger = {};
  for (const day of days)
    for (let user = 0; user < usersADay; user++)
      ledger = bookShare(
        ledger,
        day,
        { pool: "stratum+tcp://pool.test:3333", user: `w${user}`, difficulty: 8 },
        "accepted",
      );
  return ledger;
}

test("receipts come newest first, as many days as asked for, and the rest is counted", () => {
  const ledger = ledgerOf(["2026-11-26", "2026-11-28", "2026-11-27"], 2);
  const { days, olderDays } = receiptsOf(ledger, 2);
  expect(days.map(({ day, receipts }) => [day, receipts.length])).toEqual([
    ["2026-11-28", 2],
    ["2026-11-27", 2],
  ]);
  expect(olderDays).toBe(1);
});

test("an answer is bounded however many users a day has", () => {
  const ledger = ledgerOf(["2026-11-27", "2026-11-28"], RECEIPTS_MAX / 2 + 1);
  expect(receiptsOf(ledger, 30)).toMatchObject({ days: [{ day: "2026-11-28" }], olderDays: 1 });
});

test("in the safe idle receipts come from the folder, and nothing else is answered", async () => {
  const store = new MemoryStore();
  expect(await answerIdle({ kind: "receipts", days: 5 }, store)).toEqual({
    ok: true,
    data: { days: [], olderDays: 0 },
  });
  store.files.set("receipts.json", ledgerText(ledgerOf(["2026-11-28"], 1)));
  expect(await answerIdle({ kind: "receipts", days: 5 }, store)).toMatchObject({
    data: { days: [{ day: "2026-11-28", receipts: [{ user: "w0", acceptedDifficulty: 8 }] }] },
  });
  store.isUnreadable = true;
  expect(await answerIdle({ kind: "receipts", days: 5 }, store)).toMatchObject({ ok: false });
  expect(await answerIdle({ kind: "sensors" }, store)).toMatchObject({ ok: false, message: "Nothing is switched on." });
});
