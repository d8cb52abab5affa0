/** What everything that goes out to others is made of, in the management worker. */
import type { Duplex } from "node:stream";
import type { Clock } from "#hal/clock.ts";
import type { ConnectOptions } from "#hal/network.ts";
import type { Random } from "#hal/random.ts";
import type { CommandAnswer, CommandOrigin } from "./commands.ts";
import type { FaceView } from "./machine-facts.ts";

/** A line for the log. Never with a secret in it. */
export type Say = (level: "info" | "warn", text: string) => void;

export interface OutwardParts {
  readonly clock: Clock;
  readonly random: Random;
  /** Null until the miner has sent its first snapshot. */
  readonly view: () => FaceView | null;
  /** With the scope `control`: who may write to a broker is not asked for a token. */
  readonly order: (command: unknown, origin: CommandOrigin) => Promise<CommandAnswer>;
  /** @throws KumpelError as `Network.connect` does. */
  readonly dial: (options: ConnectOptions) => Promise<Duplex>;
  readonly say: Say;
}
