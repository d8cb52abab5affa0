/**
 * How many works still lie in a queue that does not say it. Written works count up, and time counts down, a little faster
 * than the FPGA: a clock that differs from ours then fills the queue instead of emptying it, and the FPGA says when it is
 * full. Each find corrects the figure: works that were written after the one it belongs to may still wait.
 */
const PACE = 1.001;

export class WorksOutstanding {
  #count = 0;
  #atMs = 0;

  clear(nowMs: number): void {
    this.#count = 0;
    this.#atMs = nowMs;
  }

  add(works: number, nowMs: number, workTimeMs: number): void {
    this.#count = this.count(nowMs, workTimeMs) + works;
    this.#atMs = nowMs;
  }

  /** At least `works` wait. */
  raise(works: number, nowMs: number, workTimeMs: number): void {
    if (works <= this.count(nowMs, workTimeMs)) return;
    this.#count = works;
    this.#atMs = nowMs;
  }

  count(nowMs: number, workTimeMs: number): number {
    return Math.max(0, this.#count - (PACE * (nowMs - this.#atMs)) / workTimeMs);
  }
}
