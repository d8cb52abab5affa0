/** Start sequences of BM1387, BM1397 and BM1398 as lists of steps, in the same phases as those of later chips. */
import { ENUMERATION_BAUD, type HashboardModel } from "../hashboards/hashboard-model.ts";
import { CHIPS, type ChipRow } from "./chips.ts";
import { RAMP_STEP_MS, rampFrequenciesMhz } from "./frequency-ramp.ts";
import { BAUD_SETTLE_MS, ENUMERATION_SILENCE_MS, type InitStep, wait, writeAll } from "./init-step.ts";
import { isMidstateVariant, MIDSTATE_VARIANTS, type MidstateVariant, type PacedWrite } from "./midstate-variants.ts";
import { OPEN_CORE_PAUSE_MS } from "./open-core.ts";
import { solvePll } from "./pll.ts";
import { ticketMaskValue } from "./ticket-mask.ts";

function variantOf(board: HashboardModel): MidstateVariant {
  if (!isMidstateVariant(board.initVariant)) throw new RangeError(`${board.initVariant} is no sequence of these chips`);
  return MIDSTATE_VARIANTS[board.initVariant];
}

function paced(writes: readonly PacedWrite[], variant: MidstateVariant): InitStep[] {
  return writes.flatMap(({ register, value, pauseMs, why }) => {
    const write = writeAll(register, value, variant.provenance, why);
    return pauseMs === 0 ? [write] : [write, wait(pauseMs, "as public drivers pause here")];
  });
}

export function enumerateSteps(): InitStep[] {
  return [{ kind: "countChips", silenceMs: ENUMERATION_SILENCE_MS }];
}

export function addressSteps(board: HashboardModel): InitStep[] {
  const variant = variantOf(board);
  const inactive: InitStep[] = [{ kind: "chainInactive" }, wait(variant.inactivePauseMs, "chips wait for an address")];
  // One for every slot of the address space: those that no chip takes fall off the end of the chain.
  const addresses = Array.from({ length: Math.floor(256 / board.addressInterval) }, (_, k): InitStep[] => [
    { kind: "setAddress", address: k * board.addressInterval },
    wait(variant.addressPauseMs, "one chip takes its address"),
  ]);
  return [
    ...paced(variant.beforeAddressing, variant),
    ...Array.from({ length: variant.inactiveCount }, () => inactive).flat(),
    ...addresses.flat(),
  ];
}

export function configureSteps(board: HashboardModel): InitStep[] {
  const variant = variantOf(board);
  const isFaster = board.workBaud !== ENUMERATION_BAUD;
  return [
    ...paced(variant.common, variant),
    ...(isFaster ? paced(variant.baudWrites(board.workBaud), variant) : []),
    ...(isFaster ? [wait(BAUD_SETTLE_MS, "chips change their rate")] : []),
    ...(isFaster ? [{ kind: "hostBaud", baud: board.workBaud } as const] : []),
    { kind: "expectAll", register: "chipId", reason: "all chips answer under their address and at the new rate" },
    ...paced(variant.afterBaud, variant),
  ];
}

export function rampSteps(board: HashboardModel, targetMhz: number): InitStep[] {
  const variant = variantOf(board);
  const frequencies = variant.hasRamp ? rampFrequenciesMhz(targetMhz) : [targetMhz];
  const steps = frequencies.flatMap((frequency) => clockSteps(CHIPS[board.chip], frequency));
  return [...steps, ...paced(variant.atClock, variant)];
}

function clockSteps(row: ChipRow, frequencyMhz: number): InitStep[] {
  const pll = solvePll(frequencyMhz, row.pll);
  return [
    writeAll("pll0", pll.word, "documented"),
    wait(RAMP_STEP_MS, "hash clock locks"),
    { kind: "frequencyReached", frequencyMhz: pll.frequencyMhz },
  ];
}

/**
 * Un-gates the cores where works do that, then sets the ticket. Public S9 firmware sets the ticket first; here it comes
 * last, since the finds that prove live cores have difficulties of 1.6 and 2.0 and a stock ticket hides them.
 */
export function startMiningSteps(board: HashboardModel, ticketDifficulty: number): InitStep[] {
  const { midstate } = CHIPS[board.chip];
  const count = midstate?.openCoreWorks ?? 0;
  const value = ticketMaskValue(ticketDifficulty);
  return [
    ...(count > 0 ? [{ kind: "openCores", count, pauseMs: OPEN_CORE_PAUSE_MS } as const] : []),
    writeAll("ticketMask", value, "documented"),
    { kind: "expectAll", register: "ticketMask", value, reason: "all chips took the ticket mask" },
  ];
}

/** No other register hangs on the clock of these chips. */
export function setFrequencySteps(board: HashboardModel, targetMhz: number): InitStep[] {
  return clockSteps(CHIPS[board.chip], targetMhz);
}
