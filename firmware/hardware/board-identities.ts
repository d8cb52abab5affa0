/** Reads who the hashboards say they are, once at the start; a board that cannot say it is unknown, and mines all the same. */
import {
  type HashboardIdentity,
  readHashboardEeprom,
  type UnknownHashboard,
} from "#drivers/eeprom/hashboard-eeprom.ts";
import type { BoardSupport } from "#drivers/hashboards/board-support.ts";
import type { ControlBoard } from "#hal/control-board.ts";

/** EEPROMs count their addresses from here, by the connector's own number. */
const EEPROM_ADDRESS = 0x50;

export interface BoardIdentity {
  readonly chainIndex: number;
  readonly identity: HashboardIdentity | UnknownHashboard;
}

/** One entry a plugged board; none where the machine's boards have no such EEPROM. */
export async function readBoardIdentities(
  board: Pick<ControlBoard, "chains" | "hashboardBus">,
  support: BoardSupport,
): Promise<BoardIdentity[]> {
  if (!support.hasEeprom) return [];
  const identities: BoardIdentity[] = [];
  for (const { index, number, isPlugged } of board.chains) {
    if (!(await isPlugged())) continue;
    identities.push({
      chainIndex: index,
      identity: await readHashboardEeprom(board.hashboardBus, EEPROM_ADDRESS + number),
    });
  }
  return identities;
}

/** Serial number of the hashboard at that chain; null = it has none, or it cannot be read. */
export function hashboardSerial(identities: readonly BoardIdentity[], chainIndex: number): string | null {
  const identity = identities.find((board) => board.chainIndex === chainIndex)?.identity;
  return identity?.kind === "known" ? identity.boardSerial : null;
}

/** One line for log and screen. */
export function describeIdentity({ identity }: BoardIdentity): string {
  if (identity.kind === "unknown") return `unknown board: ${identity.reason}`;
  const { boardSerial, boardName, chipBin, voltageMv, frequencyMhz } = identity;
  return `${boardName ?? "board"} ${boardSerial}, bin ${chipBin}, tested at ${frequencyMhz} MHz and ${voltageMv / 1000} V`;
}
