/** Randomness as an argument: the emulator and the simulation hand in a seeded source, so that a seed replays a run. */
export interface Random {
  /** Uniform integer 0 .. 2^32 - 1. */
  uint32(): number;
  /** Uniform number in [0, 1). */
  unit(): number;
}
