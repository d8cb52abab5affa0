/** Steps on chains that have power: count, registers, rate, clock. */
import { CHIPS } from "#drivers/bm13xx/chips.ts";
import { registerNumber } from "#drivers/bm13xx/register-map.ts";
import type { HashChain } from "#drivers/hash-chain.ts";
import { isKumpelError } from "#hal/errors.ts";
import { type HilBench, noiseSince, reasonOf } from "./bench.ts";
import { type Finding, joined, seen, wrong } from "./finding.ts";
import { type Echo, judgeBaud, judgeCount, judgeEchoes, judgeRamp } from "./judge-chain.ts";

/** Two counts from a fresh reset each must agree; then every chip gets its address. */
export async function enumerationStep(bench: HilBench, signal: AbortSignal): Promise<Finding> {
  const findings: Finding[] = [];
  for (const chainIndex of bench.plugged) {
    const chain = await bench.openChain(chainIndex);
    const before = bench.noise(chainIndex);
    const counts: number[] = [];
    let foreignChips: Readonly<Record<string, number>> = {};
    for (let turn = 0; turn < 2; turn++) {
      await bench.resetChain(chainIndex, signal);
      const found = await chain.enumerate(signal);
      counts.push(found.chipCount);
      foreignChips = found.foreignChips;
    }
    const noise = noiseSince(before, bench.noise(chainIndex));
    const finding = judgeCount({ chainIndex, counts, foreignChips, noise }, bench.target.hashboard);
    findings.push(finding);
    if (finding.problems.length === 0) findings.push(await addressFinding(chain, signal));
  }
  return joined(findings);
}

async function addressFinding(chain: HashChain, signal: AbortSignal): Promise<Finding> {
  try {
    await chain.address(signal);
    return { problems: [], notes: [] };
  } catch (error) {
    if (!isKumpelError(error, "CHIP_COUNT_WRONG", "CHIP_NOT_CONFIRMED")) throw error;
    return wrong(`${reasonOf(error)}: chips do not take their addresses`);
  }
}

/** So many chips without an answer say enough of a chain. */
const SILENT_MAX = 3;
const LOW_BYTE = 0xff;

/** The ticket mask is harmless while there is no job, and the start sequence writes it again. */
export async function registerEchoStep(bench: HilBench, signal: AbortSignal): Promise<Finding> {
  const { registers } = CHIPS[bench.target.hashboard.chip];
  const register = registerNumber(registers, "ticketMask");
  const findings: Finding[] = [];
  for (const chainIndex of bench.plugged) {
    const chain = await bench.openChain(chainIndex);
    const before = bench.noise(chainIndex);
    const echoes: Echo[] = [];
    const original = await readOrNull(chain, 0, register, signal);
    // All are written before the first one is read: a chip that hears a neighbour's address shows.
    for (const flip of [0, LOW_BYTE]) {
      for (let chip = 0; chip < chain.chipCount; chip++)
        await chain.writeChipRegister(chip, register, echoValue(chip) ^ flip);
      echoes.push(...(await readEchoes(chain, register, flip, signal)));
    }
    // As they were after the reset: works that un-gate cores rest on it.
    for (let chip = 0; chip < chain.chipCount; chip++) await chain.writeChipRegister(chip, register, original ?? 0);
    findings.push(judgeEchoes(chainIndex, echoes, noiseSince(before, bench.noise(chainIndex))));
  }
  return joined(findings);
}

/** Different for each chip of a chain, and its complement later: every bit is seen both ways. */
function echoValue(chip: number): number {
  return (chip + 1) & LOW_BYTE;
}

async function readEchoes(chain: HashChain, register: number, flip: number, signal: AbortSignal): Promise<Echo[]> {
  const echoes: Echo[] = [];
  let silent = 0;
  for (let chipIndex = 0; chipIndex < chain.chipCount && silent < SILENT_MAX; chipIndex++) {
    const read = await readOrNull(chain, chipIndex, register, signal);
    if (read === null) silent++;
    echoes.push({ chipIndex, written: echoValue(chipIndex) ^ flip, read });
  }
  return echoes;
}

async function readOrNull(
  chain: HashChain,
  chip: number,
  register: number,
  signal: AbortSignal,
): Promise<number | null> {
  try {
    return await chain.readChipRegister(chip, register, signal);
  } catch (error) {
    if (isKumpelError(error, "CHIP_NOT_CONFIRMED")) return null;
    throw error;
  }
}

/** The machine's own registers with its change of the rate, then every chip's id at that rate. */
export async function baudStep(bench: HilBench, signal: AbortSignal): Promise<Finding> {
  const { hashboard } = bench.target;
  const row = CHIPS[hashboard.chip];
  const idRegister = registerNumber(row.registers, "chipId");
  const findings: Finding[] = [];
  for (const chainIndex of bench.plugged) {
    const chain = await bench.openChain(chainIndex);
    try {
      await chain.configure(signal);
    } catch (error) {
      if (!isKumpelError(error, "CHIP_COUNT_WRONG", "CHIP_NOT_CONFIRMED")) throw error;
      findings.push(wrong(`${reasonOf(error)}, at ${hashboard.workBaud} baud`));
      continue;
    }
    const before = bench.noise(chainIndex);
    const silentChips: number[] = [];
    for (let chip = 0; chip < chain.chipCount && silentChips.length < SILENT_MAX; chip++) {
      const id = await readOrNull(chain, chip, idRegister, signal);
      if (id === null || id >>> 16 !== row.chipId) silentChips.push(chip);
    }
    const noise = noiseSince(before, bench.noise(chainIndex));
    const { chipCount: chips } = chain;
    findings.push(judgeBaud(chainIndex, { chips, baud: hashboard.workBaud, silentChips, noise }));
  }
  bench.areChipsConfigured = findings.every(({ problems }) => problems.length === 0);
  return joined(findings);
}

/** Chips to their clock, then the voltage to where they work. */
export async function rampStep(bench: HilBench, signal: AbortSignal): Promise<Finding> {
  const { devices, operatingPoint, target } = bench;
  const findings: Finding[] = [];
  for (const chainIndex of bench.plugged) {
    const chain = await bench.openChain(chainIndex);
    const reachedMhz = await chain.ramp(operatingPoint.frequencyMhz, signal);
    findings.push(judgeRamp(chainIndex, operatingPoint.frequencyMhz, reachedMhz));
    await devices.train.chainWork(chainIndex, signal);
  }
  await devices.train.machineWork(signal);
  if (target.support.voltage !== null)
    for (const chain of bench.plugged)
      findings.push(seen(`chain ${chain}: ${devices.train.voltageMv(chain) ?? 0} mV to work at`));
  for (const sensor of devices.sensors) {
    if (!bench.plugged.includes(sensor.chainIndex) || !sensor.isReadable()) continue;
    const reading = await sensor.read(signal);
    if (reading.kind === "failed") findings.push(wrong(`sensor ${sensor.place} does not answer: ${reading.reason}`));
  }
  return joined(findings);
}
