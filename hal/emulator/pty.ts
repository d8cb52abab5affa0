/**
 * Pseudo-terminals, made by calling the C library through koffi: the emulator keeps the master, the host opens `path`
 * like any serial device. A pseudo-terminal neither paces nor garbles, but its master can read back the rate that the
 * host has set (termios2), and the wire model does the rest.
 */
import fs from "node:fs";
import tty from "node:tty";
import { errorText, KumpelError } from "#hal/errors.ts";

/** Linux, all of x86, arm and arm64: _IOR('T', 0x2A, struct termios2). */
const TCGETS2 = 0x802c542a;
const TERMIOS2_BYTES = 44;
const TERMIOS2_OUTPUT_SPEED = 40;
/** Larger than struct termios of any C library. */
const TERMIOS_ROOM_BYTES = 128;
const PATH_ROOM_BYTES = 64;
const OPEN_FLAGS = fs.constants.O_RDWR | fs.constants.O_NOCTTY | 0o2000000; // close on exec
/** Unread bytes beyond this mean that nobody has the other end open: they are lost, as on a wire. */
const MAX_UNREAD_BYTES = 1 << 16;

export interface Pty {
  /** Device path of the host's end. */
  readonly path: string;
  /** Rate that the host has set, in bit/s; 0 when it hung up. */
  baud(): number;
  /** Sets the only listener. */
  onData(listener: (chunk: Uint8Array) => void): void;
  /** Copies the bytes before it returns. */
  write(bytes: Uint8Array): void;
  close(): void;
}

interface LibC {
  openPt(flags: number): number;
  grantPt(fd: number): number;
  unlockPt(fd: number): number;
  slaveName(fd: number, out: Uint8Array, length: number): number;
  getAttributes(fd: number, out: Uint8Array): number;
  setAttributes(fd: number, action: number, attributes: Uint8Array): number;
  makeRaw(attributes: Uint8Array): void;
  ioctl(fd: number, request: number, out: Uint8Array): number;
}

/**
 * Loads what is needed to open pseudo-terminals.
 * @returns a function that opens one; it throws `PTY_UNAVAILABLE`.
 * @throws KumpelError `NATIVE_MODULE_MISSING`, `PTY_UNAVAILABLE`.
 */
export async function loadPtyOpener(): Promise<() => Pty> {
  const libC = await loadLibC();
  return () => openPty(libC);
}

async function loadLibC(): Promise<LibC> {
  const koffi = await import("koffi").then(
    (module) => module.default,
    (cause: unknown) => {
      throw new KumpelError(
        "NATIVE_MODULE_MISSING",
        `the native module koffi, which opens the emulated chains' pseudo-terminals, can't be loaded (${errorText(cause)}); install it for this machine with npm ci`,
        { cause, details: { module: "koffi" } },
      );
    },
  );
  try {
    const lib = koffi.load("libc.so.6");
    return {
      openPt: lib.func("int posix_openpt(int flags)"),
      grantPt: lib.func("int grantpt(int fd)"),
      unlockPt: lib.func("int unlockpt(int fd)"),
      slaveName: lib.func("int ptsname_r(int fd, _Out_ uint8_t *out, size_t length)"),
      getAttributes: lib.func("int tcgetattr(int fd, _Out_ uint8_t *out)"),
      setAttributes: lib.func("int tcsetattr(int fd, int action, uint8_t *attributes)"),
      makeRaw: lib.func("void cfmakeraw(_Inout_ uint8_t *attributes)"),
      ioctl: lib.func("int ioctl(int fd, unsigned long request, _Out_ uint8_t *out)"),
    };
  } catch (cause) {
    throw unavailable(`the C library can't be called (${errorText(cause)})`, cause);
  }
}

function openPty(libC: LibC): Pty {
  const master = check(libC.openPt(OPEN_FLAGS), "posix_openpt");
  let slave = -1;
  try {
    check(libC.grantPt(master), "grantpt");
    check(libC.unlockPt(master), "unlockpt");
    const name = Buffer.alloc(PATH_ROOM_BYTES);
    check(libC.slaveName(master, name, name.length), "ptsname_r");
    const path = name.toString("latin1", 0, name.indexOf(0));
    // Held open, else the master reads an I/O error whenever the host closes its end.
    slave = fs.openSync(path, fs.constants.O_RDWR | fs.constants.O_NOCTTY);
    const attributes = Buffer.alloc(TERMIOS_ROOM_BYTES);
    check(libC.getAttributes(slave, attributes), "tcgetattr");
    libC.makeRaw(attributes);
    check(libC.setAttributes(slave, 0, attributes), "tcsetattr");
    return new MasterEnd(libC, master, slave, path);
  } catch (cause) {
    if (slave >= 0) fs.closeSync(slave);
    fs.closeSync(master);
    throw cause instanceof KumpelError ? cause : unavailable(errorText(cause), cause);
  }
}

class MasterEnd implements Pty {
  readonly path: string;
  readonly #libC: LibC;
  readonly #master: number;
  readonly #slave: number;
  readonly #stream: tty.ReadStream;
  readonly #termios = Buffer.alloc(TERMIOS2_BYTES);
  #isOpen = true;

  constructor(libC: LibC, master: number, slave: number, path: string) {
    this.path = path;
    this.#libC = libC;
    this.#master = master;
    this.#slave = slave;
    // The one stream class that waits for a terminal by epoll instead of blocking a pool thread; it also writes.
    this.#stream = new tty.ReadStream(master);
    this.#stream.on("error", (error: NodeJS.ErrnoException) => {
      // Reads fail like this while the end is being closed.
      if (error.code !== "EIO") throw error;
    });
  }

  baud(): number {
    if (!this.#isOpen || this.#libC.ioctl(this.#master, TCGETS2, this.#termios) < 0) return 0;
    return this.#termios.readUInt32LE(TERMIOS2_OUTPUT_SPEED);
  }

  onData(listener: (chunk: Uint8Array) => void): void {
    this.#stream.removeAllListeners("data");
    this.#stream.on("data", listener);
  }

  write(bytes: Uint8Array): void {
    if (!this.#isOpen || this.#stream.writableLength > MAX_UNREAD_BYTES) return;
    this.#stream.write(Buffer.from(bytes));
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#stream.destroy();
    fs.closeSync(this.#slave);
  }
}

function check(result: number, call: string): number {
  if (result < 0) throw unavailable(`${call} failed`, undefined);
  return result;
}

function unavailable(reason: string, cause: unknown): KumpelError {
  return new KumpelError(
    "PTY_UNAVAILABLE",
    `no pseudo-terminal for an emulated chain: ${reason}; check that /dev/pts is mounted and that kernel.pty.max is not reached`,
    { cause },
  );
}
