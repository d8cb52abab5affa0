/** The controllers' twins, spoken to with bytes written out by hand. */
import { expect, test } from "vitest";
import { DspicModel } from "#hal/emulator/devices/dspic-model.ts";
import type { I2cDevice } from "#hal/emulator/devices/i2c-device.ts";
import { Pic16S9Model } from "#hal/emulator/devices/pic16-s9-model.ts";
import { boardVectors, fromHex, toHex } from "./device-bus.ts";

function say(device: I2cDevice, hex: string, replyLength = 0): string {
  for (const byte of fromHex(hex)) device.transfer(Uint8Array.of(byte), 0);
  return toHex(Array.from({ length: replyLength }, () => device.transfer(new Uint8Array(0), 1)[0]!));
}

test("the S9 controller in its loader hears only reset and jump", () => {
  const pic = new Pic16S9Model(0x56);
  expect(say(pic, "55aa17", 1)).toBe("ff");
  say(pic, "55aa1501");
  expect(pic.isOutputOn).toBe(false);
  expect(say(pic, "55aa06 55aa17", 1)).toBe("03");
});

test("the S9 controller makes the documented voltages, takes one byte a transaction and counts what it does not know", () => {
  const pic = new Pic16S9Model(0x56);
  say(pic, "55aa06");
  for (const { volts, n } of boardVectors.s9_pic_voltage) {
    say(pic, `55aa10${n.toString(16).padStart(2, "0")}`);
    expect(Math.abs(pic.setPointMv / 1000 - volts)).toBeLessThan(0.003);
    expect(say(pic, "55aa18", 1)).toBe(n.toString(16).padStart(2, "0"));
  }
  pic.transfer(fromHex("55aa1501"), 0);
  expect(pic.isOutputOn).toBe(false);
  say(pic, "00 55 55aa1501");
  expect(pic.isOutputOn).toBe(true);
  expect(pic.heartbeatAgeMs).toBe(0);
  say(pic, "55aa99");
  expect(pic.unknownCommands).toBe(1);
  pic.isDead = true;
  expect(() => pic.transfer(new Uint8Array(0), 1)).toThrow(/does not acknowledge/);
});

test("the dsPIC understands every documented frame and answers in the documented form", () => {
  const lm75: I2cDevice = { address: 0x48, transfer: (_write, n) => fromHex("1960").slice(0, n) };
  const pic = new DspicModel(0x20, [lm75]);
  const replies: Record<string, string> = {
    reset: "0701",
    jump: "0601",
    version: "05178900a5",
    heartbeat: "06160100001d",
    enable: "1501",
    disable: "1501",
    adc3: "0b37010001000200030049",
    adc1: "073a0100010043",
    vin: "092901000000000033",
    i2c_write_48_reg0: "3b01",
    i2c_read_48_2: "073c01196000bd",
  };
  pic.adcRaw = [1, 2, 3];
  const vectors = boardVectors.frames.filter((frame) => frame.proto === "pic2");
  expect(vectors).toHaveLength(11);
  for (const { name, hex } of vectors) {
    const expected = replies[name]!;
    expect(say(pic, hex, expected.length / 2), name).toBe(expected);
  }
});

test("the dsPIC ignores a wrong checksum and a frame that is too long, and finds the next one", () => {
  const pic = new DspicModel(0x20);
  expect(say(pic, "55aa0406000b", 2)).toBe("ffff");
  expect(say(pic, "55aaf0 55aa0406000a", 2)).toBe("0601");
  expect(say(pic, "55aa0710800000 0097", 2)).toBe("1000");
  expect(say(pic, "55aa07107f00000096", 2)).toBe("1001");
  expect(pic.dac).toBe(0x7f);
});
