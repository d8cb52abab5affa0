import { expect, test } from "vitest";
import { type BoardInputs, detectBoard, type UsbPort } from "#hal/boards/detect-board.ts";

const NOTHING: BoardInputs = {
  compatible: [],
  presentCpus: 4,
  subtype: null,
  ctrlBd: null,
  compileTimeModel: null,
  hasVendorFpga: false,
  uioNames: [],
  modules: [],
  usbPorts: [],
};

function usb(changes: Partial<UsbPort>): UsbPort {
  const bitaxe = {
    manufacturer: "OSMU",
    product: "Bitaxe",
    serial: "a1",
    id: "c0de:cafe",
    interfaceNumber: 0,
    bcdDevice: 0x0100,
  };
  return { path: "/dev/ttyACM0", ...bitaxe, ...changes };
}

const amlogic = ["amlogic, axg_s400_v1_sbr", "amlogic, axg"];
const zynq = ["xlnx,zynq-7000"];

const ROWS: [name: string, inputs: Partial<BoardInputs>, kind: string, board: string | null][] = [
  ["an A113D by its device tree", { compatible: amlogic }, "board", "amlogic-a113d"],
  ["an A113D on the vendor's file system", { subtype: "AMLCtrl_BHB56XXX" }, "board", "amlogic-a113d"],
  [
    "a Zynq with the open core",
    { compatible: zynq, presentCpus: 2, uioNames: ["fan-control"] },
    "board",
    "zynq7010-s9io",
  ],
  [
    "a Zynq with the vendor's FPGA",
    { compatible: zynq, presentCpus: 1, hasVendorFpga: true },
    "board",
    "zynq7007-vendor",
  ],
  ["a Zynq without any FPGA driver", { compatible: zynq, presentCpus: 1 }, "unsupported", null],
  ["the vendor's Zynq by its subtype", { subtype: "zynq7007_BHB28XXX" }, "board", "zynq7007-vendor"],
  ["an S9 on the vendor's system", { ctrlBd: "XILINX", compileTimeModel: "Antminer S9" }, "unsupported", null],
  ["a Zynq by a chain core alone", { uioNames: ["chain6-common"] }, "board", "zynq7010-s9io"],
  ["a Zynq by the vendor's FPGA device alone", { hasVendorFpga: true }, "board", "zynq7007-vendor"],
  ["a BeagleBone by its subtype", { subtype: "BBCtrl_BHB42XXX" }, "unsupported", null],
  ["a CVITEK board by its subtype", { subtype: "CVCtrl_BHB42XXX" }, "unsupported", null],
  ["a BeagleBone", { compatible: ["ti,am335x-bone", "ti,am33xx"] }, "unsupported", null],
  [
    "a CVITEK board whose other files lie",
    { compatible: ["cvitek,cv183x"], subtype: "zynq7007_X" },
    "unsupported",
    null,
  ],
  ["a board with uart_trans only", { modules: ["uart_trans"] }, "unsupported", null],
  ["a PC", {}, "none", null],
];

test.each(ROWS)("%s", (_name, inputs, kind, board) => {
  const detected = detectBoard({ ...NOTHING, ...inputs });
  expect(detected.kind).toBe(kind);
  expect("board" in detected ? detected.board : null).toBe(board);
  expect(detected.why.length).toBeGreaterThan(10);
});

test("one processor is an XC7Z007S, two are an XC7Z010", () => {
  const why = (presentCpus: number) => detectBoard({ ...NOTHING, compatible: zynq, presentCpus }).why;
  expect([why(1), why(2)]).toEqual([expect.stringContaining("XC7Z007S"), expect.stringContaining("XC7Z010")]);
});

test("the hashboard family comes with the board", () => {
  expect(detectBoard({ ...NOTHING, subtype: "AMLCtrl_BHB56XXX" })).toMatchObject({ family: "BHB56XXX" });
});

test("a hobby board's ports are paired by serial and interface, whatever their names", () => {
  const usbPorts = [
    usb({ path: "/dev/ttyACM3", interfaceNumber: 2, serial: "b2" }),
    usb({ path: "/dev/ttyACM0", interfaceNumber: 2 }),
    usb({ path: "/dev/ttyACM1", interfaceNumber: 0 }),
  ];
  expect(detectBoard({ ...NOTHING, usbPorts })).toMatchObject({
    kind: "hobby",
    board: "bitaxe",
    controlPath: "/dev/ttyACM1",
    chipsPath: "/dev/ttyACM0",
    style: "v0",
  });
  const newer = usbPorts.map((port) => ({ ...port, bcdDevice: 0x0101 }));
  expect(detectBoard({ ...NOTHING, usbPorts: newer })).toMatchObject({ style: "v1" });
  const lonely = [usb({ path: "/dev/ttyACM0" })];
  expect(detectBoard({ ...NOTHING, usbPorts: lonely })).toMatchObject({ kind: "none" });
  const ember = [
    usb({ id: "1209:256f", product: "EmberOne00" }),
    usb({ id: "1209:256f", path: "/dev/ttyACM1", interfaceNumber: 2 }),
  ];
  expect(detectBoard({ ...NOTHING, usbPorts: ember })).toMatchObject({ board: "emberone" });
});
