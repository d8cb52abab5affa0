/** Collects what tells control boards apart. Reads only; what is missing shows as missing. */
import type { BoardInputs, UsbPort } from "#hal/boards/detect-board.ts";
import { listUio } from "./memory-map.ts";
import { SystemFiles } from "./system-files.ts";

const TTY_FOLDER = "sys/class/tty";

/** @param root folder that stands for `/`: a live system, or the copy of one. */
export async function collectBoardInputs(root = "/"): Promise<BoardInputs> {
  const files = new SystemFiles(root);
  const compatible = (await files.read("proc/device-tree/compatible")) ?? "";
  const uios = await listUio(files);
  return {
    compatible: compatible.split("\0").filter((name) => name !== ""),
    presentCpus: countCpus((await files.read("sys/devices/system/cpu/present")) ?? ""),
    subtype: firstLine(await files.read("etc/subtype")),
    ctrlBd: await files.read("usr/bin/ctrl_bd"),
    compileTimeModel: (await files.read("usr/bin/compile_time"))?.split("\n")[1]?.trim() ?? null,
    hasVendorFpga: await files.exists("dev/axi_fpga_dev"),
    uioNames: uios.map(({ name }) => name),
    modules: ((await files.read("proc/modules")) ?? "").split("\n").flatMap((line) => line.split(" ")[0] || []),
    usbPorts: await listUsbPorts(files),
  };
}

function firstLine(text: string | null): string | null {
  return text?.split("\n")[0]?.trim() ?? null;
}

/** `0-1` is two, `0,2-3` three. */
function countCpus(ranges: string): number {
  let count = 0;
  for (const range of ranges.split(",")) {
    const match = /^(\d+)(?:-(\d+))?$/.exec(range.trim());
    if (match !== null) count += Number(match[2] ?? match[1]) - Number(match[1]) + 1;
  }
  return count;
}

/** A port's `device` is one interface of the USB device, whose own strings are one folder above it. */
async function listUsbPorts(files: SystemFiles): Promise<UsbPort[]> {
  const ports: UsbPort[] = [];
  for (const entry of await files.list(TTY_FOLDER)) {
    if (!/^ttyACM\d+$/.test(entry)) continue;
    const usbInterface = await files.realPath(`${TTY_FOLDER}/${entry}/device`);
    if (usbInterface === null) continue;
    const text = async (attribute: string): Promise<string> => (await files.read(`${usbInterface}/${attribute}`)) ?? "";
    ports.push({
      path: `/dev/${entry}`,
      manufacturer: await text("../manufacturer"),
      product: await text("../product"),
      serial: await text("../serial"),
      id: `${await text("../idVendor")}:${await text("../idProduct")}`.toLowerCase(),
      interfaceNumber: Number.parseInt(await text("bInterfaceNumber"), 16),
      bcdDevice: Number.parseInt(await text("../bcdDevice"), 16),
    });
  }
  return ports;
}
