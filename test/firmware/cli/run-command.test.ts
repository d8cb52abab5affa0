import { expect, test } from "vitest";
import { runCommand } from "#firmware/cli/run-command.ts";
import type { CommandContext } from "#firmware/cli/run-context.ts";
import { SettingsStore } from "#firmware/config/settings-store.ts";
import { MemoryStore } from "#hal/emulator/memory-store.ts";
import { VirtualClock } from "#hal/emulator/virtual-clock.ts";
import { KumpelError } from "#hal/errors.ts";

test("a temporary data folder goes, too, when the machine cannot be opened", async () => {
  let closed = 0;
  const unused = (): never => {
    throw new Error("not of use here");
  };
  const context: CommandContext = {
    programPath: "",
    openPlatform: () => Promise.reject(new KumpelError("PTY_UNAVAILABLE", "no pseudo-terminal")),
    onStopSignal: () => undefined,
    stdout: unused,
    stderr: unused,
    isTerminal: false,
    columns: () => 80,
    openDataFolder: () => {
      return Promise.resolve({
        store: new MemoryStore(),
        isKept: false,
        isReadOnly: false,
        close: () => {
          closed++;
          return Promise.resolve();
        },
      });
    },
    openSettings: (_file, store) => Promise.resolve(new SettingsStore(store)),
    clock: new VirtualClock(),
    randomBytes: unused,
    findMachine: unused,
    realScales: unused,
    chainCountOf: () => 3,
    openUpdates: () => null,
    lockFolder: () => () => undefined,
    networkNames: () => ({ names: ["miner"], addresses: ["127.0.0.1"] }),
    makeRealTime: unused,
  };
  const run = runCommand(["--demo", "--log-level", "silent"], context);
  await expect(run).rejects.toMatchObject({ code: "PTY_UNAVAILABLE" });
  expect(closed).toBe(1);
});
