/** Shell of the thermal decision: reads sensors and fans, sets the duty, and has the last word on power. */

import type { Reading } from "#drivers/sensor/reading.ts";
import type { Clock } from "#hal/clock.ts";
import type { FanBank } from "#hal/control-board.ts";
import { errorText, isKumpelError } from "#hal/errors.ts";
import type { DecisionSink } from "../blackbox/black-box.ts";
import type { BoardSensor } from "../hardware/board-sensors.ts";
import type { Log } from "../log.ts";
import { runLoop } from "./loop.ts";
import type { PowerLine } from "./power-line.ts";
import { hottestOfChain } from "./sensor-judgement.ts";
import { acknowledgeShutdown, initialThermal, latchedThermal, provenAnew, stepThermal } from "./thermal-decision.ts";
import type {
  ChipReading,
  SensorInput,
  ThermalAction,
  ThermalInput,
  ThermalPlan,
  ThermalState,
} from "./thermal-types.ts";

const PERIOD_MS = 1_000;
/** Far above what a turn takes on the slowest bus; beyond it nobody watches the heat. */
const DEADLINE_MS = 10_000;

export interface ThermalLoopOptions {
  log: Log;
  clock: Clock;
  /** Of all connectors; those of empty ones are left out when the loop starts. */
  sensors: readonly BoardSensor[];
  isPlugged: (chainIndex: number) => Promise<boolean>;
  fans: FanBank;
  power: PowerLine;
  /** Asked at every turn: the owner may change it. */
  plan: () => ThermalPlan;
  /** Hottest on-die reading that the chains know, not older than a few seconds; null = none. */
  chips: () => ChipReading | null;
  /** One entry a chain: since when it has hashed, or null. */
  hashingSinceMs: () => readonly (number | null)[];
  /** Why an earlier run shut the machine down and nobody has acknowledged it; null = it did not. */
  latchedReason: () => Promise<string | null>;
  /** Power was cut for this reason: everybody stops. */
  onCut: (reason: string) => void;
  /** Chips may run at this share of their frequency from now on. */
  onLimitFrequency: (frequencyPct: number, reason: string) => void;
  /** The loop is alive. */
  beat: (nowMs: number) => void;
  /** What was decided on what, for the black box. */
  decisions: DecisionSink;
}

export class ThermalLoop {
  readonly #options: ThermalLoopOptions;
  #state: ThermalState;
  #fansRpm: readonly (number | null)[];
  readonly #sensors: BoardSensor[] = [];
  /** The last reason of each sensor that failed, so that it is logged once. */
  readonly #failures = new Map<BoardSensor, string>();
  #dutySet = -1;

  constructor(options: ThermalLoopOptions) {
    this.#options = options;
    this.#state = initialThermal([], options.fans.count, options.clock.nowMs());
    this.#fansRpm = Array.from({ length: options.fans.count }, () => null);
  }

  get state(): ThermalState {
    return this.#state;
  }

  get fansRpm(): readonly (number | null)[] {
    return this.#fansRpm;
  }

  /** In the order of the state's sensors. */
  get sensorPlaces(): readonly string[] {
    return this.#sensors.map(({ place }) => place);
  }

  /** Hottest fresh reading of a chain's board sensors in degrees C; null = unknown. */
  boardTemperatureC(chainIndex: number): number | null {
    return hottestOfChain(this.#state, chainIndex, this.#options.clock.nowMs());
  }

  /** Rejects when supervision itself fails or hangs; the caller then cuts the power. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, fans } = this.#options;
    for (const sensor of this.#options.sensors) {
      if (await this.#options.isPlugged(sensor.chainIndex)) this.#sensors.push(sensor);
    }
    const chains = this.#sensors.map((sensor) => sensor.chainIndex);
    this.#state = initialThermal(chains, fans.count, clock.nowMs());
    const latched = await this.#options.latchedReason();
    if (latched !== null) {
      this.#state = latchedThermal(this.#state, latched);
      await this.#carryOut({ kind: "cutPower", reason: latched });
    }
    await this.#setDuty(this.#options.plan().cooling.mode === "air" ? this.#state.dutyPct : 0);
    const turn = (): Promise<void> => this.#turn(signal);
    const { beat } = this.#options;
    await runLoop({ name: "thermal", clock, periodMs: PERIOD_MS, deadlineMs: DEADLINE_MS, signal, beat, turn });
  }

  /** The owner has seen why the machine was shut down. Null when it may start again, else why not. */
  acknowledge(): string | null {
    const { clock, plan, log } = this.#options;
    const answer = acknowledgeShutdown(this.#state, plan().limits, clock.nowMs());
    if (answer.kind === "refused") return answer.reason;
    log.info({ was: this.#state.reason }, "shutdown acknowledged by the owner");
    this.#state = answer.state;
    return null;
  }

  /** Why a shutdown cannot be acknowledged now; null = it can. Changes nothing. */
  refusal(): string | null {
    const answer = acknowledgeShutdown(this.#state, this.#options.plan().limits, this.#options.clock.nowMs());
    return answer.kind === "refused" ? answer.reason : null;
  }

  /** Power was cut for a reason of others and may be asked for again: it is permitted anew, as at a start. */
  rearm(): void {
    this.#state = provenAnew(this.#state, this.#options.clock.nowMs());
  }

  async #turn(signal: AbortSignal): Promise<void> {
    const { clock, plan, log } = this.#options;
    const readings = await this.#readSensors(signal);
    this.#fansRpm = await this.#readFans();
    const input: ThermalInput = {
      sensors: readings,
      chips: this.#options.chips(),
      fansRpm: this.#fansRpm,
      hashingSinceMs: this.#options.hashingSinceMs(),
    };
    const before = this.#state;
    const nowMs = clock.nowMs();
    const context = plan();
    const { state, actions, reason } = stepThermal(before, input, context, nowMs);
    const decision = { machine: "thermal", before, input, context, after: state, actions, reason };
    this.#options.decisions.decided(decision, nowMs);
    this.#state = state;
    if (state.phase !== before.phase) log.info({ from: before.phase, to: state.phase, reason }, "thermal state");
    // Fans and cut start together: neither waits for the other.
    const duty = this.#setDuty(Math.round(state.dutyPct));
    for (const action of actions) await this.#carryOut(action);
    await duty;
  }

  /** Chains side by side, since a controller between host and sensor takes its time. */
  async #readSensors(signal: AbortSignal): Promise<SensorInput[]> {
    const readings = new Map<BoardSensor, SensorInput>();
    const ofChain = async (chain: number): Promise<void> => {
      for (const sensor of this.#sensors) {
        if (sensor.chainIndex === chain) readings.set(sensor, await this.#readSensor(sensor, signal));
      }
    };
    const chains = new Set(this.#sensors.map((sensor) => sensor.chainIndex));
    await Promise.all([...chains].map(ofChain));
    return this.#sensors.map((sensor) => readings.get(sensor) ?? { kind: "failed" });
  }

  async #carryOut(action: ThermalAction): Promise<void> {
    const { power, log, onCut, onLimitFrequency } = this.#options;
    switch (action.kind) {
      case "permitPower":
        power.permit();
        return;
      case "limitFrequency":
        onLimitFrequency(action.frequencyPct, action.reason);
        return;
      case "cutPower": {
        log.error({ reason: action.reason }, "power cut by the thermal supervisor");
        const cut = power.cut(action.reason);
        onCut(action.reason);
        return cut;
      }
    }
  }

  /** A tacho that cannot be read is a fan that may stand still. */
  async #readFans(): Promise<readonly (number | null)[]> {
    const { fans, log } = this.#options;
    try {
      return await fans.readRpm();
    } catch (error) {
      log.warn(`fans cannot be read: ${errorText(error)}`);
      return Array.from({ length: fans.count }, () => null);
    }
  }

  /** Whatever goes wrong at a sensor makes it failed, never cold. */
  async #readSensor(sensor: BoardSensor, signal: AbortSignal): Promise<SensorInput> {
    if (!sensor.isReadable()) return { kind: "unreadable" };
    const reading = await readOrFail(sensor, signal);
    if (reading.kind === "ok") {
      this.#failures.delete(sensor);
      return reading;
    }
    if (this.#failures.get(sensor) !== reading.reason) {
      this.#failures.set(sensor, reading.reason);
      this.#options.log.debug({ sensor: sensor.place, reason: reading.reason }, "sensor failed");
    }
    return reading;
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

/** A driver that throws has not read anything either. */
async function readOrFail(sensor: BoardSensor, signal: AbortSignal): Promise<Reading> {
  try {
    return await sensor.read(signal);
  } catch (error) {
    if (!isKumpelError(error)) throw error;
    return { kind: "failed", reason: errorText(error) };
  }
}
