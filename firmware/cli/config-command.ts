/** `kumpel config`: looks at the settings file, changes it, keeps copies of it; works on the file of a stopped machine. */
import { parseArgs } from "node:util";
import { KumpelError } from "#hal/errors.ts";
import type { FileStore } from "#hal/file-store.ts";
import type { AccessKeeper } from "../api/access-keeper.ts";
import { jsonSchema, type SettingsProblem } from "../config/check.ts";
import { keyText, nodeAt, type SettingsPath, settingsJsonSchema, settingsKeys } from "../config/constraints.ts";
import { assertKnownKeys, withoutSecrets } from "../config/patch.ts";
import type { SettingsStore } from "../config/settings-store.ts";
import { argumentsError, EXIT, usageError } from "./usage.ts";

export const CONFIG_HELP = `kumpel config ACTION --data DIR | --config FILE: the settings file.

  check              says what is wrong in it, by line and key; 1 when something is
  show [--json]      settings in force, defaults filled in; secrets are hidden
  schema [--json]    all keys with range, default and unit; --json: as JSON Schema
  set KEY VALUE      changes one key and keeps comments and order: cooling.target_c 55; the VALUE null removes it;
                     lists and tables in JSON: pool_groups '[{"pools":[{"url":"HOST:PORT","user":"NAME"}]}]'
  backup FILE|-      writes a copy with all secrets in it; - is standard output
  restore FILE       puts a copy in place of the settings; refused when it is not valid
  reset --yes        all settings back to their defaults: pools and limits of the owner are gone
  token              makes a new token of the owner for the own API in place of the old one, and shows it once

  --data DIR         folder of a run; its settings.toml is meant
  --config FILE      another settings file (not for token)

A machine that runs reads its settings at its start; change them over its own API, or restart it afterwards.
`;

export interface ConfigContext {
  readonly openData: (folder: string) => Promise<FileStore>;
  /** Settings of a file that is there. */
  readonly openFile: (file: string) => Promise<SettingsStore>;
  readonly settingsOf: (store: FileStore) => SettingsStore;
  readonly accessOf: (store: FileStore) => AccessKeeper;
  readonly readText: (file: string) => Promise<string>;
  /** For the owner alone. */
  readonly writeText: (file: string, text: string) => Promise<void>;
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
}

const ACTIONS = ["check", "show", "schema", "set", "backup", "restore", "reset", "token"] as const;
type Action = (typeof ACTIONS)[number];
/** Words after the action. */
const WORDS: Readonly<Record<Action, readonly string[]>> = {
  check: [],
  show: [],
  schema: [],
  set: ["KEY", "VALUE"],
  backup: ["FILE"],
  restore: ["FILE"],
  reset: [],
  token: [],
};

/** @throws KumpelError `USAGE`, `SETTINGS_INVALID` or `STORE_FAILED` with one sentence. */
export async function configCommand(args: readonly string[], context: ConfigContext): Promise<number> {
  const { values, positionals } = parseOrExplain(args);
  if (values.help === true) {
    context.stdout(CONFIG_HELP);
    return EXIT.done;
  }
  const [name, ...words] = positionals;
  const action = ACTIONS.find((known) => known === name);
  if (action === undefined)
    throw usageError(`Action "${name ?? ""}" of kumpel config is unknown; choose one of: ${ACTIONS.join(" ")}.`);
  const wanted = WORDS[action];
  if (words.length !== wanted.length)
    throw usageError(`kumpel config ${action} takes ${wanted.length === 0 ? "no more words" : wanted.join(" ")}.`);
  const isJson = values.json === true;
  if (action === "schema") return showSchema(isJson, context);
  if (action === "token") return newToken(values.data, context);
  return act({ action, words, isJson, isSure: values.yes === true }, await openStore(values, context), context);
}

interface Order {
  readonly action: Exclude<Action, "schema" | "token">;
  readonly words: readonly string[];
  readonly isJson: boolean;
  readonly isSure: boolean;
}

async function act({ action, words, isJson, isSure }: Order, store: SettingsStore, context: ConfigContext) {
  const [first = "", second = ""] = words;
  switch (action) {
    case "check":
      return check(store, isJson, context);
    case "show":
      return show(store, isJson, context);
    case "set": {
      const { source, problems } = await store.load();
      if (source === "idle") throw brokenError(store, problems, "before a key is set");
      const patch = patchOf(first, second);
      assertKnownKeys(patch);
      await store.change(patch);
      context.stderr(`${first} is set in ${store.place}.\n`);
      return EXIT.done;
    }
    case "backup": {
      const { text, source, problems } = await store.load();
      if (source === "none") throw usageError(`${store.place} is not there; there is nothing to keep.`);
      if (source === "idle") throw brokenError(store, problems, "before a copy of it is kept");
      for (const { sentence } of problems) context.stderr(`${sentence}\n`);
      if (first === "-") context.stdout(text);
      else await context.writeText(first, text);
      return EXIT.done;
    }
    case "restore":
      await store.load();
      await store.restore(await context.readText(first));
      context.stderr(`${first} is in place as ${store.place}.\n`);
      return EXIT.done;
    case "reset":
      if (!isSure) throw usageError("kumpel config reset forgets pools and limits; say --yes if that is meant.");
      await store.load();
      await store.reset();
      context.stderr(`${store.place} has its defaults again.\n`);
      return EXIT.done;
  }
}

function brokenError(store: SettingsStore, problems: readonly SettingsProblem[], when: string): KumpelError {
  const why = problems.map(({ sentence }) => sentence).join("; ");
  return new KumpelError("SETTINGS_INVALID", `${store.place} has to be mended ${when}: ${why}.`);
}

async function check(store: SettingsStore, isJson: boolean, { stdout }: ConfigContext): Promise<number> {
  const { isThere, settings, problems } = await store.check();
  if (!isThere) throw usageError(`${store.place} is not there; kumpel config set makes it.`);
  const isGood = settings !== null;
  if (isJson) stdout(`${JSON.stringify({ ok: isGood, problems }, null, 2)}\n`);
  else for (const { sentence } of problems) stdout(`${sentence}\n`);
  if (!isJson && problems.length === 0) stdout(`${store.place} is good.\n`);
  return isGood ? EXIT.done : EXIT.failed;
}

async function show(store: SettingsStore, isJson: boolean, { stdout, stderr }: ConfigContext): Promise<number> {
  const { source, settings, problems } = await store.load();
  for (const { sentence } of problems) stderr(`${sentence}\n`);
  if (source === "idle") return EXIT.failed;
  const shown = withoutSecrets(settings);
  if (isJson) stdout(`${JSON.stringify({ source, settings: shown }, null, 2)}\n`);
  else for (const line of flat(shown, [])) stdout(`${line}\n`);
  return EXIT.done;
}

function flat(value: unknown, path: SettingsPath): string[] {
  if (typeof value !== "object" || value === null) return [`${keyText(path)} = ${JSON.stringify(value)}`];
  if (Array.isArray(value)) return value.flatMap((item, i) => flat(item, [...path, i]));
  return Object.entries(value).flatMap(([name, item]) => flat(item, [...path, name]));
}

function showSchema(isJson: boolean, { stdout }: ConfigContext): number {
  if (isJson) stdout(`${JSON.stringify(settingsJsonSchema(), null, 2)}\n`);
  else {
    for (const { key, type, min, max, choices, unit, default: standard, description } of settingsKeys()) {
      const range = choices === null ? (min === null ? type : `${type} ${min}..${max}`) : choices.join("|");
      const shown = standard === null ? "" : ` (default ${JSON.stringify(standard)})`;
      stdout(`${key}: ${range}${unit === null ? "" : ` ${unit}`}${shown}\n    ${description}\n`);
    }
  }
  return EXIT.done;
}

async function newToken(data: string | undefined, context: ConfigContext): Promise<number> {
  if (data === undefined || data === "") throw usageError("No folder: give --data DIR, the one of the run.");
  const access = context.accessOf(await context.openData(data));
  const made = await access.open();
  // A token that is nowhere but in this process would be good for nothing: the second try says why.
  const token = made === null || access.problem !== null ? await access.replaceOwners() : made;
  context.stdout(`${token}\n`);
  context.stderr(
    "The token is shown this once; the old one of the owner is good for nothing from the next start on.\n",
  );
  return EXIT.done;
}

async function openStore(values: { data?: string | undefined; config?: string | undefined }, context: ConfigContext) {
  const { data, config } = values;
  if (config !== undefined && data !== undefined) throw usageError("--data and --config exclude each other; give one.");
  if (config !== undefined && config !== "") return context.openFile(config);
  if (data === undefined || data === "") throw usageError("No settings: give --data DIR or --config FILE.");
  return context.settingsOf(await context.openData(data));
}

/** `cooling.target_c` and `55` to `{ cooling: { target_c: 55 } }`; what is no JSON is a text. */
function patchOf(key: string, value: string): Record<string, unknown> {
  const names = key.split(".");
  if (names.some((name) => name === ""))
    throw usageError(`"${key}" is no key; write it as cooling.target_c (kumpel config schema lists them).`);
  const isText = nodeAt(jsonSchema(), names)?.type === "string" && value !== "null";
  const parsed = isText ? value : parseValue(value);
  return names.reduceRight<unknown>((below, name) => ({ [name]: below }), parsed) as Record<string, unknown>;
}

function parseValue(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

function parseOrExplain(args: readonly string[]) {
  try {
    const flag = { type: "boolean" } as const;
    const text = { type: "string" } as const;
    const options = { help: flag, json: flag, yes: flag, data: text, config: text } as const;
    return parseArgs({ args: [...args], allowPositionals: true, options });
  } catch (error) {
    throw argumentsError(error, "kumpel config");
  }
}
