import { expect, test } from "vitest";
import type { CommandContext } from "#firmware/cli/run-context.ts";
import { RunStop } from "#firmware/cli/run-stop.ts";
import { VirtualClock } from "#hal/emulator/virtual-clock.ts";

function stopWith(clock: VirtualClock): RunStop {
  const context = { clock, onStopSignal: () => undefined, stderr: () => undefined };
  return new RunStop(context as unknown as CommandContext, null);
}

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
