/** What commands can do to a running machine. */
import path from "node:path";
import { assertClock } from "#drivers/hashboards/clock-limits.ts";
import { tightenLimits } from "#drivers/hashboards/limits.ts";
import { findHashboard } from "#drivers/hashboards/models.ts";
import { assertWorkVoltage } from "#drivers/hashboards/operating-point.ts";
import { errorText, isKumpelError } from "#hal/errors.ts";
import type { Settings } from "../config/schema.ts";
import type { CoolingPolicy, TemperatureWish } from "../control/thermal-types.ts";
import { type Log, type LogLevel, setLogLevel } from "../log.ts";
import type { Miner } from "../miner.ts";
import { DEFAULT_TRACE_LIMITS } from "../trace/capture/trace-writer.ts";
import { TuningDesk } from "../tuning/tuning-desk.ts";
import { LocateLight } from "./locate-light.ts";
import { QueryRunner } from "./query-runner.ts";

export interface MachineControls {
  pause(reason: string): void;
  resume(reason: string): void;
  /** Null when it starts again, else why not. */
  restartChain(chainIndex: number): Promise<string | null>;
  acknowledge(): Promise<string | null>;
  /** False where there is no LED. */
  locate(isOn: boolean): boolean;
  readonly tuning: TuningDesk;
  /** Answers what faces ask beyond the snapshot. */
  readonly queries: QueryRunner;
  /** Null when it was written, else why not. */
  writeRegister(chainIndex: number, chipIndex: number, register: number, value: number): Promise<string | null>;
  setLogLevel(level: LogLevel): void;
  /** Resolves with the file. @throws KumpelError `USAGE`, `STORE_FAILED`. */
  startTrace(wish: {
    name?: string | undefined;
    maxMib?: number | undefined;
    keep?: "oldest" | "newest" | undefined;
  }): Promise<string>;
  /** Null when it was running, else why not. */
  stopTrace(): Promise<string | null>;
  /** Carries out what needs no restart. */
  apply(settings: Settings): void;
  /** Why this machine could not start with them, in one sentence; null = it could, as far as its limits go. */
  refusalOf(settings: Settings): string | null;
}

export function machineControls(miner: Miner, log: Log): MachineControls {
  const { options, pauses, chains } = miner.parts;
  const { trace } = miner.parts.supervision;
  const tuning = new TuningDesk(miner.parts);
  const light = new LocateLight(options.board, options.clock, log);
  return {
    pause: (reason) => pauses.pause("owner", reason),
    resume: (reason) => pauses.resume("owner", reason),
    restartChain: async (chainIndex) => {
      const supervisor = chains.find(({ connector }) => connector.index === chainIndex)?.supervisor;
      if (supervisor === undefined) return `there is no chain ${chainIndex}`;
      if (pauses.reason !== null) return `the machine is paused (${pauses.reason})`;
      const { cutReason } = miner.parts.power;
      if (cutReason !== null) return `power is cut (${cutReason}): acknowledge that first`;
      const { phase } = supervisor.state;
      if (phase === "absent") return `no hashboard is in the connector of chain ${chainIndex}`;
      if (phase === "off") return `chain ${chainIndex} is switched off (${supervisor.reason})`;
      if (phase === "disabled") await supervisor.release();
      else {
        supervisor.pause("restarted by the owner");
        supervisor.resume("restarted by the owner");
      }
      return null;
    },
    acknowledge: () => miner.acknowledgeShutdown(),
    tuning,
    queries: new QueryRunner(miner.parts, tuning),
    writeRegister: async (chainIndex, chipIndex, register, value) => {
      const supervisor = chains.find(({ connector }) => connector.index === chainIndex)?.supervisor;
      if (supervisor === undefined) return `there is no chain ${chainIndex}`;
      const { chain, state } = supervisor;
      if (chain === null || state.phase !== "hashing") return `chain ${chainIndex} is ${state.phase}, not hashing`;
      if (chipIndex >= chain.chipCount) return `chain ${chainIndex} has no chip ${chipIndex}`;
      await chain.writeChipRegister(chipIndex, register, value);
      return null;
    },
    startTrace: async ({ name = "kumpel.trace", maxMib, keep }) => {
      const { store } = options;
      const file = path.join(store.place, name);
      await trace.start(file, {
        maxBytes: maxMib === undefined ? DEFAULT_TRACE_LIMITS.maxBytes : maxMib * 1024 * 1024,
        keep: keep ?? DEFAULT_TRACE_LIMITS.keep,
      });
      return file;
    },
    stopTrace: async () => {
      if (!trace.status.isOn) return "no recording runs";
      await trace.stop("stopped by the owner");
      return null;
    },
    setLogLevel: (level) => setLogLevel(log, level),
    locate: (isOn) => light.set(isOn),
    apply: ({ cooling }) => miner.setCooling(coolingPolicy(cooling), temperatureWish(cooling)),
    refusalOf: (settings) => refusalOf(options, settings),
  };
}

const LIMIT_HINTS = { board: "cooling.board_limit_c", chip: "cooling.chip_limit_c" } as const;

/** By the model's own row: what runs may have tighter limits already. */
function refusalOf({ hashboard, support }: Miner["parts"]["options"], { tuning, cooling }: Settings): string | null {
  const row = findHashboard(hashboard.model) ?? hashboard;
  const { frequency_mhz, work_voltage_mv } = tuning;
  const limits = { boardMaxC: cooling.board_limit_c ?? null, chipMaxC: cooling.chip_limit_c ?? null };
  try {
    tightenLimits(row, limits, LIMIT_HINTS);
    if (frequency_mhz !== undefined) assertClock(row, frequency_mhz, "tuning.frequency_mhz");
    if (work_voltage_mv !== undefined && support.voltage !== null)
      assertWorkVoltage(row, support.voltage, work_voltage_mv, "tuning.work_voltage_mv");
    return null;
  } catch (error) {
    if (isKumpelError(error, "LIMIT_OUT_OF_RANGE", "VOLTAGE_OUT_OF_RANGE")) return errorText(error);
    throw error;
  }
}

export function coolingPolicy(cooling: Settings["cooling"]): CoolingPolicy {
  return {
    mode: cooling.mode,
    dutyMinPct: cooling.fan_min_pct,
    dutyMaxPct: cooling.fan_max_pct,
    dutyManualPct: cooling.fan_manual_pct ?? null,
  };
}

export function temperatureWish({ target_c, hot_c }: Settings["cooling"]): TemperatureWish {
  return { targetC: target_c ?? null, hotC: hot_c ?? null };
}
