/** From options to a miner: the machine they mean, its scales, its working point, its pools. */
import { boardSupport } from "#drivers/hashboards/board-supports.ts";
import { tightenLimits } from "#drivers/hashboards/limits.ts";
import { chooseOperatingPoint } from "#drivers/hashboards/operating-point.ts";
import type { FileStore } from "#hal/file-store.ts";
import { coolingPolicy, temperatureWish } from "../api/machine-controls.ts";
import type { Settings } from "../config/schema.ts";
import type { BoardIdentity } from "../hardware/board-identities.ts";
import type { Log } from "../log.ts";
import { Miner } from "../miner.ts";
import { emulationScales, LOOPBACK, type Platform, type Scales } from "../platform/platform.ts";
import type { PoolGroup } from "../pool/pool-groups.ts";
import { poolSettings } from "../pool/pool-settings.ts";
import { machineHashesPerS } from "../stats/promised-hashrate.ts";
import { parsePoolUrl } from "../stratum/pool-url.ts";
import { loadTuning } from "../tuning/kept-tuning.ts";
import { AGENT } from "../version.ts";
import { DEMO_PASSWORD, DEMO_USER } from "./pool-options.ts";
import type { CommandContext } from "./run-context.ts";
import type { ParsedRunOptions, RunOptions } from "./run-options.ts";

export async function withMachine({ target, ...rest }: ParsedRunOptions, context: CommandContext): Promise<RunOptions> {
  if (target.kind === "emulated") return Object.assign({}, rest, { hashboard: target.hashboard, real: null });
  const real = await context.findMachine(target.owner);
  return Object.assign({}, rest, { hashboard: real.hashboard, real });
}

export function scalesOf(options: RunOptions, context: CommandContext): Scales {
  const { hashboard, real, areChipsEmulated, chipTicket, poolGroups } = options;
  if (real !== null && !areChipsEmulated) return context.realScales();
  const hashesPerS = machineHashesPerS(hashboard, context.chainCountOf(hashboard.model));
  return emulationScales(hashesPerS, chipTicket, poolGroups.length === 0);
}

export interface Surroundings {
  readonly platform: Platform;
  readonly scales: Scales;
  readonly identities: readonly BoardIdentity[];
  readonly store: FileStore;
  readonly settings: Settings;
}

export async function createMiner(
  options: RunOptions,
  { platform, scales, identities, store, settings }: Surroundings,
  log: Log,
): Promise<Miner> {
  const support = boardSupport(options.hashboard.model);
  const operatingPoint = chooseOperatingPoint({
    model: options.hashboard,
    support,
    identities: identities.map(({ identity }) => identity),
    owner: { frequencyMhz: options.frequencyMhz, workMv: options.workMv },
    acceptsUnconfirmed: platform.acceptsUnconfirmed,
    hints: {
      frequency: "--frequency MHZ (tuning.frequency_mhz)",
      voltage: "--work-voltage MV (tuning.work_voltage_mv)",
    },
  });
  const base = { model: options.hashboard, support, operatingPoint, chainTotal: platform.board.chains.length };
  const tuning = await loadTuning(store, base, log);
  const { suggestDifficulty, label: emulationLabel, ...rest } = scales;
  const limitHints = hintsFor(options);
  return new Miner({
    log,
    hashboard: tightenLimits(options.hashboard, options, limitHints),
    support,
    operatingPoint,
    ...(tuning === null ? {} : { tuning }),
    identities,
    isExperimentalAccepted: options.real?.settings.isExperimentalAccepted ?? platform.acceptsUnconfirmed,
    emulationLabel,
    agent: AGENT,
    ...rest,
    board: platform.board,
    clock: platform.clock,
    random: platform.random,
    network: platform.network,
    poolGroups: poolGroupsOf(options, platform, suggestDifficulty),
    store,
    cooling: coolingPolicy(settings.cooling),
    temperatures: temperatureWish(settings.cooling),
  });
}

/** The owner's pools, or the built-in one. */
function poolGroupsOf(options: RunOptions, platform: Platform, suggestDifficulty: number | null): PoolGroup[] {
  if (options.poolGroups.length === 0) {
    const address = parsePoolUrl(`${LOOPBACK}:${platform.localPoolPort ?? 0}`);
    return [{ quota: 1, pools: [poolSettings(address, DEMO_USER, DEMO_PASSWORD, { suggestDifficulty })] }];
  }
  return options.poolGroups.map(({ quota, pools }) => {
    return { quota, pools: pools.map((pool) => Object.assign({}, pool, { suggestDifficulty })) };
  });
}

/** How the owner said it: messages name that. */
function hintsFor({ overriddenKeys }: RunOptions): { board: string; chip: string } {
  const said = (key: string, option: string): string => (overriddenKeys.includes(key) ? option : key);
  return {
    board: said("cooling.board_limit_c", "--board-limit"),
    chip: said("cooling.chip_limit_c", "--chip-limit"),
  };
}
