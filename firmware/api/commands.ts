/**
 * The one command bus: what any face of the program may ask of the miner, checked once by these schemas, whoever asks.
 * Faces are thin: they turn their own words into one of these commands and show the answer where it was asked.
 */
import { z } from "zod";

const poolEntry = z.object({
  url: z.string().min(1).max(400),
  user: z.string().max(200),
  password: z.string().max(200),
});

export const commandSchema = z.discriminatedUnion("kind", [
  /** Stop hashing and take the power away until `resume`. */
  z.object({ kind: z.literal("pause") }),
  z.object({ kind: z.literal("resume") }),
  /** The owner has seen why the machine was shut down. */
  z.object({ kind: z.literal("acknowledgeShutdown") }),
  /** Start one chain anew, also one that was given up. */
  z.object({ kind: z.literal("restartChain"), chainIndex: z.number().int().min(0).max(15) }),
  /** End the program in order; init starts it again. */
  z.object({ kind: z.literal("restart") }),
  /** Pools of the first group, in order of preference; at least one. */
  z.object({ kind: z.literal("setPools"), pools: z.array(poolEntry).min(1).max(8) }),
  /** A fixed fan duty, or null for fans that follow the temperature. */
  z.object({ kind: z.literal("setFanDuty"), dutyPct: z.number().min(0).max(100).nullable() }),
  /** Hash clock of all chains in MHz, within the machine's limits. */
  z.object({ kind: z.literal("setFrequency"), frequencyMhz: z.number().min(1).max(2_000) }),
  /** Blink the board's LED so that somebody finds it. */
  z.object({ kind: z.literal("locate"), isOn: z.boolean() }),
]);
export type Command = z.infer<typeof commandSchema>;

/** What became of a command. A refusal is no error: its sentence goes to whoever asked. */
export type CommandAnswer =
  | { readonly ok: true; readonly message: string; readonly effect: "now" | "afterRestart" }
  | { readonly ok: false; readonly message: string };

/** Who asked, for the audit log: the face and, where it knows one, the user or token. */
export interface CommandOrigin {
  readonly face: string;
  readonly who: string;
}

/** Runs a command on the main thread; never rejects. */
export type CommandBus = (command: Command, origin: CommandOrigin) => Promise<CommandAnswer>;
