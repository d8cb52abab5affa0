/** `kumpel board safe-script`: the shell script that makes a board safe as the first act of its boot. */
import { parseArgs } from "node:util";
import type { BoardName, Level } from "#hal/boards/board-facts.ts";
import { CONTROL_BOARDS } from "#hal/boards/control-boards.ts";
import { safeScript } from "#hal/boards/safe-script.ts";
import { argumentsError, EXIT, usageError } from "./usage.ts";

export const SAFE_SCRIPT_HELP = `kumpel board safe-script --board NAME --machine NAME [--psu-enable-active high|low]: first act of a boot.

Writes a shell script to standard output that switches the supply off, holds the chips in reset and drives the fans full,
from the same facts that the miner drives the board with. It needs nothing but a shell and the kernel's GPIO files; the
init system of an image runs it before anything else. What no source confirms it does not drive, and says so.

  --board NAME                  ${Object.keys(CONTROL_BOARDS).join(", ")}
  --machine NAME                machine of the hashboards, such as s21
  --psu-enable-active LEVEL     level that switches the supply on, where you have measured it
`;

export function safeScriptCommand(args: readonly string[], stdout: (text: string) => void): number {
  const { help, board, machine, ...rest } = parseOrExplain(args);
  if (help === true) {
    stdout(SAFE_SCRIPT_HELP);
    return EXIT.done;
  }
  const names = Object.keys(CONTROL_BOARDS).join(", ");
  if (board === undefined || !isBoardName(board))
    throw usageError(`--board "${board ?? ""}" is no control board that is known: choose one of ${names}.`);
  if (machine === undefined || machine === "") throw usageError("No machine: give --machine NAME, such as s21.");
  const level = levelOf(rest["psu-enable-active"]);
  stdout(safeScript(CONTROL_BOARDS[board], level === null ? { machine } : { machine, psuEnableActive: level }));
  return EXIT.done;
}

function isBoardName(name: string): name is BoardName {
  return Object.hasOwn(CONTROL_BOARDS, name);
}

function levelOf(text: string | undefined): Level | null {
  if (text === undefined) return null;
  if (text === "high" || text === "low") return text;
  throw usageError(`--psu-enable-active "${text}" is no level: say high or low.`);
}

function parseOrExplain(args: readonly string[]) {
  try {
    const options = {
      help: { type: "boolean" },
      board: { type: "string" },
      machine: { type: "string" },
      "psu-enable-active": { type: "string" },
    } as const;
    return parseArgs({ args: [...args], allowPositionals: false, options }).values;
  } catch (error) {
    throw argumentsError(error, "kumpel board safe-script");
  }
}
