/**
 * Memory-mapped registers of FPGA boards. Every access is one 32-bit load or store that neither the engine nor the
 * processor merges, drops or repeats (`Atomics`), since reading a FIFO takes its word away.
 */
import fs from "node:fs";
import { errorText, KumpelError } from "#hal/errors.ts";
import type { RegisterSelector } from "#hal/ports.ts";
import type { FifoSink, FifoSource, RegisterBlock } from "#hal/registers.ts";
import { settled } from "#hal/settled.ts";
import { type LibC, loadLibC } from "./libc.ts";
import type { SystemFiles } from "./system-files.ts";

const WORD_BYTES = 4;
const UIO_FOLDER = "sys/class/uio";

/** @throws KumpelError `REGISTERS_FAILED`, `NATIVE_MODULE_MISSING`. */
export async function openMemoryMap(files: SystemFiles, selector: RegisterSelector): Promise<RegisterBlock> {
  const device = selector.kind === "uio" ? await findUio(files, selector) : files.path(selector.path);
  const offset = selector.kind === "uio" ? 0 : selector.offset;
  const name = selector.kind === "uio" ? `${selector.names[0] ?? "UIO"} (${device})` : device;
  const libC = await loadLibC();
  let fd = -1;
  try {
    // Synchronous: the processor's caches must stay out of it.
    fd = fs.openSync(device, fs.constants.O_RDWR | fs.constants.O_SYNC);
    // A window beyond a file's end would kill the process at its first access, not at the call.
    const size = fs.fstatSync(fd);
    if (size.isFile() && size.size < offset + selector.bytes) throw new Error(`it has ${size.size} bytes only`);
    return new MemoryMap(name, libC.map(fd, offset, selector.bytes));
  } catch (cause) {
    throw new KumpelError(
      "REGISTERS_FAILED",
      `The registers of ${name} can't be mapped (${errorText(cause)}): check that the FPGA image and its driver are loaded and that this runs as root.`,
      { cause, details: { device, offset, bytes: selector.bytes } },
    );
  } finally {
    // A mapping outlives the file that it was made from.
    if (fd >= 0) fs.closeSync(fd);
  }
}

/** Names of all UIO devices, by their `uioN`. */
export async function listUio(files: SystemFiles): Promise<{ device: string; name: string }[]> {
  const found = [];
  for (const device of await files.list(UIO_FOLDER)) {
    found.push({ device, name: (await files.read(`${UIO_FOLDER}/${device}/name`)) ?? "" });
  }
  return found;
}

async function findUio(files: SystemFiles, selector: Extract<RegisterSelector, { kind: "uio" }>): Promise<string> {
  const present = await listUio(files);
  for (const name of selector.names) {
    const [uio] = present.filter((device) => device.name === name);
    if (uio === undefined) continue;
    const size = Number(await files.read(`${UIO_FOLDER}/${uio.device}/maps/map0/size`));
    if (size >= selector.bytes) return files.path(`dev/${uio.device}`);
    throw noUio(selector.names, `${uio.device} has ${size} bytes, ${selector.bytes} are needed`);
  }
  throw noUio(selector.names, `found ${present.map(({ name }) => name).join(", ") || "none"}`);
}

function noUio(names: readonly string[], found: string): KumpelError {
  return new KumpelError(
    "REGISTERS_FAILED",
    `The UIO device ${names.join(" or ")} can't be used, ${found}: load the FPGA image and the device tree that belong to this board.`,
    { details: { names } },
  );
}

class MemoryMap implements RegisterBlock {
  readonly name: string;
  readonly #byteLength: number;
  /** Null once unmapped: an access then would end the process. */
  #words: Int32Array | null;
  readonly #unmap: () => void;

  constructor(name: string, mapping: ReturnType<LibC["map"]>) {
    this.name = name;
    this.#words = mapping.words;
    this.#byteLength = mapping.words.byteLength;
    this.#unmap = mapping.unmap;
  }

  // Not async functions: what they throw becomes a rejection, and nothing else runs between the accesses of a batch.
  read(offset: number): Promise<number> {
    return settled(() => Atomics.load(this.#open(), this.#index(offset)) >>> 0);
  }

  write(offset: number, value: number): Promise<void> {
    return settled(() => {
      Atomics.store(this.#open(), this.#index(offset), value | 0);
    });
  }

  drain(fifo: FifoSource, out: Uint32Array): Promise<number> {
    return settled(() => {
      const words = this.#open();
      const status = this.#index(fifo.statusOffset);
      const source = this.#index(fifo.offset);
      let taken = 0;
      while (taken + fifo.recordWords <= out.length && isReady(words, status, fifo)) {
        for (let i = 0; i < fifo.recordWords; i++) out[taken++] = Atomics.load(words, source);
      }
      return taken;
    });
  }

  fill(fifo: FifoSink, source: Uint32Array, wordCount: number): Promise<number> {
    return settled(() => {
      const words = this.#open();
      const status = this.#index(fifo.statusOffset);
      const sink = this.#index(fifo.offset);
      let written = 0;
      while (written + fifo.recordWords <= wordCount && isReady(words, status, fifo)) {
        for (let i = 0; i < fifo.recordWords; i++) Atomics.store(words, sink, (source[written++] ?? 0) | 0);
      }
      return written;
    });
  }

  close(): Promise<void> {
    if (this.#words !== null) {
      this.#words = null;
      this.#unmap();
    }
    return Promise.resolve();
  }

  #open(): Int32Array {
    if (this.#words !== null) return this.#words;
    throw new KumpelError("REGISTERS_FAILED", `The registers of ${this.name} are closed; open the board again.`);
  }

  #index(offset: number): number {
    if (Number.isInteger(offset) && offset >= 0 && offset % WORD_BYTES === 0 && offset < this.#byteLength) {
      return offset / WORD_BYTES;
    }
    throw new KumpelError(
      "REGISTERS_FAILED",
      `Offset ${offset} is no register of ${this.name}, which has ${this.#byteLength} bytes; this is a mistake in the program, report it.`,
      { details: { offset } },
    );
  }
}

function isReady(words: Int32Array, status: number, fifo: FifoSource | FifoSink): boolean {
  return ((Atomics.load(words, status) & fifo.mask) !== 0) === (fifo.readyWhen === "set");
}
