/**
 * A real machine: the board that the system shows, opened on the kernel's devices. Nothing is scaled here, and numbers that
 * no source confirms never energise anything.
 */
import { CONTROL_BOARDS } from "#hal/boards/control-boards.ts";
import { type BoardInputs, type DetectedBoard, detectBoard } from "#hal/boards/detect-board.ts";
import { collectBoardInputs } from "#hal/linux/board-inputs.ts";
import { createLinuxPorts } from "#hal/linux/linux-ports.ts";
import { SocketNetwork } from "#hal/linux/socket-network.ts";
import { SystemClock } from "#hal/linux/system-clock.ts";
import { SystemRandom } from "#hal/linux/system-random.ts";
import type { Log } from "../log.ts";
import { chooseMachine, describeBoard, type OwnerSettings, type RealMachine } from "./choose-board.ts";
import { openBoard } from "./open-board.ts";
import type { Platform, Scales } from "./platform.ts";

export interface Detection {
  readonly inputs: BoardInputs;
  readonly board: DetectedBoard;
}

/** Looks, drives nothing. @param root folder that stands for `/`. */
export async function detectSystem(root?: string): Promise<Detection> {
  const inputs = await collectBoardInputs(root);
  return { inputs, board: detectBoard(inputs) };
}

/** @throws KumpelError as `chooseMachine` does. */
export async function findRealMachine(owner: OwnerSettings): Promise<RealMachine> {
  return chooseMachine((await detectSystem()).board, owner);
}

/** Bitcoin's own scale on both sides, whatever the machine. */
export function realScales(): Scales {
  return { chipScale: 1, poolScale: 1, stockTicket: null, suggestDifficulty: null, label: null };
}

/** Opens the board in its safe state: chips in reset, supply off. @throws KumpelError as `openBoard` and the ports do. */
export async function openRealPlatform(machine: RealMachine, log: Log): Promise<Platform> {
  const { hashboard, found, settings } = machine;
  const part = log.child({ part: "board" });
  part.info({ board: found.board, hashboard: hashboard.model }, describeBoard(found));
  if (
    found.kind === "board" &&
    CONTROL_BOARDS[found.board].isChainOrderContested &&
    settings.chainUarts === undefined
  ) {
    part.warn(
      "sources contradict each other about which serial device belongs to which connector; kumpel board probe-chains finds out",
    );
  }
  const clock = new SystemClock();
  const ports = createLinuxPorts({ clock, log: (facts, text) => part.debug(facts, text) });
  const open = { clock, ports, machine: hashboard.model, settings };
  try {
    const board = await openBoard(
      found.kind === "board"
        ? { ...open, board: found.board }
        : { ...open, hobby: { controlPath: found.controlPath, chipsPath: found.chipsPath, style: found.style } },
    );
    return {
      board,
      acceptsUnconfirmed: false,
      clock,
      random: new SystemRandom(),
      network: new SocketNetwork(),
      localPoolPort: null,
      stop: () => board.close(),
    };
  } catch (error) {
    await ports.close();
    throw error;
  }
}
