/** Systems as folders: what is read from them, and which board it makes. */
import { expect, test } from "vitest";
import { detectBoard } from "#hal/boards/detect-board.ts";
import { collectBoardInputs } from "#hal/linux/board-inputs.ts";
import { type FakeEntry, fakeRoot, usbPair } from "../../support/fake-root.ts";

async function detect(entries: Record<string, FakeEntry>) {
  const inputs = await collectBoardInputs(fakeRoot(entries));
  return { inputs, board: detectBoard(inputs) };
}

const CONSOLE = { "sys/class/tty/ttyS0/dev": "4:64\n" };

test("an Amlogic board on the vendor's system, with the hashboards' family", async () => {
  const { inputs, board } = await detect({
    ...CONSOLE,
    "proc/device-tree/compatible": "amlogic, axg\0amlogic,s400\0",
    "sys/devices/system/cpu/present": "0-3\n",
    "etc/subtype": "AMLCtrl_BHB56XXX\n",
    "proc/modules": "mali 200704 0 - Live 0x0\naml_media 12 1 mali, Live 0x0\n",
  });
  expect(inputs).toEqual({
    compatible: ["amlogic, axg", "amlogic,s400"],
    presentCpus: 4,
    subtype: "AMLCtrl_BHB56XXX",
    ctrlBd: null,
    compileTimeModel: null,
    hasVendorFpga: false,
    uioNames: [],
    modules: ["mali", "aml_media"],
    usbPorts: [],
  });
  expect(board).toMatchObject({ kind: "board", board: "amlogic-a113d", family: "BHB56XXX" });
});

test("a Zynq of an S9: by its UIO devices, and by the vendor's files where those are missing", async () => {
  const zynq = { "proc/device-tree/compatible": "xlnx,zynq-7000\0", "sys/devices/system/cpu/present": "0-1\n" };
  const open = await detect({
    ...zynq,
    "sys/class/uio/uio0/name": "fan-control\n",
    "sys/class/uio/uio10/name": "chain6-work-tx\n",
    "sys/class/uio/uio2/name": "chain6-common\n",
  });
  expect(open.inputs.uioNames).toEqual(["fan-control", "chain6-common", "chain6-work-tx"]);
  expect(open.inputs.presentCpus).toBe(2);
  expect(open.board).toMatchObject({ kind: "board", board: "zynq7010-s9io" });

  const bare = await detect(zynq);
  expect(bare.board).toMatchObject({ kind: "unsupported", why: expect.stringContaining("XC7Z010") });

  const vendor = await detect({
    "usr/bin/ctrl_bd": "XILINX\n",
    "usr/bin/compile_time": "Fri Nov 17 17:57:49 CST 2017\nAntminer S9\n",
  });
  expect(vendor.inputs).toMatchObject({ ctrlBd: "XILINX", compileTimeModel: "Antminer S9", presentCpus: 0 });
  expect(vendor.board).toMatchObject({ kind: "unsupported", why: expect.stringContaining("Antminer S9") });
});

test("a Zynq with the vendor's FPGA driver", async () => {
  const { board } = await detect({
    "proc/device-tree/compatible": "xlnx,zynq-7000\0",
    "sys/devices/system/cpu/present": "0\n",
    "dev/axi_fpga_dev": "",
  });
  expect(board).toMatchObject({ kind: "board", board: "zynq7007-vendor" });
});

test("a Bitaxe on a PC, beside another pair of serial ports that came first", async () => {
  const { inputs, board } = await detect({
    ...CONSOLE,
    ...usbPair({
      first: 0,
      bus: "1-2",
      manufacturer: "Somebody",
      product: "Modem",
      serial: "1",
      id: ["1234", "5678"],
      bcdDevice: "0100",
    }),
    ...usbPair({
      first: 2,
      bus: "1-4",
      manufacturer: "OSMU",
      product: "Bitaxe",
      serial: "a1b2",
      id: ["c0de", "CAFE"],
      bcdDevice: "0010",
    }),
  });
  expect(inputs.usbPorts).toHaveLength(4);
  expect(inputs.usbPorts[3]).toEqual({
    path: "/dev/ttyACM3",
    manufacturer: "OSMU",
    product: "Bitaxe",
    serial: "a1b2",
    id: "c0de:cafe",
    interfaceNumber: 2,
    bcdDevice: 0x0010,
  });
  expect(board).toMatchObject({
    kind: "hobby",
    board: "bitaxe",
    controlPath: "/dev/ttyACM2",
    chipsPath: "/dev/ttyACM3",
    style: "v0",
  });
});

test("an EmberOne with the newer replies", async () => {
  const { board } = await detect(
    usbPair({
      first: 0,
      bus: "1-1",
      manufacturer: "256F",
      product: "EmberOne00",
      serial: "7",
      id: ["1209", "256f"],
      bcdDevice: "0011",
    }),
  );
  expect(board).toMatchObject({ kind: "hobby", board: "emberone", style: "v1", controlPath: "/dev/ttyACM0" });
});

test("a PC is no board, and an empty folder breaks nothing", async () => {
  const pc = await detect({
    ...CONSOLE,
    "sys/devices/system/cpu/present": "0-3,8,10-11\n",
    "proc/modules": "i2c_dev 28672 0 - Live 0x0\n",
  });
  expect(pc.inputs).toMatchObject({ presentCpus: 7, modules: ["i2c_dev"], compatible: [] });
  expect(pc.board.kind).toBe("none");
  expect((await detect({})).board.kind).toBe("none");
});
