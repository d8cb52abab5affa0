/** Shell of the thermal decision: reads sensors and fans, sets the duty, and has the last word on power. */

import { readLm75 } from "#drivers/sensor/lm75.ts";
import type { Clock } from "#hal/clock.ts";
import type { FanBank } from "#hal/control-board.ts";
import { errorText } from "#hal/errors.ts";
import type { I2cBus } from "#hal/i2c.ts";
import type { Log } from "../log.ts";
import { runLoop } from "./loop.ts";
import type { PowerLine } from "./power-line.ts";
import {
  initialThermal,
  type SensorInput,
  stepThermal,
  type ThermalLimits,
  type ThermalState,
} from "./thermal-decision.ts";

const PERIOD_MS = 1_000;

export interface BoardSensor {
  readonly chainIndex: number;
  readonly address: number;
  readonly place: string;
}

export interface ThermalLoopOptions {
  log: Log;
  clock: Clock;
  bus: I2cBus;
  sensors: readonly BoardSensor[];
  fans: FanBank;
  power: PowerLine;
  limits: ThermalLimits;
  /** Hottest on-die reading that the chains know, not older than a few seconds; null = none. */
  temperatureChipMaxC: () => number | null;
  /** Power was cut for this reason: everybody stops. */
  onCut: (reason: string) => void;
}

export class ThermalLoop {
  readonly #options: ThermalLoopOptions;
  #state: ThermalState;
  #fansRpm: readonly (number | null)[];
  #dutySet = -1;

  constructor(options: ThermalLoopOptions) {
    this.#options = options;
    this.#state = initialThermal(options.sensors.length, options.fans.count, options.clock.nowMs());
    this.#fansRpm = Array.from({ length: options.fans.count }, () => null);
  }

  get state(): ThermalState {
    return this.#state;
  }

  get fansRpm(): readonly (number | null)[] {
    return this.#fansRpm;
  }

  /** Last good reading of a chain's board sensors in degrees C, hottest first; null = none. */
  boardTemperatureC(chainIndex: number): number | null {
    const values = this.#options.sensors.flatMap((sensor, i) => {
      const goodC = this.#state.sensors[i]?.goodC ?? null;
      return sensor.chainIndex === chainIndex && goodC !== null ? [goodC] : [];
    });
    return values.length === 0 ? null : Math.max(...values);
  }

  async run(signal: AbortSignal): Promise<void> {
    await this.#setDuty(100);
    await runLoop({ clock: this.#options.clock, periodMs: PERIOD_MS, signal, turn: () => this.#turn() });
  }

  async #turn(): Promise<void> {
    const { clock, sensors, fans, power, limits, log, onCut } = this.#options;
    const readings: SensorInput[] = [];
    for (const sensor of sensors) readings.push(await this.#readSensor(sensor));
    this.#fansRpm = await fans.readRpm();
    const input = {
      sensors: readings,
      temperatureChipMaxC: this.#options.temperatureChipMaxC(),
      fansRpm: this.#fansRpm,
    };
    const before = this.#state.phase;
    const { state, actions, reason } = stepThermal(this.#state, input, limits, clock.nowMs());
    this.#state = state;
    if (state.phase !== before) log.info({ from: before, to: state.phase, reason }, "thermal state");
    for (const action of actions) {
      if (action.kind === "permitPower") await power.permit();
      else {
        log.error({ reason: action.reason }, "power cut by the thermal supervisor");
        await power.cut(action.reason);
        onCut(action.reason);
      }
    }
    await this.#setDuty(Math.round(state.dutyPct));
  }

  /** Whatever goes wrong at a sensor makes it failed, never cold. */
  async #readSensor(sensor: BoardSensor): Promise<SensorInput> {
    const reading = await readLm75(this.#options.bus, sensor.address);
    if (reading.kind === "ok") return reading;
    this.#options.log.debug({ sensor: sensor.place, address: sensor.address, reason: reading.reason }, "sensor failed");
    return { kind: "failed" };
  }

  async #setDuty(dutyPct: number): Promise<void> {
    if (dutyPct === this.#dutySet) return;
    try {
      await this.#options.fans.setDutyPct(dutyPct);
      this.#dutySet = dutyPct;
    } catch (error) {
      this.#options.log.error({ dutyPct }, `fan duty not set: ${errorText(error)}`);
    }
  }
}
