/**
 * Fans on kernel PWM outputs with tachometers on pins: two falling edges a turn, counted over at least a second. Edge
 * events are late by milliseconds, so a speed is coarse: good to tell turning from standing.
 */
import type { Clock } from "../clock.ts";
import type { FanBank } from "../control-board.ts";
import type { EdgeCounter } from "../gpio.ts";
import type { PwmChannel } from "../pwm.ts";

const EDGES_PER_TURN = 2;
const WINDOW_MS = 1_000;
const MS_PER_MINUTE = 60_000;

interface Tacho {
  readonly counter: EdgeCounter;
  startMs: number;
  startCount: number;
  rpm: number | null;
}

export interface PwmFansOptions {
  readonly clock: Clock;
  readonly channels: readonly PwmChannel[];
  readonly periodNs: number;
  readonly tachos: readonly EdgeCounter[];
}

export async function createPwmFans(options: PwmFansOptions): Promise<FanBank> {
  const { clock, channels, periodNs } = options;
  const tachos: Tacho[] = [];
  for (const counter of options.tachos) {
    tachos.push({ counter, startMs: clock.nowMs(), startCount: await counter.count(), rpm: null });
  }
  return {
    count: tachos.length,
    setDutyPct: async (dutyPct) => {
      const dutyNs = Math.round((periodNs * dutyPct) / 100);
      for (const channel of channels) await channel.apply({ periodNs, dutyNs });
    },
    readRpm: async () => {
      for (const tacho of tachos) await readTacho(tacho, clock);
      return tachos.map((tacho) => tacho.rpm);
    },
  };
}

/** Keeps the last speed until the present window is long enough for another. */
async function readTacho(tacho: Tacho, clock: Clock): Promise<void> {
  const count = await tacho.counter.count();
  const nowMs = clock.nowMs();
  const elapsedMs = nowMs - tacho.startMs;
  if (elapsedMs < WINDOW_MS) return;
  tacho.rpm = Math.round(((count - tacho.startCount) / EDGES_PER_TURN / elapsedMs) * MS_PER_MINUTE);
  tacho.startMs = nowMs;
  tacho.startCount = count;
}
