/** `kumpel board`: which control board this is and why; drives nothing. `kumpel board probe-chains` is a file of its own. */
import { parseArgs } from "node:util";
import type { BoardInputs, DetectedBoard, UsbPort } from "#hal/boards/detect-board.ts";
import { describeBoard } from "../platform/choose-board.ts";
import type { Detection } from "../platform/real.ts";
import { OWNER_HELP } from "./board-options.ts";
import { type ProbeContext, probeCommand } from "./probe-command.ts";
import { safeScriptCommand } from "./safe-script-command.ts";
import { argumentsError, EXIT } from "./usage.ts";

export const BOARD_HELP = `kumpel board: which control board this is.

  kumpel board [--json] [--root DIR]
                         what was found and everything that was looked at; reads only. --root: a folder that stands
                         for /, such as the copy of a board's file system
  kumpel board probe-chains --hashboard NAME [OPTIONS]
                         which serial device belongs to which connector: powers the hashboards, releases one chain
                         at a time from reset and asks it on every device; no chip hashes, power is off at the end
  kumpel board safe-script --board NAME --machine NAME
                         a shell script that makes the board safe as the first act of its boot (--help says more)

Options of probe-chains:

  --machine NAME         auto (the real board, default) or an emulated machine
  --emulated-order N,N,N connector that each serial device of the emulated machine leads to, from 0
  --work-voltage MV      voltage that the boards work at, where nobody else confirms it
  --json                 the result as JSON
${OWNER_HELP}

Exit codes: 0 done, 1 a connector's device is not certain, 2 wrong usage, 3 no board.
`;

/** What the command needs of its process; `main.ts` hands it in. */
export interface BoardContext extends ProbeContext {
  readonly detect: (root?: string) => Promise<Detection>;
}

export async function boardCommand(args: readonly string[], context: BoardContext): Promise<number> {
  if (args[0] === "safe-script") return safeScriptCommand(args.slice(1), context.stdout);
  if (args.includes("--help")) {
    context.stdout(BOARD_HELP);
    return EXIT.done;
  }
  if (args[0] === "probe-chains") return probeCommand(args.slice(1), context);
  const { json, root } = parseShowOptions(args);
  const detection = await context.detect(root);
  context.stdout(json === true ? `${JSON.stringify(toJson(detection), null, 2)}\n` : toText(detection));
  return EXIT.done;
}

function parseShowOptions(args: readonly string[]) {
  try {
    const options = { json: { type: "boolean" }, root: { type: "string" } } as const;
    return parseArgs({ args: [...args], allowPositionals: false, options }).values;
  } catch (error) {
    throw argumentsError(error, "kumpel board");
  }
}

function describe(board: DetectedBoard): string {
  switch (board.kind) {
    case "board":
    case "hobby":
      return describeBoard(board);
    case "unsupported":
      return `known, but it can't be driven: ${board.why}`;
    case "none":
      return `none: ${board.why}`;
  }
}

function toText({ inputs, board }: Detection): string {
  const rows = inputRows(inputs).map(([name, value]) => `  ${name.padEnd(30)}${value}\n`);
  return `Control board: ${describe(board)}\n\nLooked at:\n${rows.join("")}`;
}

function inputRows(inputs: BoardInputs): [name: string, value: string][] {
  const list = (words: readonly string[]): string => (words.length === 0 ? "-" : words.join(", "));
  return [
    ["device tree, compatible", list(inputs.compatible)],
    ["processors", inputs.presentCpus === 0 ? "-" : String(inputs.presentCpus)],
    ["/etc/subtype", inputs.subtype ?? "-"],
    ["/usr/bin/ctrl_bd", inputs.ctrlBd ?? "-"],
    ["/usr/bin/compile_time, line 2", inputs.compileTimeModel ?? "-"],
    ["/dev/axi_fpga_dev", inputs.hasVendorFpga ? "there" : "-"],
    ["UIO devices", list(inputs.uioNames)],
    ["USB serial ports", list(inputs.usbPorts.map(describeUsbPort))],
    ["kernel modules", list(inputs.modules)],
  ];
}

function describeUsbPort({ path, id, manufacturer, product, serial, interfaceNumber }: UsbPort): string {
  return `${path} (${id} ${manufacturer} ${product}, serial ${serial}, interface ${interfaceNumber})`;
}

/** For the support bundle; fields as in the run report. */
function toJson({ inputs, board }: Detection) {
  return {
    board: {
      kind: board.kind,
      name: "board" in board ? board.board : null,
      why: board.why,
      hashboard_family: "family" in board ? board.family : null,
      control_path: "controlPath" in board ? board.controlPath : null,
      chips_path: "chipsPath" in board ? board.chipsPath : null,
    },
    inputs: {
      compatible: inputs.compatible,
      present_cpus: inputs.presentCpus,
      subtype: inputs.subtype,
      ctrl_bd: inputs.ctrlBd,
      compile_time_model: inputs.compileTimeModel,
      has_vendor_fpga: inputs.hasVendorFpga,
      uio_names: inputs.uioNames,
      modules: inputs.modules,
      usb_ports: inputs.usbPorts.map(({ interfaceNumber, bcdDevice, ...port }) =>
        Object.assign({}, port, { interface_number: interfaceNumber, bcd_device: bcdDevice }),
      ),
    },
  };
}
