/** What the owner says about a real machine: options that `kumpel run` and `kumpel board` share. */
import { findHashboard, HASHBOARDS } from "#drivers/hashboards/models.ts";
import type { BoardName, BoardSettings } from "#hal/boards/board-facts.ts";
import { CONTROL_BOARDS } from "#hal/boards/control-boards.ts";
import { HOBBY_BOARDS, type HobbyBoardName } from "#hal/boards/hobby-board.ts";
import { boardOfName, type OwnerSettings } from "../platform/choose-board.ts";
import { usageError } from "./usage.ts";

const text = { type: "string" } as const;

/** For `parseArgs`. */
export const OWNER_OPTIONS = {
  hashboard: text,
  board: text,
  "chain-uarts": text,
  "psu-enable-active": text,
  "accept-experimental": { type: "boolean" },
} as const;

export type OwnerValues = { readonly [K in keyof typeof OWNER_OPTIONS]?: string | boolean | undefined };

const BOARD_NAMES = [...Object.keys(CONTROL_BOARDS), ...Object.keys(HOBBY_BOARDS)];

export const OWNER_HELP = `  --hashboard NAME       model of the hashboards, never guessed:${wrap(Object.keys(HASHBOARDS))}
  --board NAME           another control board than the one that is found:${wrap(BOARD_NAMES)}
  --chain-uarts P,P,P    serial devices by connector, as kumpel board probe-chains finds them; on a hobby board
                         that --board names: its control port, its chips' port
  --psu-enable-active L  level that switches the supply on: high or low
  --accept-experimental  drive boards and chips that are known from single sources only`;

/** Continued in the column of the explanations. */
function wrap(words: readonly string[]): string {
  const lines = [""];
  for (const word of words) {
    const line = `${lines.at(-1)} ${word}`.trimStart();
    if (line.length > 95) lines.push(word);
    else lines[lines.length - 1] = line;
  }
  return `\n                         ${lines.join("\n                         ")}`;
}

/** @throws KumpelError `USAGE` with one sentence. */
export function parseOwnerOptions(values: OwnerValues): OwnerSettings {
  const psuEnable = textOf(values["psu-enable-active"]);
  if (psuEnable !== null && psuEnable !== "high" && psuEnable !== "low") {
    throw usageError(`--psu-enable-active "${psuEnable}" is no level; say high or low, as measured.`);
  }
  const uarts = textOf(values["chain-uarts"]);
  const settings: BoardSettings = {
    isExperimentalAccepted: values["accept-experimental"] === true,
    ...(psuEnable === null ? {} : { psuEnableActive: psuEnable }),
    ...(uarts === null ? {} : { chainUarts: parsePaths(uarts) }),
  };
  return { hashboard: parseHashboard(textOf(values.hashboard)), board: parseBoard(textOf(values.board)), settings };
}

/** Where an emulated machine takes the board's place, what the owner says of a real one has no meaning. */
export function refuseOwnerOptions(values: OwnerValues, machine: string): void {
  const given = Object.keys(OWNER_OPTIONS).find((name) => values[name as keyof OwnerValues] !== undefined);
  if (given === undefined) return;
  throw usageError(
    `--${given} is for a real board, but "${machine}" is an emulated machine; leave one of the two out (--machine auto finds the real board).`,
  );
}

function textOf(value: string | boolean | undefined): string | null {
  return typeof value === "string" ? value : null;
}

function parseHashboard(name: string | null) {
  if (name === null) return null;
  const hashboard = findHashboard(name);
  if (hashboard !== null) return hashboard;
  throw usageError(`--hashboard "${name}" is unknown; choose one of: ${Object.keys(HASHBOARDS).join(" ")}.`);
}

function parseBoard(name: string | null): BoardName | HobbyBoardName | null {
  if (name === null) return null;
  const found = boardOfName(name);
  if (found === null) throw usageError(`--board "${name}" is unknown; choose one of: ${BOARD_NAMES.join(" ")}.`);
  return found;
}

function parsePaths(list: string): string[] {
  const paths = list.split(",").map((path) => path.trim());
  const wrong = paths.find((path) => !path.startsWith("/dev/"));
  if (wrong === undefined) return paths;
  throw usageError(
    `--chain-uarts "${list}" names "${wrong}", which is no serial device; write /dev/ttyS1,/dev/ttyS2,...`,
  );
}
