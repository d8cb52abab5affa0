/** Pool groups of unlike difficulty on the same chips. */
import { expect, test } from "vitest";
import { FakePool } from "../support/fake-pool.ts";
import { rigPool, startRig } from "../support/rig.ts";

const [EASY_PORT, HARD_PORT] = [3401, 3402];
const [EASY, HARD] = [64, 8_192];

function scripted(difficulty: number): FakePool {
  const pool = new FakePool((2 ** 32 * 256) / 64);
  pool.onMining = () => {
    pool.setDifficulty(difficulty);
    pool.notify({ id: "j0", clean: true });
  };
  return pool;
}

test("chips report by the easiest pool's difficulty, whichever pool's job came last", async () => {
  const [easy, hard] = [scripted(EASY), scripted(HARD)];
  const rig = await startRig({
    hasPool: false,
    poolGroups: [
      { quota: 1, pools: [rigPool(HARD_PORT, "bob.9")] },
      { quota: 1, pools: [rigPool(EASY_PORT, "alice.1")] },
    ],
  });
  await easy.listen(rig.network, EASY_PORT);
  await hard.listen(rig.network, HARD_PORT);
  await rig.until("all hash", () => rig.snapshot().chains.every((c) => c.state === "hashing"), 60_000);
  const tickets = () => rig.snapshot().chains.map(({ ticketDifficulty }) => ticketDifficulty);
  const work = async () => {
    const before = easy.shares.length;
    await rig.advance(20_000);
    return (easy.shares.length - before) * EASY;
  };
  easy.notify({ id: "a1" });
  await rig.advance(1_500);
  const [ticketsBefore, workBefore] = [tickets(), await work()];
  expect(workBefore).toBeGreaterThan(0);
  hard.notify({ id: "b1" });
  await rig.advance(1_500);
  expect(tickets()).toEqual(ticketsBefore);
  expect(await work()).toBeGreaterThan(workBefore / 2);
  await rig.stop();
});
