/** The power supply: an enable line and an output that ramps. Its bus (voltage setting, watchdog) is not modelled yet. */
/** From enable to full output; supplies of this class take about a second (inferred). */
const RAMP_UP_MS = 1000;
/** The hashboards' capacitors drain within this time. */
const RAMP_DOWN_MS = 300;
/** Chips run above this share of the output voltage and lose their state below it. */
const CHIP_POWER_SHARE = 0.85;

export interface PowerTransition {
  readonly atMs: number;
  readonly isOn: boolean;
}

export class PsuModel {
  readonly outputV: number;
  readonly #log: PowerTransition[] = [];
  #isEnabled = false;
  #voltageV = 0;

  constructor(outputV: number) {
    this.outputV = outputV;
  }

  get isEnabled(): boolean {
    return this.#isEnabled;
  }

  get voltageV(): number {
    return this.#voltageV;
  }

  get hasChipPower(): boolean {
    return this.#voltageV >= CHIP_POWER_SHARE * this.outputV;
  }

  /** Every change of the enable line since the start. */
  get transitions(): readonly PowerTransition[] {
    return this.#log;
  }

  setEnabled(isEnabled: boolean, nowMs: number): void {
    if (isEnabled === this.#isEnabled) return;
    this.#isEnabled = isEnabled;
    this.#log.push({ atMs: nowMs, isOn: isEnabled });
  }

  step(hasFailed: boolean, elapsedMs: number): void {
    const up = this.#isEnabled && !hasFailed;
    const change = (this.outputV * elapsedMs) / (up ? RAMP_UP_MS : RAMP_DOWN_MS);
    this.#voltageV = up ? Math.min(this.outputV, this.#voltageV + change) : Math.max(0, this.#voltageV - change);
  }
}
