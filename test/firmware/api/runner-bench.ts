/** A command runner on settings of its own, with what it orders of others. */
import { randomBytes } from "node:crypto";
import { AccessKeeper } from "#firmware/api/access-keeper.ts";
import { AuditLog } from "#firmware/api/audit-log.ts";
import { CommandRunner } from "#firmware/api/command-runner.ts";
import type { MachineControls } from "#firmware/api/machine-controls.ts";
import { NO_UPDATES } from "#firmware/api/update-orders.ts";
import { SettingsStore } from "#firmware/config/settings-store.ts";
import { createLog } from "#firmware/log.ts";
import { MemoryStore } from "#hal/emulator/memory-store.ts";
import { VirtualClock } from "#hal/emulator/virtual-clock.ts";

export const ORIGIN = { face: "own API", who: "phone" };
export const log = createLog("silent");

export async function runnerWith(text: string | null, machine: MachineControls | null = null) {
  const clock = new VirtualClock();
  const store = new MemoryStore();
  if (text !== null) store.files.set("settings.toml", text);
  const settings = new SettingsStore(store);
  await settings.load();
  const access = new AccessKeeper({ clock, store, randomBytes });
  const audit = new AuditLog({ log, clock, store });
  const restarts: string[] = [];
  const delaysMs: (number | undefined)[] = [];
  const tested: unknown[] = [];
  const runner = new CommandRunner({
    log,
    store,
    settings,
    access,
    audit,
    machine,
    idleReason: machine === null ? "no pool is set" : null,
    restart: (reason, delayMs) => {
      restarts.push(reason);
      delaysMs.push(delayMs);
    },
    onChanged: () => undefined,
    overriddenKeys: ["tuning.frequency_mhz"],
    testAlert: () => Promise.resolve({ ok: false, message: "nowhere" }),
    update: NO_UPDATES,
    testPool: (pool) => {
      tested.push(pool);
      return Promise.resolve({ ok: true, message: "good", effect: "now" });
    },
    wakes: ({ pool_groups }) => text === null && pool_groups.length > 0,
  });
  return { runner, store, settings, audit, restarts, delaysMs, tested };
}
