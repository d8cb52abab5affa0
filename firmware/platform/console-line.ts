/** What the console needs of its machine: the sockets of running firmware, and a history that outlives it. */
import fs from "node:fs";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { CONSOLE_SOCKET } from "../console/console-path.ts";

/** Data folder of the image. */
const IMAGE_FOLDER = "/data/kumpel";
const HISTORY_FILE = "console-history";
const PROBE_LIMIT_MS = 1_000;

/** Sockets behind which firmware answers: of the image, and of demos in the folder for temporary files. */
export async function findConsoleSockets(): Promise<string[]> {
  const temporary = os.tmpdir();
  const demos = fs
    .readdirSync(temporary)
    .filter((name) => /^kumpel-\w+$/.test(name))
    .map((name) => path.join(temporary, name, CONSOLE_SOCKET));
  const there = [path.join(IMAGE_FOLDER, CONSOLE_SOCKET), ...demos].filter((file) => fs.existsSync(file));
  const alive = await Promise.all(there.map(answers));
  return there.filter((_, i) => alive[i]);
}

function answers(file: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect({ path: file, timeout: PROBE_LIMIT_MS });
    const end = (isAlive: boolean): void => {
      socket.destroy();
      resolve(isAlive);
    };
    socket.on("timeout", () => end(false));
    socket.on("connect", () => end(true));
    socket.on("error", () => end(false));
  });
}

export interface ConsoleHistory {
  load(): string[];
  save(lines: readonly string[]): void;
}

/** Beside the socket; where that folder cannot be written to, history ends with the console. */
export function consoleHistory(socketPath: string): ConsoleHistory {
  const file = path.join(path.dirname(socketPath), HISTORY_FILE);
  return {
    load: () => {
      try {
        return fs
          .readFileSync(file, "utf8")
          .split("\n")
          .filter((line) => line !== "");
      } catch {
        return [];
      }
    },
    save: (lines) => {
      try {
        fs.writeFileSync(file, lines.map((line) => `${line}\n`).join(""), { mode: 0o600 });
      } catch {
        // Nothing is lost that anybody needs.
      }
    },
  };
}
