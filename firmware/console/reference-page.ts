/** docs/CONSOLE.md, made from the table of commands: what is written there is what the console does. */
import { z } from "zod";
import { COMMANDS } from "./commands.ts";

const HEAD = `# Console

\`kumpel console\` talks to the Kumpel that runs on the same machine, over a socket in its data folder (\`console.sock\`, mode
0600): who may open it is the owner and needs no token. Without \`--data\` it looks in \`/data/kumpel\` and in the folders
\`kumpel-*\` of the folder for temporary files, where demos keep theirs; one must answer, and one only. It is the own API
([API.md](API.md)) behind that door, so that scripts may as well use it with
\`curl --unix-socket DIR/console.sock http://kumpel/api/v1/...\`; a request that brings a token has that token's rights.

    kumpel console                         # a prompt; the only Kumpel that runs here, or --data DIR
    kumpel console chips 0                 # one command; exit code 0 done, 1 refused, 2 wrong usage, 3 nothing answers
    kumpel console --json chip 0.12        # one JSON object
    kumpel console --effect 30 freq 0 +6.25    # and what it did, half a minute later
    kumpel console < tune.txt              # a script, a command a line; it ends at the first that fails
    kumpel console --on /dev/ttyS0         # serves the board's debug UART

At the prompt Tab completes, the arrow up brings earlier lines back (kept in \`console-history\` beside the socket), Ctrl-C ends
what runs or drops the line, Ctrl-D leaves. Everything fits 80 columns, and narrower terminals. A change of clock or voltage
tells ten seconds later what it did: hashrate, errors, temperature beside what they were. Limits are enforced by the firmware, with
the reason; \`undo\` takes changes back, \`keep\` makes them last. Tried on pseudo-terminals against emulated machines; nobody has
used it on a board's debug UART yet.

\`--on\` asks for a token of the own API, and whoever gives it may do what the token may, under its name in the audit log. Ctrl-D,
\`exit\` or fifteen quiet minutes log out, then the next may come; nothing of what was typed is kept. Lines that are pasted or
typed ahead wait for their turn; Ctrl-C drops them, and at a question it says no.

Numbers are decimal or 0x. A chip is \`CHAIN.CHIP\`, counted from 0 along the chain; a domain is \`CHAIN.dDOMAIN\`.

## Commands
`;

export function consolePage(): string {
  const rows = COMMANDS.map(
    ({ name, usage, summary }) => `| \`${`${name} ${cell(usage)}`.trim()}\` | ${cell(summary)} |`,
  );
  const forms = COMMANDS.map(({ name, json }) => {
    const { $schema: _, ...schema } = z.toJSONSchema(json, { io: "input", unrepresentable: "any" });
    return `### \`${name}\`\n\n\`\`\`json\n${JSON.stringify(schema)}\n\`\`\`\n`;
  });
  return [
    HEAD,
    "| command | does |",
    "| --- | --- |",
    ...rows,
    "",
    "## JSON forms",
    "",
    'What `--json` prints, as JSON Schema. A command that was not understood prints `{ "ok": false, "message": "one sentence" }`.',
    "",
    ...forms,
  ]
    .join("\n")
    .replace(/\n+$/, "\n");
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|");
}
