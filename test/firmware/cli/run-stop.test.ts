import { expect, test } from "vitest";
import type { CommandContext } from "#firmware/cli/run-context.ts";
import { RunStop } from "#firmware/cli/run-stop.ts";
import { VirtualClock } from "#hal/emulator/virtual-clock.ts";

function stopWith(clock: VirtualClock): RunStop {
  const context = { clock, onStopSignal: () => undefined, stderr: () => undefined };
  return new RunStop(context as unknown as CommandContext, null);
}

/** Lives that end by a restart, one after the other. */
function livesOf(stop: RunStop): { readonly ended: number } {
  const count = { ended: 0 };
  const live = (): void => {
    const { signal } = stop.begin();
    signal.addEventListener("abort", () => {
      count.ended++;
      if (stop.wantsRestart) live();
    });
  };
  live();
  return count;
}

test("a later restart waits for the last of several orders, and one that is due goes before it", async () => {
  const clock = new VirtualClock();
  const stop = stopWith(clock);
  const lives = livesOf(stop);
  stop.restart("pools were set", 5_000);
  await clock.advance(4_000);
  stop.restart("pools were set again", 5_000);
  await clock.advance(4_000);
  expect(lives.ended).toBe(0);
  // A manager that sets pools asks for the restart itself a moment later.
  stop.restart("reboot page");
  stop.restart("pools were set a third time", 5_000);
  await clock.advance(300);
  expect(lives.ended).toBe(1);
  await clock.advance(60_000);
  expect(lives.ended).toBe(1);
  stop.restart("pools were set", 5_000);
  await clock.advance(5_000);
  expect(lives.ended).toBe(2);
});

test("what is ordered while a life ends has come true with the next, which read the settings anew", async () => {
  const clock = new VirtualClock();
  const stop = stopWith(clock);
  const first = stop.begin();
  stop.restart("the settings changed");
  await clock.advance(300);
  expect(first.signal.aborted).toBe(true);
  stop.restart("they changed again", 5_000);
  stop.restart("reboot page");
  const second = stop.begin();
  await clock.advance(60_000);
  expect(second.signal.aborted).toBe(false);
  stop.restart("they changed once more");
  await clock.advance(300);
  expect(second.signal.aborted).toBe(true);
});

test("a reboot takes the place of a restart that is under way, and no restart takes its place", async () => {
  const clock = new VirtualClock();
  const stop = stopWith(clock);
  const life = stop.begin();
  stop.restart("the settings changed");
  stop.reboot("to boot version 2");
  stop.restart("the settings changed again");
  await clock.advance(1_000);
  expect(life.signal.aborted).toBe(true);
  expect(stop.wantsRestart).toBe(false);
  expect(stop.rebootReason).toBe("to boot version 2");
});

test("a reboot that is ordered while a restart begins ends the next life", async () => {
  const clock = new VirtualClock();
  const stop = stopWith(clock);
  const first = stop.begin();
  stop.restart("the settings changed");
  await clock.advance(1_000);
  expect(first.signal.aborted && stop.wantsRestart).toBe(true);
  stop.reboot("to boot version 2");
  const second = stop.begin();
  await clock.advance(1_000);
  expect(second.signal.aborted).toBe(true);
  expect(stop.wantsRestart).toBe(false);
});
