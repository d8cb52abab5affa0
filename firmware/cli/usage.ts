/** Wrong usage: one sentence and exit code 2. */
import { errorText, KumpelError } from "#hal/errors.ts";

export const EXIT = { done: 0, failed: 1, usage: 2, unreachable: 3 } as const;

export function usageError(message: string): KumpelError {
  return new KumpelError("USAGE", message);
}

/** Why `parseArgs` refused a command line. A value is never repeated: it may be a password. */
export function argumentsError(error: unknown, command: string): KumpelError {
  const text = errorText(error);
  const unclear = /^Option '.*?(--[\w-]+).*' argument is ambiguous/.exec(text)?.[1];
  const why =
    unclear === undefined
      ? text.split(/\. |\n/)[0]
      : `${unclear} lacks its value, or the value starts with "-", which is written ${unclear}=-VALUE`;
  return usageError(`${why}; see ${command} --help.`);
}
