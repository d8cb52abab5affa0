/** Updates in a run: the desk that outlives its restarts, and the boot at its end. */
import { pause } from "#hal/clock.ts";
import type { FileStore } from "#hal/file-store.ts";
import type { SettingsStore } from "../config/settings-store.ts";
import { createLog } from "../log.ts";
import { forgetTuning } from "../tuning/kept-tuning.ts";
import { UpdateDesk } from "../update/update-desk.ts";
import { VERSION } from "../version.ts";
import type { CommandContext } from "./run-context.ts";
import type { RunStop } from "./run-stop.ts";
import { EXIT } from "./usage.ts";

const MINUTE_MS = 60_000;
/** Between orders to boot that are not carried out. */
const REBOOT_PAUSES_MS = [10_000, 60_000];
/** A board that goes down stops this program within that time. */
const DOWN_MS = 120_000;

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
      await forgetTuning(store);
      stop.restart("the settings are back to their defaults, as the update was ordered");
    },
  });
  void desk.start();
  return desk;
}

/**
 * Boots the board where that was ordered. Only after a run that ended in order, hashboards off: after another the supervisor
 * makes the board safe, and the next run does it. A board that does not boot after some orders stays off until somebody comes:
 * a program that ended now would be started again, switch everything on, and order the same.
 * @param stayOff everything off and the own API up, until a stop signal; gives the exit code.
 */
export async function rebootIfOrdered(
  context: Pick<CommandContext, "clock" | "openUpdates" | "stderr">,
  stop: Pick<RunStop, "rebootReason" | "beginOff">,
  end: number,
  stayOff: (reason: string, life: AbortController) => Promise<number>,
): Promise<number> {
  const { rebootReason } = stop;
  if (rebootReason === null) return end;
  const life = stop.beginOff();
  for (let attempt = 0; ; attempt++) {
    const refused = (await context.openUpdates("")?.reboot()) ?? null;
    if (refused === null && !(await pause(context.clock, DOWN_MS, life.signal))) return end;
    const problem = refused ?? `it was told to and still runs after ${DOWN_MS / 1000} s`;
    context.stderr(`kumpel: the board does not boot: ${problem}\n`);
    const pauseMs = REBOOT_PAUSES_MS[attempt];
    if (pauseMs === undefined)
      return stayOff(`the board should boot, ${rebootReason}, and does not (${problem}): switch it off and on`, life);
    if (!(await pause(context.clock, pauseMs, life.signal))) return EXIT.failed;
  }
}
