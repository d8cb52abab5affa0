/**
 * How the 256 bytes of a hashboard's EEPROM are laid out. Offsets count from the start of the EEPROM, header included.
 * The formats with a length byte come from public S19 Pro notes, and the longer one was checked on published dumps;
 * formats 4 and 5 come from vendor binaries and were never checked against a raw dump.
 */
import type { Provenance } from "../bm13xx/registers.ts";

export const EEPROM_BYTES = 256;

/** Bytes that are enciphered together and guarded by one CRC5 (start 0x1F, polynomial 5). */
export interface EepromRegion {
  readonly from: number;
  /** First byte behind; the CRC is the last byte within. */
  readonly to: number;
  /** Where the CRC starts to count: before `from` where it covers the header too. */
  readonly crcFrom: number;
}

/** Where a field is; `bytes` is 1 or 2 for numbers. */
export interface EepromField {
  readonly at: number;
  readonly bytes: number;
}

export interface EepromFields {
  readonly boardSerial: EepromField;
  readonly dieCode: EepromField;
  readonly chipMarking: EepromField;
  readonly chipBin: EepromField;
  readonly testText: EepromField | null;
  readonly pcbVersion: EepromField;
  readonly bomVersion: EepromField;
  readonly chipTechnology: EepromField;
  readonly boardName: EepromField | null;
  /** In steps of 10 mV. */
  readonly voltage: EepromField;
  readonly frequencyMhz: EepromField;
  readonly nonceRate: EepromField;
  readonly inletC: EepromField;
  readonly outletC: EepromField;
}

export interface EepromFormat {
  readonly name: string;
  readonly numbers: "big-endian" | "little-endian";
  /** The first ones carry the fields; without them a board is unknown. */
  readonly regions: readonly EepromRegion[];
  /** A further region, of which we use nothing but its good CRC. */
  readonly sweep: EepromRegion | null;
  readonly fields: EepromFields;
  readonly provenance: Provenance;
}

const LENGTH_SHORT = 0x42;
const LENGTH_LONG = 0x4a;

/** Header of the formats with a length byte: algorithm and key number, then the length. */
export const LENGTH_FORMATS: Readonly<Record<number, EepromFormat>> = {
  [LENGTH_SHORT]: {
    name: "v1 or v2 (66 bytes)",
    numbers: "big-endian",
    regions: [{ from: 2, to: 66, crcFrom: 0 }],
    sweep: null,
    fields: payloadFields({ pcb: 45, technology: 49, voltage: 51, testText: null }),
    provenance: "documented",
  },
  [LENGTH_LONG]: {
    name: "v3 (74 bytes)",
    numbers: "big-endian",
    regions: [{ from: 2, to: 74, crcFrom: 0 }],
    sweep: null,
    fields: payloadFields({ pcb: 50, technology: 54, voltage: 56, testText: { at: 36, bytes: 10 } }),
    provenance: "captured",
  },
};

const V4_REGIONS: readonly EepromRegion[] = [
  { from: 0x02, to: 0x62, crcFrom: 0x00 },
  { from: 0x62, to: 0x72, crcFrom: 0x62 },
];

const V4_FIELDS: EepromFields = {
  boardSerial: { at: 0x02, bytes: 18 },
  dieCode: { at: 0x14, bytes: 3 },
  chipMarking: { at: 0x17, bytes: 14 },
  chipBin: { at: 0x25, bytes: 1 },
  testText: { at: 0x26, bytes: 10 },
  pcbVersion: { at: 0x30, bytes: 2 },
  bomVersion: { at: 0x32, bytes: 2 },
  chipTechnology: { at: 0x3b, bytes: 3 },
  boardName: { at: 0x3e, bytes: 9 },
  voltage: { at: 0x62, bytes: 2 },
  frequencyMhz: { at: 0x64, bytes: 2 },
  nonceRate: { at: 0x66, bytes: 2 },
  inletC: { at: 0x68, bytes: 1 },
  outletC: { at: 0x69, bytes: 1 },
};

/** Formats whose first byte is their number; the second is algorithm and key number. */
export const NUMBERED_FORMATS: Readonly<Record<number, EepromFormat>> = {
  4: {
    name: "v4",
    numbers: "little-endian",
    regions: V4_REGIONS,
    sweep: null,
    fields: V4_FIELDS,
    provenance: "unconfirmed",
  },
  5: {
    name: "v5",
    numbers: "little-endian",
    regions: V4_REGIONS,
    sweep: { from: 0x72, to: 0xfa, crcFrom: 0x72 },
    fields: V4_FIELDS,
    provenance: "unconfirmed",
  },
};

/** Algorithm nibble of the header: only 1, XXTEA, is known. An AES variant is claimed by one source. */
export const XXTEA_ALGORITHM = 1;

/**
 * The four keys of the vendor's builds. Their order differs between builds, so the number in the header is no help: all
 * are tried.
 */
export const EEPROM_KEYS: readonly Uint8Array[] = [
  asciiKey("ilijnainayuxnixo"),
  Uint8Array.of(0x74, 0x51, 0xed, 0x7c, 0x7b, 0x5c, 0xd8, 0x72, 0x17, 0x4f, 0xe0, 0x79, 0x0a, 0x15, 0xe4, 0xf5),
  asciiKey("uohzoahzuhidkgna"),
  asciiKey("uileynimggnagnau"),
];

/**
 * EEPROM of S9-type boards (T9+ in the vendor's published driver): plain, no CRC. Only noted, nothing reads it: at these
 * addresses an S9 has its voltage controllers.
 */
export const S9_EEPROM_OFFSETS = {
  frequencyAndBadCores: { at: 0x00, bytes: 0x80 },
  hashId: { at: 0x80, bytes: 0x10 },
  voltage: { at: 0x90, bytes: 8 },
  sensorOffset: { at: 0x98, bytes: 8 },
  voltageTime: { at: 0xa0, bytes: 8 },
} as const satisfies Record<string, EepromField>;

/** Fields of the formats with a length byte; positions count from the payload, which begins at byte 2. */
function payloadFields(at: {
  pcb: number;
  technology: number;
  voltage: number;
  testText: EepromField | null;
}): EepromFields {
  const field = (payloadAt: number, bytes: number): EepromField => ({ at: payloadAt + 2, bytes });
  return {
    boardSerial: field(1, 17),
    dieCode: field(18, 2),
    chipMarking: field(20, 13),
    chipBin: field(33, 1),
    testText: at.testText,
    pcbVersion: field(at.pcb, 2),
    bomVersion: field(at.pcb + 2, 2),
    chipTechnology: field(at.technology, 2),
    boardName: null,
    voltage: field(at.voltage, 2),
    frequencyMhz: field(at.voltage + 2, 2),
    nonceRate: field(at.voltage + 4, 2),
    inletC: field(at.voltage + 6, 1),
    outletC: field(at.voltage + 7, 1),
  };
}

function asciiKey(text: string): Uint8Array {
  return Uint8Array.from(text, (char) => char.charCodeAt(0));
}
