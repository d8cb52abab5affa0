/**
 * One line after the other: finds the command, runs it, shows what came of it. Knows no terminal: lines come in, text goes
 * out, so that the same shell serves a terminal, a serial line and a script.
 */
import { errorText, isKumpelError } from "#hal/errors.ts";
import { EXIT } from "../cli/usage.ts";
import type { ConsoleContext } from "./command.ts";
import { COMMANDS } from "./commands.ts";
import { splitWords } from "./words.ts";

/** @returns the exit code that a script would get. */
export async function runLine(line: string, context: ConsoleContext): Promise<number> {
  const { words, isOpen } = splitWords(line);
  if (isOpen) return complain(context, "A quote is still open: close it, or leave it out.", EXIT.usage);
  return words.length === 0 ? EXIT.done : runWords(words, context);
}

export async function runWords(words: readonly string[], context: ConsoleContext): Promise<number> {
  const [name = "", ...rest] = words;
  const command = COMMANDS.find((one) => one.name === name);
  if (command === undefined) {
    const near = COMMANDS.filter((one) => one.name.startsWith(name.slice(0, 2))).map((one) => one.name);
    const hint = near.length === 0 ? "help lists all" : `did you mean ${near.join(" or ")}? help lists all`;
    return complain(context, `There is no command "${name}": ${hint}.`, EXIT.usage);
  }
  try {
    const { lines, data, isDone } = await command.run(rest, context);
    if (context.isJson) context.screen.write(`${JSON.stringify(data)}\n`);
    else if (lines.length > 0) context.screen.write(`${lines.join("\n")}\n`);
    return isDone ? EXIT.done : EXIT.failed;
  } catch (error) {
    if (!isKumpelError(error)) throw error;
    const code = error.code === "USAGE" ? EXIT.usage : error.code === "CONSOLE_LOST" ? EXIT.unreachable : EXIT.failed;
    return complain(context, errorText(error), code);
  }
}

function complain({ screen, isJson }: ConsoleContext, message: string, code: number): number {
  screen.write(isJson ? `${JSON.stringify({ ok: false, message })}\n` : `${message}\n`);
  return code;
}

/** Words that the line could go on with, and the word that they would replace. Never throws. */
export async function completions(line: string, context: ConsoleContext): Promise<[string[], string]> {
  const { words } = splitWords(line);
  const isNewWord = line === "" || /\s$/.test(line);
  const typed = isNewWord ? "" : (words.at(-1) ?? "");
  const before = isNewWord ? words : words.slice(0, -1);
  const [name, ...rest] = before;
  const command = COMMANDS.find((one) => one.name === name);
  if (name !== undefined && command === undefined) return [[], typed];
  try {
    const all =
      command === undefined ? COMMANDS.map((one) => one.name) : await command.complete?.([...rest, typed], context);
    return [(all ?? []).filter((word) => word.startsWith(typed)).map((word) => `${word} `), typed];
  } catch {
    // A firmware that is away has nothing to propose.
    return [[], typed];
  }
}
