/** The boot at the end of a run, and a board that does not boot. */
import { expect, test } from "vitest";
import type { CommandContext } from "#firmware/cli/run-context.ts";
import { RunStop } from "#firmware/cli/run-stop.ts";
import { rebootIfOrdered } from "#firmware/cli/run-updates.ts";
import { VirtualClock } from "#hal/emulator/virtual-clock.ts";

const HOUR_MS = 3_600_000;

/** A run that has ended for a boot. `answers`: what each order to boot comes to; null = the board goes down. */
async function ended(answers: readonly (string | null)[], isGoingDown = true) {
  const clock = new VirtualClock();
  const told: string[] = [];
  const orders: number[] = [];
  let signal: (name: string) => void = () => undefined;
  const context = {
    clock,
    stderr: (text: string) => void told.push(text),
    onStopSignal: (listener: (name: string) => void) => {
      signal = listener;
    },
    openUpdates: () => ({
      reboot: () => {
        const answer = answers[orders.length] ?? answers.at(-1) ?? null;
        orders.push(clock.nowMs());
        if (answer === null && isGoingDown) clock.setTimer(5_000, () => signal("SIGTERM"));
        return Promise.resolve(answer);
      },
    }),
  } as unknown as CommandContext;
  const stop = new RunStop(context, null);
  stop.begin();
  stop.reboot("to boot version 2");
  await clock.advance(1_000);
  const off: { reason: string; life: AbortController }[] = [];
  const stayOff = (reason: string, life: AbortController): Promise<number> => {
    off.push({ reason, life });
    return new Promise((resolve) => life.signal.addEventListener("abort", () => resolve(1)));
  };
  let code: number | null = null;
  void rebootIfOrdered(context, stop, 0, stayOff).then((end) => {
    code = end;
  });
  return { clock, told, orders, off, stop, code: () => code, signal: () => signal("SIGTERM") };
}

test("a board that goes down ends the program in order", async () => {
  const run = await ended([null]);
  await run.clock.advance(10_000);
  expect([run.code(), run.orders.length, run.off.length]).toEqual([0, 1, 0]);
});

test.each([
  ["refuses", ["the program reboot ended with 1 (no)"], "ended with 1 (no)"],
  ["is told to and stays", [null], "still runs after 120 s"],
])(
  "a board that %s is ordered three times and then stays off, until somebody stops the program",
  async (_, answers, why) => {
    const run = await ended(answers, false);
    await run.clock.advance(HOUR_MS);
    expect(run.orders).toHaveLength(3);
    expect(run.told.filter((text) => text.includes("does not boot: "))).toHaveLength(3);
    expect(run.off).toHaveLength(1);
    expect(run.off[0]?.reason).toContain("the board should boot, to boot version 2, and does not");
    expect(run.off[0]?.reason).toContain(why);
    expect(run.code()).toBeNull();
    // No order begins anything: neither another boot nor a restart.
    run.stop.reboot("again");
    run.stop.restart("the settings changed");
    await run.clock.advance(HOUR_MS);
    expect([run.orders.length, run.off[0]?.life.signal.aborted]).toEqual([3, false]);
    run.signal();
    await run.clock.advance(1_000);
    expect(run.code()).toBe(1);
  },
);

test("a board that boots at the second order needs no third, and a stop signal ends the waiting", async () => {
  const run = await ended(["busy", null]);
  await run.clock.advance(HOUR_MS);
  expect([run.code(), run.orders.length, run.off.length]).toEqual([0, 2, 0]);
  const stopped = await ended(["busy"]);
  stopped.signal();
  await stopped.clock.advance(HOUR_MS);
  expect([stopped.code(), stopped.orders.length, stopped.off.length]).toEqual([1, 1, 0]);
});
