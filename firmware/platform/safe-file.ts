/**
 * The script that makes this very machine safe, for whoever has to do it when the program cannot: the image's supervisor.
 * Which level switches a supply off depends on the machine and on what its owner measured, which the image's build cannot
 * know. It lies in RAM, so that none of an earlier boot is ever run.
 */
import fs from "node:fs";
import { CONTROL_BOARDS } from "#hal/boards/control-boards.ts";
import { safeScript } from "#hal/boards/safe-script.ts";
import { errorText } from "#hal/errors.ts";
import type { Log } from "../log.ts";
import type { RealMachine } from "./choose-board.ts";

/** Where `kumpel-supervise` looks (buildroot/package/kumpel). */
export const SAFE_FILE = "/run/kumpel-safe.sh";

/** Before anything is switched on. A file that cannot be written leaves the image's own script to do what it can. */
export function writeSafeFile({ found, hashboard, settings }: RealMachine, log: Log, file = SAFE_FILE): void {
  if (found.kind !== "board") return;
  const machine = hashboard.model;
  const { psuEnableActive } = settings;
  const options = psuEnableActive === undefined ? { machine } : { machine, psuEnableActive };
  try {
    // Whole or not at all: half a script would be run.
    fs.writeFileSync(`${file}.new`, safeScript(CONTROL_BOARDS[found.board], options), { mode: 0o700 });
    fs.renameSync(`${file}.new`, file);
  } catch (error) {
    log.warn(`the script that makes this machine safe is not in ${file}: ${errorText(error)}`);
  }
}
