/**
 * Where the chips' voltage comes from, behind one interface: a supply with a bus, gated by each board's controller or not;
 * a PIC on each board; a regulator; pins. The switches themselves are the devices' matter.
 */
import type { DspicModel } from "../devices/dspic-model.ts";
import type { Pic16S9Model } from "../devices/pic16-s9-model.ts";
import type { PsuModelI2c } from "../devices/psu-model-i2c.ts";
import type { Journal } from "../journal.ts";

export interface MachinePower {
  /** The enable line or power pins of the board. */
  setEnabled(isEnabled: boolean): void;
  /** True while anything could give the chips of some board power. */
  readonly isOn: boolean;
  /** Volts at the chips of a chain now. */
  voltageV(chainIndex: number): number;
  /** Called after each bus transaction: notes what it changed. */
  noteChanges(journal: Journal): void;
  /** What is not on a bus ages here. */
  step(elapsedMs: number): void;
  /** Mains gone for a while: controllers and supplies forget what they were told. */
  loseMains(): void;
  /** Tests: the voltage as if the firmware had set it. */
  presetMv(voltageMv: number): void;
}

export class PsuPower implements MachinePower {
  readonly psu: PsuModelI2c;
  /** One a chain; empty where the boards have none. */
  readonly dspics: readonly DspicModel[];
  #seenTargetMv: number;
  #seenWatchdog: boolean;
  readonly #seenOutputs: boolean[];
  #isEnabled = false;

  constructor(psu: PsuModelI2c, dspics: readonly DspicModel[]) {
    this.psu = psu;
    this.dspics = dspics;
    this.#seenTargetMv = psu.targetMv;
    this.#seenWatchdog = psu.isWatchdogOn;
    this.#seenOutputs = dspics.map((dspic) => dspic.isOutputOn);
  }

  get isOn(): boolean {
    return this.#isEnabled;
  }

  setEnabled(isEnabled: boolean): void {
    this.#isEnabled = isEnabled;
    this.psu.setEnabled(isEnabled);
  }

  voltageV(chainIndex: number): number {
    const dspic = this.dspics[chainIndex];
    return dspic === undefined || dspic.isOutputOn ? this.psu.voltageMv / 1000 : 0;
  }

  noteChanges(journal: Journal): void {
    const { targetMv, isWatchdogOn } = this.psu;
    if (targetMv !== this.#seenTargetMv) journal.note({ what: "psuVoltage", voltageMv: Math.round(targetMv) });
    if (isWatchdogOn !== this.#seenWatchdog) journal.note({ what: "psuWatchdog", isOn: isWatchdogOn });
    this.#seenTargetMv = targetMv;
    this.#seenWatchdog = isWatchdogOn;
    for (const [chain, { isOutputOn }] of this.dspics.entries()) {
      if (isOutputOn !== this.#seenOutputs[chain]) journal.note({ what: "controllerOutput", chain, isOn: isOutputOn });
      this.#seenOutputs[chain] = isOutputOn;
    }
  }

  /** Its devices age on their buses. */
  step(): void {}

  loseMains(): void {
    this.psu.loseMains();
    for (const dspic of this.dspics) dspic.loseMains();
  }

  presetMv(voltageMv: number): void {
    this.psu.presetMv(voltageMv);
  }
}

export class PicPower implements MachinePower {
  /** One a chain. */
  readonly pics: readonly Pic16S9Model[];
  readonly #seen: { isOn: boolean; setPointMv: number }[];

  constructor(pics: readonly Pic16S9Model[]) {
    this.pics = pics;
    this.#seen = pics.map(({ isOutputOn, setPointMv }) => {
      return { isOn: isOutputOn, setPointMv };
    });
  }

  get isOn(): boolean {
    return this.pics.some(({ isOutputOn }) => isOutputOn);
  }

  /** The supply has no enable line. */
  setEnabled(): void {}

  voltageV(chainIndex: number): number {
    return (this.pics[chainIndex]?.outputMv ?? 0) / 1000;
  }

  noteChanges(journal: Journal): void {
    for (const [chain, { isOutputOn, setPointMv }] of this.pics.entries()) {
      const seen = this.#seen[chain]!;
      if (setPointMv !== seen.setPointMv) journal.note({ what: "controllerVoltage", chain, voltageMv: setPointMv });
      if (isOutputOn !== seen.isOn) journal.note({ what: "controllerOutput", chain, isOn: isOutputOn });
      seen.isOn = isOutputOn;
      seen.setPointMv = setPointMv;
    }
  }

  step(): void {}

  loseMains(): void {
    for (const pic of this.pics) pic.loseMains();
  }

  presetMv(): void {
    throw new RangeError("a PIC's voltage is set over its bus");
  }
}

/** A regulator on the board's own bus. */
export interface RegulatorModel {
  readonly isOutputOn: boolean;
  readonly outputMv: number;
  /** Absent where it has no memory. */
  loseMains?(): void;
}

export class RegulatorPower implements MachinePower {
  readonly regulator: RegulatorModel;
  #seenMv: number;

  constructor(regulator: RegulatorModel) {
    this.regulator = regulator;
    this.#seenMv = regulator.outputMv;
  }

  get isOn(): boolean {
    return this.regulator.isOutputOn;
  }

  setEnabled(): void {}

  voltageV(): number {
    return this.regulator.isOutputOn ? this.regulator.outputMv / 1000 : 0;
  }

  noteChanges(journal: Journal): void {
    const outputMv = this.regulator.isOutputOn ? Math.round(this.regulator.outputMv) : 0;
    if (outputMv !== this.#seenMv) journal.note({ what: "regulatorVoltage", voltageMv: outputMv });
    this.#seenMv = outputMv;
  }

  step(): void {}

  loseMains(): void {
    this.regulator.loseMains?.();
  }

  presetMv(): void {
    throw new RangeError("a regulator's voltage is set over its bus");
  }
}

/** A fixed voltage behind pins (EmberOne), with a short ramp. */
export class PinPower implements MachinePower {
  readonly #voltageV: number;
  #isEnabled = false;
  #outputV = 0;

  constructor(voltageV: number) {
    this.#voltageV = voltageV;
  }

  get isOn(): boolean {
    return this.#isEnabled;
  }

  setEnabled(isEnabled: boolean): void {
    this.#isEnabled = isEnabled;
  }

  voltageV(): number {
    return this.#outputV;
  }

  noteChanges(): void {}

  step(elapsedMs: number): void {
    const change = (this.#voltageV * elapsedMs) / RAMP_MS;
    this.#outputV = this.#isEnabled
      ? Math.min(this.#voltageV, this.#outputV + change)
      : Math.max(0, this.#outputV - change);
  }

  loseMains(): void {
    this.#outputV = 0;
  }

  presetMv(): void {}
}

const RAMP_MS = 300;
