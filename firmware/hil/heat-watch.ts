/**
 * Watches the heat while a step has power on the hashboards and no miner does: reads what can be read once in a while, and
 * speaks up when a board is too hot or when no sensor that answered before does so any longer.
 */
import { type Clock, pause } from "#hal/clock.ts";
import { errorText } from "#hal/errors.ts";
import type { BoardSensor } from "../hardware/board-sensors.ts";

const PERIOD_MS = 2_000;
/** Turns without any reading after which nobody knows how hot it is. */
const BLIND_TURNS = 3;

export interface HeatWatchOptions {
  readonly clock: Clock;
  /** Of the plugged boards. */
  readonly sensors: readonly BoardSensor[];
  readonly boardMaxC: number;
  readonly onTooHot: (reason: string) => void;
}

/** Runs until the signal aborts. */
export async function watchHeat(options: HeatWatchOptions, signal: AbortSignal): Promise<void> {
  const { clock, sensors, boardMaxC, onTooHot } = options;
  let blindTurns = 0;
  while (await pause(clock, PERIOD_MS, signal)) {
    const readable = sensors.filter((sensor) => sensor.isReadable());
    let answered = 0;
    for (const sensor of readable) {
      const reading = await readOrFail(sensor, signal);
      if (reading.kind === "failed") continue;
      answered++;
      if (reading.temperatureC > boardMaxC)
        onTooHot(`sensor ${sensor.place} reads ${reading.temperatureC} C, more than the ${boardMaxC} C of this board`);
    }
    blindTurns = readable.length > 0 && answered === 0 ? blindTurns + 1 : 0;
    if (blindTurns === BLIND_TURNS) onTooHot("no temperature sensor answers any longer");
  }
}

async function readOrFail(sensor: BoardSensor, signal: AbortSignal) {
  try {
    return await sensor.read(signal);
  } catch (error) {
    return { kind: "failed", reason: errorText(error) } as const;
  }
}
