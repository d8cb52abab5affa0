/**
 * The kernel's watchdog device. Opening it starts it, so it is opened by the first order only: a board that is merely
 * looked at must not be reset a few seconds later.
 */
import fs from "node:fs";
import { errorText, KumpelError } from "#hal/errors.ts";
import type { Watchdog } from "#hal/watchdog.ts";
import { loadLibC } from "./libc.ts";

/** _IOWR('W', 6, int): sets the time and returns what the driver took. */
const WDIOC_SETTIMEOUT = 0xc0045706;
/** Written before the close, it switches the timer off, unless the kernel was built never to. */
const MAGIC_CLOSE = "V";
/** Any other byte feeds. */
const FEED = "k";

/** @throws KumpelError `WATCHDOG_FAILED` when there is no such device or this user may not write to it. */
export async function openLinuxWatchdog(path: string): Promise<Watchdog> {
  try {
    await fs.promises.access(path, fs.constants.W_OK);
  } catch (cause) {
    throw failed(path, "be used", cause);
  }
  return new LinuxWatchdog(path);
}

class LinuxWatchdog implements Watchdog {
  readonly #path: string;
  #fd: number | null = null;

  constructor(path: string) {
    this.#path = path;
  }

  async setTimeoutS(seconds: number): Promise<number> {
    const libC = await loadLibC();
    return this.#do("be set to another time", (fd) => libC.ioctlInt(fd, WDIOC_SETTIMEOUT, seconds));
  }

  // Written at once and not through the thread pool, where it could wait behind slow transfers until the board is reset.
  async feed(): Promise<void> {
    this.#do("be fed", (fd) => fs.writeSync(fd, FEED));
  }

  async disarm(): Promise<void> {
    if (this.#fd === null) return;
    this.#do("be switched off", (fd) => fs.writeSync(fd, MAGIC_CLOSE));
    fs.closeSync(this.#fd);
    this.#fd = null;
  }

  #do<T>(what: string, act: (fd: number) => T): T {
    try {
      this.#fd ??= fs.openSync(this.#path, fs.constants.O_WRONLY);
      return act(this.#fd);
    } catch (cause) {
      throw failed(this.#path, what, cause);
    }
  }
}

function failed(path: string, what: string, cause: unknown): KumpelError {
  return new KumpelError(
    "WATCHDOG_FAILED",
    `The watchdog ${path} can't ${what} (${errorText(cause)}): check that the kernel has its driver, that no other program holds it and that this runs as root.`,
    { cause, details: { path } },
  );
}
