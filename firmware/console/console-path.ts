/** Where the console's socket is: a file in the data folder, so that who may open it decides who commands. */
import path from "node:path";

export const CONSOLE_SOCKET = "console.sock";
/** `sun_path` of Linux, less its end. */
const PATH_MAX_BYTES = 107;

/** Null where the folder's path is too long for a socket. */
export function consolePathIn(folder: string): string | null {
  const full = path.join(folder, CONSOLE_SOCKET);
  return Buffer.byteLength(full) > PATH_MAX_BYTES ? null : full;
}
