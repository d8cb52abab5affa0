/** Steps that leave the hashboards without power: connectors, devices on the buses, fans. */
import { sleep } from "#hal/clock.ts";
import { isKumpelError } from "#hal/errors.ts";
import { type HilBench, reasonOf } from "./bench.ts";
import { type Finding, joined, seen, wrong } from "./finding.ts";
import { type FanSpeeds, judgeFans, judgeIdentities, judgePlugs, type PlugState } from "./judge-cold.ts";

export async function plugStep(bench: HilBench): Promise<Finding> {
  const { platform, expectedChains } = bench.target;
  const states: PlugState[] = [];
  for (const { index, label, isPlugged } of platform.board.chains)
    states.push({ chainIndex: index, label, isPlugged: await isPlugged() });
  bench.plugged = states.filter(({ isPlugged }) => isPlugged).map(({ chainIndex }) => chainIndex);
  if (bench.plugged.length === 0) return wrong("no connector holds a hashboard");
  return judgePlugs(states, expectedChains ?? bench.plugged);
}

/** Whatever the machine's plan has on its buses must answer: controllers first, since sensors may lie behind them. */
export async function devicesStep(bench: HilBench, signal: AbortSignal): Promise<Finding> {
  const { devices, target, plugged, identities } = bench;
  const findings: Finding[] = [];
  // Fan controllers are set up here; what does not answer ends the step with its own sentence.
  await devices.start();
  if (devices.supply !== null) findings.push(await supplyFinding(bench, signal));
  const { regulator } = devices;
  if (regulator !== null) {
    await regulator.start();
    findings.push(seen(`${regulator.name} answers`));
  }
  for (const chain of plugged) findings.push(await controllerFinding(bench, chain, signal));
  const read = identities.filter(({ chainIndex }) => plugged.includes(chainIndex));
  findings.push(judgeIdentities(read, target.hashboard, target.support, target.boardName));
  for (const sensor of devices.sensors) {
    if (!plugged.includes(sensor.chainIndex)) continue;
    if (!sensor.isReadable()) {
      findings.push(seen(`sensor ${sensor.place}: asked once its chip runs`));
      continue;
    }
    const reading = await sensor.read(signal);
    findings.push(
      reading.kind === "ok"
        ? seen(`sensor ${sensor.place}: ${reading.temperatureC} C`)
        : wrong(`sensor ${sensor.place} does not answer: ${reading.reason}`),
    );
  }
  return joined(findings);
}

async function supplyFinding({ devices, target }: HilBench, signal: AbortSignal): Promise<Finding> {
  try {
    const identity = await devices.supply?.identify(signal);
    const type = identity?.type ?? null;
    const { psuTypes } = target.support;
    const name = type === null ? "power supply" : `power supply of type 0x${type.toString(16)}`;
    if (type === null || psuTypes.length === 0 || psuTypes.includes(type)) return seen(`${name} answers`);
    return wrong(`${name} answers, which the maker does not accept with ${target.hashboard.label}`);
  } catch (error) {
    if (!isKumpelError(error, "PSU_FAILED", "PSU_UNKNOWN_TYPE", "I2C_FAILED")) throw error;
    return wrong(reasonOf(error));
  }
}

/** A start leaves its output off. */
async function controllerFinding({ devices }: HilBench, chain: number, signal: AbortSignal): Promise<Finding> {
  const controller = devices.controllers[chain];
  if (controller == null) return { problems: [], notes: [] };
  const place = `chain ${chain}: voltage controller ${controller.name}`;
  try {
    const { firmware } = await controller.start(signal);
    return seen(`${place} answers, firmware 0x${firmware.toString(16)}`);
  } catch (error) {
    if (!isKumpelError(error, "VOLTAGE_CONTROLLER_FAILED", "I2C_FAILED")) throw error;
    return wrong(`${place} does not answer as it should: ${reasonOf(error)}`);
  }
}

const LOW_DUTY_PCT = 40;
const HIGH_DUTY_PCT = 100;
/** Rotors follow within seconds; a tachometer is counted over at least one more. */
const SPIN_MS = 8_000;
const TACHO_WINDOW_MS = 2_000;

export async function fansStep(bench: HilBench, signal: AbortSignal): Promise<Finding> {
  const { fans } = bench.devices;
  if (fans.count === 0) return { problems: [], notes: [], notApplicable: "this board drives no fan" };
  const low = await speedsAt(bench, LOW_DUTY_PCT, signal);
  const high = await speedsAt(bench, HIGH_DUTY_PCT, signal);
  return judgeFans(low, high, bench.target.expectedFans);
}

async function speedsAt({ devices, target }: HilBench, dutyPct: number, signal: AbortSignal): Promise<FanSpeeds> {
  const { clock } = target.platform;
  await devices.fans.setDutyPct(dutyPct);
  await sleep(clock, SPIN_MS, signal);
  // The first look begins a window that holds nothing of the way up.
  await devices.fans.readRpm();
  await sleep(clock, TACHO_WINDOW_MS, signal);
  return { dutyPct, rpm: await devices.fans.readRpm() };
}
