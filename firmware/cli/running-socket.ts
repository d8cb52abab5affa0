/** Which running firmware is meant: the folder that the owner names, or the only one that answers here. */
import path from "node:path";
import { CONSOLE_SOCKET } from "../console/console-path.ts";
import { usageError } from "./usage.ts";

/** Path of its socket. @throws KumpelError `USAGE`. */
export async function runningSocket(
  data: string | null | undefined,
  findSockets: () => Promise<string[]>,
): Promise<string> {
  if (data !== null && data !== undefined) return path.join(data, CONSOLE_SOCKET);
  const found = await findSockets();
  const [first] = found;
  if (first === undefined)
    throw usageError("No running Kumpel was found here: start one (npm start), or name its folder with --data DIR.");
  if (found.length === 1) return first;
  throw usageError(
    `Several Kumpels run here: choose one with --data ${found.map((file) => path.dirname(file)).join(" or --data ")}.`,
  );
}
