/**
 * Which control board this is: never assumed from a model's name, always told from what the running system shows. Pure:
 * the inputs are collected by `hal/linux/board-inputs.ts` and kept for the support bundle.
 */
import type { BoardName } from "./board-facts.ts";
import type { HobbyBoardName } from "./hobby-board.ts";

export interface BoardInputs {
  /** Strings of the device tree's root `compatible`; empty on a PC. */
  readonly compatible: readonly string[];
  readonly presentCpus: number;
  /** First line of /etc/subtype on the vendor's systems, or null. */
  readonly subtype: string | null;
  /** Text of /usr/bin/ctrl_bd and second line of /usr/bin/compile_time on S9-era systems, or null. */
  readonly ctrlBd: string | null;
  readonly compileTimeModel: string | null;
  /** /dev/axi_fpga_dev is there. */
  readonly hasVendorFpga: boolean;
  /** Names of the UIO devices. */
  readonly uioNames: readonly string[];
  readonly modules: readonly string[];
  /** USB serial ports by their strings. */
  readonly usbPorts: readonly UsbPort[];
}

export interface UsbPort {
  readonly path: string;
  readonly manufacturer: string;
  readonly product: string;
  readonly serial: string;
  /** `1209:256f`, lower case. */
  readonly id: string;
  /** Number of the USB interface: the lower one of a pair is control, the other the chips. */
  readonly interfaceNumber: number;
  /** bcdDevice as a number; its low nibble tells the reply form. */
  readonly bcdDevice: number;
}

export type DetectedBoard =
  | { readonly kind: "board"; readonly board: BoardName; readonly why: string; readonly family: string | null }
  | {
      readonly kind: "hobby";
      readonly board: HobbyBoardName;
      readonly why: string;
      readonly controlPath: string;
      readonly chipsPath: string;
      readonly style: "v0" | "v1";
    }
  /** Known, but not supported, or one of several that must be told apart by eye. */
  | { readonly kind: "unsupported"; readonly why: string }
  | { readonly kind: "none"; readonly why: string };

/** The first test that hits decides, in the order of reliability. */
export function detectBoard(inputs: BoardInputs): DetectedBoard {
  return (
    ofDeviceTree(inputs) ??
    ofSubtype(inputs) ??
    ofOldVendor(inputs) ??
    ofFpga(inputs) ??
    ofModules(inputs) ??
    ofUsb(inputs) ?? { kind: "none", why: "nothing in this system belongs to a known control board" }
  );
}

function found(board: BoardName, why: string, inputs: BoardInputs): DetectedBoard {
  return { kind: "board", board, why, family: familyOf(inputs) };
}

/** The vendor's systems name the hashboard family behind the board: `AMLCtrl_BHB56XXX`. */
function familyOf({ subtype }: BoardInputs): string | null {
  const at = subtype?.indexOf("_") ?? -1;
  return subtype === null || at < 0 ? null : subtype.slice(at + 1);
}

function ofDeviceTree(inputs: BoardInputs): DetectedBoard | null {
  const has = (part: string): boolean => inputs.compatible.some((name) => name.includes(part));
  if (has("xlnx,zynq-7000")) return zynq(inputs, "device tree says xlnx,zynq-7000");
  if (has("amlogic") && has("axg")) return found("amlogic-a113d", "device tree says amlogic and axg", inputs);
  if (has("ti,am33xx")) return beaglebone("device tree says ti,am33xx");
  if (has("cvitek") || has("cv183")) return cvitek("device tree says cvitek");
  return null;
}

/** Two processors are an XC7Z010, one is an XC7Z007S; which FPGA image runs decides how chains are reached. */
function zynq(inputs: BoardInputs, why: string): DetectedBoard {
  const byFpga = ofFpga(inputs);
  if (byFpga !== null) return byFpga;
  const part = inputs.presentCpus >= 2 ? "XC7Z010" : "XC7Z007S";
  return {
    kind: "unsupported",
    why: `${why} (${part}), but neither the open FPGA core's UIO devices nor /dev/axi_fpga_dev are there: load an FPGA image with its driver`,
  };
}

function ofSubtype(inputs: BoardInputs): DetectedBoard | null {
  const subtype = inputs.subtype ?? "";
  if (subtype.startsWith("zynq7007_")) return found("zynq7007-vendor", `/etc/subtype says ${subtype}`, inputs);
  if (subtype.startsWith("AMLCtrl_")) return found("amlogic-a113d", `/etc/subtype says ${subtype}`, inputs);
  if (subtype.startsWith("BBCtrl_")) return beaglebone(`/etc/subtype says ${subtype}`);
  if (subtype.startsWith("CVCtrl_")) return cvitek(`/etc/subtype says ${subtype}`);
  return null;
}

function ofOldVendor(inputs: BoardInputs): DetectedBoard | null {
  if (inputs.ctrlBd?.includes("XILINX") !== true) return null;
  const model = inputs.compileTimeModel ?? "an unknown model";
  return {
    kind: "unsupported",
    why: `/usr/bin/ctrl_bd says XILINX (${model}): the vendor's S9 system drives another FPGA image; boot one with the open core`,
  };
}

function ofFpga(inputs: BoardInputs): DetectedBoard | null {
  const uio = inputs.uioNames.find((name) => name === "fan-control" || /^chain\d+-common$/.test(name));
  if (uio !== undefined) return found("zynq7010-s9io", `UIO device ${uio} is there`, inputs);
  if (inputs.hasVendorFpga) return found("zynq7007-vendor", "/dev/axi_fpga_dev is there", inputs);
  return null;
}

function ofModules(inputs: BoardInputs): DetectedBoard | null {
  if (!inputs.modules.includes("uart_trans")) return null;
  return {
    kind: "unsupported",
    why: "module uart_trans is loaded: a CVITEK or BeagleBone board on the vendor's system; say which with --board",
  };
}

function beaglebone(why: string): DetectedBoard {
  return {
    kind: "unsupported",
    why: `${why}: two wirings exist, and pins 4 and 5 are resets in one and the supply's bus in the other; look for S19J_IO_BOARD_V2_0 on the board and say --board beaglebone-s19j-v2, else --board beaglebone-vendor`,
  };
}

function cvitek(why: string): DetectedBoard {
  return { kind: "unsupported", why: `${why}: CVITEK boards are not supported, too little is known of them` };
}

function ofUsb({ usbPorts }: BoardInputs): DetectedBoard | null {
  for (const first of usbPorts) {
    const board = hobbyBoardOf(first);
    if (board === null) continue;
    // Pairs go by serial number and interface, never by the order of device names.
    const pair = usbPorts.filter((port) => hobbyBoardOf(port) === board && port.serial === first.serial);
    pair.sort((a, b) => a.interfaceNumber - b.interfaceNumber);
    const [control, chips] = pair;
    if (control === undefined || chips === undefined) continue;
    return {
      kind: "hobby",
      board,
      why: `USB device ${first.manufacturer} ${first.product}, serial ${first.serial}`,
      controlPath: control.path,
      chipsPath: chips.path,
      style: (first.bcdDevice & 0x0f) >= 1 ? "v1" : "v0",
    };
  }
  return null;
}

function hobbyBoardOf(port: UsbPort): HobbyBoardName | null {
  if (port.id === "1209:256f") return "emberone";
  return port.manufacturer === "OSMU" && port.product === "Bitaxe" ? "bitaxe" : null;
}
