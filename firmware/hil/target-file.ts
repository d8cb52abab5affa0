/**
 * The target file: which machine is on the bench, what must be found on it, and what may be done to it. `[machine]` and
 * `[tuning]` are those of the settings file, key by key.
 */
import { z } from "zod";
import { findHashboard, type HashboardModel } from "#drivers/hashboards/models.ts";
import { KumpelError } from "#hal/errors.ts";
import { settingsSchema } from "../config/schema.ts";
import { parseToml } from "../config/toml-text.ts";
import { boardOfName, type OwnerSettings } from "../platform/choose-board.ts";

const TEXT_MAX = 64 * 1024;

const settings = settingsSchema.shape;

export const targetSchema = z.strictObject({
  /** False: steps that give power to the hashboards are refused. */
  allow_energising: z.boolean().default(false),
  machine: settings.machine,
  tuning: settings.tuning,
  expect: z
    .strictObject({
      /** Connectors that must hold a hashboard, from 0; left out: those that do. */
      chains: z.array(z.int().min(0).max(7)).min(1).max(8).optional(),
      fans: z.int().min(0).max(8).optional(),
      /** Beginning of the board name in the EEPROMs, such as `BHB68`. */
      board_name: z.string().min(1).max(16).optional(),
    })
    .default({}),
  limits: z
    .strictObject({
      /** Wrong nonces in a hundred that are still good. */
      hardware_error_pct: z.number().min(0).max(50).default(1),
      /** Power off when a board sensor is that hot, in C; left out: the machine's own limit, which it may not exceed. */
      board_limit_c: z.number().min(40).max(100).optional(),
      mining_s: z.int().min(10).max(3_600).default(60),
    })
    .prefault({}),
});

export type TargetFile = z.infer<typeof targetSchema>;

/** @throws KumpelError `USAGE` with one sentence that names file, line and key. */
export function parseTargetFile(text: string, name: string): TargetFile {
  if (text.length > TEXT_MAX) throw problem(name, `holds ${text.length} signs: at most ${TEXT_MAX} are taken`);
  const parsed = parseToml(text);
  if (parsed.kind === "broken") throw problem(`${name} line ${parsed.line}`, `is no TOML: ${parsed.reason}`);
  const result = targetSchema.safeParse(parsed.value);
  if (!result.success) {
    const [issue] = result.error.issues;
    const path = (issue?.path ?? []).map((part) => (typeof part === "symbol" ? String(part) : part));
    const key = path.length === 0 ? "the file" : path.join(".");
    throw problem(`${name} line ${parsed.lineOf(path)}`, `${key}: ${issue?.message ?? "is wrong"}`);
  }
  const { machine } = result.data;
  if (machine.name !== undefined && machine.name !== "auto")
    throw problem(
      name,
      `machine.name is "${machine.name}", an emulated machine: say --target emulator:${machine.name}`,
    );
  if (machine.hashboard === undefined)
    throw problem(name, "machine.hashboard is missing: it is never guessed which hashboards are on the bench");
  return result.data;
}

/** What the file says about the real machine. */
export function ownerOf({ machine }: TargetFile): OwnerSettings & { readonly hashboard: HashboardModel | null } {
  return {
    hashboard: findHashboard(machine.hashboard ?? ""),
    board: boardOfName(machine.control_board ?? ""),
    settings: {
      isExperimentalAccepted: machine.accept_experimental,
      ...(machine.psu_enable_active === undefined ? {} : { psuEnableActive: machine.psu_enable_active }),
      ...(machine.chain_uarts === undefined ? {} : { chainUarts: machine.chain_uarts }),
    },
  };
}

function problem(place: string, what: string): KumpelError {
  return new KumpelError("USAGE", `Target file ${place} ${what}.`);
}
