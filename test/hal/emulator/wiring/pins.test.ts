/** The emulated boards' own reading of the collected pins: each one is driven or read by its global number. */
import { expect, test } from "vitest";
import { AmlogicWiring } from "#hal/emulator/wiring/amlogic-wiring.ts";
import { BeagleboneWiring } from "#hal/emulator/wiring/beaglebone-wiring.ts";
import { S9ioWiring } from "#hal/emulator/wiring/s9io-wiring.ts";
import { VendorWiring } from "#hal/emulator/wiring/vendor-wiring.ts";
import type { WirePin, WorldPorts } from "#hal/emulator/wiring/world-ports.ts";
import { boardVectors } from "../devices/device-bus.ts";
import { type FakeWorld, fakeWorld } from "./wired-world.ts";

interface WiredBoard {
  readonly wire: (world: FakeWorld) => WorldPorts;
  readonly pin: (gpio: number) => WirePin;
}

function banks(...rows: readonly (readonly [label: string, base: number, lines: number])[]): WiredBoard["pin"] {
  return (gpio) => {
    const row = rows.find(([, base, lines]) => gpio >= base && gpio < base + lines);
    if (row === undefined) throw new Error(`no bank has pin ${gpio}`);
    return { label: row[0], line: gpio - row[1] };
  };
}

const AM335X = banks(
  ["44e07000.gpio", 0, 32],
  ["4804c000.gpio", 32, 32],
  ["481ac000.gpio", 64, 32],
  ["481ae000.gpio", 96, 32],
);
/** Bases as in the notes: main bank 411; AXI outputs 884 and inputs 897; MIO 906. */
const BOARDS: Readonly<Record<string, WiredBoard>> = {
  amlogic: { wire: (world) => new AmlogicWiring(world), pin: banks(["periphs-banks", 411, 86]) },
  "zynq7010-braiins": {
    wire: (world) => new S9ioWiring(world),
    pin: banks(["41210000.gpio", 884, 13], ["41200000.gpio", 897, 8], ["zynq_gpio", 906, 118]),
  },
  "zynq7007-vendor": { wire: (world) => new VendorWiring(world), pin: banks(["zynq_gpio", 906, 118]) },
  "beaglebone-vendor": { wire: (world) => new BeagleboneWiring(world, "vendor"), pin: AM335X },
  "beaglebone-s19j-io-v2": { wire: (world) => new BeagleboneWiring(world, "s19j-v2"), pin: AM335X },
};
/** No emulated board has them: see the reasons in test/hal/boards/pins.test.ts. */
const ABSENT = /^(buzzer|psu_scl|psu_sda)$/;

type Row = (typeof boardVectors.gpio)[number];

function isAbsent(row: Row): boolean {
  const isFourthBoard = row.board.startsWith("beagle") && row.function.startsWith("hb_") && row.function.endsWith("_3");
  return row.board === "cvitek" || row.fitted === false || ABSENT.test(row.function) || isFourthBoard;
}

/** Index of the chain: J6 of an S9 is the first one. */
function chainOf(name: string): number {
  const jack = /_J(\d)$/.exec(name)?.[1];
  return jack === undefined ? Number(name.slice(-1)) : Number(jack) - 6;
}

function checkPin(row: Row, board: WiredBoard): void {
  const world = fakeWorld();
  const ports = board.wire(world);
  const pin = board.pin(row.gpio);
  const what = `${row.board} ${row.function}`;
  if (row.function.startsWith("psu_enable")) {
    for (const isHigh of [true, false]) ports.writePin(pin, isHigh);
    expect(world.moves, what).toEqual(["power off", "power on"]);
  } else if (row.function.startsWith("hb_reset")) {
    const chain = chainOf(row.function);
    for (const isHigh of [false, true]) ports.writePin(pin, isHigh);
    expect(world.moves, what).toEqual([`reset ${chain} on`, `reset ${chain} off`]);
  } else if (row.function.startsWith("hb_plug")) {
    expect(ports.readPin(pin), what).toBe(true);
    world.plugged[chainOf(row.function)] = false;
    expect(ports.readPin(pin), what).toBe(false);
  } else if (row.function.startsWith("tach")) {
    checkTacho(row, world, ports, pin);
  } else if (row.function.startsWith("led")) {
    ports.writePin(pin, true);
    expect(world.moves, what).toEqual([]);
  } else {
    // Nobody presses a button, and where the level is known it is low when pressed.
    expect(ports.readPin(pin), what).toBe(true);
  }
}

function checkTacho(row: Row, world: FakeWorld, ports: WorldPorts, pin: WirePin): void {
  const fan = (row.function.startsWith("tach_rear") ? 2 : 0) + Number(row.function.slice(-1));
  world.fans.setDutyPct(100);
  const stopped = [0, 1, 2, 3].map((n) => n !== fan);
  for (let i = 0; i < 40; i++) world.fans.step(stopped, 250);
  const before = ports.countEdges(pin);
  for (let i = 0; i < 4; i++) world.fans.step(stopped, 250);
  const perS = ports.countEdges(pin) - before;
  // Two falling edges a turn: edges a second x 30 = RPM.
  expect(Math.abs(perS * 30 - world.fans.rpm(fan)), `${row.board} ${row.function}`).toBeLessThanOrEqual(60);
  expect(perS).toBeGreaterThan(20);
}

test("every collected pin moves or tells the right thing on its emulated board", () => {
  let checked = 0;
  for (const row of boardVectors.gpio) {
    if (isAbsent(row)) continue;
    const board = BOARDS[row.board];
    if (board === undefined) throw new Error(`${row.board} has no emulated board`);
    checkPin(row, board);
    checked++;
  }
  expect([boardVectors.gpio.length, checked]).toEqual([76, 47]);
});

test("a pin that is not in the notes is an error, not silence", () => {
  for (const [name, { wire, pin }] of Object.entries(BOARDS)) {
    const ports = wire(fakeWorld());
    const unknown = pin(name === "amlogic" ? 411 : name.startsWith("zynq") ? 906 : 1);
    if (name !== "zynq7010-braiins") expect(() => ports.writePin(unknown, true), name).toThrow(RangeError);
    expect(() => ports.countEdges(unknown), name).toThrow(RangeError);
  }
});

test("serial devices of the emulated boards lead to the chains of the notes", () => {
  const noted = (board: string): (string | null)[] =>
    boardVectors.uart.filter((row) => row.board === board).map(({ device }) => device);
  for (const [board, chains] of [
    ["amlogic", 3],
    ["beaglebone-vendor", 3],
  ] as const) {
    const world = fakeWorld();
    const ports = BOARDS[board]?.wire(world);
    expect(ports?.serialPorts.map(({ path }) => path)).toEqual(noted(board).slice(0, chains));
    expect(ports?.serialPorts.map(({ line }) => world.chains.findIndex((c) => c.line === line))).toEqual([0, 1, 2]);
  }
  // Contested: the other sources have connectors 0 and 2 the other way round.
  const world = fakeWorld();
  const swapped = new AmlogicWiring(world, [2, 1, 0]).serialPorts;
  const ofChain = world.chains.map(({ line }) => swapped.find((port) => port.line === line)?.path);
  expect(ofChain).toEqual(noted("amlogic-alternative"));
});

test("PWM outputs drive the pair of fans of the notes", () => {
  const rows = boardVectors.pwm.filter(({ board }) => board === "amlogic");
  expect(rows.map(({ channel, path }) => [channel, path])).toEqual([
    ["rear", "pwmchip0/pwm0"],
    ["front", "pwmchip0/pwm1"],
  ]);
  for (const { path, channel } of rows) {
    const world = fakeWorld();
    const [chip, output] = /^pwmchip(\d)\/pwm(\d)$/.exec(path)?.slice(1).map(Number) ?? [];
    new AmlogicWiring(world).applyPwm(chip ?? -1, output ?? -1, 0.5);
    // Tachos: front 0 and 1, rear 0 and 1.
    expect(world.dutyPct).toEqual(channel === "rear" ? [0, 0, 50, 50] : [50, 50, 0, 0]);
  }
});

test("fan block of the open S9 core: percent at 0x10, whole turns a second from 0x00", async () => {
  const world = fakeWorld(3, 2);
  const fans = new S9ioWiring(world).registers("fan-control");
  await fans?.write(0x10, 80);
  expect(world.dutyPct).toEqual([80, 80]);
  world.fans.setDutyPct(100);
  for (let i = 0; i < 40; i++) world.fans.step([false, false], 250);
  expect(await fans?.read(0x04)).toBe(Math.floor(world.fans.rpm(1) / 60));
});
