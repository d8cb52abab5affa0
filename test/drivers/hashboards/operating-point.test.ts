import { expect, test } from "vitest";
import type { HashboardIdentity, UnknownHashboard } from "#drivers/eeprom/hashboard-eeprom.ts";
import { boardSupport } from "#drivers/hashboards/board-supports.ts";
import { clockLimits } from "#drivers/hashboards/clock-limits.ts";
import { HASHBOARDS, type HashboardName } from "#drivers/hashboards/models.ts";
import { chooseOperatingPoint, type OperatingInputs } from "#drivers/hashboards/operating-point.ts";

const HINTS = { frequency: "--frequency MHZ", voltage: "--work-voltage MV" };
const NOBODY = { frequencyMhz: null, workMv: null };

function board(frequencyMhz: number, voltageMv: number): HashboardIdentity {
  return {
    kind: "known",
    format: "v5",
    boardSerial: "S",
    dieCode: "",
    chipMarking: "",
    chipBin: 1,
    testText: null,
    pcbVersion: 1,
    bomVersion: 1,
    chipTechnology: "",
    boardName: null,
    voltageMv,
    frequencyMhz,
    nonceRate: 1,
    inletC: 1,
    outletC: 1,
    isSweepGood: null,
    provenance: "documented",
  };
}
const UNKNOWN: UnknownHashboard = { kind: "unknown", reason: "garbled" };

function inputs(machine: HashboardName, changes: Partial<OperatingInputs>): OperatingInputs {
  return {
    model: HASHBOARDS[machine],
    support: boardSupport(machine),
    identities: [],
    owner: NOBODY,
    acceptsUnconfirmed: false,
    hints: HINTS,
    ...changes,
  };
}

test("what a source confirms is taken from the row, on real boards too", () => {
  expect(chooseOperatingPoint(inputs("s21", {}))).toEqual({
    frequencyMhz: HASHBOARDS.s21.defaultFrequencyMhz,
    workMv: 13_400,
    reason: "clock: the model's row; voltage: the model's row",
  });
});

test("where nobody confirms a number, the most modest of the boards' own EEPROMs decides", () => {
  const identities = [board(500, 13_500), board(480, 13_300), board(490, 13_400)];
  expect(chooseOperatingPoint(inputs("s21xp", { identities }))).toMatchObject({ frequencyMhz: 480, workMv: 13_300 });
});

test.each([[[]], [[UNKNOWN]], [[board(480, 13_300), UNKNOWN]]])(
  "boards that cannot say it need the owner: %#",
  (identities) => {
    expect(() => chooseOperatingPoint(inputs("s21xp", { identities }))).toThrowError(
      expect.objectContaining({ code: "OWNER_SETTING_NEEDED", message: expect.stringContaining("--frequency MHZ") }),
    );
  },
);

test("the owner's own numbers count before all others", () => {
  const owner = { frequencyMhz: 470, workMv: 13_000 };
  const identities = [board(500, 13_500)];
  expect(chooseOperatingPoint(inputs("s21xp", { owner, identities }))).toMatchObject({
    frequencyMhz: 470,
    workMv: 13_000,
    reason: "clock: the owner's setting; voltage: the owner's setting",
  });
});

test.each([11_999, 15_201, 25_000])("%i mV is beyond the hard caps, whoever says it", (workMv) => {
  const owner = { frequencyMhz: null, workMv };
  for (const changes of [{ owner }, { owner, acceptsUnconfirmed: true }]) {
    expect(() => chooseOperatingPoint(inputs("s21", changes))).toThrowError(
      expect.objectContaining({ code: "VOLTAGE_OUT_OF_RANGE", message: expect.stringContaining("12000 to 15200 mV") }),
    );
  }
  const identities = [board(480, workMv)];
  expect(() => chooseOperatingPoint(inputs("s21xp", { identities }))).toThrowError(
    expect.objectContaining({ code: "VOLTAGE_OUT_OF_RANGE" }),
  );
});

test.each(Object.values(HASHBOARDS))("$model: no clock beyond its limits, whoever says it", (model) => {
  const { min, max } = clockLimits(model);
  expect(max).toBeLessThanOrEqual(1.5 * model.defaultFrequencyMhz);
  const at = (frequencyMhz: number) =>
    chooseOperatingPoint(
      inputs(model.model as HashboardName, { owner: { frequencyMhz, workMv: null }, acceptsUnconfirmed: true }),
    );
  expect(at(max).frequencyMhz).toBe(max);
  for (const frequencyMhz of [max + 1, min - 1, 1_000_000, Number.NaN])
    expect(() => at(frequencyMhz)).toThrowError(
      expect.objectContaining({
        code: "LIMIT_OUT_OF_RANGE",
        message: expect.stringContaining(`outside of ${min} to ${max} MHz for ${model.label}`),
      }),
    );
});

test("an EEPROM that names such a clock does not get it either", () => {
  const identities = [board(1_000, 13_300)];
  expect(() => chooseOperatingPoint(inputs("s21xp", { identities }))).toThrowError(
    expect.objectContaining({
      code: "LIMIT_OUT_OF_RANGE",
      message: expect.stringContaining("the boards' own EEPROMs"),
    }),
  );
});

test("the emulator goes on with what nobody confirms, and says so", () => {
  expect(chooseOperatingPoint(inputs("s21xp", { acceptsUnconfirmed: true })).reason).toContain("confirmed by nobody");
});
