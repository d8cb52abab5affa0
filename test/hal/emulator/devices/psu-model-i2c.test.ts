/** The supply's twin, spoken to with bytes written out by hand. */
import { expect, test } from "vitest";
import { legacyLine, lineMv, psuLine } from "#hal/emulator/devices/psu-facts.ts";
import { PsuModelI2c } from "#hal/emulator/devices/psu-model-i2c.ts";
import { boardVectors, fromHex, toHex } from "./device-bus.ts";

function ask(psu: PsuModelI2c, hex: string, length: number): string {
  for (const byte of fromHex(hex)) psu.transfer(Uint8Array.of(0x11, byte), 0);
  return toHex(Array.from({ length }, () => psu.transfer(new Uint8Array(0), 1)[0]!));
}

test("the twin understands every documented frame", () => {
  for (const [proto, protocol, count] of [
    ["psu1", "v1", 10],
    ["psu2", "v2", 3],
  ] as const) {
    const frames = boardVectors.frames.filter((f) => f.proto === proto && f.name !== "reply_type41");
    expect(frames).toHaveLength(count);
    for (const { name, hex } of frames) {
      const psu = new PsuModelI2c({ protocol, type: proto === "psu1" ? 0xc1 : 0x62 });
      expect(ask(psu, hex, 2), name).toBe("55aa");
      expect(psu.badFrames, name).toBe(0);
    }
  }
});

test("the documented type reply and the anchors of type 71", () => {
  const type41 = new PsuModelI2c({ protocol: "v1", type: 0x41 });
  expect(ask(type41, "55aa04020600", 9)).toBe("55aa060241004900f5");
  const psu = new PsuModelI2c({ protocol: "v1", type: 0x71 });
  expect(ask(psu, "55aa068309009200", 8)).toBe("55aa068309009200");
  expect(psu.targetMv / 1000).toBeCloseTo(15.0, 1);
  expect(ask(psu, "55aa0683c6004f01", 8)).toBe("55aa0683c6004f01");
  expect(psu.targetMv / 1000).toBeCloseTo(12.6, 1);
  expect(ask(psu, "55aa04030700", 8)).toBe("55aa0603c600cf00");
});

test("the second protocol takes 20.0 V and gives it back", () => {
  const psu = new PsuModelI2c({ protocol: "v2" });
  expect(ask(psu, "55aa08830000a041a8c4", 10)).toBe("55aa08830000a041a8c4");
  expect(psu.targetMv).toBe(20_000);
  expect(ask(psu, "55aa04030403", 10)).toBe("55aa08030000a041a844");
});

test("register 0 tells the protocol; a dead supply does not acknowledge", () => {
  const modern = new PsuModelI2c({ protocol: "v1" });
  expect(modern.transfer(Uint8Array.of(0), 1)[0]).toBe(0xf5);
  expect(new PsuModelI2c({ protocol: "legacy" }).transfer(Uint8Array.of(0), 1)[0]).not.toBe(0xf5);
  modern.isDead = true;
  expect(() => modern.transfer(Uint8Array.of(0), 1)).toThrow(/does not acknowledge/);
});

test("bad checksum, unknown command and the calibration's writer change nothing and are counted", () => {
  const psu = new PsuModelI2c({ protocol: "v1", type: 0x71, setPoint: 42 });
  expect(ask(psu, "55aa068309009300", 2)).toBe("f5f5");
  expect(ask(psu, "55aa04868a00", 2)).toBe("f5f5");
  expect(ask(psu, "55aa040a0e00", 2)).toBe("f5f5");
  expect([psu.badFrames, psu.setPoint]).toEqual([3, 42]);
  expect(ask(psu, "0055 55aaf0 55aa04010500", 8)).toBe("55aa060103000a00");
});

test("the output ramps up in about a second and falls faster", () => {
  const psu = new PsuModelI2c({ protocol: "v1", type: 0x71 });
  psu.setEnabled(true);
  psu.step(250);
  expect(psu.voltageMv).toBe(3750);
  for (let i = 0; i < 8; i++) psu.step(250);
  expect(psu.voltageMv).toBe(psu.targetMv);
  psu.setEnabled(false);
  psu.step(250);
  expect(psu.voltageMv).toBeLessThan(3000);
});

test("every row of the documented formulas is the twin's own, and the anchors come out within a step", () => {
  expect(boardVectors.psu_formula).toHaveLength(9);
  for (const { types, a, b } of boardVectors.psu_formula) {
    const firmware = types.some((type) => type.includes("fw<4")) ? 3 : 4;
    for (const text of types) expect(psuLine(Number.parseInt(text.slice(0, 2), 16), firmware), text).toEqual({ a, b });
  }
  expect(boardVectors.psu_type71_anchors).toHaveLength(4);
  for (const { volts, n } of boardVectors.psu_type71_anchors) {
    const line = psuLine(0x71, 1);
    expect(Math.trunc(line.a - line.b * volts)).toBe(n);
    const aboveMv = lineMv(line, n) - 1000 * volts;
    expect(aboveMv >= 0 && aboveMv <= 1000 / line.b, `${volts} V`).toBe(true);
  }
  expect(legacyLine()).toEqual({ a: 1718.459125, b: 85.509875 });
});
