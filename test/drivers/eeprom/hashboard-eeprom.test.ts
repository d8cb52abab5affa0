import fc from "fast-check";
import { expect, test } from "vitest";
import { crc5 } from "#drivers/bm13xx/crc.ts";
import { EEPROM_KEYS, LENGTH_FORMATS, NUMBERED_FORMATS, S9_EEPROM_OFFSETS } from "#drivers/eeprom/formats.ts";
import { decodeHashboardEeprom, readEepromBytes, readHashboardEeprom } from "#drivers/eeprom/hashboard-eeprom.ts";
import { xxteaDecrypt } from "#drivers/eeprom/xxtea.ts";
import { buildEepromImage, eepromContentFor, encipher } from "#hal/emulator/devices/eeprom-images.ts";
import { EepromModel } from "#hal/emulator/devices/eeprom-model.ts";
import { KumpelError } from "#hal/errors.ts";
import { boardVectors, DeviceBus, fromHex, toHex } from "../../hal/emulator/devices/device-bus.ts";

const { raw, payload, key_ascii, expect: wanted } = boardVectors.eeprom_vector;

/** The published dump in a whole chip. */
function publishedImage(): Uint8Array {
  const image = new Uint8Array(256);
  image.set(fromHex(raw));
  image[255] = 0x5a;
  return image;
}

test("the published dump deciphers to the published payload", () => {
  const key = Uint8Array.from(Buffer.from(key_ascii, "ascii"));
  expect(toHex(xxteaDecrypt(fromHex(raw).slice(2), key))).toBe(payload);
  expect(EEPROM_KEYS.map(toHex)).toContain(toHex(key));
  expect(EEPROM_KEYS.map(toHex)).toContain("7451ed7c7b5cd872174fe0790a15e4f5");
  expect(EEPROM_KEYS).toHaveLength(4);
});

test("the published dump means what was published, every field of it", () => {
  const board = decodeHashboardEeprom(publishedImage());
  expect(board).toEqual({
    kind: "known",
    format: "v3 (74 bytes)",
    boardSerial: "NGSBYI3BBJEAJ8194",
    dieCode: "ED",
    chipMarking: "H13T22AT43",
    chipBin: 4,
    testText: "F1V04B1C1",
    pcbVersion: 0x011e,
    bomVersion: 0x0100,
    chipTechnology: "BB",
    boardName: null,
    voltageMv: 12_600,
    frequencyMhz: 525,
    nonceRate: 9998,
    inletC: 35,
    outletC: 50,
    isSweepGood: null,
    provenance: "captured",
  });
  const checked = board.kind === "known" ? board : null;
  const values = {
    serial: checked?.boardSerial,
    die: checked?.dieCode,
    marking: checked?.chipMarking,
    bin: checked?.chipBin,
    pcb: `0x${checked?.pcbVersion.toString(16).padStart(4, "0")}`,
    bom: `0x${checked?.bomVersion.toString(16).padStart(4, "0")}`,
    volts: checked!.voltageMv / 1000,
    mhz: checked?.frequencyMhz,
  };
  expect(values).toEqual(wanted);
});

test("the twin's image of the published fields is the published one wherever a meaning is known", () => {
  const board = decodeHashboardEeprom(publishedImage());
  if (board.kind === "unknown") throw new Error(board.reason);
  const { chipMarking, dieCode, boardSerial, chipTechnology } = board;
  const texts = { chipMarking, dieCode, boardSerial, chipTechnology, testText: board.testText ?? "", boardName: "" };
  const numbers = { chipBin: board.chipBin, pcbVersion: board.pcbVersion, bomVersion: board.bomVersion };
  const results = { voltageMv: 12_600, frequencyMhz: 525, nonceRate: 9998, inletC: 35, outletC: 50 };
  const image = buildEepromImage(Object.assign({ format: "length 4a" } as const, texts, numbers, results));
  const key = Uint8Array.from(Buffer.from(key_ascii, "ascii"));
  const made = xxteaDecrypt(image.slice(2, 74), key);
  const published = fromHex(payload);
  // 44 to 49 are flags, 64 to 70 test information, 71 the CRC over all of it.
  const known = [...made.keys()].filter((at) => at < 44 || (at >= 50 && at < 64));
  for (const at of known) expect(made[at], `payload byte ${at}`).toBe(published[at]);
  expect(known).toHaveLength(58);
});

test.each(["s19", "s19pro", "s19jpro", "s19xp", "s19kpro", "s21", "t21", "s21pro", "s21xp"])(
  "driver and twin agree on the EEPROM of %s, read over the bus",
  async (model) => {
    const content = eepromContentFor(model, 2)!;
    const eeprom = new EepromModel(0x52, buildEepromImage(content));
    const board = await readHashboardEeprom(new DeviceBus(eeprom), 0x52);
    expect(board).toMatchObject({
      kind: "known",
      boardSerial: content.boardSerial,
      dieCode: content.dieCode,
      chipMarking: content.chipMarking,
      chipBin: content.chipBin,
      pcbVersion: content.pcbVersion,
      bomVersion: content.bomVersion,
      chipTechnology: content.chipTechnology,
      voltageMv: content.voltageMv,
      frequencyMhz: content.frequencyMhz,
      nonceRate: content.nonceRate,
      inletC: content.inletC,
      outletC: content.outletC,
      isSweepGood: content.format === "v5" ? true : null,
    });
    expect(eeprom.writtenBytes).toBe(0);
  },
);

test.each(["ilijnainayuxnixo", "uohzoahzuhidkgna", "uileynimggnagnau"])("a board enciphered with %s is read", (key) => {
  const image = publishedImage();
  image.set(encipher(fromHex(payload), key), 2);
  expect(decodeHashboardEeprom(image)).toMatchObject({ kind: "known", boardSerial: "NGSBYI3BBJEAJ8194" });
});

test("one changed byte anywhere in the ciphertext makes an unknown board", () => {
  for (let at = 2; at < 74; at++) {
    const image = publishedImage();
    image[at] = image[at]! ^ 0x10;
    expect(decodeHashboardEeprom(image), `byte ${at}`).toEqual({
      kind: "unknown",
      reason: expect.stringMatching(/no key makes its check sum right \(header 0x11 0x4a\)/),
    });
  }
});

test("a v5 board with a garbled sweep is known, with garbled fields it is not", () => {
  const image = buildEepromImage(eepromContentFor("s21")!);
  image[0x80] = image[0x80]! ^ 0xff;
  const board = decodeHashboardEeprom(image);
  expect(board).toMatchObject({ kind: "known", provenance: "unconfirmed" });
  image[0x64] = image[0x64]! ^ 0xff;
  expect(decodeHashboardEeprom(image)).toMatchObject({ kind: "unknown" });
});

test.each([
  [new Uint8Array(256), /all bytes are 0x00: it is empty/],
  [new Uint8Array(256).fill(0xff), /all bytes are 0xff/],
  [new Uint8Array(10), /10 of 256 bytes/],
  [Uint8Array.from({ length: 256 }, (_, i) => i ^ 0x77), /header 0x77 0x76 is no known format/],
  [Uint8Array.from({ length: 256 }, (_, i) => (i === 0 ? 5 : i === 1 ? 0x21 : i)), /cipher 2 is not known/],
])("image %#: unknown, with a reason", (image, reason) => {
  expect(decodeHashboardEeprom(image)).toEqual({ kind: "unknown", reason: expect.stringMatching(reason) });
});

test("no content makes it throw, and random content is hardly ever taken for a board", () => {
  let taken = 0;
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 254, maxLength: 254 }),
      fc.constantFrom("114a", "1142", "0411", "0511"),
      (body, header) => {
        const image = new Uint8Array(256);
        image.set(fromHex(header));
        image.set(body, 2);
        if (decodeHashboardEeprom(image).kind === "known") taken++;
      },
    ),
    { numRuns: 500, seed: 42 },
  );
  expect(taken).toBe(0);
});

test("a silent EEPROM, a bus fault and a short answer make an unknown board; a bug does not", async () => {
  const model = new EepromModel(0x50, publishedImage());
  const bus = new DeviceBus(model);
  model.isDead = true;
  expect(await readHashboardEeprom(bus, 0x50)).toEqual({
    kind: "unknown",
    reason: expect.stringMatching(/^EEPROM 0x50 on test-bus can't be read at 0x0 \(.*\): check the cable$/),
  });
  model.isDead = false;
  bus.fault = (write) => {
    if (write[0] === 0x40) throw new KumpelError("I2C_FAILED", "arbitration lost");
  };
  await expect(readEepromBytes(bus, 0x50)).rejects.toMatchObject({
    code: "EEPROM_UNREADABLE",
    message: expect.stringMatching(/at 0x40 \(arbitration lost\)/),
  });
  bus.fault = null;
  bus.garble = (bytes) => bytes.slice(1);
  expect(await readHashboardEeprom(bus, 0x50)).toMatchObject({ reason: expect.stringMatching(/15 of 16 bytes/) });
  bus.garble = null;
  bus.fault = () => {
    throw new TypeError("oops");
  };
  await expect(readHashboardEeprom(bus, 0x50)).rejects.toThrow("oops");
});

test("XXTEA takes whole words and a whole key only, and undoes the twin's cipher for any length", () => {
  expect(() => xxteaDecrypt(new Uint8Array(4), new Uint8Array(16))).toThrow(RangeError);
  expect(() => xxteaDecrypt(new Uint8Array(10), new Uint8Array(16))).toThrow(RangeError);
  expect(() => xxteaDecrypt(new Uint8Array(8), new Uint8Array(15))).toThrow(RangeError);
  const key = Uint8Array.from(Buffer.from(key_ascii, "ascii"));
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 60 }), fc.integer({ min: 0, max: 255 }), (words, start) => {
      const plain = Uint8Array.from({ length: words * 4 }, (_, i) => start + i * 7);
      expect(xxteaDecrypt(encipher(plain), key)).toEqual(plain);
    }),
    { numRuns: 60, seed: 7 },
  );
});

test("regions and offsets are the documented ones", () => {
  const region = (r: { from: number; to: number; crcFrom: number }) => [r.from, r.to - 1, r.crcFrom];
  expect(NUMBERED_FORMATS[5]!.regions.map(region)).toEqual([
    [0x02, 0x61, 0x00],
    [0x62, 0x71, 0x62],
  ]);
  expect(region(NUMBERED_FORMATS[5]!.sweep!)).toEqual([0x72, 0xf9, 0x72]);
  expect(NUMBERED_FORMATS[4]!.sweep).toBeNull();
  for (const [length, format] of Object.entries(LENGTH_FORMATS)) {
    expect(format.regions).toEqual([{ from: 2, to: Number(length), crcFrom: 0 }]);
  }
  expect([LENGTH_FORMATS[0x42]!.fields.voltage.at - 2, LENGTH_FORMATS[0x42]!.fields.frequencyMhz.at - 2]).toEqual([
    51, 53,
  ]);
  expect(S9_EEPROM_OFFSETS.voltage.at).toBe(0x90);
});

test("check sum of the published dump: polynomial 5, start 1F, over header and payload", () => {
  const { crc5: wantedCrc, cipher } = boardVectors.eeprom_vector;
  expect([wantedCrc.poly, wantedCrc.init, cipher]).toEqual([5, 0x1f, "xxtea-le"]);
  const plain = Uint8Array.from([...fromHex(raw).subarray(0, 2), ...fromHex(payload)]);
  expect(crc5(plain, 0, plain.length - 1)).toBe(wantedCrc.value);
  expect(plain.at(-1)).toBe(wantedCrc.value);
  // Bit by bit, as the notes define it.
  let state = wantedCrc.init;
  for (const byte of plain.subarray(0, -1)) {
    for (let bit = 7; bit >= 0; bit--) {
      const isOut = ((state >> 4) ^ (byte >> bit)) & 1;
      state = ((state << 1) & 0x1f) ^ (isOut === 1 ? wantedCrc.poly : 0);
    }
  }
  expect(state).toBe(wantedCrc.value);
});

/** Field positions of the notes: from the payload for the formats with a length, from the start for the numbered ones. */
const LONG = {
  boardSerial: 1,
  dieCode: 18,
  chipMarking: 20,
  chipBin: 33,
  testText: 34,
  pcbVersion: 50,
  bomVersion: 52,
};
const LONG_RESULTS = { chipTechnology: 54, voltage: 56, frequencyMhz: 58, nonceRate: 60, inletC: 62, outletC: 63 };
const SHORT = { boardSerial: 1, dieCode: 18, chipMarking: 20, chipBin: 33, pcbVersion: 45, bomVersion: 47 };
const SHORT_RESULTS = { chipTechnology: 49, voltage: 51, frequencyMhz: 53, nonceRate: 55, inletC: 57, outletC: 58 };
const NUMBERED = { boardSerial: 0x02, dieCode: 0x14, chipMarking: 0x17, chipBin: 0x25, testText: 0x26 };
const NUMBERED_REST = { pcbVersion: 0x30, bomVersion: 0x32, chipTechnology: 0x3b, boardName: 0x3e, voltage: 0x62 };
const NUMBERED_RESULTS = { frequencyMhz: 0x64, nonceRate: 0x66, inletC: 0x68, outletC: 0x69 };

test.each([
  ["length 4A", LENGTH_FORMATS[0x4a], 2, { ...LONG, ...LONG_RESULTS }],
  ["length 42", LENGTH_FORMATS[0x42], 2, { ...SHORT, ...SHORT_RESULTS }],
  ["format 4", NUMBERED_FORMATS[4], 0, { ...NUMBERED, ...NUMBERED_REST, ...NUMBERED_RESULTS }],
  ["format 5", NUMBERED_FORMATS[5], 0, { ...NUMBERED, ...NUMBERED_REST, ...NUMBERED_RESULTS }],
] as const)("fields of %s stand where the notes have them", (_name, format, base, wantedAt) => {
  const fields = Object.entries(format?.fields ?? {}).filter(([, field]) => field !== null);
  const found = fields.map(([name, field]) => [name, (field as { at: number }).at - base]);
  expect(Object.fromEntries(found)).toEqual(wantedAt);
});

test("sizes of the ciphertext, and the plain fields of S9-type boards", () => {
  const sizes = [0x42, 0x4a]
    .map((length) => LENGTH_FORMATS[length]?.regions[0])
    .map((r) => (r?.to ?? 0) - (r?.from ?? 0));
  expect(sizes).toEqual([64, 72]);
  const { hashId, voltage, sensorOffset, voltageTime } = S9_EEPROM_OFFSETS;
  expect([hashId.at, voltage.at, sensorOffset.at, voltageTime.at]).toEqual([0x80, 0x90, 0x98, 0xa0]);
});
