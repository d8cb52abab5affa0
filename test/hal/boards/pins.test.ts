/** The rows of the control boards against the collected pins, serial devices and PWM channels: none is skipped in silence. */
import fs from "node:fs";
import { expect, test } from "vitest";
import type { ControlBoardFacts, PinFacts } from "#hal/boards/board-facts.ts";
import { CONTROL_BOARDS } from "#hal/boards/control-boards.ts";

interface GpioVector {
  board: string;
  function: string;
  gpio: number;
  active: string | null;
  fitted?: boolean;
}
interface UartVector {
  board: string;
  chain: number;
  device: string | null;
}
interface PwmVector {
  board: string;
  path: string;
  period_ns: number;
}
const vectors = JSON.parse(fs.readFileSync(new URL("../../vectors/boards.json", import.meta.url), "utf8")) as {
  gpio: GpioVector[];
  uart: UartVector[];
  pwm: PwmVector[];
};

const BOARD_OF: Readonly<Record<string, ControlBoardFacts>> = {
  "zynq7010-braiins": CONTROL_BOARDS["zynq7010-s9io"],
  "zynq7007-vendor": CONTROL_BOARDS["zynq7007-vendor"],
  amlogic: CONTROL_BOARDS["amlogic-a113d"],
  "beaglebone-vendor": CONTROL_BOARDS["beaglebone-vendor"],
  "beaglebone-s19j-io-v2": CONTROL_BOARDS["beaglebone-s19j-v2"],
};
/** Rows that no driver uses, with the reason. */
const UNUSED: readonly [reason: string, matches: (row: GpioVector) => boolean][] = [
  ["CVITEK boards are not supported", ({ board }) => board === "cvitek"],
  ["connectors that are not fitted", ({ fitted }) => fitted === false],
  ["no buzzer is driven", ({ function: name }) => name === "buzzer"],
  ["the kernel's i2c-gpio owns the supply's bus", ({ function: name }) => /^psu_(scl|sda)$/.test(name)],
  [
    "S19j boards have three hashboards",
    ({ board, function: name }) => /^beagle/.test(board) && name.endsWith("_3") && !name.startsWith("tach"),
  ],
];

function pinOf(board: ControlBoardFacts, name: string): PinFacts | null {
  const chain = /^hb_(reset|plug)_(?:J(\d)|(\d))$/.exec(name);
  if (chain !== null) {
    const connector = board.connectors.find((c, i) =>
      chain[2] === undefined ? i === Number(chain[3]) : c.label === `J${chain[2]}`,
    );
    return connector?.[chain[1] as "reset" | "plug"] ?? null;
  }
  const tacho = /^tach_(?:(front|rear))?(\d)$/.exec(name);
  if (tacho !== null && board.fans.kind === "pwm") {
    return board.fans.tachos[(tacho[1] === "rear" ? 2 : 0) + Number(tacho[2])] ?? null;
  }
  const named: Readonly<Record<string, PinFacts | null>> = {
    led_red: board.leds.red,
    led_green: board.leds.green,
    button_reset: board.buttons.recovery,
    button_recovery: board.buttons.recovery,
    button_ip: board.buttons.ipReport,
    psu_enable: board.psuEnable,
    psu_enable_n: board.psuEnable,
  };
  return named[name] ?? null;
}

test("every collected pin is in a row with its number and level, or named as unused", () => {
  let used = 0;
  for (const row of vectors.gpio) {
    if (UNUSED.some(([, matches]) => matches(row))) continue;
    const board = BOARD_OF[row.board];
    expect(board, row.board).toBeDefined();
    if (board === undefined) continue;
    const pin = pinOf(board, row.function);
    expect(pin?.pin.documentedNumber, `${row.board} ${row.function}`).toBe(row.gpio);
    const level = /^(high|low)/.exec(row.active ?? "")?.[1];
    // Where the notes settle no level, LEDs are assumed active high; nothing else may be.
    if (level !== undefined) expect(pin?.active, `${row.board} ${row.function}`).toBe(level);
    else if (row.function === "psu_enable") expect(pin?.active).toBeNull();
    used++;
  }
  expect([vectors.gpio.length, used]).toEqual([76, 47]);
});

test("serial devices are those of the notes; where notes contradict each other the row says so", () => {
  const amlogic = CONTROL_BOARDS["amlogic-a113d"];
  const devices = (board: ControlBoardFacts): string[] =>
    board.connectors.map(({ link }) => (link.kind === "uart" ? link.path : link.kind));
  const noted = (name: string): (string | null)[] =>
    vectors.uart.filter(({ board }) => board === name).map(({ device }) => device);
  expect(devices(amlogic)).toEqual(noted("amlogic"));
  expect([...noted("amlogic-alternative")].sort()).toEqual([...noted("amlogic")].sort());
  expect(amlogic.isChainOrderContested).toBe(true);
  expect(noted("beaglebone-vendor").slice(0, 3)).toEqual(devices(CONTROL_BOARDS["beaglebone-vendor"]));
});

test("PWM channels and period are those of the notes", () => {
  const { fans } = CONTROL_BOARDS["amlogic-a113d"];
  const rows = vectors.pwm.filter(({ board }) => board === "amlogic");
  expect(rows.length).toBe(2);
  if (fans.kind !== "pwm") throw new Error("Amlogic fans hang on PWM channels");
  expect(fans.channels.map((c) => `pwmchip${c.documentedChip}/pwm${c.channel}`)).toEqual(rows.map((row) => row.path));
  for (const row of rows) expect(row.period_ns).toBe(fans.periodNs);
});

/** Rows of the other boards: which chain core or FPGA bit belongs to a connector. */
test("every collected serial device is claimed: by a connector, or by a reason", () => {
  const connectors = (board: ControlBoardFacts) => board.connectors.map(({ number, link }) => ({ number, link }));
  const claimed: Record<string, number> = {};
  for (const { board, chain, device } of vectors.uart) {
    claimed[board] = (claimed[board] ?? 0) + 1;
    if (board === "zynq7010-braiins") {
      // Cores count from 1: chain 5 is the core of J6 at 0x43C00000.
      expect(device).toBe(`s9io core 0x43C${chain - 5}0000`);
      const link = { kind: "s9io", coreName: `chain${chain + 1}` };
      expect(connectors(CONTROL_BOARDS["zynq7010-s9io"])[chain - 5]).toEqual({ number: chain, link });
    }
    if (board === "zynq7007-vendor") {
      expect(device).toBe(`FPGA 0x40000000, chain bit ${chain}`);
      expect(connectors(CONTROL_BOARDS["zynq7007-vendor"])[chain]).toEqual({
        number: chain,
        link: { kind: "vendorFpga" },
      });
    }
  }
  expect(claimed).toEqual({
    amlogic: 3,
    "amlogic-alternative": 3,
    // Not supported.
    cvitek: 4,
    // The fourth connector has no hashboard on an S19j.
    "beaglebone-vendor": 4,
    "zynq7010-braiins": 3,
    "zynq7007-vendor": 3,
  });
});

test("no PWM row is left out: two of Amlogic, two of CVITEK boards, which are not supported", () => {
  expect(vectors.pwm.map(({ board }) => board)).toEqual(["amlogic", "amlogic", "cvitek", "cvitek"]);
});

test("address strap of an S9 board: J6 is 5, J7 is 6, J8 is 7", () => {
  const { connectors } = CONTROL_BOARDS["zynq7010-s9io"];
  expect(connectors.map(({ label, number }) => `${label} ${number}`)).toEqual(["J6 5", "J7 6", "J8 7"]);
});

test("where sources contradict each other nothing is taken for settled", () => {
  // S21: one source has the enable line the other way round. BeagleBone: nobody says it.
  expect(CONTROL_BOARDS["amlogic-a113d"].psuEnable?.observedOn).toEqual(["s19kpro"]);
  expect(CONTROL_BOARDS["zynq7007-vendor"].psuEnable?.observedOn).toEqual(["s19pro"]);
  expect(CONTROL_BOARDS["beaglebone-vendor"].psuEnable).toMatchObject({ active: null, observedOn: [] });
  expect(CONTROL_BOARDS["beaglebone-s19j-v2"].psuEnable).toMatchObject({ active: null, observedOn: [] });
});
