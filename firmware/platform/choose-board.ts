/** From what was found in the system and what the owner says to the board that is opened, and the hashboards on it. */
import { HASHBOARDS, type HashboardModel } from "#drivers/hashboards/models.ts";
import type { BoardName, BoardSettings } from "#hal/boards/board-facts.ts";
import { CONTROL_BOARDS } from "#hal/boards/control-boards.ts";
import type { DetectedBoard } from "#hal/boards/detect-board.ts";
import { HOBBY_BOARDS, type HobbyBoardName } from "#hal/boards/hobby-board.ts";
import { KumpelError } from "#hal/errors.ts";
import { usualBoard } from "./open-board.ts";

/** A board that can be opened. */
export type FoundBoard = Extract<DetectedBoard, { kind: "board" | "hobby" }>;

/** What the owner says about a real machine; absent means: not said. */
export interface OwnerSettings {
  readonly hashboard: HashboardModel | null;
  /** Instead of the board that was found. */
  readonly board: BoardName | HobbyBoardName | null;
  readonly settings: BoardSettings;
}

export interface RealMachine {
  readonly hashboard: HashboardModel;
  readonly found: FoundBoard;
  readonly settings: BoardSettings;
}

/**
 * @throws KumpelError `BOARD_UNKNOWN` where there is no board that can be driven, `OWNER_SETTING_NEEDED` where the owner
 * has not said which hashboards are on it, `USAGE` where board and hashboards do not belong together.
 */
export function chooseMachine(detected: DetectedBoard, owner: OwnerSettings): RealMachine {
  const found = chooseBoard(detected, owner);
  const suiting = hashboardsOf(found);
  const { hashboard, settings } = owner;
  if (hashboard === null) {
    throw new KumpelError(
      "OWNER_SETTING_NEEDED",
      `This is ${describeBoard(found)}, but which hashboards are on it is never guessed: say --hashboard NAME, one of: ${suiting.join(" ")}.`,
      { details: { found } },
    );
  }
  if (!suiting.includes(hashboard.model)) {
    throw new KumpelError(
      "USAGE",
      `${hashboard.label} does not belong to ${describeBoard(found)}: choose --hashboard from: ${suiting.join(" ")}.`,
    );
  }
  const paths = settings.chainUarts;
  if (paths !== undefined) assertChainUarts(found, paths);
  return { hashboard, found, settings };
}

function chooseBoard(detected: DetectedBoard, { board: override, settings }: OwnerSettings): FoundBoard {
  if (override !== null) {
    if (isHobbyBoard(override)) return namedHobbyBoard(override, detected, settings.chainUarts);
    const family = detected.kind === "board" ? detected.family : null;
    return { kind: "board", board: override, why: "--board says so", family };
  }
  switch (detected.kind) {
    case "board":
    case "hobby":
      return detected;
    case "unsupported":
      throw new KumpelError("BOARD_UNKNOWN", `The control board can't be driven: ${detected.why}.`);
    case "none":
      throw new KumpelError(
        "BOARD_UNKNOWN",
        "No control board was found (looked at device tree, /etc/subtype, /usr/bin/ctrl_bd, UIO devices, /dev/axi_fpga_dev, kernel modules and USB serial ports): run this on the board itself or plug the hobby board in, or start an emulated machine with kumpel run --demo.",
      );
  }
}

/** The board of that name, or null for a name that no board has. */
export function boardOfName(name: string): BoardName | HobbyBoardName | null {
  const boards = [...Object.values(CONTROL_BOARDS), ...Object.values(HOBBY_BOARDS)];
  return boards.find((board) => board.name === name)?.name ?? null;
}

function isHobbyBoard(name: BoardName | HobbyBoardName): name is HobbyBoardName {
  return name in HOBBY_BOARDS;
}

/** A hobby board whose USB strings tell nothing, or whose ports are no USB at all: the owner names both of them. */
function namedHobbyBoard(
  board: HobbyBoardName,
  detected: DetectedBoard,
  uarts: readonly string[] | undefined,
): FoundBoard {
  const [controlPath, chipsPath] = uarts ?? [];
  if (controlPath !== undefined && chipsPath !== undefined && uarts?.length === 2 && controlPath !== chipsPath)
    return { kind: "hobby", board, why: "--board says so", controlPath, chipsPath, style: "v1" };
  if (uarts === undefined && detected.kind === "hobby" && detected.board === board) return detected;
  throw new KumpelError(
    "USAGE",
    `--board ${board} needs its two serial devices: say --chain-uarts CONTROL,CHIPS, for example /dev/ttyACM0,/dev/ttyACM1.`,
  );
}

/** The board's label, why it is taken for that, and the hashboards' family as the vendor's system names it. */
export function describeBoard(found: FoundBoard): string {
  if (found.kind === "hobby") return `${HOBBY_BOARDS[found.board].label} (${found.why})`;
  const family = found.family === null ? "" : `; the vendor's system names the hashboard family ${found.family}`;
  return `${CONTROL_BOARDS[found.board].label} (${found.why}${family})`;
}

/** Models that can sit on a board at all: hobby boards have their own. */
function hashboardsOf(found: FoundBoard): string[] {
  return Object.keys(HASHBOARDS).filter((model) => {
    const usual = usualBoard(model);
    return found.kind === "hobby" ? usual === found.board : usual in CONTROL_BOARDS;
  });
}

function assertChainUarts(found: FoundBoard, paths: readonly string[]): void {
  // Checked where they were taken.
  if (found.kind === "hobby" && found.controlPath === paths[0] && found.chipsPath === paths[1]) return;
  const connectors = found.kind === "board" ? CONTROL_BOARDS[found.board].connectors : [];
  const count = connectors.filter(({ link }) => link.kind === "uart").length;
  if (count === 0) {
    throw new KumpelError("USAGE", `--chain-uarts has no meaning on ${describeBoard(found)}: leave it out.`);
  }
  if (paths.length === count && new Set(paths).size === count) return;
  throw new KumpelError(
    "USAGE",
    `--chain-uarts "${paths.join(",")}" must name ${count} different devices, one for each connector of ${describeBoard(found)}.`,
  );
}
