/**
 * What can go wrong in a simulated run, as data: how often, for how long, what it hits. What each does stands in
 * `acts-board.ts` and `acts-outside.ts`. Two faults of one target never overlap, so that the end of one is not undone
 * by the end of another; faults of different targets do.
 */
export type FaultTarget =
  | "wire"
  | "chips"
  | "supply"
  | "bus"
  | "sensors"
  | "fans"
  | "air"
  | "pool"
  | "network"
  | "clock"
  | "disk"
  | "process";

interface FaultRow {
  readonly name: string;
  /** One clause for the documents. */
  readonly what: string;
  readonly target: FaultTarget;
  /** Mean rate of a Poisson process. */
  readonly perHour: number;
  /** Bounds of the duration, log-uniform between them. Equal: always the same. */
  readonly durationMs: readonly [min: number, max: number];
}

const S = 1_000;
const MIN = 60_000;

export const FAULTS = [
  row("flipped-bits", "bits turn over on one chain's wires, both ways", "wire", 0.2, [5 * S, 10 * MIN]),
  row("lost-bytes", "bytes vanish on one chain's wires, both ways", "wire", 0.2, [5 * S, 10 * MIN]),
  row("noise-bursts", "bursts of random bytes reach the host", "wire", 0.15, [5 * S, 5 * MIN]),
  row("duplicate-frames", "frames of one chain arrive twice", "wire", 0.1, [30 * S, 10 * MIN]),
  row("silent-chain", "a chain takes everything and sends nothing", "wire", 0.15, [2 * S, 10 * MIN]),
  row("dead-chip", "a dead chip cuts off what lies behind it", "chips", 0.15, [10 * S, 20 * MIN]),
  row("wrong-chip-count", "the last chip is missing when the chain is counted anew", "chips", 0.1, [1 * MIN, 10 * MIN]),
  row("lying-chip", "a chip answers with another one's address", "chips", 0.1, [1 * MIN, 10 * MIN]),
  row("false-nonces", "a chip's nonces fail the ticket", "chips", 0.1, [30 * S, 10 * MIN]),
  row("chips-restart", "the chips of one chain lose their state for a moment", "chips", 0.15, [100, 400]),
  row("loose-board", "a hashboard's connector opens", "chips", 0.1, [1 * S, 5 * MIN]),
  row("supply-dip", "the output voltage is gone for a moment", "supply", 0.15, [300, 3 * S]),
  row("supply-dead", "the output stays away", "supply", 0.1, [10 * S, 5 * MIN]),
  row("supply-trips", "the supply switches its output off by itself", "supply", 0.1, [1 * S, 1 * S]),
  row("supply-nack", "the supply does not acknowledge on its bus", "supply", 0.1, [1 * S, 5 * MIN]),
  row("supply-ignores-sets", "the supply takes set points and does nothing", "supply", 0.1, [1 * MIN, 5 * MIN]),
  row("supply-bus-stuck", "the supply's bus hangs", "supply", 0.1, [1 * S, 3 * MIN]),
  row("controller-nack", "a voltage controller does not acknowledge", "supply", 0.1, [1 * S, 3 * MIN]),
  row("board-bus-stuck", "the bus of the hashboards hangs", "bus", 0.1, [500, 1 * MIN]),
  row("bus-nacks", "a third of the transactions with the hashboards fail", "bus", 0.1, [5 * S, 5 * MIN]),
  row("stuck-sensor", "a temperature sensor keeps its value", "sensors", 0.15, [30 * S, 20 * MIN]),
  row("sensor-nack", "a temperature sensor does not answer", "sensors", 0.15, [2 * S, 10 * MIN]),
  row("both-sensors-nack", "no sensor of one board answers", "sensors", 0.05, [2 * S, 2 * MIN]),
  row("sensor-nonsense", "a sensor reads -1, 127 or 255 degrees", "sensors", 0.15, [2 * S, 10 * MIN]),
  row("sensor-jumps", "a sensor's reading jumps by tens of degrees", "sensors", 0.15, [2 * S, 5 * MIN]),
  row("fan-stops", "one fan's rotor stands", "fans", 0.1, [2 * S, 5 * MIN]),
  row("all-fans-stop", "all rotors stand", "fans", 0.05, [2 * S, 3 * MIN]),
  row("slow-fans", "all fans turn at half the speed that is asked for", "fans", 0.1, [1 * MIN, 20 * MIN]),
  row("tacho-dead", "a fan turns, its tachometer is silent", "fans", 0.1, [2 * S, 5 * MIN]),
  row("hot-air", "the air at the inlet is 10 to 30 degrees warmer", "air", 0.1, [5 * MIN, 30 * MIN]),
  row("blocked-air", "dust lets a third of the air through", "air", 0.1, [2 * MIN, 20 * MIN]),
  row("pool-silence", "the pool says nothing any more", "pool", 0.1, [5 * S, 10 * MIN]),
  row("pool-refuses", "nobody listens at the pool's port", "pool", 0.1, [5 * S, 15 * MIN]),
  row("pool-disconnects", "the pool cuts the connection", "pool", 0.15, [1 * S, 1 * S]),
  row("pool-bad-lines", "notify lines without sense, cut short, or not JSON at all", "pool", 0.15, [10 * S, 2 * MIN]),
  row("pool-huge-difficulty", "a difficulty that no share meets", "pool", 0.1, [10 * S, 2 * MIN]),
  row("pool-difficulty-storm", "ten difficulties a second", "pool", 0.1, [2 * S, 30 * S]),
  row("pool-new-extranonce", "extranonces change in the middle of a session", "pool", 0.15, [1 * S, 1 * MIN]),
  row("pool-rejects-all", "every share is refused", "pool", 0.1, [10 * S, 10 * MIN]),
  row("pool-job-flood", "fifty jobs a second, some of them clean", "pool", 0.1, [1 * S, 20 * S]),
  row("pool-half-open", "packets to and from the pool are lost without a word", "network", 0.1, [5 * S, 10 * MIN]),
  row("network-down", "no pool can be reached, no connection ends", "network", 0.1, [5 * S, 15 * MIN]),
  row("connections-break", "all connections break at once", "network", 0.1, [1 * S, 1 * S]),
  row("clock-forward", "the board's wall clock jumps ahead", "clock", 0.1, [1 * MIN, 30 * MIN]),
  row("clock-back", "the board's wall clock jumps back, before 2024 at times", "clock", 0.1, [1 * MIN, 30 * MIN]),
  row("disk-full", "every write is refused", "disk", 0.1, [10 * S, 20 * MIN]),
  row("disk-unreadable", "every read fails", "disk", 0.05, [10 * S, 20 * MIN]),
  row("torn-write", "power goes in the middle of a write", "process", 0.1, [6 * MIN, 6 * MIN]),
  row("power-cut", "mains are gone", "process", 0.1, [2 * S, 5 * MIN]),
  row("process-crash", "the process is killed, the board keeps its state until the next one", "process", 0.1, [
    2 * S,
    8 * S,
  ]),
  row("process-hang", "the process hangs until the watchdog resets the board", "process", 0.1, [30 * S, 30 * S]),
  row("process-restart", "the process is asked to end and started again", "process", 0.1, [3 * S, 5 * S]),
] as const;

export type FaultName = (typeof FAULTS)[number]["name"];
export type FaultKind = FaultRow & { readonly name: FaultName };

function row<const N extends string>(
  name: N,
  what: string,
  target: FaultTarget,
  perHour: number,
  durationMs: readonly [number, number],
): FaultRow & { readonly name: N } {
  return { name, what, target, perHour, durationMs };
}

/** Kinds by the words of `--faults`; a word that is none comes back as text. */
export function chooseFaults(words: string): readonly FaultKind[] | { readonly unknown: string } {
  if (words === "all") return FAULTS;
  if (words === "none") return [];
  const kinds: FaultKind[] = [];
  for (const word of words.split(",")) {
    const kind = FAULTS.find(({ name }) => name === word);
    if (kind === undefined) return { unknown: word };
    if (!kinds.includes(kind)) kinds.push(kind);
  }
  return kinds;
}
