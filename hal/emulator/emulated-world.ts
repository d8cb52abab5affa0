/**
 * One whole machine: chains, wires, power, fans, heat and sensors, joined by a physics tick. It knows nothing of how a
 * host reaches it: `wiring/` says which pin does what, `memory-ports.ts` offers that in memory, `child.ts` from a process
 * of its own.
 */
import type { Clock, TimerHandle } from "#hal/clock.ts";
import type { RegisterBlock } from "#hal/registers.ts";
import { ChainModel } from "./chain-model.ts";
import { WatchdogModel } from "./devices/watchdog-model.ts";
import { FanModel } from "./fan-model.ts";
import { noFaults, type WorldFaults } from "./faults.ts";
import { I2cNet } from "./i2c-net.ts";
import { Journal } from "./journal.ts";
import { type MachineBoardFacts, machineBoard, type WiringKind } from "./machine-boards.ts";
import { type MachineFacts, type MachineName, machineFacts } from "./machines.ts";
import type { MachinePower } from "./power/machine-power.ts";
import type { SeededRandom } from "./prng.ts";
import { RecordedChain, type RecordedFrame } from "./recorded-chain.ts";
import { SerialLine } from "./serial-line.ts";
import { ThermalModel } from "./thermal-model.ts";
import { createWiring } from "./wiring/create-wiring.ts";
import type { WiredWorld, WorldPorts } from "./wiring/world-ports.ts";
import { attachChipSensors, buildDevices, type PlacedSensor } from "./world-devices.ts";
import { buildFpga, type WorldFpga } from "./world-fpga.ts";

const PHYSICS_TICK_MS = 250;
const DEFAULT_AMBIENT_C = 25;
/** Chips run above this share of their stock voltage and lose their state below it. */
const CHIP_POWER_SHARE = 0.85;

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
  /** Another control board than the machine usually has. */
  readonly wiring?: WiringKind;
  /** Which connector each serial device of an Amlogic board leads to. */
  readonly serialOrder?: readonly number[];
  /** Chains of this recording answer as they did there; those that it does not have are not plugged. */
  readonly recording?: readonly RecordedFrame[];
  /** Told of commands that the recording does not have. */
  readonly onUnmatched?: (chain: number, command: string) => void;
}

export interface EmulatedChain {
  readonly model: ChainModel;
  /** Answers in the model's place. */
  readonly recorded: RecordedChain | null;
  readonly line: SerialLine;
  readonly thermal: ThermalModel;
  readonly sensors: readonly PlacedSensor[];
  isPlugged: boolean;
}

export interface PowerTransition {
  readonly atMs: number;
  readonly isOn: boolean;
}

/** Plain numbers for reports and tests; one entry a chain. */
export interface WorldStats {
  readonly powerIsOn: boolean;
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
    /** Finds of captured jobs, given back as they were recorded. */
    readonly recordedFinds: number;
    /** Time in which a running chain behind an FPGA had no work; 0 on serial links. */
    readonly idleSweepMs: number;
    readonly dieC: number;
    readonly powerW: number;
    readonly voltageV: number;
  }[];
}

export class EmulatedWorld implements WiredWorld {
  readonly machine: MachineFacts;
  readonly boardFacts: MachineBoardFacts;
  readonly chains: readonly EmulatedChain[];
  readonly faults: WorldFaults;
  readonly fans: FanModel;
  readonly i2c = new I2cNet();
  readonly power: MachinePower;
  readonly journal: Journal;
  readonly ports: WorldPorts;
  readonly watchdog: WatchdogModel;
  /** What stands between host and chains on FPGA boards. */
  readonly fpga: WorldFpga | null;
  ambientC: number;
  readonly #clock: Clock;
  readonly #transitions: PowerTransition[] = [];
  readonly #isReset: boolean[];
  /** Level of the enable line, or of the power pins. */
  #isEnabled = false;
  #lastTickMs: number;
  #timer: TimerHandle | null = null;
  #isStopped = false;
  /** The watchdog has reset the board, and nothing has booted since. */
  #isBoardDown = false;
  #onBoardReset: () => void = () => undefined;

  constructor(options: WorldOptions) {
    const { clock } = options;
    this.machine = machineFacts(options.machine);
    const facts = machineBoard(options.machine);
    this.boardFacts = options.wiring === undefined ? facts : Object.assign({}, facts, { wiring: options.wiring });
    this.ambientC = options.ambientC ?? DEFAULT_AMBIENT_C;
    this.faults = noFaults(this.machine.chainCount, this.machine.fanCount);
    this.fans = new FanModel(this.machine.fanCount);
    this.journal = new Journal(() => clock.nowMs());
    this.watchdog = new WatchdogModel(clock, () => this.#resetBoard());
    this.#clock = clock;
    this.#lastTickMs = clock.nowMs();
    this.#isReset = this.faults.chains.map(() => true);
    const isPlugged = this.faults.chains.map((_, index) => options.plugged?.[index] ?? isRecorded(options, index));
    const { power, sensors } = buildDevices({
      machine: this.machine.name,
      board: this.boardFacts,
      net: this.i2c,
      chainNumbers: isPlugged.map((_, index) => (this.boardFacts.wiring === "s9io" ? S9_FIRST_NUMBER : 0) + index),
      ambientC: this.ambientC,
      isPlugged: (chain) => this.chains[chain]?.isPlugged ?? false,
      sensorFault: (chain, sensor) => this.faults.sensors[chain]?.[sensor] ?? "none",
      fans: this.fans,
      setFanDutyPct: (dutyPct) => this.setFanDutyPct(dutyPct),
      noteChanges: () => this.#noteChanges(),
    });
    this.power = power;
    this.chains = isPlugged.map((plugged, index): EmulatedChain => {
      const { model, line, recorded } = this.#buildChain(options, index);
      const thermal = new ThermalModel(this.machine.stockChainPowerW, this.ambientC);
      attachChipSensors(this.boardFacts.sensors, sensors[index] ?? [], model.chips);
      return { model, recorded, line, thermal, sensors: sensors[index] ?? [], isPlugged: plugged };
    });
    this.fpga = buildFpga(this.boardFacts.wiring, clock, this, this.chains);
    this.ports = createWiring(this, this.boardFacts.wiring, options);
    this.#armTick();
  }

  /** True while anything could give chips power: the enable line, or a board's controller. */
  get powerIsOn(): boolean {
    return this.power.isOn;
  }

  /** Every change of that since the start. */
  get powerTransitions(): readonly PowerTransition[] {
    return this.#transitions;
  }

  setPower(isEnabled: boolean): void {
    if ((this.#isStopped || this.#isBoardDown) && isEnabled) return;
    if (this.faults.isSupplyStuckOn && !isEnabled) return;
    if (isEnabled !== this.#isEnabled) this.journal.note({ what: "psuEnable", isOn: isEnabled });
    this.#isEnabled = isEnabled;
    this.power.setEnabled(isEnabled);
    this.#noteChanges();
  }

  /** True holds the chain's chips in reset; so do all reset lines until the host releases them. */
  setReset(chainIndex: number, isAsserted: boolean): void {
    const { model, recorded } = this.#chain(chainIndex);
    if (isAsserted !== this.#isReset[chainIndex]) this.journal.note({ what: "reset", chain: chainIndex, isAsserted });
    this.#isReset[chainIndex] = isAsserted;
    model.setReset(isAsserted);
    if (isAsserted) recorded?.restart();
  }

  isPlugged(chainIndex: number): boolean {
    return this.#chain(chainIndex).isPlugged;
  }

  setFanDutyPct(dutyPct: number, fans?: readonly number[]): void {
    const before = this.fans.dutyPct;
    this.fans.setDutyPct(dutyPct, fans);
    if (this.fans.dutyPct !== before) this.journal.note({ what: "fanDuty", dutyPct: this.fans.dutyPct });
  }

  /** Register block of the FPGA in front of the chains, by its name in the system; null where there is none. */
  fpgaBlock(name: string): RegisterBlock | null {
    return this.fpga?.(name) ?? null;
  }

  /** Sets the only listener for a board that its watchdog has reset: the program on it is gone. */
  onBoardReset(listener: () => void): void {
    this.#onBoardReset = listener;
  }

  /** The board has booted again: what is written to its lines counts. */
  bootBoard(): void {
    this.#isBoardDown = false;
  }

  stats(): WorldStats {
    return {
      powerIsOn: this.powerIsOn,
      fanDutyPct: this.fans.dutyPct,
      hashes: this.chains.reduce((sum, chain) => sum + chain.model.nonces.hashCount, 0),
      chains: this.chains.map(({ model, line, thermal }, index) => ({
        ...model.counts,
        ...model.nonces.counts,
        baud: model.baud,
        hostNoiseBytes: line.hostNoiseBytes,
        lostBytes: line.lostBytes,
        dieC: thermal.dieC,
        powerW: thermal.powerW,
        voltageV: this.#voltageV(index),
      })),
    };
  }

  /** Power off, all lines quiet, no timer left. */
  stop(): void {
    this.setPower(false);
    this.watchdog.stop();
    this.#isStopped = true;
    this.#timer?.cancel();
    this.#timer = null;
    for (const { model, line } of this.chains) {
      model.setReset(true);
      line.attach(null);
      line.clear();
    }
    for (const { line } of this.ports.serialPorts) line.clear();
  }

  /** Every line falls to its level after boot: supply off, chips in reset. */
  #resetBoard(): void {
    this.journal.note({ what: "watchdogBite" });
    this.setPower(false);
    for (const index of this.chains.keys()) this.setReset(index, true);
    this.#isBoardDown = true;
    this.#onBoardReset();
  }

  /** Switches may have changed: by a pin, over a bus, or by themselves. */
  #noteChanges(): void {
    this.power.noteChanges(this.journal);
    const isOn = this.power.isOn;
    const last = this.#transitions.at(-1)?.isOn ?? false;
    if (isOn !== last) this.#transitions.push({ atMs: this.#clock.nowMs(), isOn });
  }

  #chain(index: number): EmulatedChain {
    const chain = this.chains[index];
    if (chain === undefined) throw new RangeError(`${this.machine.name} has no chain ${index}`);
    return chain;
  }

  #voltageV(index: number): number {
    return this.faults.psuFailed || !this.#chain(index).isPlugged ? 0 : this.power.voltageV(index);
  }

  #buildChain(options: WorldOptions, index: number): Pick<EmulatedChain, "model" | "line" | "recorded"> {
    const faults = this.faults.chains[index]!;
    const { clock } = options;
    const line = new SerialLine({
      clock,
      random: options.random.fork(`line ${index}`),
      minTimerMs: options.minTimerMs ?? 0,
      faults,
      toChips: (chunk, baud) => {
        if (recorded === null) model.receive(chunk, baud);
        else if (model.isRunning) recorded.receive(chunk, baud);
      },
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
    const frames = options.recording?.filter(({ chain }) => chain === index) ?? [];
    const { midstate } = this.machine.chip;
    const send: ChainSender = (bytes, length, baud) => line.sendFromChips(bytes, length, baud);
    const onUnmatched = (command: string): void => options.onUnmatched?.(index, command);
    const recorded = frames.length === 0 ? null : new RecordedChain({ clock, frames, midstate, send, onUnmatched });
    return { model, line, recorded };
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
    this.i2c.step(elapsedMs);
    this.power.step(elapsedMs);
    this.#noteChanges();
    this.fans.step(this.faults.fanStopped, elapsedMs);
    for (const [index, chain] of this.chains.entries()) this.#stepChain(chain, index, elapsedMs);
  }

  #stepChain(chain: EmulatedChain, index: number, elapsedMs: number): void {
    const { model, thermal } = chain;
    const ratio = this.#voltageV(index) / this.machine.stockVoltageV;
    model.setPower(ratio >= CHIP_POWER_SHARE);
    thermal.step(
      {
        activity: model.hashingMhzPerChip / this.machine.stockFrequencyMhz,
        voltageRatio: ratio,
        airflow: this.fans.airflow,
        ambientC: this.ambientC,
      },
      elapsedMs,
    );
    const last = Math.max(1, model.chips.length - 1);
    for (const chip of model.chips) chip.dieTemperatureC = thermal.chipC(chip.index / last);
    for (const [i, { place, model: sensor }] of chain.sensors.entries()) {
      const isSwapped = this.faults.areSensorsSwapped[index] === true;
      const [inlet, outlet] = isSwapped ? [thermal.outletC, thermal.inletC] : [thermal.inletC, thermal.outletC];
      const temperatureC = { inlet, outlet, die: thermal.dieC }[place];
      sensor.update(temperatureC, this.faults.sensors[index]?.[i] ?? "none");
    }
  }
}

type ChainSender = (bytes: Uint8Array, length: number, baud: number) => void;

/** Without a recording every chain is there. */
function isRecorded({ recording }: WorldOptions, index: number): boolean {
  return recording === undefined || recording.some(({ chain }) => chain === index);
}

/** Connectors J6 to J8 of an S9 board count as 5 to 7 in I2C addresses. */
const S9_FIRST_NUMBER = 5;
