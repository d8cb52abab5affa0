/**
 * The one command bus: what any face of the program may ask of the miner, checked once by these schemas, whoever asks.
 * Faces are thin: they turn their own words into one of these commands and show the answer where it was asked.
 */
import { z } from "zod";
import { LOG_LEVELS } from "../log.ts";
import type { PoolTestResult } from "../pool/pool-test.ts";
import { CHAINS_MAX, CHIPS_MAX, REGISTER_MAX } from "./limits.ts";

const poolEntry = z.object({
  url: z.string().min(1).max(400),
  user: z.string().max(200),
  password: z.string().max(200),
});

export const SCOPES = ["read", "control", "admin"] as const;
export type Scope = (typeof SCOPES)[number];

const chainIndex = z
  .number()
  .int()
  .min(0)
  .max(CHAINS_MAX - 1);
/** Far beyond any machine: what a machine bears it says itself, with the reason. */
const TUNING_MAX = 1_000_000;
const tree = z.record(z.string().max(64), z.unknown());

function command<const K extends string, T extends z.ZodRawShape>(kind: K, description: string, shape: T) {
  return z.strictObject({ kind: z.literal(kind), ...shape }).meta({ description });
}

export const commandSchema = z.discriminatedUnion("kind", [
  command("pause", "Stop hashing and take the power away until resume, also over restarts.", {
    reason: z.string().min(1).max(120).optional(),
  }),
  command("resume", "Let a paused machine hash again.", {}),
  command("acknowledgeShutdown", "The owner has seen why the machine was shut down; it may start again.", {}),
  command("restartChain", "Start one chain anew, also one that was given up.", {
    chainIndex,
  }),
  command("restart", "Hashboards off, read the settings anew, start again.", {
    delayS: z
      .number()
      .int()
      .min(1)
      .max(60)
      .optional()
      .meta({ description: "So much later; gives way to any other restart that is ordered meanwhile." }),
  }),
  command("setPools", "Pools of the first group, in order of preference; at least one. After a restart.", {
    pools: z.array(poolEntry).min(1).max(8),
    areUrlsExact: z.boolean().optional().meta({
      description:
        "true: addresses are written letter by letter; else one as the snapshot's url shows it leaves the text of the settings as it is.",
    }),
  }),
  command("setPoolGroups", "All pool groups, in the form of the settings. After a restart.", {
    poolGroups: z.array(tree).min(1).max(8),
  }),
  command("testPool", "Connect to a pool, authorise, and see whether it gives work; changes nothing.", {
    pool: tree.meta({ description: "In the form of the settings; (hidden) means: as it is there." }),
  }),
  command("setFanDuty", "A fixed fan duty, or null for fans that follow the temperature.", {
    dutyPct: z.number().min(0).max(100).nullable(),
  }),
  command("setFanMode", "Who cools: our fans (air), or a pump of somebody else.", {
    mode: z.enum(["air", "immersion", "hydro"]),
  }),
  command("setFrequency", "Hash clock of all chains in MHz; null: the machine's own. After a restart.", {
    frequencyMhz: z.number().min(1).max(2_000).nullable(),
  }),
  command("setSettings", "Single settings, as nested tables; null removes a key.", { patch: tree }),
  command("locate", "Blink the board's LED so that somebody finds it, for ten minutes at most.", { isOn: z.boolean() }),
  command("testAlert", "Send an alert that says that it is a test, everywhere where alerts go.", {}),
  command("tuneFrequency", "Other hash clocks now: of all chains (chainIndex null), one chain, domain or chip.", {
    chainIndex: chainIndex.nullable(),
    domainIndex: z
      .number()
      .int()
      .min(0)
      .max(CHIPS_MAX - 1)
      .optional(),
    chipIndex: z
      .number()
      .int()
      .min(0)
      .max(CHIPS_MAX - 1)
      .optional(),
    frequencyMhz: z.number().min(0).max(TUNING_MAX).optional(),
    changeMhz: z.number().min(-TUNING_MAX).max(TUNING_MAX).optional(),
  }),
  command("tuneVoltage", "Another working voltage now: of all chains (chainIndex null), or of one with its own.", {
    chainIndex: chainIndex.nullable(),
    voltageMv: z.number().min(0).max(TUNING_MAX).optional(),
    changeMv: z.number().min(-TUNING_MAX).max(TUNING_MAX).optional(),
  }),
  command("undoTuning", "Take back the last change of clocks or voltage.", {}),
  command("resetTuning", "All clocks and voltages as the run began.", {}),
  command("keepTuning", "The next runs begin with the present clocks and voltages.", {}),
  command("writeRegister", "Write one register of one chip while its chain hashes; nothing checks what that does.", {
    chainIndex,
    chipIndex: z
      .number()
      .int()
      .min(0)
      .max(CHIPS_MAX - 1),
    register: z.number().int().min(0).max(REGISTER_MAX),
    value: z.number().int().min(0).max(0xffff_ffff),
    confirm: z.literal("write register"),
  }),
  command("startTrace", "Record chip and pool traffic into a file of the data folder, secrets masked.", {
    name: z
      .string()
      .regex(/^[a-z0-9][\w-]{0,55}\.trace$/i, "must be a file name that ends with .trace")
      .optional()
      .meta({ description: "File name; left out: kumpel.trace. An older one of that name is replaced." }),
    maxMib: z.number().int().min(1).max(1_024).optional(),
    keep: z
      .enum(["oldest", "newest"])
      .optional()
      .meta({ description: "What stays when it is full; left out: oldest." }),
  }),
  command("stopTrace", "End the recording of traffic.", {}),
  command("setLogLevel", "How much the log tells, until the next restart.", { level: z.enum(LOG_LEVELS) }),
  command("factoryReset", "All settings back to their defaults, then a restart. Tokens stay.", {
    confirm: z.literal("factory reset"),
  }),
  command("stageUpdate", "A bundle is about to come into the data folder; POST /update does it all.", {
    bytes: z.number().int().min(1).max(Number.MAX_SAFE_INTEGER).optional(),
  }),
  command("installUpdate", "Check the bundle that came, install it, boot it.", {
    isForced: z.boolean().optional().meta({ description: "true: also a version that is lower than the running one." }),
    clearsSettings: z
      .boolean()
      .optional()
      .meta({ description: "true: settings go back to their defaults once the new version has proved itself." }),
  }),
  command("dropUpdate", "The bundle did not come whole.", { reason: z.string().max(200).optional() }),
  command("goBack", "Boot the version in the other slot.", {}),
  command("createToken", "Make a token; it is shown in the answer and never again.", {
    name: z.string().regex(/^[\w .-]{1,40}$/, "must be 1 to 40 letters, digits, blanks, dots, hyphens or underscores"),
    scope: z.enum(SCOPES),
  }),
  command("revokeToken", "A token is good for nothing from now on.", {
    id: z.string().regex(/^[0-9a-f]{8}$/, "must be the 8 hex digits of a token that is listed"),
  }),
]);
export type Command = z.infer<typeof commandSchema>;
export type CommandKind = Command["kind"];

/** Least scope of who may order it. */
export const SCOPE_OF: Readonly<Record<CommandKind, Scope>> = {
  pause: "control",
  resume: "control",
  acknowledgeShutdown: "control",
  restartChain: "control",
  restart: "control",
  setPools: "admin",
  setPoolGroups: "admin",
  // It makes the board connect to whatever is named.
  testPool: "admin",
  setFanDuty: "control",
  setFanMode: "admin",
  setFrequency: "admin",
  setSettings: "admin",
  locate: "control",
  testAlert: "control",
  tuneFrequency: "admin",
  tuneVoltage: "admin",
  undoTuning: "admin",
  resetTuning: "admin",
  keepTuning: "admin",
  writeRegister: "admin",
  startTrace: "control",
  stopTrace: "control",
  setLogLevel: "control",
  factoryReset: "admin",
  stageUpdate: "admin",
  installUpdate: "admin",
  dropUpdate: "admin",
  goBack: "admin",
  createToken: "admin",
  revokeToken: "admin",
};

export function allows(have: Scope, need: Scope): boolean {
  return SCOPES.indexOf(have) >= SCOPES.indexOf(need);
}

/** How far a pool that was tried let us come. */
export const poolTestSchema = z.object({
  isGood: z.boolean().meta({ description: "The pool takes this user." }),
  message: z.string(),
  latencyMs: z.number().nullable().meta({ description: "Quickest answer; null before there was one." }),
  steps: z
    .array(
      z.object({
        step: z.enum(["connect", "subscribe", "authorise", "job"]),
        afterMs: z.number().nullable().meta({ description: "From the beginning on; null: not reached." }),
      }),
    )
    .readonly(),
}) satisfies z.ZodType<PoolTestResult>;

/** What became of a command. A refusal is no error: its sentence goes to whoever asked. */
export const answerSchema = z.discriminatedUnion("ok", [
  z.object({
    ok: z.literal(true),
    message: z.string(),
    /** From when on it counts. */
    effect: z.enum(["now", "afterRestart"]),
    /** Settings that changed. */
    changedKeys: z.array(z.string()).optional(),
    /** A new token; shown this once. */
    token: z.string().optional(),
    poolTest: poolTestSchema.optional(),
  }),
  z.object({ ok: z.literal(false), message: z.string(), poolTest: poolTestSchema.optional() }),
]);
export type CommandAnswer = Readonly<z.infer<typeof answerSchema>>;

export function refused(message: string) {
  return { ok: false, message } as const;
}

export function done(message: string, effect: "now" | "afterRestart" = "now") {
  return { ok: true, message, effect } as const;
}

/** Who asked, for the audit log: the face and, where it knows one, the user or token. */
export interface CommandOrigin {
  readonly face: string;
  readonly who: string;
}

/** Runs a command on the main thread; never rejects. */
export type CommandBus = (command: Command, origin: CommandOrigin) => Promise<CommandAnswer>;
