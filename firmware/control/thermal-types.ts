/**
 * What the thermal supervisor reads, remembers and decides, as plain data. Temperatures in degrees C, duties in percent.
 * Limits are our proposal for boards without a published one (board stop of 75 C: observed on a live S19k Pro).
 */

export type SensorInput =
  | { readonly kind: "ok"; readonly temperatureC: number }
  /** `reason`: part, bus and what went wrong, for the owner. */
  | { readonly kind: "failed"; readonly reason?: string }
  /** Nobody can ask it now: it hangs on a chip of a chain that is not up. Not a fault, but no temperature either. */
  | { readonly kind: "unreadable" };

/** Hottest on-die reading, and when it was taken: the chips are asked less often than the supervisor decides. */
export interface ChipReading {
  readonly temperatureC: number;
  readonly atMs: number;
}

export interface ThermalInput {
  /** One entry a board sensor, always in the same order. */
  readonly sensors: readonly SensorInput[];
  /** Null where there is none now. */
  readonly chips: ChipReading | null;
  /** One entry a fan; null = no reading. */
  readonly fansRpm: readonly (number | null)[];
  /** One entry a chain: since when it has hashed without a break, or null. */
  readonly hashingSinceMs: readonly (number | null)[];
}

export interface ThermalLimits {
  readonly targetC: number;
  readonly hotC: number;
  readonly dangerousC: number;
  readonly chipDangerousC: number;
}

/** Air: our fans cool. Immersion and hydro: somebody else's pump does, so there are no fans to drive or to watch. */
export type CoolingMode = "air" | "immersion" | "hydro";

/** The owner's wishes; safety goes beyond `dutyMaxPct` where a sensor or a fan is lost, and near the danger limit. */
export interface CoolingPolicy {
  readonly mode: CoolingMode;
  readonly dutyMinPct: number;
  /** Quiet limit: above it the machine rather hashes slower. */
  readonly dutyMaxPct: number;
  /** A fixed duty; null = the fans follow the temperature. */
  readonly dutyManualPct: number | null;
}

export interface ThermalPlan {
  readonly limits: ThermalLimits;
  readonly cooling: CoolingPolicy;
}

export const DEFAULT_LIMITS: ThermalLimits = { targetC: 60, hotC: 70, dangerousC: 75, chipDangerousC: 95 };

export const DEFAULT_COOLING: CoolingPolicy = { mode: "air", dutyMinPct: 30, dutyMaxPct: 100, dutyManualPct: null };

/** In degrees C; null: our own, below the limit. */
export interface TemperatureWish {
  readonly targetC: number | null;
  readonly hotC: number | null;
}

const NO_WISH: TemperatureWish = { targetC: null, hotC: null };
/** A wish keeps at least so much distance, so that the fans have something to regulate in. */
const HOT_BELOW_LIMIT_C = 2;
const TARGET_BELOW_HOT_C = 3;

/** Full fans and the target keep their distance from a limit that is tighter than ours, whatever the owner wishes. */
export function thermalLimits(
  { boardMaxC, chipMaxC }: { boardMaxC: number; chipMaxC: number },
  wish: TemperatureWish = NO_WISH,
): ThermalLimits {
  const { targetC, hotC, dangerousC } = DEFAULT_LIMITS;
  const ownHotC = Math.min(hotC, boardMaxC - (dangerousC - hotC));
  const ownTargetC = Math.min(targetC, boardMaxC - (dangerousC - targetC));
  const hot = Math.min(
    wish.hotC ?? Math.max(ownHotC, (wish.targetC ?? 0) + TARGET_BELOW_HOT_C),
    boardMaxC - HOT_BELOW_LIMIT_C,
  );
  return {
    targetC: Math.min(wish.targetC ?? ownTargetC, hot - TARGET_BELOW_HOT_C),
    hotC: hot,
    dangerousC: boardMaxC,
    chipDangerousC: chipMaxC,
  };
}

/**
 * warmUp: no power before sensors and fans are proven. hot: as much air as the owner allows. throttling: the chips run
 * slower than they should. shutdown: power is off for good, until it is cool and the owner has acknowledged it.
 */
export type ThermalPhase = "warmUp" | "regulating" | "hot" | "throttling" | "shutdown";

/** What of the cooling is out of order, beside heat itself. */
export type ThermalTrouble = "fans" | "sensors";

/** Why the supervisor decides as it does. */
export interface ThermalCause {
  readonly reason: string;
  readonly trouble: ThermalTrouble | null;
}

export interface SensorMemory {
  /** Hash chain whose board it sits on. */
  readonly chainIndex: number;
  readonly goodC: number | null;
  readonly goodAtMs: number;
  /** When it was last unreadable for a good reason; null = never. */
  readonly excusedAtMs: number | null;
  /** Readings in a row at or above the danger limit, believed or not. */
  readonly dangerousInARow: number;
  /** Why the last reading was none; null = it was good, or nobody could ask. */
  readonly failure: string | null;
  /** The value that it has kept saying, since when, and what the rest was like then: a frozen sensor shows by it. */
  readonly held: HeldReading | null;
}

export interface HeldReading {
  readonly temperatureC: number;
  readonly sinceMs: number;
  readonly dutyPct: number;
  /** Since when the fans have been driven far otherwise; null = they are not. */
  readonly airChangedAtMs: number | null;
  /** Hottest other sensor of the same board then; null = there was none. */
  readonly witnessC: number | null;
  /** It has been found frozen; it stays so until it says something else. */
  readonly isFrozen: boolean;
}

export interface FanMemory {
  /** Since when it stands still although it is driven; null = it turns. */
  readonly stoppedSinceMs: number | null;
  /** Since when it turns far slower than it used to at such a duty; null = it does not. */
  readonly slowSinceMs: number | null;
  /** What it has been seen to do, reckoned to full duty; null = not yet. */
  readonly fullRpm: number | null;
  /** What it has been doing lately. */
  readonly recentRpm: number | null;
  /** Readings in a row far below that. */
  readonly fallenInARow: number;
  /** The duty, as far as a rotor can have followed it. */
  readonly expectedDutyPct: number;
  /** Duty that has held, more or less, for so many turns: only then its speed says what it can do. */
  readonly steadyDutyPct: number;
  readonly steadyTurns: number;
}

export interface ThrottleMemory {
  /** Steps of frequency taken away. */
  readonly steps: number;
  readonly changedAtMs: number;
  /** Since when it is hot with all the air that there is, or cool enough to give a step back; null = neither. */
  readonly hotSinceMs: number | null;
  readonly coolSinceMs: number | null;
}

export interface ThermalState {
  readonly phase: ThermalPhase;
  readonly dutyPct: number;
  readonly sensors: readonly SensorMemory[];
  readonly fans: readonly FanMemory[];
  readonly hottestC: number | null;
  /** Different readings in a row in which the chips were at their limit, and when the last reading was taken. */
  readonly chipHotReadings: number;
  readonly chipReadAtMs: number | null;
  readonly glitches: number;
  /** Turns in a row in which not one sensor told the truth. */
  readonly blindTurns: number;
  readonly throttle: ThrottleMemory;
  readonly reason: string;
  /** What that reason speaks of; null = of heat, or of nothing that is wrong. */
  readonly trouble: ThermalTrouble | null;
}

export type ThermalAction =
  | { readonly kind: "permitPower" }
  | { readonly kind: "cutPower"; readonly reason: string }
  /** Chips may run at this share of their frequency from now on. */
  | { readonly kind: "limitFrequency"; readonly frequencyPct: number; readonly reason: string };

export interface ThermalStep {
  readonly state: ThermalState;
  readonly actions: readonly ThermalAction[];
  readonly reason: string;
}
