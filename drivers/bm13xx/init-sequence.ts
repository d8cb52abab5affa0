/**
 * Start sequences of BM1362, BM1366, BM1368 and BM1370 as lists of steps: pure functions, so that tests can print and
 * compare them with the captured order. The chain machine above has done power and reset before; the executor is
 * `step-executor.ts`.
 */
import type { HashboardModel } from "../hashboards/hashboard-model.ts";
import { CHIPS } from "./chips.ts";
import { ALL_CHIPS } from "./commands.ts";
import { RAMP_STEP_MS, rampFrequenciesMhz } from "./frequency-ramp.ts";
import { hashCountingNumber } from "./hash-counting.ts";
import { BAUD_SETTLE_MS, ENUMERATION_SILENCE_MS, type InitStep, repeat, writeAll } from "./init-step.ts";
import { INIT_VARIANTS, type InitVariant, isHeaderVariant, type RegisterWrite } from "./init-variants.ts";
import { nonceOffset } from "./nonce-fields.ts";
import { solvePll } from "./pll.ts";
import { type Provenance, versionRollingWord } from "./registers.ts";
import { ticketMaskValue } from "./ticket-mask.ts";

/** Difficulty that the stock sequences put into register 0x14. */
export const STOCK_TICKET_DIFFICULTY = 256;
const TEMPERATURE_STEP_MS = 10;

function variantOf(board: HashboardModel): InitVariant {
  if (!isHeaderVariant(board.initVariant)) throw new RangeError(`${board.initVariant} is no sequence of these chips`);
  return INIT_VARIANTS[board.initVariant];
}

function writes(to: number, list: readonly RegisterWrite[], provenance: Provenance): InitStep[] {
  return list.map((write) => ({ kind: "write", to, ...write, provenance }));
}

/** Address of the first chip of a domain; domain 0 is nearest to the host. */
export function domainFirstAddress(board: HashboardModel, domain: number): number {
  return domain * board.chipsPerDomain * board.addressInterval;
}

export function domainLastAddress(board: HashboardModel, domain: number): number {
  return ((domain + 1) * board.chipsPerDomain - 1) * board.addressInterval;
}

/** Gap of the UART relay, fitted to three captures: it grows towards the host. */
export function relayGap(board: HashboardModel, domain: number): number {
  return board.chipsPerDomain * (board.domains - domain) + 14;
}

/** Stock writes per-domain registers from the far domain to the near one. */
function domainsFromFar(board: HashboardModel): number[] {
  return Array.from({ length: board.domains }, (_, i) => board.domains - 1 - i);
}

export function enumerateSteps(board: HashboardModel): InitStep[] {
  const variant = variantOf(board);
  const rolling = writeAll(
    "versionRolling",
    versionRollingWord(CHIPS[board.chip].versionMask),
    variant.provenance,
    "replies become 11 bytes long",
  );
  return [
    ...repeat(rolling, variant.versionRollingBefore),
    { kind: "countChips", silenceMs: ENUMERATION_SILENCE_MS },
    ...repeat(rolling, variant.versionRollingAfter),
  ];
}

export function addressSteps(board: HashboardModel): InitStep[] {
  const variant = variantOf(board);
  // As stock: one address for every slot of the address space. Those that no chip takes fall off the end of the chain.
  const count = Math.floor(256 / board.addressInterval);
  return [
    ...writes(ALL_CHIPS, variant.beforeAddressing, variant.provenance),
    { kind: "chainInactive" },
    ...Array.from({ length: count }, (_, k): InitStep => ({ kind: "setAddress", address: k * board.addressInterval })),
  ];
}

function baudSteps(board: HashboardModel, value: number, provenance: Provenance): InitStep[] {
  return [
    writeAll("fastUart", value, provenance, `chips switch to ${board.workBaud} baud`),
    { kind: "wait", ms: BAUD_SETTLE_MS, reason: "chips change their rate" },
    { kind: "hostBaud", baud: board.workBaud },
    // Ours, not stock's: a link lost by the switch would otherwise show up as a chain that never finds anything.
    { kind: "expectAll", register: "chipId", reason: "all chips answer at the new rate" },
  ];
}

function eachSteps(board: HashboardModel, chipCount: number): InitStep[] {
  const variant = variantOf(board);
  const steps: InitStep[] = [];
  for (let chip = 0; chip < chipCount; chip++) {
    steps.push(...writes(chip * board.addressInterval, variant.each, variant.provenance));
    if (variant.eachPauseMs > 0)
      steps.push({ kind: "wait", ms: variant.eachPauseMs, reason: "cores of one chip start" });
  }
  return steps;
}

export function configureSteps(board: HashboardModel, chipCount: number): InitStep[] {
  const variant = variantOf(board);
  const { provenance, domainLastDriver, fastUart } = variant;
  const steps = writes(ALL_CHIPS, variant.common, provenance);
  if (domainLastDriver !== null) {
    for (const domain of domainsFromFar(board)) {
      const to = domainLastAddress(board, domain);
      steps.push({ kind: "write", to, register: "ioDriverStrength", value: domainLastDriver, provenance });
    }
  }
  steps.push(...writes(ALL_CHIPS, variant.betweenDomainWrites, provenance));
  if (variant.hasRelays) {
    for (const domain of domainsFromFar(board)) {
      const value = (relayGap(board, domain) << 16) | 3;
      for (const to of [domainFirstAddress(board, domain), domainLastAddress(board, domain)]) {
        steps.push({ kind: "write", to, register: "uartRelay", value, provenance });
      }
    }
  }
  if (fastUart?.phase === "configure") steps.push(...baudSteps(board, fastUart.value, provenance));
  else steps.push({ kind: "expectAll", register: "chipId", reason: "all chips took their address" });
  if (variant.eachPhase === "configure") steps.push(...eachSteps(board, chipCount));
  steps.push(...writes(ALL_CHIPS, variant.afterEach, provenance));
  return steps;
}

/** BM1368 only: captured on a stock S21. The last write ends the measurement. */
export function temperatureSteps(): InitStep[] {
  const pause: InitStep = { kind: "wait", ms: TEMPERATURE_STEP_MS, reason: "on-die temperature measurement" };
  return [
    writeAll("temperatureControl", 0x00020000, "captured"),
    pause,
    writeAll("temperatureControl", 0x01020000, "captured"),
    pause,
    writeAll("temperatureControl", 0x10020000, "captured"),
    pause,
    { kind: "readTemperatures" },
    writeAll("temperatureControl", 0x80000000, "captured"),
  ];
}

export function rampSteps(board: HashboardModel, targetMhz: number): InitStep[] {
  const row = CHIPS[board.chip];
  const steps = row.hasTemperature ? temperatureSteps() : [];
  for (const frequency of rampFrequenciesMhz(targetMhz)) {
    const pll = solvePll(frequency, row.pll);
    steps.push(
      writeAll("pll0", pll.word, "captured"),
      { kind: "wait", ms: RAMP_STEP_MS, reason: "frequency ramp step" },
      { kind: "frequencyReached", frequencyMhz: pll.frequencyMhz },
    );
  }
  return steps;
}

export interface StartMiningOptions {
  readonly chipCount: number;
  readonly frequencyMhz: number;
  readonly versionMask: number;
  readonly ticketDifficulty: number;
}

export function startMiningSteps(board: HashboardModel, options: StartMiningOptions): InitStep[] {
  const variant = variantOf(board);
  const { provenance, fastUart } = variant;
  const { chipCount, frequencyMhz, ticketDifficulty } = options;
  const steps: InitStep[] = variant.eachPhase === "startMining" ? eachSteps(board, chipCount) : [];
  if (variant.hasNonceOffsets) {
    for (let chip = 0; chip < chipCount; chip++) {
      const value = (0x80000000 | nonceOffset(chip, chipCount)) >>> 0;
      steps.push({ kind: "write", to: chip * board.addressInterval, register: "nonceOffset", value, provenance });
    }
  }
  // Stock sends its first job before this write. With the register at 0 every chip sweeps the whole window, and each find
  // of that job came back once per chip (captured on an S21), so here it goes out before any job.
  const hcn = hashCountingNumber(CHIPS[board.chip], board, chipCount, frequencyMhz);
  steps.push(writeAll("hashCountingNumber", hcn, hcn === board.stockHcn ? provenance : "inferred"));
  if (ticketDifficulty !== STOCK_TICKET_DIFFICULTY) {
    steps.push(writeAll("ticketMask", ticketMaskValue(ticketDifficulty), "captured"));
  }
  steps.push(writeAll("versionRolling", versionRollingWord(options.versionMask), provenance));
  if (fastUart?.phase === "startMining") steps.push(...baudSteps(board, fastUart.value, provenance));
  // Ours: a lost ticket write would flood the line or hide every nonce. Third-party firmware reads it back as well.
  const value = ticketMaskValue(ticketDifficulty);
  steps.push({ kind: "expectAll", register: "ticketMask", value, reason: "all chips took the ticket mask" });
  return steps;
}

/**
 * One step of the hash clock while hashing. A sweep must never outgrow its slice in between, so the shorter of the two
 * settings comes first: the counting number on the way up, the PLL on the way down.
 */
export function setFrequencySteps(
  board: HashboardModel,
  chipCount: number,
  fromMhz: number,
  targetMhz: number,
): InitStep[] {
  const row = CHIPS[board.chip];
  const pll = solvePll(targetMhz, row.pll);
  const hcn = writeAll(
    "hashCountingNumber",
    hashCountingNumber(row, board, chipCount, pll.frequencyMhz),
    "inferred",
    "keeps the coverage of the slice",
  );
  const clock = writeAll("pll0", pll.word, "captured");
  const settle: InitStep = { kind: "wait", ms: RAMP_STEP_MS, reason: "hash clock locks" };
  const reached: InitStep = { kind: "frequencyReached", frequencyMhz: pll.frequencyMhz };
  return pll.frequencyMhz > fromMhz ? [hcn, clock, settle, reached] : [clock, settle, reached, hcn];
}
