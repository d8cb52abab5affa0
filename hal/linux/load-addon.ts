/** Native packages are loaded when the first device is opened, and say in one sentence what to do when they are missing. */
import { errorText, KumpelError } from "#hal/errors.ts";

/** @throws KumpelError `NATIVE_MODULE_MISSING`. */
export async function loadAddon<T>(name: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (cause) {
    const why = errorText(cause).split("\n")[0] ?? "";
    throw new KumpelError(
      "NATIVE_MODULE_MISSING",
      `The native module ${name} can't be loaded (${why}): install it for this machine with npm ci, or take the bundle made for its processor.`,
      { cause, details: { module: name } },
    );
  }
}

/** `EIO` and the like of a failed system call, or an empty text. */
export function errnoOf(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
}
