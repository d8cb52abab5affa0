import { expect, test } from "vitest";
import { sleep } from "#hal/clock.ts";
import { SystemClock } from "#hal/linux/system-clock.ts";
import { SystemRandom } from "#hal/linux/system-random.ts";

test("a timer never fires before its time, and a cancelled one never fires", async () => {
  const clock = new SystemClock();
  let isFired = false;
  clock
    .setTimer(1, () => {
      isFired = true;
    })
    .cancel();
  for (const delayMs of [0.4, 1.5, 7.3]) {
    const startMs = clock.nowMs();
    await sleep(clock, delayMs);
    expect(clock.nowMs() - startMs).toBeGreaterThanOrEqual(delayMs);
  }
  expect(isFired).toBe(false);
});

test("timers with a time that has passed still fire", async () => {
  await sleep(new SystemClock(), -5);
});

test("random words fill their range", () => {
  const random = new SystemRandom();
  let or = 0;
  for (let i = 0; i < 1000; i++) {
    or |= random.uint32();
    const unit = random.unit();
    expect(unit >= 0 && unit < 1).toBe(true);
  }
  expect(or >>> 0).toBe(0xffffffff);
});
