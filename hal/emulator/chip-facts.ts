/**
 * What the emulator knows of each ASIC: identity, geometry, reset state and the ways in which they differ on the wire.
 * Read from the documents a second time, on purpose without a look at the driver's table.
 */
import { BM1387_WIRE, BM1397_WIRE, BM1398_WIRE, type MidstateFacts } from "./midstate-facts.ts";

export type ChipName = "BM1387" | "BM1397" | "BM1398" | "BM1362" | "BM1366" | "BM1368" | "BM1370";

export interface ChipFacts {
  readonly name: ChipName;
  /** Upper 24 bits of register 0x00; the low byte is the chip's address. */
  readonly idWord: number;
  readonly coreCount: number;
  /** Hash engines in a core: versions tried side by side in one sweep. */
  readonly enginesPerCore: number;
  /** Engines that count towards the hashrate. */
  readonly engineCount: number;
  /** How chips share the nonce space: by address bits 7:1 in nonce bits 24:18, or by register 0x0C in bits 24:9. */
  readonly windowSplit: "address" | "offset";
  /** 12.5 MHz ticks that a sweep takes beyond the hash counting number. */
  readonly sweepOverrunTicks: number;
  /** How many bits of the job id come back with a nonce: result bits 7:3, or only 7:4. */
  readonly jobIdBits: 5 | 4;
  /** True: the excess byte counts half bits (whole bits = byte >> 1). False: whole bits. */
  readonly hasHalfExcessBits: boolean;
  /** True: register 0x18 bits 31:28 each enable one quarter of the cores; false: any of them enables all. */
  readonly hasReportQuarters: boolean;
  /** Registers 0xB0 and 0xB4 measure the die. */
  readonly hasDieTemperature: boolean;
  /** How a chip that is fed with midstates differs; null: it takes whole headers and rolls versions. */
  readonly midstate: MidstateFacts | null;
  /** Registers that are not 0 after reset. */
  readonly resetValues: readonly (readonly [register: number, value: number])[];
}

/** Read back from BM1366 and BM1370 (stated by one source); BM1362 and BM1368 take the same (inferred). */
const COMMON_RESET_VALUES = [
  [0x08, 0xc0540165],
  [0x18, 0x0000c100],
  [0x24, 0x00100000],
  [0x28, 0x01301a00],
  [0x2c, 0x000f0000],
  [0x54, 0x00000003],
  [0x58, 0x00012111],
  [0x5c, 0x0000ffff],
  [0x60, 0x20500174],
  [0x64, 0x20500174],
  [0x6c, 0x00010200],
  [0xa4, 0x0000ffff],
] as const;

const BM1362: ChipFacts = {
  name: "BM1362",
  midstate: null,
  idWord: 0x13620300,
  coreCount: 65,
  enginesPerCore: 8,
  engineCount: 514,
  windowSplit: "address",
  // Not measured; taken from its relative BM1366.
  sweepOverrunTicks: 66,
  jobIdBits: 5,
  // Unknown: only statistics exist. Read like BM1366.
  hasHalfExcessBits: false,
  // Stock writes 0xB0 in the top byte and loses no quarter of its nonces, so the quarters can't hold here (inferred).
  hasReportQuarters: false,
  hasDieTemperature: false,
  resetValues: [...COMMON_RESET_VALUES, [0x30, 65]],
};

const BM1366: ChipFacts = {
  name: "BM1366",
  midstate: null,
  idWord: 0x13660000,
  coreCount: 112,
  enginesPerCore: 8,
  engineCount: 894,
  windowSplit: "address",
  // From the highest counters in two captured stock logs.
  sweepOverrunTicks: 66,
  jobIdBits: 5,
  hasHalfExcessBits: false,
  hasReportQuarters: false,
  hasDieTemperature: false,
  resetValues: [
    ...COMMON_RESET_VALUES,
    [0x20, 0x00000003],
    [0x30, 0x70],
    [0x9c, 0x00fd0077],
    [0xa8, 0x00070000],
    [0xd0, 0x00000070],
    [0xd4, 0x00376400],
    [0xd8, 0x30303030],
    [0xdc, 0x0000ffff],
  ],
};

const BM1368: ChipFacts = {
  name: "BM1368",
  midstate: null,
  idWord: 0x13680000,
  coreCount: 80,
  enginesPerCore: 16,
  engineCount: 1276,
  windowSplit: "offset",
  // From the highest counter in the captured S21 log.
  sweepOverrunTicks: 133,
  jobIdBits: 4,
  hasHalfExcessBits: true,
  // Measured on BM1370 only.
  hasReportQuarters: false,
  hasDieTemperature: true,
  resetValues: [...COMMON_RESET_VALUES, [0x20, 0x00000007], [0x30, 80], [0xa8, 0x00070000]],
};

const BM1370: ChipFacts = {
  name: "BM1370",
  midstate: null,
  idWord: 0x13700000,
  coreCount: 128,
  enginesPerCore: 16,
  engineCount: 2040,
  windowSplit: "offset",
  // Two sources measured 110 to 134; the middle.
  sweepOverrunTicks: 122,
  jobIdBits: 4,
  hasHalfExcessBits: true,
  hasReportQuarters: true,
  // The registers exist but read 0.
  hasDieTemperature: false,
  resetValues: [...COMMON_RESET_VALUES, [0x20, 0x00000007], [0x30, 0x80], [0x9c, 0x00f70073], [0xa8, 0x00070000]],
};

/** What only chips with sweeps and roll counters have. */
const NO_ROLLING = {
  windowSplit: "address",
  sweepOverrunTicks: 0,
  jobIdBits: 5,
  hasHalfExcessBits: false,
  hasReportQuarters: false,
  hasDieTemperature: false,
} as const;

const BM1387: ChipFacts = {
  ...NO_ROLLING,
  name: "BM1387",
  midstate: BM1387_WIRE,
  idWord: 0x13879000,
  coreCount: 114,
  enginesPerCore: 1,
  engineCount: 114,
  resetValues: [],
};

const BM1397: ChipFacts = {
  ...NO_ROLLING,
  name: "BM1397",
  midstate: BM1397_WIRE,
  idWord: 0x13971800,
  coreCount: 168,
  enginesPerCore: 4,
  engineCount: 672,
  resetValues: [
    [0x04, 0x80000000],
    [0x08, 0xc0600161],
    [0x18, 0x00003a01],
    [0x1c, 0x01000000],
    [0x20, 0x0000ffff],
    [0x28, 0x0600000f],
    [0x2c, 0x000f0000],
    [0x48, 0xff000000],
    [0x58, 0x02112111],
    [0x5c, 0x0000ffff],
    [0x60, 0x00640111],
    [0x64, 0x00680111],
    [0x68, 0x00700111],
    [0x70, 0x03040607],
    [0x74, 0x03040506],
    [0x78, 0x03040506],
    [0x7c, 0x03040506],
    [0x80, 0xd95c8410],
    [0x84, 0xfb73ea62],
    [0x90, 0x00000070],
    [0x94, 0x00376400],
    [0x98, 0x30303030],
    [0x9c, 0x0000ffff],
  ],
};

/** Third byte of the id, geometry and reset values are unknown: those of BM1397, and engines by the machine's label. */
const BM1398: ChipFacts = {
  ...BM1397,
  name: "BM1398",
  midstate: BM1398_WIRE,
  idWord: 0x13980000,
  coreCount: 156,
  engineCount: 623,
};

export const CHIP_FACTS: Readonly<Record<ChipName, ChipFacts>> = {
  BM1387,
  BM1397,
  BM1398,
  BM1362,
  BM1366,
  BM1368,
  BM1370,
};
