/** Difficulty of one connection, steered towards a share rate. Pure arithmetic; the session tells it time and shares. */

const RETARGET_SHARES = 10;
const RETARGET_MS = 15_000;
const FACTOR_MAX = 4;
/** Within this factor of the aim a change would only follow luck. */
const TOLERANCE = 1.5;
const DIFFICULTY_MIN = 1e-12;
const DIGITS = 6;

export class VarDiff {
  difficulty: number;
  readonly #sharesPerSecond: number;
  #sinceMs: number;
  #shares = 0;

  /** @param sharesPerSecond the aim; 0 keeps the difficulty as it is. */
  constructor(difficulty: number, sharesPerSecond: number, nowMs: number) {
    this.difficulty = difficulty;
    this.#sharesPerSecond = sharesPerSecond;
    this.#sinceMs = nowMs;
  }

  set(difficulty: number, nowMs: number): void {
    this.difficulty = difficulty;
    this.#restart(nowMs);
  }

  countShare(): void {
    this.#shares++;
  }

  /** True when the difficulty was changed just now. */
  retarget(nowMs: number): boolean {
    const elapsedMs = nowMs - this.#sinceMs;
    if (this.#sharesPerSecond <= 0 || elapsedMs <= 0) return false;
    if (this.#shares < RETARGET_SHARES && elapsedMs < RETARGET_MS) return false;
    const rate = (this.#shares * 1000) / elapsedMs;
    this.#restart(nowMs);
    const wanted = rate / this.#sharesPerSecond;
    if (wanted < TOLERANCE && wanted > 1 / TOLERANCE) return false;
    const factor = Math.min(FACTOR_MAX, Math.max(1 / FACTOR_MAX, wanted));
    const difficulty = Math.max(DIFFICULTY_MIN, Number((this.difficulty * factor).toPrecision(DIGITS)));
    if (difficulty === this.difficulty) return false;
    this.difficulty = difficulty;
    return true;
  }

  #restart(nowMs: number): void {
    this.#sinceMs = nowMs;
    this.#shares = 0;
  }
}
