/** Power on in the machine's own order, and off with a proof that it is off. */
import { sleep } from "#hal/clock.ts";
import { isKumpelError } from "#hal/errors.ts";
import { type HilBench, reasonOf } from "./bench.ts";
import { type Finding, joined, seen, wrong } from "./finding.ts";

const VOLTAGE_TOLERANCE = 0.02;
/** Outputs of a supply without load have run empty by then. */
const DISCHARGE_MS = 5_000;

export async function powerUpStep(bench: HilBench, signal: AbortSignal): Promise<Finding> {
  const { train, fans } = bench.devices;
  await fans.setDutyPct(100);
  bench.isEnergised = true;
  await train.machineUp(signal);
  for (const chain of bench.plugged) await train.chainUp(chain, signal);
  const findings = bench.plugged.map((chain) => voltageFinding(bench, chain));
  findings.push(await signOfLife(bench, signal));
  return joined(findings);
}

/** The set point as it was read back. */
function voltageFinding({ devices, target, operatingPoint }: HilBench, chain: number): Finding {
  const { voltage, supply } = target.support;
  if (voltage === null) return seen(`chain ${chain}: fixed voltage, nothing to read back`);
  const isRegulator = supply === "tps546" || supply === "ds4432u";
  const wantedMv = isRegulator ? operatingPoint.workMv : voltage.startMv;
  const gotMv = devices.train.voltageMv(chain);
  const source = supply === "psu" ? "the power supply" : isRegulator ? "the regulator" : "the voltage controller";
  if (gotMv === null) return wrong(`chain ${chain}: ${source} tells no set point after power-up`);
  if (Math.abs(gotMv / wantedMv - 1) > VOLTAGE_TOLERANCE)
    return wrong(`chain ${chain}: ${source} holds a set point of ${gotMv} mV instead of ${wantedMv} mV`);
  return seen(`chain ${chain}: set point ${gotMv} mV`);
}

/** Set points can be read back of a supply whose output stays dead: chips that answer nowhere tell. */
async function signOfLife(bench: HilBench, signal: AbortSignal): Promise<Finding> {
  let chips = 0;
  for (const chain of bench.plugged) {
    await bench.resetChain(chain, signal);
    chips += await countOrNone(bench, chain, signal);
    if (chips > 0) return seen("chips answer");
  }
  const source = bench.devices.supply === null ? "what makes the chips' voltage" : "the power supply";
  return wrong(
    `no chip of any chain answers: ${source} gives no output although it was switched on, or every chain's cable is off`,
  );
}

async function countOrNone(bench: HilBench, chainIndex: number, signal: AbortSignal): Promise<number> {
  const chain = await bench.openChain(chainIndex);
  try {
    return (await chain.enumerate(signal)).chipCount;
  } catch (error) {
    if (isKumpelError(error, "CHIP_COUNT_WRONG", "CHIP_NOT_CONFIRMED")) return 0;
    throw error;
  }
}

/** Off as the drivers have it, and then as the chips have it: without power they cannot answer. */
export async function powerDownStep(bench: HilBench, signal: AbortSignal): Promise<Finding> {
  const { platform, support } = bench.target;
  try {
    await bench.makeSafe();
  } catch (error) {
    return wrong(`power is not confirmed to be off (${reasonOf(error)}): pull the plug`);
  }
  if (support.supply === "ds4432u")
    return seen("the converter of this board has no switch: its chip keeps its voltage and is held in reset");
  await sleep(platform.clock, DISCHARGE_MS, signal);
  const findings: Finding[] = [];
  try {
    for (const chain of bench.plugged) {
      await bench.resetChain(chain, signal);
      const chips = await countOrNone(bench, chain, signal);
      await bench.connector(chain).setReset(true);
      findings.push(
        chips === 0
          ? seen(`chain ${chain}: no chip answers any more`)
          : wrong(
              `chain ${chain}: ${chips} chips still answer after ${whatSwitches(bench)} was switched off: pull the plug`,
            ),
      );
    }
  } finally {
    await bench.makeSafe();
  }
  return joined(findings);
}

function whatSwitches({ devices, target }: HilBench): string {
  if (target.platform.board.power !== null) return "the power supply";
  return devices.controllers.some((controller) => controller !== null) ? "the voltage controller" : "the regulator";
}
