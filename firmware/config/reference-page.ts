/** The reference page of all settings (docs/SETTINGS.md), made from the schema. */
import { type KeyFacts, type SchemaNode, settingsJsonSchema, settingsKeys } from "./constraints.ts";

const HEAD = `# Settings

Made from the schema (\`firmware/config/schema.ts\`) by \`node scripts/generate-settings.mjs\`; a test compares.

One file in TOML, \`settings.toml\` in the folder of \`--data DIR\`, or the file of \`--config FILE\`. Options of the command line
override it for that run. \`kumpel config check\` says what is wrong in it, by line and key; \`kumpel config set KEY VALUE\` and the
own API change it and keep comments and order. Keys that are not known are reported and kept. A file that is broken is kept aside
(\`settings.toml.bad-N\`), and the last good settings (\`settings.toml.good\`) stay in force until it is right again; without any,
the program starts in a safe idle with the hashboards off, listening where \`[network.http]\` of the broken file says, as far as
that can be read. What is written by hand while the program runs is taken over by the next change over any face; what of it
needs a restart counts after one. A port or address that cannot be had is told and tried again; mining goes on. Units end the keys.

    settings_version = 2

    [[pool_groups]]
    [[pool_groups.pools]]
    url = "stratum+tcp://pool.example:3333"
    user = "ADDRESS.WORKER"

    [cooling]
    fan_max_pct = 70   # quiet
`;

export function referencePage(): string {
  const root = settingsJsonSchema();
  const keys = settingsKeys(root);
  const sections = Object.entries(root.properties ?? {})
    .filter(([, node]) => node.properties !== undefined || node.items !== undefined)
    .map(([name, node]) => section(name, node, keys));
  const top = keys.filter(({ key }) => !/[.[]/.test(key));
  return `${[HEAD, rows(top), ...sections].join("\n")}`;
}

function section(name: string, node: SchemaNode, keys: readonly KeyFacts[]): string {
  const header = node.items === undefined ? `[${name}]` : `[[${name}]]`;
  const own = keys.filter(({ key }) => key.startsWith(`${name}.`) || key.startsWith(`${name}[]`));
  return `## ${header}\n\n${node.description ?? ""}\n\n${rows(own)}`;
}

function rows(keys: readonly KeyFacts[]): string {
  const lines = keys.map((facts) => {
    const { key, default: standard, needsRestart, description } = facts;
    const shown = standard === null ? "" : `\`${JSON.stringify(standard)}\``;
    return `| \`${key}\` | ${range(facts)} | ${shown} | ${needsRestart ? "restart" : "at once"} | ${description} |`;
  });
  return [
    "| key | value | default | takes effect | what it does |",
    "| --- | --- | --- | --- | --- |",
    ...lines,
    "",
  ].join("\n");
}

function range({ type, min, max, choices, unit }: KeyFacts): string {
  if (choices !== null) return choices.join(", ");
  if (type === "boolean") return "true, false";
  const kind = { string: "text", list: "list", integer: "whole number", number: "number" }[type];
  const suffix = type === "string" ? " signs" : type === "list" ? " texts" : unit === null ? "" : ` ${unit}`;
  return `${kind}, ${min} .. ${max}${suffix}`;
}
