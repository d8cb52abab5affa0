/** The collected table of machines against both tables of ours: the firmware's rows and the emulator's. */
import { expect, test } from "vitest";
import { CHIPS } from "#drivers/bm13xx/chips.ts";
import { boardSupport } from "#drivers/hashboards/board-supports.ts";
import { ENUMERATION_BAUD } from "#drivers/hashboards/hashboard-model.ts";
import { findHashboard } from "#drivers/hashboards/models.ts";
import { machineBoard, type WiringKind } from "#hal/emulator/machine-boards.ts";
import { isMachineName, machineFacts } from "#hal/emulator/machines.ts";
import { boardVectors } from "../../hal/emulator/devices/device-bus.ts";

const NAME_OF: Readonly<Record<string, string>> = {
  S9: "s9",
  S17: "s17",
  // The same boards and chips as the S17 in every collected number.
  "S17 Pro": "s17",
  "S17+": "s17plus",
  T17: "t17",
  S19: "s19",
  "S19 Pro": "s19pro",
  "S19j Pro": "s19jpro",
  "S19 XP": "s19xp",
  "S19k Pro": "s19kpro",
  S21: "s21",
  T21: "t21",
  "S21 Pro": "s21pro",
  "S21 XP": "s21xp",
};
/** Water-cooled, with a supply of the second protocol: not offered. */
const NOT_OFFERED = ["S21 Hyd"];
const WIRING_OF: Readonly<Record<string, WiringKind>> = {
  zynq7010: "s9io",
  zynq7007: "vendor",
  amlogic: "amlogic",
};

type Row = (typeof boardVectors.models)[number];

function inRange(value: number, noted: number | readonly [number, number]): boolean {
  return typeof noted === "number" ? value === noted : value >= noted[0] && value <= noted[1];
}

/**
 * The midstate chips' fast rate is named 12 M in the notes; their divider makes 12.5 M of it. The captured sequence of the
 * S19k Pro never changes the rate, although another source names one.
 */
function isSameBaud({ model, work_baud }: Row, ours: number): boolean {
  if (model === "S19k Pro") return ours === ENUMERATION_BAUD;
  return work_baud === 12_000_000 ? ours === 12_500_000 : ours === work_baud;
}

function checkRow(row: Row, name: string): void {
  const board = findHashboard(name);
  if (board === null) throw new Error(`${row.model} has no row`);
  expect([board.chip, board.chips], row.model).toEqual([row.chip, row.chips_per_board]);
  if (row.domains !== null) expect([board.domains, board.chipsPerDomain], row.model).toEqual(row.domains);
  if (row.default_mhz !== null) expect(inRange(board.defaultFrequencyMhz, row.default_mhz), row.model).toBe(true);
  if (row.work_baud !== null) expect(isSameBaud(row, board.workBaud), row.model).toBe(true);
  if (row.address_interval !== undefined) expect(board.addressInterval).toBe(row.address_interval);
  if (row.board_stop_c !== undefined) expect(board.temperatureLimits.boardMaxC).toBe(row.board_stop_c);
  const { voltage } = boardSupport(name);
  if (row.run_volts !== null) {
    const noted = typeof row.run_volts === "number" ? row.run_volts * 1000 : row.run_volts.map((v) => v * 1000);
    expect(inRange(voltage?.workMv ?? 0, noted as number | [number, number]), row.model).toBe(true);
  }
  if (row.open_core_volts !== undefined) expect(voltage?.startMv, row.model).toBe(row.open_core_volts * 1000);
  // What no source names may not count as a fact.
  if (row.default_mhz === null) expect(board.confidence.frequency, row.model).toMatch(/unconfirmed|inferred/);
  if (row.run_volts === null) expect(voltage?.provenance, row.model).toBe("unconfirmed");
}

function checkEmulated(row: Row, name: string): void {
  if (!isMachineName(name)) throw new Error(`${name} is no emulated machine`);
  const facts = machineFacts(name);
  expect([facts.chip.name, facts.chipsPerChain, facts.chainCount, facts.fanCount], row.model).toEqual([
    row.chip,
    row.chips_per_board,
    row.boards,
    row.fans,
  ]);
  const wiring = machineBoard(name).wiring;
  expect(row.control_boards.map((board) => WIRING_OF[board])).toContain(wiring);
  const { supply } = machineBoard(name);
  const hasBus = row.psu === null || !row.psu.includes("no bus");
  expect(supply.kind === "psu", row.model).toBe(hasBus);
}

test("every collected model is in both tables with its numbers, or named as not offered", () => {
  let checked = 0;
  for (const row of boardVectors.models) {
    if (NOT_OFFERED.includes(row.model)) continue;
    const name = NAME_OF[row.model];
    if (name === undefined) throw new Error(`${row.model} is claimed by nobody`);
    checkRow(row, name);
    checkEmulated(row, name);
    checked++;
  }
  expect([boardVectors.models.length, checked]).toEqual([15, 14]);
});

test("clocks that the table leaves open are those of the notes: label over three boards, nearest step", () => {
  const noted = { s17: 580, s17plus: 557, t17: 660, s19: 670, s21xp: 485, t21: 460 };
  for (const [name, mhz] of Object.entries(noted)) {
    expect(findHashboard(name)?.defaultFrequencyMhz, name).toBe(mhz);
    if (isMachineName(name)) expect(machineFacts(name).stockFrequencyMhz, name).toBe(mhz);
  }
});

test("supply types that the maker accepts, by machine", () => {
  expect([...boardSupport("s19pro").psuTypes]).toEqual([0x42, 0x43, 0x71]);
  expect([...boardSupport("s19kpro").psuTypes]).toEqual([0x42, 0x43, 0x71, 0x72, 0x73, 0x75, 0x77, 0x78]);
  expect([...boardSupport("s21").psuTypes].sort()).toEqual([0x71, 0x72, 0x74, 0x75, 0x76, 0x77, 0x78, 0xc1]);
  // The emulated supply of a machine is one of them.
  for (const name of ["s19pro", "s19kpro", "s21"]) {
    const { supply } = machineBoard(name);
    expect(supply.kind === "psu" && boardSupport(name).psuTypes.includes(supply.type), name).toBe(true);
  }
});

test("voltages stay within what the notes name", () => {
  const limits = (name: string): (number | undefined)[] => {
    const { voltage } = boardSupport(name);
    return [voltage?.hardMinMv, voltage?.workMv, voltage?.startMv, voltage?.hardMaxMv];
  };
  expect(limits("s9")).toEqual([7_950, 8_800, 9_400, 9_400]);
  expect(limits("s19pro")).toEqual([12_000, 12_600, 15_000, 15_000]);
  expect(limits("s19kpro").slice(1)).toEqual([13_900, 15_200, 15_200]);
  // Bitaxe: 1.0 to 2.0 V is the part's range; ours is narrower.
  for (const [name, mv] of [
    ["bitaxe-max", 1_400],
    ["bitaxe-ultra", 1_200],
    ["bitaxe-supra", 1_166],
    ["bitaxe-gamma", 1_150],
  ] as const) {
    expect(limits(name).slice(1, 3), name).toEqual([mv, mv]);
  }
});

test("hobby boards: chip, clock and temperature limit", () => {
  for (const [name, chip, mhz] of [
    ["bitaxe-max", "BM1397", 425],
    ["bitaxe-ultra", "BM1366", 485],
    ["bitaxe-supra", "BM1368", 490],
    ["bitaxe-gamma", "BM1370", 525],
  ] as const) {
    const board = findHashboard(name);
    expect([board?.chip, board?.chips, board?.defaultFrequencyMhz]).toEqual([chip, 1, mhz]);
    expect(board?.temperatureLimits.chipMaxC).toBe(80);
    expect(CHIPS[chip].chip).toBe(chip);
  }
});
