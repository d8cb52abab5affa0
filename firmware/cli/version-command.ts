/** `kumpel version`: the program, its Node, which native add-ons load here, and on which terms other people's work is in it. */
import fs from "node:fs";
import { errorText, KumpelError } from "#hal/errors.ts";
import { BUILD_WALL_MS, VERSION } from "../version.ts";
import { EXIT, usageError } from "./usage.ts";

export interface AddonCheck {
  readonly name: string;
  /** What the add-on is needed for, in words. */
  readonly use: string;
  readonly load: () => Promise<unknown>;
}

export async function versionCommand(
  args: readonly string[],
  addons: readonly AddonCheck[],
  licenceFile: string,
  stdout: (text: string) => void,
): Promise<number> {
  const unknown = args.find((arg) => arg !== "--json" && arg !== "--licences");
  if (unknown !== undefined)
    throw usageError(`Option "${unknown}" is unknown; kumpel version takes --json or --licences.`);
  if (args.includes("--licences")) {
    stdout(readLicences(licenceFile));
    return EXIT.done;
  }
  const results = [];
  for (const { name, use, load } of addons) {
    const problem = await load().then(
      () => null,
      (error: unknown) => errorText(error).split("\n")[0] ?? "",
    );
    results.push({ name, use, loads: problem === null, problem });
  }
  const facts = {
    version: VERSION,
    built: BUILD_WALL_MS === null ? null : new Date(BUILD_WALL_MS).toISOString(),
    node: process.versions.node,
    abi: process.versions.modules,
    arch: process.arch,
    addons: results,
  };
  if (args.includes("--json")) stdout(`${JSON.stringify(facts, null, 2)}\n`);
  else {
    stdout(`kumpel ${facts.version}, Node ${facts.node} (ABI ${facts.abi}) on ${facts.arch}\n`);
    for (const r of results)
      stdout(`${r.loads ? "loads  " : "missing"} ${r.name}: ${r.use}${r.problem === null ? "" : ` (${r.problem})`}\n`);
  }
  return EXIT.done;
}

/** It lies beside the bundle, whole licence texts included. */
function readLicences(file: string): string {
  try {
    return fs.readFileSync(file, "utf8");
  } catch (cause) {
    throw new KumpelError("USAGE", `${file} cannot be read (${errorText(cause)}); it belongs beside kumpel.cjs.`, {
      cause,
    });
  }
}
