/** `kumpel replay`: feeds a recording of the black box through today's decisions and tells where they differ. */
import { parseArgs } from "node:util";
import { type ReplayResult, replayRecording } from "../blackbox/replay.ts";
import { argumentsError, EXIT, usageError } from "./usage.ts";

export const REPLAY_HELP = `kumpel replay FILE [--json]: what this program would have decided in a recorded incident.

  FILE     recording of the black box: blackbox-NNNNNN.jsonl in the folder of a run (--data), or - for standard input
  --json   as JSON: { header, decisions, skipped, uartChunks, poolLines, unreadable: [ { line, text } ],
           differences: [ { line, atMs, machine, input, recorded: { actions, reason }, today: { actions, reason } } ] }

Each machine of the program (thermal supervisor, chains, fail-over of the pools) starts from its recorded state and gets
the recorded inputs at the recorded times. Exit code 0: all decisions are the same; 1: some differ, the first is shown.
`;

export interface ReplayContext {
  /** Text of a file, or of standard input for `-`. */
  readonly readText: (path: string) => Promise<string>;
  readonly stdout: (text: string) => void;
}

/** @throws KumpelError `USAGE`, `STORE_FAILED` */
export async function replayCommand(args: readonly string[], context: ReplayContext): Promise<number> {
  const { values, positionals } = parseOrExplain(args);
  if (values.help === true) {
    context.stdout(REPLAY_HELP);
    return EXIT.done;
  }
  const [file, more] = positionals;
  if (file === undefined) throw usageError("No recording: give its file, such as blackbox-000001.jsonl.");
  if (more !== undefined) throw usageError(`"${more}" is one file too many: replay takes one recording at a time.`);
  const result = replayRecording(await context.readText(file));
  if (result.header === null)
    throw usageError(`"${file}" is no recording of a black box: give a file named blackbox-NNNNNN.jsonl.`);
  context.stdout(values.json === true ? `${JSON.stringify(result)}\n` : replayText(result));
  return result.differences.length === 0 ? EXIT.done : EXIT.failed;
}

function parseOrExplain(args: readonly string[]) {
  try {
    const options = { help: { type: "boolean" }, json: { type: "boolean" } } as const;
    return parseArgs({ args: [...args], allowPositionals: true, options });
  } catch (error) {
    throw argumentsError(error, "kumpel replay");
  }
}

/** A few lines for a person. */
export function replayText(result: ReplayResult): string {
  const { header, decisions, skipped, uartChunks, poolLines, unreadable, differences } = result;
  const when = new Date(header?.wallMs ?? 0).toISOString();
  const lines = [
    `${header?.machine ?? "?"}, ${header?.program ?? "?"}, written ${when}: ${header?.cause ?? ""}`,
    `${decisions} decisions, ${uartChunks} pieces of chip traffic, ${poolLines} pool lines`,
  ];
  if (skipped > 0) lines.push(`${skipped} decisions could not be replayed: their state was not recorded before them`);
  const [bad] = unreadable;
  if (bad !== undefined)
    lines.push(`${unreadable.length} lines cannot be read, the first is line ${bad.line}: ${bad.text}`);
  const [first] = differences;
  if (first === undefined) {
    lines.push("every decision is the same today");
  } else {
    const atS = (first.atMs / 1000).toFixed(1);
    lines.push(`${differences.length} differ; the first at ${atS} s, line ${first.line}, ${first.machine}:`);
    lines.push(`  input     ${JSON.stringify(first.input)}`);
    lines.push(`  recorded  ${actionsText(first.recorded)}`, `  today     ${actionsText(first.today)}`);
  }
  return `${lines.join("\n")}\n`;
}

function actionsText({ actions, reason }: { actions: readonly unknown[]; reason: string }): string {
  return `${actions.length === 0 ? "nothing" : JSON.stringify(actions)} (${reason})`;
}
