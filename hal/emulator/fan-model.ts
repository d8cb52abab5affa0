/**
 * The fans: speed follows the duty with a spin-up time. Two tacho pulses a turn are counted over one second, so a
 * reading is a multiple of 30 RPM and there is none in the first second.
 */
/** Measured on an S19 Pro at 100 %: front pair, then rear pair. */
const FULL_SPEED_RPM = [5640, 5520, 4800, 4800] as const;
const SPIN_UP_TIME_CONSTANT_MS = 1500;
const TACHO_STEP_RPM = 30;
const TACHO_WINDOW_MS = 1000;

export class FanModel {
  readonly #rpm: Float64Array;
  #dutyPct = 0;
  #runMs = 0;

  constructor(count: number) {
    this.#rpm = new Float64Array(count);
  }

  get count(): number {
    return this.#rpm.length;
  }

  get dutyPct(): number {
    return this.#dutyPct;
  }

  setDutyPct(dutyPct: number): void {
    this.#dutyPct = Math.max(0, Math.min(100, dutyPct));
  }

  /** 0 .. 1 of the airflow with all fans at full speed. */
  get airflow(): number {
    let sum = 0;
    for (let i = 0; i < this.#rpm.length; i++) sum += this.#rpm[i]! / fullSpeedRpm(i);
    return sum / this.#rpm.length;
  }

  /** null = no tacho reading yet. */
  readRpm(): (number | null)[] {
    const isCounted = this.#runMs >= TACHO_WINDOW_MS;
    return Array.from(this.#rpm, (rpm) => (isCounted ? Math.round(rpm / TACHO_STEP_RPM) * TACHO_STEP_RPM : null));
  }

  /** @param stopped one entry a fan: a rotor that stands. */
  step(stopped: readonly boolean[], elapsedMs: number): void {
    this.#runMs += elapsedMs;
    const share = 1 - Math.exp(-elapsedMs / SPIN_UP_TIME_CONSTANT_MS);
    for (let i = 0; i < this.#rpm.length; i++) {
      const goal = stopped[i] === true ? 0 : (fullSpeedRpm(i) * this.#dutyPct) / 100;
      this.#rpm[i] = this.#rpm[i]! + (goal - this.#rpm[i]!) * share;
    }
  }
}

function fullSpeedRpm(fan: number): number {
  return FULL_SPEED_RPM[fan % FULL_SPEED_RPM.length]!;
}
