/** Carries out the commands that concern updates. Whatever takes long goes on after the answer and shows in the status. */
import { NO_UPDATER, type UpdateStatus } from "../update/update-status.ts";
import { type Command, type CommandAnswer, done, refused } from "./commands.ts";

const KINDS = ["stageUpdate", "installUpdate", "dropUpdate", "goBack"] as const;
export type UpdateCommand = Extract<Command, { kind: (typeof KINDS)[number] }>;

/** What happened to an order, in one sentence. */
export interface UpdateAnswer {
  readonly ok: boolean;
  readonly message: string;
}

export interface InstallWish {
  /** Also a version that is lower than the running one. */
  readonly isForced: boolean;
  /** Settings go back to their defaults once the new version has proved itself. */
  readonly clearsSettings: boolean;
}

export interface UpdateOrders {
  readonly status: UpdateStatus;
  /** A bundle is about to come. @param bytes its size; null = unknown */
  stage(bytes: number | null): Promise<UpdateAnswer>;
  /** The bundle is there; resolves when it was accepted or refused. */
  install(wish: InstallWish): Promise<UpdateAnswer>;
  /** It did not come whole. */
  drop(reason: string): UpdateAnswer;
  /** Boot the other slot. */
  back(): Promise<UpdateAnswer>;
}

export function isUpdateCommand(command: Command): command is UpdateCommand {
  return (KINDS as readonly string[]).includes(command.kind);
}

export async function orderUpdate(command: UpdateCommand, update: UpdateOrders): Promise<CommandAnswer> {
  const { ok, message } = await answerOf(command, update);
  return ok ? done(message) : refused(message);
}

function answerOf(command: UpdateCommand, update: UpdateOrders): UpdateAnswer | Promise<UpdateAnswer> {
  switch (command.kind) {
    case "stageUpdate":
      return update.stage(command.bytes ?? null);
    case "installUpdate":
      return update.install({
        isForced: command.isForced ?? false,
        clearsSettings: command.clearsSettings ?? false,
      });
    case "dropUpdate":
      return update.drop(command.reason ?? "it did not come whole");
    case "goBack":
      return update.back();
  }
}

const refusal: UpdateAnswer = { ok: false, message: NO_UPDATER.reason ?? "" };

/** Of a program that somebody else updates. */
export const NO_UPDATES: UpdateOrders = {
  status: NO_UPDATER,
  stage: () => Promise.resolve(refusal),
  install: () => Promise.resolve(refusal),
  drop: () => refusal,
  back: () => Promise.resolve(refusal),
};
