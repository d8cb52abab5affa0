/** Randomness of the operating system. Simulation and emulator use a seeded source instead. */
import { randomFillSync } from "node:crypto";
import type { Random } from "#hal/random.ts";

export class SystemRandom implements Random {
  readonly #word = new Uint32Array(1);

  uint32(): number {
    return randomFillSync(this.#word)[0]!;
  }

  unit(): number {
    return this.uint32() / 2 ** 32;
  }
}
