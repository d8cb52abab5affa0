/** What the run of power cuts counts and when it is good; the rounds themselves need QEMU. */
import { expect, test } from "vitest";
import { CALM_ROUNDS_MAX, runRounds, Tally } from "../../qemu/power-cut-tally.mjs";

const GIVEN_UP =
  "SETTINGS whole 3\r\nRUNS 0.0.3 in B, provingItself\r\nINCIDENT version 0.0.3 is given up: it did not prove itself within 15 min: x\r\nPROVED rolledBack\r\n";
const OLDER =
  "SETTINGS whole 3\r\nINCIDENT an older version runs again: version 0.0.3: it did not prove itself\r\nRUNS 0.0.2 in A, rolledBack\r\n";

test("a version that goes back is one rollback, although it is told before the boot and after it", () => {
  const tally = new Tally();
  tally.note(GIVEN_UP, 3);
  tally.note(OLDER, 2);
  expect(tally).toMatchObject({ rolledBack: 1, committed: 0, problems: [] });
  tally.note("SETTINGS whole 3\r\nINCIDENT an older version runs again: version 0.0.4 did not start\r\n", 2);
  expect(tally.rolledBack).toBe(2);
});

test("settings that are torn or older than what was confirmed are a problem, as is what never came", () => {
  const tally = new Tally();
  tally.note("SETTINGS whole 1\r\nWROTE 2\r\nWROTE 3\r\nWROTE 4", 1);
  expect(tally.confirmed).toBe(3);
  tally.note('SETTINGS TORN "begin"\r\n', 1);
  tally.note("SETTINGS whole 2\r\nNEVER the proof\r\n", 1);
  expect(tally.problems).toHaveLength(4);
});

/** Rounds of which the given one and each later one commits. */
function rounds(firstCommit: number) {
  const tally = new Tally();
  const done: boolean[] = [];
  const round = (isCut: boolean): Promise<void> => {
    done.push(isCut);
    if (isCut) tally.cuts++;
    if (done.length >= firstCommit) tally.note("PROVED committed\r\n", 1);
    return Promise.resolve();
  };
  return { tally, done, round };
}

test("after the last cut it goes on undisturbed until a version is committed, and then nothing is lacking", async () => {
  const { tally, done, round } = rounds(8);
  await runRounds(tally, 3, round);
  expect(done).toEqual([false, true, true, true, false, false, false, false]);
  expect(tally.lacks(3)).toEqual([]);
});

test("without any committed version it ends all the same, and is not good", async () => {
  const { tally, done, round } = rounds(1_000);
  await runRounds(tally, 3, round);
  expect(done).toHaveLength(4 + CALM_ROUNDS_MAX);
  expect(tally.lacks(3)).toEqual([expect.stringContaining("no version was committed")]);
  expect(tally.lacks(4)).toContain("3 cuts of 4");
  expect(tally.lacks(Number.NaN)).toContain("3 cuts of NaN");
});
