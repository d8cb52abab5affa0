/** What becomes of a real system and of its owner's words; and that a real machine is never scaled. */
import { expect, test } from "vitest";
import { CHIPS } from "#drivers/bm13xx/chips.ts";
import { HASHBOARDS, type HashboardName } from "#drivers/hashboards/models.ts";
import { createLog } from "#firmware/log.ts";
import { chooseMachine, type OwnerSettings } from "#firmware/platform/choose-board.ts";
import { detectSystem, openRealPlatform, realScales } from "#firmware/platform/real.ts";
import type { BoardName, BoardSettings } from "#hal/boards/board-facts.ts";
import { CONTROL_BOARDS } from "#hal/boards/control-boards.ts";
import type { HobbyBoardName } from "#hal/boards/hobby-board.ts";
import { type FakeEntry, fakeRoot, usbPair } from "../../support/fake-root.ts";

const AMLOGIC = { "proc/device-tree/compatible": "amlogic,axg\0", "etc/subtype": "AMLCtrl_BHB68XXX\n" };
const BITAXE = usbPair({
  first: 0,
  bus: "1-1",
  manufacturer: "OSMU",
  product: "Bitaxe",
  serial: "7",
  id: ["c0de", "cafe"],
  bcdDevice: "0011",
});

async function choose(
  entries: Record<string, FakeEntry>,
  owner: { hashboard?: HashboardName; board?: BoardName | HobbyBoardName; settings?: BoardSettings } = {},
) {
  const { board } = await detectSystem(fakeRoot(entries));
  const said: OwnerSettings = {
    hashboard: owner.hashboard === undefined ? null : HASHBOARDS[owner.hashboard],
    board: owner.board ?? null,
    settings: owner.settings ?? {},
  };
  return chooseMachine(board, said);
}

test("F is 1 on both sides of every real machine, at the stock ticket", () => {
  expect(Object.keys(CHIPS).length).toBeGreaterThan(3);
  expect(realScales()).toEqual({
    chipScale: 1,
    poolScale: 1,
    stockTicket: null,
    suggestDifficulty: null,
    label: null,
  });
});

test("a PC has no board, and the sentence says what was looked at and what to do", async () => {
  await expect(choose({})).rejects.toMatchObject({
    code: "BOARD_UNKNOWN",
    message: expect.stringMatching(/device tree.*USB serial ports.*kumpel run --demo\.$/),
  });
});

test("hashboards are never assumed: the sentence names the board, the vendor's family and the models", async () => {
  await expect(choose(AMLOGIC)).rejects.toMatchObject({
    code: "OWNER_SETTING_NEEDED",
    message: expect.stringMatching(/Amlogic A113D.*BHB68XXX.*--hashboard NAME.* s21 .*s21xp\.$/),
  });
  const { found, hashboard } = await choose(AMLOGIC, { hashboard: "s21" });
  expect(found).toMatchObject({ kind: "board", board: "amlogic-a113d" });
  expect(hashboard.model).toBe("s21");
});

test("a hobby board takes its own models only, and the other way round", async () => {
  await expect(choose(BITAXE)).rejects.toMatchObject({
    code: "OWNER_SETTING_NEEDED",
    message: expect.stringMatching(/one of: (?!.*s21).*bitaxe-gamma/),
  });
  await expect(choose(BITAXE, { hashboard: "s21" })).rejects.toMatchObject({ code: "USAGE" });
  await expect(choose(AMLOGIC, { hashboard: "bitaxe-gamma" })).rejects.toMatchObject({ code: "USAGE" });
  expect((await choose(BITAXE, { hashboard: "bitaxe-gamma" })).found).toMatchObject({
    controlPath: "/dev/ttyACM0",
    chipsPath: "/dev/ttyACM1",
    style: "v1",
  });
});

test("a hobby board that no USB string tells takes both its serial devices from the owner, or none at all", async () => {
  const named = (...chainUarts: string[]) =>
    choose({}, { hashboard: "bitaxe-gamma", board: "bitaxe", settings: { chainUarts } });
  expect((await named("/dev/ttyS1", "/dev/ttyS2")).found).toMatchObject({
    kind: "hobby",
    board: "bitaxe",
    controlPath: "/dev/ttyS1",
    chipsPath: "/dev/ttyS2",
  });
  for (const wrong of [["/dev/ttyS1"], ["/dev/ttyS1", "/dev/ttyS1"], ["/dev/ttyS1", "/dev/ttyS2", "/dev/ttyS3"]])
    await expect(named(...wrong)).rejects.toThrow(/--chain-uarts CONTROL,CHIPS/);
  await expect(choose({}, { hashboard: "bitaxe-gamma", board: "bitaxe" })).rejects.toThrow(
    /--chain-uarts CONTROL,CHIPS/,
  );
  const plugged = await choose(BITAXE, { hashboard: "bitaxe-gamma", board: "bitaxe" });
  expect(plugged.found).toMatchObject({ controlPath: "/dev/ttyACM0", chipsPath: "/dev/ttyACM1" });
  await expect(choose(BITAXE, { hashboard: "s21", board: "bitaxe" })).rejects.toMatchObject({ code: "USAGE" });
});

test("a board that must be told apart by eye needs --board", async () => {
  const beaglebone = { "proc/device-tree/compatible": "ti,am335x-bone\0ti,am33xx\0" };
  await expect(choose(beaglebone, { hashboard: "s19jpro" })).rejects.toMatchObject({
    code: "BOARD_UNKNOWN",
    message: expect.stringContaining("--board beaglebone-vendor"),
  });
  const { found } = await choose(beaglebone, { hashboard: "s19jpro", board: "beaglebone-s19j-v2" });
  expect(found).toMatchObject({ board: "beaglebone-s19j-v2" });
});

test("serial devices by connector: one for each, all different, and only where there are such links", async () => {
  const withUarts = (...chainUarts: string[]) => choose(AMLOGIC, { hashboard: "s21", settings: { chainUarts } });
  await expect(withUarts("/dev/ttyS1", "/dev/ttyS2")).rejects.toMatchObject({ code: "USAGE" });
  await expect(withUarts("/dev/ttyS1", "/dev/ttyS2", "/dev/ttyS1")).rejects.toMatchObject({ code: "USAGE" });
  await withUarts("/dev/ttyS3", "/dev/ttyS2", "/dev/ttyS1");
  const chainUarts = ["/dev/ttyS1"];
  await expect(choose(BITAXE, { hashboard: "bitaxe-gamma", settings: { chainUarts } })).rejects.toThrow(/no meaning/);
});

test("what the owner has to say comes before any device is opened", async () => {
  // This machine has no GPIO, FPGA or supply: an attempt to open one would be another error.
  const cases: [BoardName, HashboardName, BoardSettings, RegExp][] = [
    ["amlogic-a113d", "s21", {}, /--psu-enable-active high\|low/],
    ["zynq7007-vendor", "s19pro", {}, /experimental.*--accept-experimental/],
    ["beaglebone-vendor", "s19jpro", { isExperimentalAccepted: true }, /Pin 65 .*no source says/],
  ];
  for (const [board, model, settings, sentence] of cases) {
    const found = { kind: "board", board, why: "test", family: null } as const;
    const machine = { hashboard: HASHBOARDS[model], found, settings };
    await expect(openRealPlatform(machine, createLog("silent"))).rejects.toMatchObject({
      code: "OWNER_SETTING_NEEDED",
      message: expect.stringMatching(sentence),
    });
  }
  expect(Object.keys(CONTROL_BOARDS)).toHaveLength(5);
});
