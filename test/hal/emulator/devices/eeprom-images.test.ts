/** The EEPROM's twin against the published dump, without the driver. */
import { expect, test } from "vitest";
import { crc5 as emulatedCrc5 } from "#hal/emulator/crc.ts";
import { buildEepromImage, eepromContentFor, encipher } from "#hal/emulator/devices/eeprom-images.ts";
import { EepromModel } from "#hal/emulator/devices/eeprom-model.ts";
import { boardVectors, fromHex, toHex } from "./device-bus.ts";

const { raw, payload, key_ascii, crc5 } = boardVectors.eeprom_vector;

test("the published payload enciphers to the published bytes", () => {
  expect(toHex(encipher(fromHex(payload), key_ascii))).toBe(raw.slice(4));
});

test("an image has header and last byte in the clear and fills the chip", () => {
  const headers = { s19: "1142", s19pro: "114a", s19jpro: "0411", s21: "0511" };
  for (const [model, header] of Object.entries(headers)) {
    const image = buildEepromImage(eepromContentFor(model)!);
    expect(toHex(image.subarray(0, 2))).toBe(header);
    expect(image[255]).toBe(0x5a);
    expect(image).toHaveLength(256);
    expect(Buffer.from(image).includes("KUMPEL")).toBe(false);
  }
});

test("hobby boards have none", () => {
  expect(eepromContentFor("bitaxe-gamma")).toBeNull();
  expect(eepromContentFor("s21", 1)?.boardSerial).toBe("KUMPELEMUS211");
});

test("the pointer runs on and wraps, writes are counted, a dead chip does not acknowledge", () => {
  const eeprom = new EepromModel(0x50, Uint8Array.of(1, 2, 3));
  expect([...eeprom.transfer(Uint8Array.of(0), 4)]).toEqual([1, 2, 3, 0xff]);
  expect([...eeprom.transfer(new Uint8Array(0), 1)]).toEqual([0xff]);
  expect([...eeprom.transfer(Uint8Array.of(255), 2)]).toEqual([0xff, 1]);
  eeprom.transfer(Uint8Array.of(1, 9), 0);
  expect([...eeprom.transfer(Uint8Array.of(1), 1)]).toEqual([9]);
  expect(eeprom.writtenBytes).toBe(1);
  eeprom.isDead = true;
  expect(() => eeprom.transfer(Uint8Array.of(0), 1)).toThrow(/does not acknowledge/);
});

test("the twin's check sum of the published dump is the published one", () => {
  const plain = Uint8Array.from([...fromHex(raw).subarray(0, 2), ...fromHex(payload)]);
  expect(emulatedCrc5(plain, 0, plain.length - 1)).toBe(crc5.value);
});
