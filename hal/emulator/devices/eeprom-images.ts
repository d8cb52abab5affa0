/**
 * Contents of hashboard EEPROMs as the factory would write them: fields, CRC5, cipher. Cipher and layout are written here
 * a second time, from public S19 Pro notes and vendor binaries; formats 4 and 5 were never seen deciphered.
 */
const IMAGE_BYTES = 256;
const LAST_BYTE = 0x5a;
/** The key that the published S19 Pro boards use. */
const KEY = "uileynimggnagnau";
/** Algorithm 1 (XXTEA), key number 1. */
const CIPHER_BYTE = 0x11;
const GOLDEN = 0x9e3779b9;

export type EepromFormatName = "length 42" | "length 4a" | "v4" | "v5";

export interface EepromContent {
  readonly format: EepromFormatName;
  readonly boardSerial: string;
  readonly dieCode: string;
  readonly chipMarking: string;
  readonly chipBin: number;
  readonly testText: string;
  readonly pcbVersion: number;
  readonly bomVersion: number;
  readonly chipTechnology: string;
  /** Such as `BHB56902`; v4 and v5 only. */
  readonly boardName: string;
  readonly voltageMv: number;
  readonly frequencyMhz: number;
  readonly nonceRate: number;
  readonly inletC: number;
  readonly outletC: number;
}

const COMMON = {
  dieCode: "ED",
  chipMarking: "H13T22AT43",
  chipBin: 4,
  testText: "F1V04B1C1",
  pcbVersion: 0x011e,
  bomVersion: 0x0100,
  chipTechnology: "BB",
  nonceRate: 9998,
  inletC: 35,
  outletC: 51,
} as const;

/** One content a model: voltage and frequency of the model table, serial numbers of our own. */
const CONTENTS: Readonly<Record<string, EepromContent>> = {
  s19: content("length 42", "KUMPELEMUS19", "", 12_600, 670),
  s19pro: content("length 4a", "KUMPELEMUS19PRO", "", 12_600, 525),
  s19jpro: content("v4", "KUMPELEMUS19JPRO", "BHB42601", 13_500, 525),
  s19xp: content("v5", "KUMPELEMUS19XP", "BHB56801", 13_500, 485),
  s19kpro: content("v5", "KUMPELEMUS19KPRO", "BHB56902", 13_900, 645),
  s21: content("v5", "KUMPELEMUS21", "BHB68606", 13_400, 467),
  t21: content("v5", "KUMPELEMUT21", "BHB68603", 13_400, 460),
  s21pro: content("v5", "KUMPELEMUS21PRO", "BHB68701", 13_400, 600),
  s21xp: content("v5", "KUMPELEMUS21XP", "BHB68801", 13_400, 485),
};

/** Content for a model name of ours, or null where a board has no such EEPROM. */
export function eepromContentFor(model: string, chain = 0): EepromContent | null {
  const found = Object.entries(CONTENTS).find(([name]) => name === model)?.[1];
  return found === undefined ? null : Object.assign({}, found, { boardSerial: `${found.boardSerial}${chain}` });
}

/** The whole chip for a content. */
export function buildEepromImage(content: EepromContent): Uint8Array {
  const image = new Uint8Array(IMAGE_BYTES);
  image[IMAGE_BYTES - 1] = LAST_BYTE;
  if (content.format === "v4" || content.format === "v5") fillNumbered(image, content);
  else fillLength(image, content);
  return image;
}

function fillLength(image: Uint8Array, content: EepromContent): void {
  const isLong = content.format === "length 4a";
  const end = isLong ? 74 : 66;
  const at = isLong ? { pcb: 50, technology: 54, volts: 56 } : { pcb: 45, technology: 49, volts: 51 };
  image.set([CIPHER_BYTE, end]);
  const payload = new Uint8Array(image.buffer, 2, end - 2);
  const view = new DataView(payload.buffer, payload.byteOffset, payload.length);
  payload[0] = isLong ? 3 : 2;
  put(payload, 1, content.boardSerial, 17);
  put(payload, 18, content.dieCode, 2);
  put(payload, 20, content.chipMarking, 13);
  payload[33] = content.chipBin;
  if (isLong) put(payload, 34, content.testText, 10);
  view.setUint16(at.pcb, content.pcbVersion);
  view.setUint16(at.pcb + 2, content.bomVersion);
  put(payload, at.technology, content.chipTechnology, 2);
  view.setUint16(at.volts, content.voltageMv / 10);
  view.setUint16(at.volts + 2, content.frequencyMhz);
  view.setUint16(at.volts + 4, content.nonceRate);
  payload[at.volts + 6] = content.inletC;
  payload[at.volts + 7] = content.outletC;
  seal(image, 2, end, 0);
}

function fillNumbered(image: Uint8Array, content: EepromContent): void {
  const view = new DataView(image.buffer);
  image.set([content.format === "v4" ? 4 : 5, CIPHER_BYTE]);
  put(image, 0x02, content.boardSerial, 18);
  put(image, 0x14, content.dieCode, 3);
  put(image, 0x17, content.chipMarking, 14);
  image[0x25] = content.chipBin;
  put(image, 0x26, content.testText, 10);
  view.setUint16(0x30, content.pcbVersion, true);
  view.setUint16(0x32, content.bomVersion, true);
  put(image, 0x3b, content.chipTechnology, 3);
  put(image, 0x3e, content.boardName, 9);
  view.setUint16(0x62, content.voltageMv / 10, true);
  view.setUint16(0x64, content.frequencyMhz, true);
  view.setUint16(0x66, content.nonceRate, true);
  image[0x68] = content.inletC;
  image[0x69] = content.outletC;
  seal(image, 0x02, 0x62, 0x00);
  seal(image, 0x62, 0x72, 0x62);
  if (content.format === "v5") {
    view.setUint16(0x74, content.frequencyMhz, true);
    image[0x76] = 5;
    seal(image, 0x72, 0xfa, 0x72);
  }
}

/** Puts the CRC into the last byte of a region, then enciphers the region. */
function seal(image: Uint8Array, from: number, to: number, crcFrom: number): void {
  image[to - 1] = crc5Of(image.subarray(crcFrom, to - 1));
  image.set(encipher(image.slice(from, to)), from);
}

/** Polynomial x^5 + x^2 + 1, register full of ones, highest bit first. */
function crc5Of(bytes: Uint8Array): number {
  let register = 31;
  for (const byte of bytes) {
    for (let mask = 128; mask > 0; mask >>= 1) {
      const out = register >> 4;
      register = (register * 2) & 31;
      if (out !== ((byte & mask) === 0 ? 0 : 1)) register ^= 5;
    }
  }
  return register;
}

/** XXTEA forwards, words low byte first. */
export function encipher(plain: Uint8Array, key: string = KEY): Uint8Array {
  const words = wordsOf(plain);
  const keyWords = wordsOf(Uint8Array.from(key, (char) => char.charCodeAt(0)));
  const last = words.length - 1;
  let total = 0;
  let before = words[last]!;
  for (let left = 6 + Math.floor(52 / words.length); left > 0; left--) {
    total = (total + GOLDEN) >>> 0;
    const turn = (total >>> 2) & 3;
    for (let i = 0; i <= last; i++) {
      const after = words[i === last ? 0 : i + 1]!;
      const shifted = ((before >>> 5) ^ (after << 2)) + ((after >>> 3) ^ (before << 4));
      const keyed = (total ^ after) + (keyWords[(i & 3) ^ turn]! ^ before);
      before = (words[i]! + (shifted ^ keyed)) >>> 0;
      words[i] = before;
    }
  }
  return Uint8Array.from(words.flatMap((word) => [word & 255, (word >>> 8) & 255, (word >>> 16) & 255, word >>> 24]));
}

function wordsOf(bytes: Uint8Array): number[] {
  const words: number[] = [];
  for (let i = 0; i < bytes.length; i += 4) {
    words.push((bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24)) >>> 0);
  }
  return words;
}

function put(target: Uint8Array, at: number, text: string, space: number): void {
  for (let i = 0; i < Math.min(space, text.length); i++) target[at + i] = text.charCodeAt(i);
}

function content(
  format: EepromFormatName,
  boardSerial: string,
  boardName: string,
  voltageMv: number,
  frequencyMhz: number,
): EepromContent {
  return Object.assign({}, COMMON, { format, boardSerial, boardName, voltageMv, frequencyMhz });
}
