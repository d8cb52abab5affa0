import { expect, test } from "vitest";
import { startRig } from "../support/rig.ts";

test("three emulated S21 chains mine shares that the pool accepts", async () => {
  const rig = await startRig();
  await rig.until("first accepted share", () => rig.snapshot().pool.shares.accepted > 0, 60_000);
  await rig.advance(60_000);
  const s = rig.snapshot();
  expect(s.chains.map((c) => [c.state, c.chips])).toEqual([
    ["hashing", 108],
    ["hashing", 108],
    ["hashing", 108],
  ]);
  console.log(JSON.stringify(s, null, 1));
  console.log(rig.pool.counts());
  await rig.stop();
  expect(rig.world.powerIsOn).toBe(false);
});
