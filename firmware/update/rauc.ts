/**
 * RAUC as the updater. It checks signatures, writes slots and talks to the boot loader; this shell calls its program and
 * reads its JSON, in the form of versions 1.8 and later (rauc.readthedocs.io, "Command Line Interface").
 */
import { z } from "zod";
import { KumpelError } from "#hal/errors.ts";
import type { ProgramEnd, RunProgram } from "#hal/run-program.ts";
import type { BundleInfo, Slot, SlotStatus, Updater } from "./updater.ts";

const PROGRAM = "rauc";
const JSON_FORM = "--output-format=json";
const LOOK_LIMIT_MS = 60_000;
/** Flash of a board takes 30 MB in a minute. Its service goes on without the program that asked, so nothing is won by haste. */
const INSTALL_LIMIT_MS = 7_200_000;
/** Variable in U-Boot's environment. RAUC itself calls these two programs for its marks. */
const PLEDGE = "kumpel_update";
const READ_ENVIRONMENT = "fw_printenv";
const WRITE_ENVIRONMENT = "fw_setenv";

const statusSchema = z.object({
  compatible: z.string(),
  booted: z.string().nullable(),
  slots: z.array(
    z.record(
      z.string(),
      z.object({ bootname: z.string().nullable(), state: z.string(), boot_status: z.string().nullable().optional() }),
    ),
  ),
});
const infoSchema = z.object({ compatible: z.string(), version: z.string().nullable() });

export class RaucUpdater implements Updater {
  readonly #run: RunProgram;

  constructor(run: RunProgram) {
    this.#run = run;
  }

  async status(): Promise<SlotStatus> {
    const { compatible, slots } = await this.#ask(statusSchema, "status", JSON_FORM);
    const bootable = slots.flatMap((entry) => Object.values(entry)).filter(({ bootname }) => bootname !== null);
    const booted = bootable.find(({ state }) => state === "booted");
    if (booted === undefined) throw failure("RAUC does not know which slot is booted; see its system.conf.");
    const other = bootable.find((slot) => slot !== booted);
    return { compatible, booted: slotOf(booted), other: other === undefined ? null : slotOf(other) };
  }

  async inspect(file: string): Promise<BundleInfo> {
    const { compatible, version } = await this.#ask(infoSchema, "info", JSON_FORM, file);
    return { compatible, version: version ?? "" };
  }

  async install(file: string, onProgress: (percent: number) => void): Promise<"installed" | "late"> {
    const onLine = (line: string): void => {
      const percent = /^\s*(\d{1,3})% /.exec(line)?.[1];
      if (percent !== undefined) onProgress(Math.min(100, Number(percent)));
    };
    const end = await this.#run(PROGRAM, ["install", file], { limitMs: INSTALL_LIMIT_MS, onLine });
    if (end.code === "late") return "late";
    outputOf(end, "install", INSTALL_LIMIT_MS);
    return "installed";
  }

  async markGood(): Promise<void> {
    await this.#call(["status", "mark-good", "booted"]);
  }

  async markBad(): Promise<void> {
    await this.#call(["status", "mark-bad", "booted"]);
  }

  async activateOther(): Promise<void> {
    await this.#call(["status", "mark-active", "other"]);
  }

  async pledge(): Promise<string | null> {
    const { code, stdout } = await this.#run(READ_ENVIRONMENT, ["-n", PLEDGE], { limitMs: LOOK_LIMIT_MS });
    return code === 0 && stdout.trim() !== "" ? stdout.trim() : null;
  }

  async keepPledge(line: string | null): Promise<void> {
    const words = line === null ? [PLEDGE] : [PLEDGE, line];
    const { code, stdout, stderr } = await this.#run(WRITE_ENVIRONMENT, words, { limitMs: LOOK_LIMIT_MS });
    // Another boot loader than U-Boot: there is no such place.
    if (code === 0 || code === "missing") return;
    throw failure(`The boot loader's environment can't be written: ${complaintOf(stderr, stdout)}`);
  }

  async #ask<T extends z.ZodType>(schema: T, ...args: string[]): Promise<z.infer<T>> {
    const text = await this.#call(args);
    // Its own log may stand before the answer.
    const line = text.split("\n").find((candidate) => candidate.startsWith("{"));
    const parsed = schema.safeParse(parsedOrNull(line ?? ""));
    if (parsed.success) return parsed.data;
    throw failure(`RAUC answers "${args[0]}" in a form that is not known: use version 1.8 or later.`);
  }

  /** @returns what it printed. */
  async #call(args: readonly string[]): Promise<string> {
    const end = await this.#run(PROGRAM, args, { limitMs: LOOK_LIMIT_MS });
    return outputOf(end, args[0] ?? "", LOOK_LIMIT_MS);
  }
}

/** @throws KumpelError `UPDATE_FAILED` where RAUC did not do what it was asked for. */
function outputOf({ code, stdout, stderr }: ProgramEnd, order: string, limitMs: number): string {
  if (code === 0) return stdout;
  if (code === "missing") throw failure("This board has no updater: the program rauc is not installed.");
  if (code === "late") throw failure(`RAUC did not answer "${order}" within ${limitMs / 1000} s.`);
  throw failure(`RAUC refuses: ${complaintOf(stderr, stdout)}`);
}

function slotOf({ bootname, boot_status }: { bootname: string | null; boot_status?: string | null | undefined }): Slot {
  return { name: bootname ?? "", isGood: boot_status === "good" };
}

/** The last thing that it said and that is no line of its log. */
function complaintOf(stderr: string, stdout: string): string {
  const lines = `${stdout}\n${stderr}`.split("\n").map((line) => line.trim());
  const told = lines.filter((line) => line !== "" && !/^(rauc-Message:|\(rauc:|\d+%|installing$)/.test(line));
  return (told.findLast((line) => /LastError|error|failed|signature|invalid/i.test(line)) ?? told.at(-1) ?? "no reason")
    .replace(/^LastError: /, "")
    .slice(0, 300);
}

function failure(text: string): KumpelError {
  return new KumpelError("UPDATE_FAILED", text);
}

function parsedOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
