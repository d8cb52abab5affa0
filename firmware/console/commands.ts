/** All commands of the console, and what they say of themselves. */
import { z } from "zod";
import type { ConsoleCommand } from "./command.ts";
import { LOOK } from "./commands/look.ts";
import { RECORD } from "./commands/record.ts";
import { RAMP, STEER, WATCH } from "./commands/steer.ts";
import { TUNE } from "./commands/tune.ts";
import { wrap } from "./table.ts";

const GROUPS: Readonly<Record<ConsoleCommand["group"], string>> = {
  look: "Look",
  tune: "Tune",
  steer: "Steer",
  record: "Record",
  console: "Console",
};

const help: ConsoleCommand = {
  name: "help",
  usage: "[COMMAND]",
  summary: "all commands, or one of them with examples",
  group: "console",
  json: z.object({ commands: z.array(z.object({ name: z.string(), usage: z.string(), summary: z.string() })) }),
  complete: (words) => (words.length <= 1 ? COMMANDS.map(({ name }) => name) : []),
  run: (words, { screen }) => {
    const [name] = words;
    const shown = name === undefined ? COMMANDS : COMMANDS.filter((command) => command.name === name);
    const data = { commands: shown.map(({ name: n, usage, summary }) => ({ name: n, usage, summary })) };
    if (shown.length === 0)
      return Promise.resolve({ lines: [`There is no command "${name}"; help lists all.`], data, isDone: false });
    const lines =
      name === undefined ? overview(screen.width()) : shown.flatMap((command) => details(command, screen.width()));
    return Promise.resolve({ lines, data, isDone: true });
  },
};

export const COMMANDS: readonly ConsoleCommand[] = [...LOOK, WATCH, ...TUNE, RAMP, ...STEER, ...RECORD, help];

/** Names in groups: all commands on one screen of 24 lines. */
function overview(width: number): string[] {
  const groups = Object.entries(GROUPS).flatMap(([group, title]) => {
    const names = COMMANDS.filter((command) => command.group === group).map(({ name }) => name);
    return names.length === 0 ? [] : wrap(`${title}: ${names.join(", ")}`, width);
  });
  return [
    ...groups,
    "",
    ...wrap("help COMMAND says more. Tab completes, the arrow up brings earlier lines back, Ctrl-D leaves.", width),
  ];
}

function details({ name, usage, summary, help: more = [] }: ConsoleCommand, width: number): string[] {
  return [
    ...wrap(`${name} ${usage}`.trim(), width),
    ...wrap(`  ${summary}`, width),
    ...more.flatMap((line) => wrap(`  ${line}`, width)),
  ];
}
