/**
 * One whole machine: chains, wires, power supply, fans, heat and sensors, joined by a physics tick. It knows nothing of
 * how a host reaches it: `emulated-board.ts` offers it in memory, `child.ts` from a process of its own.
 */
import type { Clock, TimerHandle } from "#hal/clock.ts";
import { ChainModel } from "./chain-model.ts";
import { FanModel } from "./fan-model.ts";
import { noFaults, type WorldFaults } from "./faults.ts";
import { type MachineFacts, type MachineName, machineFacts } from "./machines.ts";
import type { SeededRandom } from "./prng.ts";
import { type PowerTransition, PsuModel } from "./psu-model.ts";
import { nackError, SensorModel } from "./sensor-model.ts";
import { SerialLine } from "./serial-line.ts";
import { ThermalModel } from "./thermal-model.ts";

const PHYSICS_TICK_MS = 250;
const DEFAULT_AMBIENT_C = 25;

export interface WorldOptions {
  readonly machine: MachineName;
  readonly clock: Clock;
  readonly random: SeededRandom;
  /** F of the chips' ticket: 1 is Bitcoin, 2^32 x 256 / 1024 costs 1,024 hashes a nonce at the stock ticket of 256. */
  readonly chipScale: number;
  readonly ambientC?: number;
  /** False: chips hash without report bits and core enable. Real ones do not; default true. */
  readonly isStrict?: boolean;
  /** One entry a chain; default all plugged. */
  readonly plugged?: readonly boolean[];
  /** Pacing below this goes out at once: 0 (default) in virtual time, about 0.5 in real time. */
  readonly minTimerMs?: number;
}

export interface EmulatedChain {
  readonly model: ChainModel;
  readonly line: SerialLine;
  readonly thermal: ThermalModel;
  readonly sensors: readonly [inlet: SensorModel, outlet: SensorModel];
  isPlugged: boolean;
}

/** Plain numbers for reports and tests; one entry a chain. */
export interface WorldStats {
  readonly powerIsOn: boolean;
  readonly voltageV: number;
  readonly fanDutyPct: number;
  readonly hashes: number;
  readonly chains: readonly {
    readonly baud: number;
    readonly commands: number;
    readonly jobs: number;
    readonly badCrcs: number;
    readonly noiseBytes: number;
    readonly hostNoiseBytes: number;
    readonly lostBytes: number;
    readonly nonces: number;
    readonly finds: number;
    readonly repeats: number;
    readonly falseNonces: number;
    readonly skippedFinds: number;
    readonly dieC: number;
    readonly powerW: number;
  }[];
}

export class EmulatedWorld {
  readonly machine: MachineFacts;
  readonly chains: readonly EmulatedChain[];
  readonly faults: WorldFaults;
  readonly fans: FanModel;
  readonly psu: PsuModel;
  ambientC: number;
  readonly #clock: Clock;
  #lastTickMs: number;
  #timer: TimerHandle | null = null;
  #isStopped = false;

  constructor(options: WorldOptions) {
    this.machine = machineFacts(options.machine);
    this.ambientC = options.ambientC ?? DEFAULT_AMBIENT_C;
    this.faults = noFaults(this.machine.chainCount, this.machine.fanCount);
    this.fans = new FanModel(this.machine.fanCount);
    this.psu = new PsuModel(this.machine.stockVoltageV);
    this.#clock = options.clock;
    this.#lastTickMs = options.clock.nowMs();
    this.chains = this.faults.chains.map((_, index) => this.#buildChain(options, index));
    this.#armTick();
  }

  /** True while the enable line of the supply is on. */
  get powerIsOn(): boolean {
    return this.psu.isEnabled;
  }

  get powerTransitions(): readonly PowerTransition[] {
    return this.psu.transitions;
  }

  setPower(isEnabled: boolean): void {
    if (this.#isStopped && isEnabled) return;
    this.psu.setEnabled(isEnabled, this.#clock.nowMs());
  }

  /** True holds the chain's chips in reset; so do all reset lines until the host releases them. */
  setReset(chainIndex: number, asserted: boolean): void {
    this.#chain(chainIndex).model.setReset(asserted);
  }

  isPlugged(chainIndex: number): boolean {
    return this.#chain(chainIndex).isPlugged;
  }

  setFanDutyPct(dutyPct: number): void {
    this.fans.setDutyPct(dutyPct);
  }

  readFanRpm(): (number | null)[] {
    return this.fans.readRpm();
  }

  /** @throws KumpelError `I2C_NACK` where no working sensor of a plugged board answers. */
  transferI2c(address: number, write: Uint8Array, readLength: number): Uint8Array {
    for (const [index, chain] of this.chains.entries()) {
      if (!chain.isPlugged) continue;
      for (const place of [0, 1] as const) {
        const sensor = chain.sensors[place];
        if (sensor.address !== address || this.faults.sensors[index]?.[place] === "failed") continue;
        return sensor.transfer(write, readLength);
      }
    }
    throw nackError(address);
  }

  stats(): WorldStats {
    return {
      powerIsOn: this.powerIsOn,
      voltageV: this.psu.voltageV,
      fanDutyPct: this.fans.dutyPct,
      hashes: this.chains.reduce((sum, chain) => sum + chain.model.nonces.hashCount, 0),
      chains: this.chains.map(({ model, line, thermal }) => ({
        ...model.counts,
        ...model.nonces.counts,
        baud: model.baud,
        hostNoiseBytes: line.hostNoiseBytes,
        lostBytes: line.lostBytes,
        dieC: thermal.dieC,
        powerW: thermal.powerW,
      })),
    };
  }

  /** Power off, all lines quiet, no timer left. */
  stop(): void {
    this.setPower(false);
    this.#isStopped = true;
    this.#timer?.cancel();
    this.#timer = null;
    for (const { model, line } of this.chains) {
      model.setReset(true);
      line.attach(null);
      line.clear();
    }
  }

  #chain(index: number): EmulatedChain {
    const chain = this.chains[index];
    if (chain === undefined) throw new RangeError(`${this.machine.name} has no chain ${index}`);
    return chain;
  }

  #buildChain(options: WorldOptions, index: number): EmulatedChain {
    const faults = this.faults.chains[index]!;
    const { clock } = options;
    const line = new SerialLine({
      clock,
      random: options.random.fork(`line ${index}`),
      minTimerMs: options.minTimerMs ?? 0,
      faults,
      toChips: (chunk, baud) => model.receive(chunk, baud),
    });
    const model = new ChainModel({
      facts: this.machine.chip,
      chipCount: this.machine.chipsPerChain,
      clock,
      random: options.random.fork(`chain ${index}`),
      scale: options.chipScale,
      isStrict: options.isStrict ?? true,
      faults,
      send: (bytes, length, baud) => line.sendFromChips(bytes, length, baud),
    });
    const [inlet, outlet] = this.machine.sensorAddresses[index]!;
    return {
      model,
      line,
      thermal: new ThermalModel(this.machine.stockChainPowerW, this.ambientC),
      sensors: [new SensorModel(inlet, this.ambientC), new SensorModel(outlet, this.ambientC)],
      isPlugged: options.plugged?.[index] ?? true,
    };
  }

  #armTick(): void {
    this.#timer = this.#clock.setTimer(PHYSICS_TICK_MS, () => {
      this.#tick();
      this.#armTick();
    });
  }

  #tick(): void {
    const nowMs = this.#clock.nowMs();
    const elapsedMs = nowMs - this.#lastTickMs;
    this.#lastTickMs = nowMs;
    this.psu.step(this.faults.psuFailed, elapsedMs);
    this.fans.step(this.faults.fanStopped, elapsedMs);
    for (const [index, chain] of this.chains.entries()) this.#stepChain(chain, index, elapsedMs);
  }

  #stepChain(chain: EmulatedChain, index: number, elapsedMs: number): void {
    const { model, thermal, sensors } = chain;
    model.setPower(chain.isPlugged && this.psu.hasChipPower);
    thermal.step(
      {
        activity: model.hashingMhzPerChip / this.machine.stockFrequencyMhz,
        voltageRatio: chain.isPlugged ? this.psu.voltageV / this.machine.stockVoltageV : 0,
        airflow: this.fans.airflow,
        ambientC: this.ambientC,
      },
      elapsedMs,
    );
    const last = Math.max(1, model.chips.length - 1);
    for (const chip of model.chips) chip.dieTemperatureC = thermal.chipC(chip.index / last);
    const faults = this.faults.sensors[index]!;
    sensors[0].update(thermal.inletC, faults[0]);
    sensors[1].update(thermal.outletC, faults[1]);
  }
}
