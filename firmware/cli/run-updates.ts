/** Updates in a run: the desk that outlives its restarts, and the boot at its end. */
import type { FileStore } from "#hal/file-store.ts";
import type { SettingsStore } from "../config/settings-store.ts";
import { createLog } from "../log.ts";
import { UpdateDesk } from "../update/update-desk.ts";
import { VERSION } from "../version.ts";
import type { CommandContext } from "./run-context.ts";
import type { RunStop } from "./run-stop.ts";
import { EXIT } from "./usage.ts";

const MINUTE_MS = 60_000;

/** Null: this is no image, and whoever installed the program updates it. What the version before left is begun at once. */
export function openUpdateDesk(
  context: CommandContext,
  store: FileStore,
  settings: SettingsStore,
  stop: RunStop,
): UpdateDesk | null {
  const parts = context.openUpdates(store.place);
  if (parts === null) return null;
  const desk = new UpdateDesk({
    log: createLog("info").child({ part: "update" }),
    store,
    updater: parts.updater,
    place: parts.place,
    version: VERSION,
    proveMs: () => settings.loaded.settings.update.prove_minutes * MINUTE_MS,
    reboot: (reason) => stop.reboot(reason),
    clearSettings: async () => {
      await settings.reset();
      stop.restart("the settings are back to their defaults, as the update was ordered");
    },
  });
  void desk.start();
  return desk;
}

/**
 * Boots the board where that was ordered. Only after a run that ended in order, hashboards off: after another the supervisor
 * makes the board safe, and the next run does it.
 */
export async function rebootIfOrdered(context: CommandContext, stop: RunStop, end: number): Promise<number> {
  if (stop.rebootReason === null) return end;
  const problem = (await context.openUpdates("")?.reboot()) ?? null;
  if (problem === null) return end;
  context.stderr(`The board does not boot: ${problem}; switch it off and on.\n`);
  return EXIT.failed;
}
