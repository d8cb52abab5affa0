/**
 * What the maker wrote into a hashboard's EEPROM: serial number, chip bin, voltage and frequency of the factory test. It
 * is read only. Whatever can't be understood makes an unknown board, never a miner that stops.
 */
import { errorText, isKumpelError, KumpelError } from "#hal/errors.ts";
import type { I2cBus } from "#hal/i2c.ts";
import { crc5 } from "../bm13xx/crc.ts";
import type { Provenance } from "../bm13xx/registers.ts";
import {
  EEPROM_BYTES,
  EEPROM_KEYS,
  type EepromField,
  type EepromFormat,
  type EepromRegion,
  LENGTH_FORMATS,
  NUMBERED_FORMATS,
  XXTEA_ALGORITHM,
} from "./formats.ts";
import { xxteaDecrypt } from "./xxtea.ts";

export interface HashboardIdentity {
  readonly kind: "known";
  /** Such as `v3 (74 bytes)`. */
  readonly format: string;
  readonly boardSerial: string;
  readonly dieCode: string;
  readonly chipMarking: string;
  readonly chipBin: number;
  readonly testText: string | null;
  readonly pcbVersion: number;
  readonly bomVersion: number;
  readonly chipTechnology: string;
  readonly boardName: string | null;
  readonly voltageMv: number;
  readonly frequencyMhz: number;
  readonly nonceRate: number;
  readonly inletC: number;
  readonly outletC: number;
  /** Whether the frequency sweep of v5 passes its check; null where the format has none. */
  readonly isSweepGood: boolean | null;
  readonly provenance: Provenance;
}

export interface UnknownHashboard {
  readonly kind: "unknown";
  readonly reason: string;
}

const CHUNK_BYTES = 16;
/** A CRC of five bits passes one garbled EEPROM in eight over four keys, so the content must make sense too. */
const FREQUENCY_MHZ = [10, 2000] as const;
const VOLTAGE_MV = [1000, 40_000] as const;
const PRINTABLE = /^[ -~]+$/;

/** Reads and understands the EEPROM at a 7-bit address (0x50 + chain). A failure of the bus makes an unknown board too. */
export async function readHashboardEeprom(bus: I2cBus, address: number): Promise<HashboardIdentity | UnknownHashboard> {
  try {
    return decodeHashboardEeprom(await readEepromBytes(bus, address));
  } catch (error) {
    if (!isKumpelError(error, "EEPROM_UNREADABLE")) throw error;
    return { kind: "unknown", reason: errorText(error) };
  }
}

/** All 256 bytes. @throws KumpelError `EEPROM_UNREADABLE`. */
export async function readEepromBytes(bus: I2cBus, address: number): Promise<Uint8Array> {
  const image = new Uint8Array(EEPROM_BYTES);
  for (let at = 0; at < EEPROM_BYTES; at += CHUNK_BYTES) {
    let reason: string;
    try {
      const bytes = await bus.transfer(address, Uint8Array.of(at), CHUNK_BYTES);
      if (bytes.length === CHUNK_BYTES) {
        image.set(bytes, at);
        continue;
      }
      reason = `${bytes.length} of ${CHUNK_BYTES} bytes`;
    } catch (error) {
      if (!isKumpelError(error, "I2C_NACK", "I2C_FAILED")) throw error;
      reason = errorText(error);
    }
    const place = `EEPROM 0x${address.toString(16)} on ${bus.name}`;
    throw new KumpelError(
      "EEPROM_UNREADABLE",
      `${place} can't be read at 0x${at.toString(16)} (${reason}): check the cable`,
      {
        details: { bus: bus.name, address, at },
      },
    );
  }
  return image;
}

/** Understands an image; tries every key and takes the one that makes the CRC right. */
export function decodeHashboardEeprom(image: Uint8Array): HashboardIdentity | UnknownHashboard {
  if (image.length < EEPROM_BYTES) return unknown(`it has ${image.length} of ${EEPROM_BYTES} bytes`);
  if (image.every((byte) => byte === image[0])) return unknown(`all bytes are ${hex(image[0]!)}: it is empty`);
  const [first, second] = [image[0]!, image[1]!];
  const numbered = NUMBERED_FORMATS[first];
  const format = numbered ?? LENGTH_FORMATS[second];
  const algorithm = (numbered === undefined ? first : second) >> 4;
  if (format === undefined) return unknown(`its header ${hex(first)} ${hex(second)} is no known format`);
  if (algorithm !== XXTEA_ALGORITHM) return unknown(`its cipher ${algorithm} is not known`);
  for (const key of EEPROM_KEYS) {
    const plain = decipher(image, format, key);
    const identity = plain === null ? null : understand(plain.bytes, format, plain.isSweepGood);
    if (identity !== null) return identity;
  }
  return unknown(`no key makes its check sum right (header ${hex(first)} ${hex(second)})`);
}

function decipher(
  image: Uint8Array,
  format: EepromFormat,
  key: Uint8Array,
): { bytes: Uint8Array; isSweepGood: boolean | null } | null {
  const bytes = image.slice(0, EEPROM_BYTES);
  for (const region of format.regions) if (!decipherRegion(bytes, region, key)) return null;
  return { bytes, isSweepGood: format.sweep === null ? null : decipherRegion(bytes, format.sweep, key) };
}

/** Deciphers in place and says whether the CRC is right. */
function decipherRegion(bytes: Uint8Array, region: EepromRegion, key: Uint8Array): boolean {
  bytes.set(xxteaDecrypt(bytes.subarray(region.from, region.to), key), region.from);
  return crc5(bytes, region.crcFrom, region.to - 1) === bytes[region.to - 1];
}

/** Fields of a deciphered image, or null when they make no sense. */
function understand(bytes: Uint8Array, format: EepromFormat, isSweepGood: boolean | null): HashboardIdentity | null {
  const { fields } = format;
  const number = (field: EepromField): number => {
    if (field.bytes === 1) return bytes[field.at]!;
    const [a, b] = [bytes[field.at]!, bytes[field.at + 1]!];
    return format.numbers === "big-endian" ? (a << 8) | b : a | (b << 8);
  };
  const text = (field: EepromField): string => {
    const raw = String.fromCharCode(...bytes.subarray(field.at, field.at + field.bytes));
    const end = raw.indexOf("\0");
    return end < 0 ? raw : raw.slice(0, end);
  };
  const boardSerial = text(fields.boardSerial);
  const voltageMv = number(fields.voltage) * 10;
  const frequencyMhz = number(fields.frequencyMhz);
  const isSensible =
    PRINTABLE.test(boardSerial) && isWithin(voltageMv, VOLTAGE_MV) && isWithin(frequencyMhz, FREQUENCY_MHZ);
  if (!isSensible) return null;
  return {
    kind: "known",
    format: format.name,
    boardSerial,
    dieCode: text(fields.dieCode),
    chipMarking: text(fields.chipMarking),
    chipBin: number(fields.chipBin),
    testText: fields.testText === null ? null : text(fields.testText),
    pcbVersion: number(fields.pcbVersion),
    bomVersion: number(fields.bomVersion),
    chipTechnology: text(fields.chipTechnology),
    boardName: fields.boardName === null ? null : text(fields.boardName),
    voltageMv,
    frequencyMhz,
    nonceRate: number(fields.nonceRate),
    inletC: (number(fields.inletC) << 24) >> 24,
    outletC: (number(fields.outletC) << 24) >> 24,
    isSweepGood,
    provenance: format.provenance,
  };
}

function isWithin(value: number, [min, max]: readonly [number, number]): boolean {
  return value >= min && value <= max;
}

function unknown(reason: string): UnknownHashboard {
  return { kind: "unknown", reason: `unknown hashboard: ${reason}` };
}

function hex(value: number): string {
  return `0x${value.toString(16).padStart(2, "0")}`;
}
