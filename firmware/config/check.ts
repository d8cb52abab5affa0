/**
 * From the text of a settings file to settings, or to sentences that name file, line and key. Unknown keys are no error:
 * another version of the program may know them, so they are told and kept.
 */
import type { z } from "zod";
import { keyText, nodeAt, type SchemaNode, settingsJsonSchema, unknownPaths } from "./constraints.ts";
import { type Settings, settingsSchema } from "./schema.ts";
import { issueSentence, pathOf } from "./sentence.ts";
import { type BrokenToml, type ParsedToml, parseToml } from "./toml-text.ts";

/** Far more than any settings need. */
export const TEXT_MAX = 64 * 1024;
const PROBLEMS_MAX = 20;

export interface SettingsProblem {
  readonly kind: "broken" | "unknownKey";
  readonly line: number | null;
  readonly key: string | null;
  /** `settings.toml line 12: cooling.target_c is 900: must be 30..80 C`. */
  readonly sentence: string;
}

export interface CheckedSettings {
  /** Null where there is a problem that is more than an unknown key. */
  readonly settings: Settings | null;
  readonly problems: readonly SettingsProblem[];
}

let schema: SchemaNode | null = null;

/** Made once: the schema does not change. */
export function jsonSchema(): SchemaNode {
  schema ??= settingsJsonSchema();
  return schema;
}

/** @param name of the file, for the sentences. */
export function checkText(text: string, name: string): CheckedSettings {
  if (text.length > TEXT_MAX) return refused(name, null, `holds ${text.length} signs: at most ${TEXT_MAX} are taken`);
  if (text.trim() === "") return refused(name, null, "is empty");
  const parsed = parseToml(text);
  return parsed.kind === "broken" ? syntaxProblem(parsed, name) : checkValue(parsed, name);
}

export function checkValue({ value, lineOf }: Pick<ParsedToml, "value" | "lineOf">, name: string): CheckedSettings {
  const root = jsonSchema();
  const unknown = unknownPaths(root, value).map((path): SettingsProblem => {
    const line = lineOf(path);
    const key = keyText(path);
    return {
      kind: "unknownKey",
      line,
      key,
      sentence: `${name} line ${line}: ${key} is not known; it is kept and has no effect`,
    };
  });
  const result = settingsSchema.safeParse(value);
  if (result.success) return { settings: result.data, problems: unknown.slice(0, PROBLEMS_MAX) };
  const broken = result.error.issues.map((issue) => problemOf(issue, value, lineOf, name));
  return { settings: null, problems: [...broken, ...unknown].slice(0, PROBLEMS_MAX) };
}

function problemOf(
  issue: z.core.$ZodIssue,
  value: unknown,
  lineOf: ParsedToml["lineOf"],
  name: string,
): SettingsProblem {
  const path = pathOf(issue);
  const line = lineOf(path);
  const text = issueSentence(issue, value, nodeAt(jsonSchema(), path));
  return { kind: "broken", line, key: keyText(path), sentence: `${name} line ${line}: ${text}` };
}

function syntaxProblem({ line, reason }: BrokenToml, name: string): CheckedSettings {
  return refused(name, line, `is no valid TOML (${reason.replace(/\.$/, "")})`);
}

/** A problem of the file as a whole. */
export function refused(name: string, line: number | null, what: string): CheckedSettings {
  const place = line === null ? name : `${name} line ${line}`;
  return { settings: null, problems: [{ kind: "broken", line, key: null, sentence: `${place} ${what}` }] };
}
