/** Words of the FPGA's I2C, fan formulas, and frames of the hobby boards' control port, against the collected examples. */
import fs from "node:fs";
import { describe, expect, test } from "vitest";
import { type HobbyReply, hobbyRequestFrame, readHobbyReply } from "#hal/boards/hobby-frames.ts";
import { decodeFanSpeed, fanPwmWord, fpgaI2cWord, pluggedChains } from "#hal/boards/vendor-fpga.ts";

const { frames } = JSON.parse(fs.readFileSync(new URL("../../vectors/boards.json", import.meta.url), "utf8")) as {
  frames: { proto: string; name: string; hex: string }[];
};

function hexOf(proto: string, name: string): string {
  const found = frames.find((frame) => frame.proto === proto && frame.name === name);
  if (found === undefined) throw new Error(`no frame ${proto} ${name}`);
  return found.hex;
}

const I2C_WORDS: [name: string, fields: Parameters<typeof fpgaI2cWord>[0]][] = [
  ["psu_write_55_reg11", { master: 1, address: 0x10, readBytes: 0, register: 0x11, data: 0x55 }],
  ["psu_read", { master: 1, address: 0x10, readBytes: 1, register: null, data: 0 }],
  ["pic_chain0_write_55", { master: 0, address: 0x20, readBytes: 0, register: null, data: 0x55 }],
  ["eeprom_chain0_reg0", { master: 0, address: 0x50, readBytes: 1, register: 0, data: 0 }],
  ["s9pic_chain7_write_55", { master: 0, address: 0x57, readBytes: 0, register: null, data: 0x55 }],
];

test.each(I2C_WORDS)("I2C word %s", (name, fields) => {
  expect(fpgaI2cWord(fields).toString(16).padStart(8, "0")).toBe(hexOf("fpga_i2c_word", name));
});

test("all collected words and frames were looked at", () => {
  expect(frames.filter(({ proto }) => proto === "fpga_i2c_word").length).toBe(I2C_WORDS.length);
  expect(frames.filter(({ proto }) => proto === "bitaxe").length).toBe(2);
});

describe("the vendor's FPGA", () => {
  test("plug bits are the low half, or the top byte on older wiring", () => {
    expect(pluggedChains(0x00000007)).toBe(7);
    expect(pluggedChains(0x87000000)).toBe(0x87);
  });

  test.each([
    [0, 100, 0x00000064],
    [100, 100, 0x00640000],
    [30, 100, 0x001e0046],
    [50, 50, 0x00190019],
  ])("duty %i of %i makes its two halves", (dutyPct, scale, word) => {
    expect(fanPwmWord(dutyPct, scale)).toBe(word);
  });

  test("a tacho count is 120 RPM, 240 on one image", () => {
    expect(decodeFanSpeed(0x0000022f, 0xb031)).toEqual({ fan: 2, rpm: 5640 });
    expect(decodeFanSpeed(0x00000314, 0x4000b025)).toEqual({ fan: 3, rpm: 4800 });
  });
});

describe("hobby boards", () => {
  test("requests", () => {
    const frequency = hobbyRequestFrame({ id: 1, page: 5, command: 0x10, data: Uint8Array.of(0x80, 0x1a, 0x06, 0) });
    expect(Buffer.from(frequency).toString("hex")).toBe(hexOf("bitaxe", "i2c_400k"));
    const pin = hobbyRequestFrame({ id: 0, page: 6, command: 0, data: Uint8Array.of(0) });
    expect(Buffer.from(pin).toString("hex")).toBe(hexOf("bitaxe", "gpio0_low"));
  });

  const reply = (hex: string, style: "v0" | "v1", dataBytes: number[]): HobbyReply =>
    readHobbyReply(new Uint8Array(Buffer.from(hex, "hex")), style, 7, dataBytes);

  test.each([
    ["v0 with data", "020007abcd", "v0", [2], { kind: "ok", data: Uint8Array.of(0xab, 0xcd) }],
    ["v0 without data", "000007", "v0", [0], { kind: "ok", data: new Uint8Array(0) }],
    ["v0 half a reply", "020007ab", "v0", [2], { kind: "incomplete" }],
    ["v0 error where two bytes were asked for", "04000710", "v0", [2], { kind: "error", code: 0x10, text: "timeout" }],
    ["v0 error with text", "0700ffff616263", "v0", [2], { kind: "error", code: 0xff, text: "abc" }],
    ["v1 with data", "06000700abcd", "v1", [2], { kind: "ok", data: Uint8Array.of(0xab, 0xcd) }],
    ["v1 error", "04000712", "v1", [2], { kind: "error", code: 0x12, text: "overflow" }],
    [
      "v1 of another request",
      "04000900",
      "v1",
      [0],
      { kind: "error", code: null, text: "a reply that makes no sense (id 9 instead of 7)" },
    ],
    [
      "v1 too long",
      "ffff0700",
      "v1",
      [0],
      { kind: "error", code: null, text: "a reply that makes no sense (length 65535)" },
    ],
  ] as const)("%s", (_name, hex, style, dataBytes, expected) => {
    expect(reply(hex, style, [...dataBytes])).toEqual(expected);
  });
});
