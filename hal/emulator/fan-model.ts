/**
 * The fans: speed follows the duty with a spin-up time. Tachometers give two pulses a turn; boards count them or hand the
 * edges to the host.
 */
/** Measured on an S19 Pro at 100 %: front pair, then rear pair. */
const FULL_SPEED_RPM = [5640, 5520, 4800, 4800] as const;
const SPIN_UP_TIME_CONSTANT_MS = 1500;
/** A board without fans of its own is built into somebody else's stream of air. Our choice. */
const FOREIGN_AIRFLOW = 0.6;
const EDGES_PER_TURN = 2;
const MS_PER_MINUTE = 60_000;

export class FanModel {
  readonly #rpm: Float64Array;
  readonly #dutyPct: Float64Array;
  readonly #edges: Float64Array;
  /** Speed of each fan as a share of what its duty asks for: worn bearings, a blocked rotor. */
  readonly speedShare: number[];
  /** True: the rotor turns, but nobody hears its tachometer. */
  readonly isTachoDead: boolean[];
  /** Air that gets through at full speed, 1 = nothing in its way (dust, a blocked grille). */
  airflowShare = 1;

  constructor(count: number) {
    this.#rpm = new Float64Array(count);
    this.#dutyPct = new Float64Array(count);
    this.#edges = new Float64Array(count);
    this.speedShare = Array.from({ length: count }, () => 1);
    this.isTachoDead = Array.from({ length: count }, () => false);
  }

  get count(): number {
    return this.#rpm.length;
  }

  /** Of the hardest driven fan. */
  get dutyPct(): number {
    return Math.max(0, ...this.#dutyPct);
  }

  /** @param fans which of them; all if absent. */
  setDutyPct(dutyPct: number, fans?: readonly number[]): void {
    const clamped = Math.max(0, Math.min(100, dutyPct));
    for (const fan of fans ?? this.#rpm.keys()) if (fan < this.count) this.#dutyPct[fan] = clamped;
  }

  /** 0 .. 1 of the airflow with all fans at full speed. */
  get airflow(): number {
    if (this.count === 0) return this.airflowShare * FOREIGN_AIRFLOW;
    let sum = 0;
    for (let i = 0; i < this.#rpm.length; i++) sum += this.#rpm[i]! / fullSpeedRpm(i);
    return (this.airflowShare * sum) / this.#rpm.length;
  }

  /** As a tachometer tells it. */
  rpm(fan: number): number {
    return this.isTachoDead[fan] === true ? 0 : this.trueRpm(fan);
  }

  trueRpm(fan: number): number {
    return this.#rpm[fan] ?? 0;
  }

  /** Falling edges of the tachometer since the start. */
  edges(fan: number): number {
    return Math.floor(this.#edges[fan] ?? 0);
  }

  /** @param stopped one entry a fan: a rotor that stands. */
  step(stopped: readonly boolean[], elapsedMs: number): void {
    const share = 1 - Math.exp(-elapsedMs / SPIN_UP_TIME_CONSTANT_MS);
    for (let i = 0; i < this.#rpm.length; i++) {
      const goal = stopped[i] === true ? 0 : (this.speedShare[i]! * fullSpeedRpm(i) * this.#dutyPct[i]!) / 100;
      this.#rpm[i] = this.#rpm[i]! + (goal - this.#rpm[i]!) * share;
      if (this.isTachoDead[i] === true) continue;
      this.#edges[i] = this.#edges[i]! + (this.#rpm[i]! * EDGES_PER_TURN * elapsedMs) / MS_PER_MINUTE;
    }
  }
}

function fullSpeedRpm(fan: number): number {
  return FULL_SPEED_RPM[fan % FULL_SPEED_RPM.length]!;
}
