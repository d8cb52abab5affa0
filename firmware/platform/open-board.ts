/** From ports to the control board that a machine sits on. */
import { boardSupport } from "#drivers/hashboards/board-supports.ts";
import { assembleBoard } from "#hal/boards/assemble-board.ts";
import type { BoardName, BoardSettings } from "#hal/boards/board-facts.ts";
import { CONTROL_BOARDS } from "#hal/boards/control-boards.ts";
import { HOBBY_BOARDS, type HobbyBoardName, openHobbyBoard } from "#hal/boards/hobby-board.ts";
import type { HobbyReplyStyle } from "#hal/boards/hobby-frames.ts";
import type { Clock } from "#hal/clock.ts";
import type { ControlBoard } from "#hal/control-board.ts";
import type { BoardPorts } from "#hal/ports.ts";

export interface OpenBoardOptions {
  readonly clock: Clock;
  readonly ports: BoardPorts;
  /** Hashboard model. */
  readonly machine: string;
  /** The board that was found; absent: the one that the machine usually has. */
  readonly board?: BoardName;
  readonly settings: BoardSettings;
  /** Serial devices of a hobby board. */
  readonly hobby?: { readonly controlPath: string; readonly chipsPath: string; readonly style: HobbyReplyStyle };
}

/** How the owner says what no source settles. */
const HINTS = { experimental: "--accept-experimental", psuEnable: "--psu-enable-active high|low" };
const HOBBY_PORTS = { controlPath: "/dev/ttyACM0", chipsPath: "/dev/ttyACM1", style: "v1" } as const;

/** @throws KumpelError as `assembleBoard` and `openHobbyBoard` do. */
export function openBoard(options: OpenBoardOptions): Promise<ControlBoard> {
  const { clock, ports, machine, settings } = options;
  const usual = usualBoard(machine);
  if (usual === "bitaxe" || usual === "emberone") {
    const { controlPath, chipsPath, style } = options.hobby ?? HOBBY_PORTS;
    return openHobbyBoard({
      clock,
      ports,
      facts: HOBBY_BOARDS[usual],
      settings,
      controlPath,
      chipsPath,
      style,
      hints: HINTS,
    });
  }
  const facts = CONTROL_BOARDS[options.board ?? usual];
  return assembleBoard({ clock, ports, facts, machine, settings, hints: HINTS });
}

/** Board that a machine usually has; which one it really is has to be found out. */
export function usualBoard(machine: string): BoardName | HobbyBoardName {
  const { controller, sensors } = boardSupport(machine);
  if (sensors.kind === "emberone") return "emberone";
  if (sensors.kind === "emc2101") return "bitaxe";
  if (controller === "pic16-s9") return "zynq7010-s9io";
  return controller === "dspic" ? "zynq7007-vendor" : "amlogic-a113d";
}
