/**
 * RAUC as the updater. It checks signatures, writes slots and talks to the boot loader; this shell calls its program and
 * reads its JSON, in the form of versions 1.8 and later (rauc.readthedocs.io, "Command Line Interface").
 */
import { z } from "zod";
import { KumpelError } from "#hal/errors.ts";
import type { RunProgram } from "#hal/run-program.ts";
import type { BundleInfo, Slot, SlotStatus, Updater } from "./updater.ts";

const PROGRAM = "rauc";
const JSON_FORM = "--output-format=json";
const LOOK_LIMIT_MS = 60_000;
/** Flash of a board takes 30 MB in a minute; ten times that is a hang. */
const INSTALL_LIMIT_MS = 900_000;

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

  async install(file: string, onProgress: (percent: number) => void): Promise<void> {
    const onLine = (line: string): void => {
      const percent = /^\s*(\d{1,3})% /.exec(line)?.[1];
      if (percent !== undefined) onProgress(Math.min(100, Number(percent)));
    };
    await this.#call(["install", file], INSTALL_LIMIT_MS, onLine);
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

  async #ask<T extends z.ZodType>(schema: T, ...args: string[]): Promise<z.infer<T>> {
    const text = await this.#call(args);
    // Its own log may stand before the answer.
    const line = text.split("\n").find((candidate) => candidate.startsWith("{"));
    const parsed = schema.safeParse(parsedOrNull(line ?? ""));
    if (parsed.success) return parsed.data;
    throw failure(`RAUC answers "${args[0]}" in a form that is not known: use version 1.8 or later.`);
  }

  /** @returns what it printed. */
  async #call(args: readonly string[], limitMs = LOOK_LIMIT_MS, onLine?: (line: string) => void): Promise<string> {
    const { code, stdout, stderr } = await this.#run(PROGRAM, args, { limitMs, ...(onLine ? { onLine } : {}) });
    if (code === 0) return stdout;
    if (code === "missing") throw failure("This board has no updater: the program rauc is not installed.");
    if (code === "late") throw failure(`RAUC did not answer "${args[0]}" within ${limitMs / 1000} s.`);
    throw failure(`RAUC refuses: ${complaintOf(stderr, stdout)}`);
  }
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
