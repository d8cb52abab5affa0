/** Carries out the commands that concern the running machine: power, chains, clocks and voltages, registers, light. */
import { errorText, isKumpelError } from "#hal/errors.ts";
import type { FileStore } from "#hal/file-store.ts";
import type { TuningTarget, TuningValue } from "../tuning/tuning.ts";
import type { TuningAnswer } from "../tuning/tuning-desk.ts";
import { type Command, type CommandAnswer, done, refused } from "./commands.ts";
import type { MachineControls } from "./machine-controls.ts";
import { savePause } from "./owner-pause.ts";

const TUNING = ["tuneFrequency", "tuneVoltage", "undoTuning", "resetTuning", "keepTuning"] as const;
const OTHERS = [
  "pause",
  "resume",
  "restartChain",
  "acknowledgeShutdown",
  "locate",
  "writeRegister",
  "startTrace",
  "stopTrace",
  "setLogLevel",
] as const;
const MACHINE_KINDS: readonly string[] = [...TUNING, ...OTHERS];
type TuningKind = (typeof TUNING)[number];
export type MachineCommand = Extract<Command, { kind: TuningKind | (typeof OTHERS)[number] }>;

export function isMachineCommand(command: Command): command is MachineCommand {
  return MACHINE_KINDS.includes(command.kind);
}

/** Carried out one after the other by the desk itself; some take seconds. */
export function isTuningCommand({ kind }: Command): boolean {
  return (TUNING as readonly string[]).includes(kind);
}

/** A disk that fails keeps nobody from switching his machine on or off; he hears what a restart will do. */
async function pauseNote(store: FileStore, reason: string | null): Promise<string> {
  try {
    await savePause(store, reason);
    return "";
  } catch (error) {
    if (!isKumpelError(error, "STORE_FAILED")) throw error;
    return ` A restart does not know of it: ${errorText(error)}.`;
  }
}

export async function orderMachine(
  command: MachineCommand,
  machine: MachineControls,
  store: FileStore,
  actor: string,
): Promise<CommandAnswer> {
  switch (command.kind) {
    case "pause": {
      const reason = `paused by ${actor}${command.reason === undefined ? "" : `: ${command.reason}`}`;
      machine.pause(reason);
      return done(`Paused: hashboards off until resume.${await pauseNote(store, reason)}`);
    }
    case "resume":
      machine.resume(`resumed by ${actor}`);
      return done(`Resumed: the chains start again.${await pauseNote(store, null)}`);
    case "restartChain":
      return toAnswer(await machine.restartChain(command.chainIndex), `Chain ${command.chainIndex} starts again.`);
    case "acknowledgeShutdown":
      return toAnswer(await machine.acknowledge(), "Acknowledged: the machine starts again.");
    case "locate":
      if (!machine.locate(command.isOn)) return refused("This board has no LED that is known.");
      return done(command.isOn ? "The LED blinks, for ten minutes at most." : "The LED is off.");
    case "writeRegister": {
      const { chainIndex, chipIndex, register, value } = command;
      const refusal = await machine.writeRegister(chainIndex, chipIndex, register, value);
      return toAnswer(refusal, `Written: nothing checks what it does; undo it with the value that was there before.`);
    }
    case "startTrace": {
      const place = await machine.startTrace(command);
      return done(`Recording into ${place}; trace off ends it, kumpel trace decode reads it.`);
    }
    case "stopTrace":
      return toAnswer(await machine.stopTrace(), "The recording is ended.");
    case "setLogLevel":
      machine.setLogLevel(command.level);
      return done(`The log tells ${command.level} and above until the next restart.`);
    case "tuneFrequency":
    case "tuneVoltage":
    case "undoTuning":
    case "resetTuning":
    case "keepTuning":
      return tune(command, machine, store);
  }
}

type TuningCommand = Extract<Command, { kind: TuningKind }>;

async function tune(command: TuningCommand, { tuning }: MachineControls, store: FileStore): Promise<CommandAnswer> {
  switch (command.kind) {
    case "tuneFrequency": {
      const value = wantedValue(command.frequencyMhz, command.changeMhz);
      if (value === null) return refused("Give frequencyMhz or changeMhz, not both; neither means as the run began.");
      return asAnswer(await tuning.order({ kind: "frequency", target: targetOf(command), value }));
    }
    case "tuneVoltage": {
      const value = wantedValue(command.voltageMv, command.changeMv);
      if (value === null) return refused("Give voltageMv or changeMv, not both; neither means as the run began.");
      const target = { chainIndex: command.chainIndex, domainIndex: null, chipIndex: null };
      return asAnswer(await tuning.order({ kind: "voltage", target, value }));
    }
    case "undoTuning":
      return asAnswer(await tuning.order({ kind: "undo" }));
    case "resetTuning":
      return asAnswer(await tuning.order({ kind: "reset" }));
    case "keepTuning":
      return asAnswer(await tuning.keep(store));
  }
}

function targetOf(command: Extract<Command, { kind: "tuneFrequency" }>): TuningTarget {
  const { chainIndex, domainIndex, chipIndex } = command;
  return { chainIndex, domainIndex: domainIndex ?? null, chipIndex: chipIndex ?? null };
}

/** Null when both are given. */
function wantedValue(absolute: number | undefined, change: number | undefined): TuningValue | null {
  if (absolute !== undefined && change !== undefined) return null;
  if (absolute !== undefined) return { kind: "absolute", value: absolute };
  return change === undefined ? { kind: "start" } : { kind: "change", value: change };
}

function asAnswer({ ok, message }: TuningAnswer): CommandAnswer {
  return ok ? done(message) : refused(message);
}

function toAnswer(refusal: string | null, message: string): CommandAnswer {
  return refusal === null ? done(message) : refused(`Refused: ${refusal}.`);
}
