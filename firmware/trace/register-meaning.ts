/** What a register and its value mean, as far as the driver's tables and conversions know it. */
import { chipTemperatureC } from "#drivers/bm13xx/chip-temperature.ts";
import { type ChipRow, chipById } from "#drivers/bm13xx/chips.ts";
import { decodePllWord } from "#drivers/bm13xx/pll.ts";
import { REGISTER_MAPS, type RegisterMap } from "#drivers/bm13xx/register-map.ts";
import { CORE_REGISTERS, chipBaud } from "#drivers/bm13xx/registers.ts";
import { ticketDifficultyOf } from "#drivers/bm13xx/ticket-mask.ts";

/** Decoded fields of a value; keys carry their units. */
export type ValueFields = Readonly<Record<string, string | number | boolean>>;

/** Names that public notes give to registers which no sequence of ours uses (documented). BM1397 and later. */
const OTHER_NAMES: ReadonlyMap<number, string> = new Map([
  [0x04, "hashRate"],
  [0x1c, "i2cControl"],
  [0x20, "orderedClockEnable"],
  [0x24, "topProcessMonitor"],
  [0x30, "coreNumber"],
  [0x38, "ticketMask2"],
  [0x40, "coreRegisterValue"],
  [0x44, "externalTemperature"],
  [0x48, "errorFlags"],
  [0x4c, "nonceErrorCounter"],
  [0x50, "nonceOverflowCounter"],
  [0x5c, "timeout"],
  [0x64, "pll2"],
  [0x6c, "orderedClockMonitor"],
  [0x70, "pll0UserDivider"],
  [0x74, "pll1UserDivider"],
  [0x78, "pll2UserDivider"],
  [0x7c, "pll3UserDivider"],
  [0x80, "clockOrder0"],
  [0x84, "clockOrder1"],
  [0x8c, "totalCounter"],
]);

const namesOf = new WeakMap<RegisterMap, ReadonlyMap<number, string>>();

function namesIn(map: RegisterMap): ReadonlyMap<number, string> {
  const known = namesOf.get(map);
  if (known !== undefined) return known;
  const made = new Map(Object.entries(map).map(([name, row]) => [row.number, name]));
  namesOf.set(map, made);
  return made;
}

/** The map of a chip; while none is named that of the later chips, to which most captures belong. */
function mapOf(row: ChipRow | null): RegisterMap {
  return row?.registers ?? REGISTER_MAPS.bm1362;
}

/** Null where nobody named it. */
export function registerName(row: ChipRow | null, register: number): string | null {
  const map = mapOf(row);
  const other = map === REGISTER_MAPS.bm1387 ? undefined : OTHER_NAMES.get(register);
  return namesIn(map).get(register) ?? other ?? null;
}

const bits = (value: number, from: number, count: number): number => (value >>> from) & (2 ** count - 1);
const isSet = (value: number, bit: number): boolean => ((value >>> bit) & 1) === 1;
const hex = (value: number, digits: number): string => `0x${value.toString(16).padStart(digits, "0")}`;
const rounded = (value: number): number => Math.round(value * 1000) / 1000;

function pll(row: ChipRow | null, value: number): ValueFields {
  const word = row?.pll.word;
  const setting = word === undefined ? decodePllWord(value) : decodePllWord(value, word);
  const { frequencyMhz, vcoMhz, fbdiv, refdiv, postdiv1, postdiv2 } = setting;
  if (!Number.isFinite(frequencyMhz)) return { note: "no divider may be 0" };
  const locked = isSet(value, 31) ? { locked: true } : {};
  return {
    frequency_mhz: rounded(frequencyMhz),
    vco_mhz: rounded(vcoMhz),
    fbdiv,
    refdiv,
    postdiv1,
    postdiv2,
    ...locked,
  };
}

function coreControl(value: number): ValueFields {
  const core = isSet(value, 31) && bits(value, 16, 9) === 0 ? "all" : bits(value, 16, 9);
  const number = bits(value, 8, 5);
  const name = Object.entries(CORE_REGISTERS).find(([, known]) => known === number)?.[0] ?? hex(number, 2);
  if (!isSet(value, 15)) return { core, core_register: name, operation: "read" };
  return { core, core_register: name, operation: "write", core_value: hex(bits(value, 0, 8), 2) };
}

/** BM1387 and BM1397 keep the divider of their serial line here, later chips in `fastUart`. */
function miscControl(row: ChipRow | null, value: number): ValueFields {
  if (row?.registers === REGISTER_MAPS.bm1387) {
    return { baud: Math.round(chipBaud(bits(value, 8, 5))), keep_rate: isSet(value, 30), midstates: isSet(value, 7) };
  }
  if (row?.registers === REGISTER_MAPS.bm1397) {
    const divider = (bits(value, 24, 4) << 5) | bits(value, 8, 5);
    // The faster clock comes out of PLL3, which stands in two other registers.
    return isSet(value, 16) ? { divider, clock: "pll3" } : { baud: Math.round(chipBaud(divider)) };
  }
  return { nonce_report_quarters: bits(value, 28, 4) };
}

function fastUart(row: ChipRow | null, value: number): ValueFields {
  if (row?.registers === REGISTER_MAPS.bm1397) return { pll3_div4: bits(value, 24, 4) };
  const divider = bits(value, 8, 8);
  return isSet(value, 26) ? { divider, clock: "pll1" } : { baud: Math.round(chipBaud(divider)) };
}

function chipId(value: number): ValueFields {
  const id = value >>> 16;
  return { chip: chipById(id)?.chip ?? hex(id, 4), chip_address: value & 0xff };
}

function i2c(row: ChipRow | null, value: number): ValueFields {
  const isOld = row?.registers === REGISTER_MAPS.bm1387;
  return {
    busy: isSet(value, 31),
    start: isSet(value, 24),
    device: hex(isOld ? bits(value, 16, 8) >> 1 : bits(value, 17, 7), 2),
    operation: isSet(value, 16) ? "write" : "read",
    device_register: hex(bits(value, 8, 8), 2),
    data: hex(bits(value, 0, 8), 2),
  };
}

function ticket(value: number): ValueFields {
  const difficulty = ticketDifficultyOf(value);
  return difficulty === null ? { note: "no power of two" } : { difficulty };
}

const DECODERS: Readonly<Record<string, (row: ChipRow | null, value: number) => ValueFields>> = {
  chipId: (_, value) => chipId(value),
  pll0: pll,
  pll1: pll,
  pll3: pll,
  ticketMask: (_, value) => ticket(value),
  miscControl,
  fastUart,
  i2cControl: i2c,
  coreRegisterControl: (_, value) => coreControl(value),
  nonceOffset: (_, value) => ({ valid: isSet(value, 31), offset: value & 0xffff }),
  hashCountingNumber: (_, value) => ({ ticks: value }),
  uartRelay: (_, value) => ({ gap: value >>> 16, relay_replies: isSet(value, 1), relay_commands: isSet(value, 0) }),
  versionRolling: (_, value) => ({
    enabled: isSet(value, 31) && isSet(value, 28),
    version_mask: hex(((value & 0xffff) << 13) >>> 0, 8),
  }),
  errorFlags: (_, value) => ({
    command_errors: bits(value, 24, 8),
    work_errors: bits(value, 16, 8),
    core_errors: bits(value, 0, 8),
  }),
  temperatureResult: (_, value) => {
    const temperatureC = chipTemperatureC(value);
    return temperatureC === null ? { valid: false } : { temperature_c: rounded(temperatureC) };
  },
  adcResult: (_, value) => ({ valid: isSet(value, 31), code: value & 0x7fff }),
};

const NOTHING: ValueFields = {};

/** Fields of the value; none where nobody knows them. A ring oscillator's constant in `pll3` of later chips is no PLL. */
export function valueFields(row: ChipRow | null, name: string | null, value: number): ValueFields {
  return (name === null ? undefined : DECODERS[name]?.(row, value)) ?? NOTHING;
}
