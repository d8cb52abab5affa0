import { expect, test } from "vitest";
import {
  findPsuCalibration,
  PSU_CALIBRATIONS,
  psuCode,
  psuLabel,
  psuRangeMv,
  psuVoltageMv,
} from "#drivers/psu/calibration.ts";
import { PSU_V1, PSU_V1_COMMANDS } from "#drivers/psu/frame-v1.ts";
import { PSU_V2, PSU_V2_COMMANDS, psuV2Voltage, psuV2VoltageMv } from "#drivers/psu/frame-v2.ts";
import { LEGACY_CALIBRATION } from "#drivers/psu/legacy.ts";
import { boardVectors, fromHex, toHex } from "../../hal/emulator/devices/device-bus.ts";

const type71 = findPsuCalibration(0x71, null)!;

test("every documented frame of both protocols comes out byte for byte", () => {
  const v1 = (name: keyof typeof PSU_V1_COMMANDS, payload: number[] = []) =>
    toHex(PSU_V1.frame(PSU_V1_COMMANDS[name].code, payload));
  const v2 = (name: keyof typeof PSU_V2_COMMANDS, payload: number[] = []) =>
    toHex(PSU_V2.frame(PSU_V2_COMMANDS[name].code, payload));
  const built: Record<string, string> = {
    "psu1 fw": v1("firmware"),
    "psu1 type": v1("type"),
    "psu1 get": v1("getSetPoint"),
    "psu1 measure": v1("measure"),
    "psu1 state": v1("state"),
    "psu1 status": v1("status"),
    "psu1 wdt_off": v1("setWatchdog", [0, 0]),
    "psu1 wdt_on": v1("setWatchdog", [1, 0]),
    "psu1 set_15.0V_type71": v1("setPoint", [psuCode(type71, 15_000), 0]),
    "psu1 set_12.6V_type71": v1("setPoint", [psuCode(type71, 12_600), 0]),
    "psu1 reply_type41": v1("type", [0x41, 0]),
    "psu2 set_20.0V": v2("setVoltage", psuV2Voltage(20_000)),
    "psu2 wdt_off": v2("setWatchdog", [0, 0]),
    "psu2 get": v2("getVoltage"),
  };
  const vectors = boardVectors.frames.filter((frame) => frame.proto.startsWith("psu"));
  expect(vectors.map((v) => `${v.proto} ${v.name}`).sort()).toEqual(Object.keys(built).sort());
  for (const { proto, name, hex } of vectors) expect(built[`${proto} ${name}`], name).toBe(hex);
});

test("the documented reply of a type 41 is read", () => {
  expect(PSU_V1.parse(0x02, fromHex("55aa060241004900"))).toEqual({ kind: "ok", payload: Uint8Array.of(0x41, 0) });
  expect(psuV2VoltageMv(fromHex("0000a041"))).toBe(20_000);
  expect([psuV2VoltageMv(fromHex("0000c07f")), psuV2VoltageMv(fromHex("00a041"))]).toEqual([null, null]);
});

test.each([
  ["55aa060241004a00", /wrong checksum/],
  ["55aa060341004a00", /another command/],
  ["55aa0802410049000000", /wrong checksum/],
  ["55ab060241004900", /no header/],
  ["55aa0602", /wrong length/],
  ["f5f5f5f5f5f5f5f5", /no header/],
])("the v1 reply %s is wrong", (hex, reason) => {
  expect(PSU_V1.parse(0x02, fromHex(hex))).toEqual({ kind: "wrong", reason: expect.stringMatching(reason) });
});

test("a v1 checksum is wrong for v2 and the other way round", () => {
  expect(PSU_V2.parse(0x02, fromHex("55aa060241004900"))).toMatchObject({ kind: "wrong" });
  expect(PSU_V1.parse(0x02, PSU_V2.frame(0x02, [0x62, 0]))).toMatchObject({ kind: "wrong" });
  expect(PSU_V2.parse(0x02, PSU_V1.frame(0x02, [1]))).toMatchObject({ reason: expect.stringMatching(/odd/) });
});

test("every row of the documented formulas is in the table with its numbers, and nothing else", () => {
  expect(PSU_CALIBRATIONS).toHaveLength(boardVectors.psu_formula.length);
  expect(boardVectors.psu_formula).toHaveLength(9);
  for (const { types, a, b } of boardVectors.psu_formula) {
    const isOld = types.some((t) => t.includes("fw<4"));
    for (const text of types) {
      const found = findPsuCalibration(Number.parseInt(text.slice(0, 2), 16), isOld ? 3 : 4);
      expect([found?.offset, found?.perVolt], text).toEqual([a, b]);
    }
  }
});

test("anchors of type 71: truncated, not rounded", () => {
  expect(boardVectors.psu_type71_anchors).toHaveLength(4);
  for (const { volts, n } of boardVectors.psu_type71_anchors) expect(psuCode(type71, volts * 1000)).toBe(n);
});

test.each([
  [0x22, null, 16.03, 20.29],
  [0x41, null, 14.24, 21.36],
  [0x42, null, 14.24, 21.36],
  [0x43, null, 11.34, 15.6],
  [0x61, null, 17.03, 21.91],
  [0x71, null, 11.89, 15.12],
  [0x73, null, 13.86, 17.31],
  [0x74, null, 11.84, 15.19],
  [0xc1, 3, 12.0, 15.0],
  [0xc2, 4, 11.7, 15.3],
])("type %i, firmware %j spans the documented volts", (type, firmware, low, high) => {
  const row = findPsuCalibration(type, firmware)!;
  expect(Math.round(psuVoltageMv(row, 255) / 10) / 100).toBeCloseTo(low, 2);
  expect(Math.round(psuVoltageMv(row, 0) / 10) / 100).toBeCloseTo(high, 2);
});

test("ranges leave out the set points that are not for use", () => {
  expect(psuRangeMv(type71)).toEqual([12_000, 15_010]);
  expect(psuRangeMv(findPsuCalibration(0xc1, 3)!)).toEqual([12_000, 15_000]);
  expect(psuRangeMv(findPsuCalibration(0xc1, 4)!)[1]).toBeLessThan(15_300);
  for (const row of PSU_CALIBRATIONS) {
    const [minMv, maxMv] = psuRangeMv(row);
    for (const mv of [minMv, maxMv]) {
      expect(psuCode(row, mv)).toBeGreaterThanOrEqual(row.codeMin);
      expect(psuCode(row, mv)).toBeLessThanOrEqual(row.codeMax);
    }
  }
});

test("a formula that depends on an unknown firmware is none; unknown types have none", () => {
  expect(findPsuCalibration(0xc1, null)).toBeNull();
  expect(findPsuCalibration(0x60, 3)).toBeNull();
  expect(psuLabel(0x71)).toBe("APW121215a (type 0x71)");
  expect(psuLabel(0x22)).toBe("power supply (type 0x22)");
});

test("the legacy formula", () => {
  expect(psuCode(LEGACY_CALIBRATION, 18_000)).toBe(179);
  expect(LEGACY_CALIBRATION.provenance).toBe("unconfirmed");
});
