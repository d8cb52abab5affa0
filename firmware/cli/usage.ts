/** Wrong usage: one sentence and exit code 2. */
import { KumpelError } from "#hal/errors.ts";

export const EXIT = { done: 0, failed: 1, usage: 2, unreachable: 3 } as const;

export function usageError(message: string): KumpelError {
  return new KumpelError("USAGE", message);
}
