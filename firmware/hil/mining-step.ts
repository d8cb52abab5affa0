/** A while of mining by the shipping miner against the local pool, with all its own supervision. */
import { sleep } from "#hal/clock.ts";
import { KumpelError } from "#hal/errors.ts";
import { Miner } from "../miner.ts";
import type { MinerParts } from "../miner-parts.ts";
import { LOOPBACK } from "../platform/platform.ts";
import { poolSettings } from "../pool/pool-settings.ts";
import { takeSnapshot } from "../snapshot-builder.ts";
import { parsePoolUrl } from "../stratum/pool-url.ts";
import { AGENT } from "../version.ts";
import type { HilBench } from "./bench.ts";
import { type Finding, wrong } from "./finding.ts";
import { judgeMining, type MinedChain, type MinedFacts, type SensorPair } from "./judge-work.ts";

const POLL_MS = 1_000;
/** Power-up, enumeration and ramp of the slowest machine, twice. */
const START_LIMIT_MS = 300_000;

/** Ends with power off, confirmed: by the miner's own stop, or with an error that says so. */
export async function miningStep(bench: HilBench, signal: AbortSignal): Promise<Finding> {
  // The miner brings everything up by itself, from the state that it would find after a boot.
  await bench.makeSafe();
  bench.isEnergised = true;
  const miner = new Miner(minerOptions(bench));
  const stop = new AbortController();
  const watchStop = new AbortController();
  const onAbort = (): void => watchStop.abort();
  signal.addEventListener("abort", onAbort, { once: true });
  if (signal.aborted) onAbort();
  // A miner that ends by itself ends the watch, too.
  const run = miner.run(stop.signal).finally(onAbort);
  const end = Promise.allSettled([run]);
  const [watched] = await Promise.allSettled([watch(bench, miner.parts, watchStop.signal)]);
  stop.abort();
  signal.removeEventListener("abort", onAbort);
  const [ended] = await end;
  if (ended.status === "rejected") throw ended.reason;
  if (watched.status === "rejected") throw watched.reason;
  return watched.value;
}

function minerOptions({ target, identities, operatingPoint, log }: HilBench) {
  const { platform, hashboard, support, scales, isExperimentalAccepted, store } = target;
  const address = parsePoolUrl(`${LOOPBACK}:${platform.localPoolPort ?? 0}`);
  const { suggestDifficulty, label: emulationLabel, ...rest } = scales;
  return {
    log,
    clock: platform.clock,
    random: platform.random,
    network: platform.network,
    board: platform.board,
    hashboard,
    support,
    operatingPoint,
    identities,
    isExperimentalAccepted,
    emulationLabel,
    agent: AGENT,
    poolGroups: [{ quota: 1, pools: [poolSettings(address, "kumpel.hil", "x", { suggestDifficulty })] }],
    store,
    ...rest,
  };
}

async function watch({ target, plugged }: HilBench, parts: MinerParts, signal: AbortSignal): Promise<Finding> {
  const { clock } = target.platform;
  const startMs = clock.nowMs();
  const phases = (): string[] => plugged.map((chain) => parts.chains[chain]?.supervisor.state.phase ?? "absent");
  while (!phases().every((phase) => phase === "hashing")) {
    const cut = parts.power.cutReason;
    if (cut !== null) return wrong(`the miner cut the power before every chain hashed: ${cut}`);
    if (clock.nowMs() - startMs > START_LIMIT_MS) return wrong(`not every chain hashes: ${statesOf(parts, plugged)}`);
    await sleep(clock, POLL_MS, signal);
  }
  const before = marksOf(parts, plugged);
  const sharesBefore = takeSnapshot(parts).pool.shares;
  const untilMs = clock.nowMs() + 1_000 * target.miningS;
  while (clock.nowMs() < untilMs) {
    if (parts.power.cutReason !== null) break;
    await sleep(clock, Math.min(POLL_MS, untilMs - clock.nowMs()), signal);
  }
  return judgeMining(
    factsOf(parts, plugged, { before, sharesBefore, seconds: target.miningS }),
    target.hardwareErrorPct,
  );
}

function statesOf(parts: MinerParts, plugged: readonly number[]): string {
  const states = plugged.map((chain) => {
    const supervisor = parts.chains[chain]?.supervisor;
    return `chain ${chain} ${supervisor?.state.phase ?? "absent"} (${supervisor?.reason ?? "no connector"})`;
  });
  return states.join("; ");
}

interface Mark {
  readonly nonces: number;
  readonly heardOfChip: readonly number[];
  readonly hardwareErrors: number;
}

function marksOf(parts: MinerParts, plugged: readonly number[]): Mark[] {
  return plugged.map((chain) => {
    const counters = parts.chains[chain]?.runtime.counters;
    if (counters === undefined) throw new KumpelError("LOOP_STUCK", `the miner has no chain ${chain}`);
    const chips = Array.from({ length: parts.options.hashboard.chips }, (_, chip) => counters.heard(chip));
    const counts = counters.ofChain();
    const nonces = Object.values(counts).reduce((sum, count) => sum + count, 0);
    return { nonces, heardOfChip: chips, hardwareErrors: counts.hardwareError };
  });
}

interface Before {
  readonly before: readonly Mark[];
  readonly sharesBefore: { readonly accepted: number; readonly rejected: number };
  readonly seconds: number;
}

function factsOf(parts: MinerParts, plugged: readonly number[], { before, sharesBefore, seconds }: Before): MinedFacts {
  const snapshot = takeSnapshot(parts);
  const after = marksOf(parts, plugged);
  const chains = plugged.map((chainIndex, i): MinedChain => {
    const chain = snapshot.chains[chainIndex];
    const heardOfChip = (after[i]?.heardOfChip ?? []).map((heard, chip) => heard - (before[i]?.heardOfChip[chip] ?? 0));
    return {
      chainIndex,
      state: chain?.state ?? "absent",
      reason: chain?.reason ?? "",
      nonces: (after[i]?.nonces ?? 0) - (before[i]?.nonces ?? 0),
      expectedThs: chain?.hashrate.expectedThs ?? null,
      measuredThs: chain?.hashrate.measuredThs ?? null,
      hardwareErrors: (after[i]?.hardwareErrors ?? 0) - (before[i]?.hardwareErrors ?? 0),
      heardOfChip,
    };
  });
  const { shares } = snapshot.pool;
  const accepted = shares.accepted - sharesBefore.accepted;
  const rejected = shares.rejected - sharesBefore.rejected;
  return { seconds, accepted, rejected, chains, pairs: pairsOf(parts, plugged), shutdownReason: parts.power.cutReason };
}

/** Boards with an inlet and an outlet sensor each, as the thermal supervisor last read them. */
function pairsOf({ thermal, options }: MinerParts, plugged: readonly number[]): SensorPair[] {
  if (options.support.sensors.kind !== "lm75") return [];
  const readings = new Map(thermal.sensorPlaces.map((place, i) => [place, thermal.state.sensors[i]?.goodC ?? null]));
  return plugged.map((chainIndex): SensorPair => {
    const inletC = readings.get(`chain ${chainIndex} inlet`) ?? null;
    const outletC = readings.get(`chain ${chainIndex} outlet`) ?? null;
    return { chainIndex, inletC, outletC };
  });
}
