import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { loadPtyOpener, type Pty } from "#hal/emulator/pty.ts";
import { openSerialUart } from "#hal/linux/serial-uart.ts";
import type { Uart } from "#hal/uart.ts";
import { temporaryFolder } from "../../support/program.ts";

const opened: { close(): unknown }[] = [];

afterEach(async () => {
  vi.restoreAllMocks();
  for (const thing of opened.splice(0).reverse()) await thing.close();
});

/** Descriptors of this process that have the device open. */
function descriptorsOf(device: string): string[] {
  return fs.readdirSync("/proc/self/fd").filter((fd) => linkOf(fd).startsWith(device));
}

/** Of a descriptor; a device that went away is "(deleted)". */
function linkOf(fd: string): string {
  try {
    return fs.readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return "";
  }
}

async function untilClosed(device: string, openBefore: readonly string[]): Promise<void> {
  while (descriptorsOf(device).length >= openBefore.length) await new Promise((resolve) => setImmediate(resolve));
}

const HEARD_LIMIT_MS = 20_000;

type Until = (isDone: () => boolean) => Promise<void>;

async function makeLink(): Promise<{ pty: Pty; uart: Uart; heard: () => string; until: Until }> {
  const pty = (await loadPtyOpener())();
  opened.push(pty);
  let text = "";
  let wake = (): void => {};
  pty.onData((chunk) => {
    text += Buffer.from(chunk).toString("latin1");
    wake();
  });
  const uart = await openSerialUart({ path: pty.path, baud: 115_200 });
  opened.push(uart);
  const until: Until = async (isDone) => {
    while (!isDone()) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  return { pty, uart, heard: () => text, until };
}

test("bytes go both ways over a pseudo-terminal, and a reused buffer does no harm", async () => {
  const { pty, uart, heard, until } = await makeLink();
  const text = "abc\r\n\0\x11\xff";
  const buffer = Uint8Array.from(Buffer.from(text, "latin1"));
  uart.write(buffer);
  buffer.fill(0x78);
  await until(() => heard().length >= text.length);
  expect(heard()).toBe(text);
  const got = new Promise<number[]>((resolve) => {
    const bytes: number[] = [];
    uart.onData((chunk) => {
      bytes.push(...chunk);
      if (bytes.length === 4) resolve(bytes);
    });
  });
  pty.write(Uint8Array.of(0xaa, 0x55, 0x0d, 0x00));
  expect(await got).toEqual([0xaa, 0x55, 0x0d, 0x00]);
});

test("what the line takes has left when the write returns, whatever waits in the thread pool", async () => {
  const { uart, heard, until } = await makeLink();
  const fifo = path.join(temporaryFolder(), "fifo");
  execFileSync("mkfifo", [fifo]);
  // More readers than the pool has threads, each stuck until somebody writes.
  const stuck = Array.from({ length: 16 }, () => fs.promises.open(fifo, "r"));
  try {
    for (let i = 0; i < 20; i++) uart.write(Uint8Array.of(0x41 + i));
    const heardAll = until(() => heard().length >= 20);
    // The readers must be freed in any case, or whatever comes after this test waits with them.
    await Promise.race([heardAll, new Promise((resolve) => setTimeout(resolve, HEARD_LIMIT_MS))]);
    expect(heard()).toBe("ABCDEFGHIJKLMNOPQRST");
  } finally {
    const writer = fs.openSync(fifo, fs.constants.O_RDWR);
    for (const reader of await Promise.all(stuck)) await reader.close();
    fs.closeSync(writer);
  }
});

test("more than the line takes at once waits its turn: nothing is lost and nothing overtakes", async () => {
  const { uart, heard, until } = await makeLink();
  const atOnce = vi.spyOn(fs, "writeSync");
  const wentBytes = (): number[] =>
    atOnce.mock.results.flatMap(({ type, value }) => (type === "return" ? [Number(value)] : []));
  let sent = "";
  // 88 bytes are a job: the line's buffer ends in the midst of one.
  for (let i = 0; i < 300; i++) {
    const text = `${String(i).padStart(4, "0")}${"x".repeat(84)}`;
    sent += text;
    uart.write(Buffer.from(text));
  }
  expect(wentBytes()[0]).toBe(88);
  expect(wentBytes().some((bytes) => bytes > 0 && bytes < 88)).toBe(true);
  expect(wentBytes().length).toBeLessThan(300);
  await uart.drain();
  expect(wentBytes().reduce((sum, bytes) => sum + bytes, 0)).toBe(sent.length);
  await until(() => heard().length >= sent.length);
  expect(heard()).toBe(sent);
});

test("closed while bytes wait, the link drops them, tells whoever drains and writes no more", async () => {
  const { uart } = await makeLink();
  const atOnce = vi.spyOn(fs, "writeSync").mockImplementation(() => {
    throw Object.assign(new Error("no room"), { code: "EAGAIN" });
  });
  uart.write(Uint8Array.of(1));
  const drained = uart.drain();
  const refused = expect(drained).rejects.toMatchObject({ code: "UART_IO_FAILED" });
  await uart.close();
  await refused;
  const tries = atOnce.mock.calls.length;
  uart.write(Uint8Array.of(2));
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(atOnce.mock.calls.length).toBe(tries);
});

test("odd rates reach the other side, and nothing written before is lost by the change", async () => {
  const { pty, uart, heard, until } = await makeLink();
  expect(pty.baud()).toBe(115_200);
  for (const baud of [3_125_000, 1_041_667, 1_562_500]) {
    for (let i = 0; i < 20; i++) uart.write(new Uint8Array(100).fill(0x61));
    await uart.setBaud(baud);
    expect([uart.baud, pty.baud()]).toEqual([baud, baud]);
  }
  await until(() => heard().length >= 6000);
  expect(heard()).toBe("a".repeat(6000));
  // Back to a rate of the C library's table. For those serialport empties the device, which on a pseudo-terminal reaches
  // what the other side has not read yet: the start sequence waits before it changes the rate, and so does this test.
  await uart.setBaud(115_200);
  expect([uart.baud, pty.baud()]).toEqual([115_200, 115_200]);
});

test("discarding throws away what came before and keeps what comes after", async () => {
  const { pty, uart } = await makeLink();
  let text = "";
  const after = new Promise<void>((resolve) => {
    uart.onData((chunk) => {
      text += Buffer.from(chunk).toString("latin1");
      if (text.endsWith("new")) resolve();
    });
  });
  pty.write(Buffer.from("old"));
  await uart.discardInput();
  pty.write(Buffer.from("new"));
  await after;
  expect(text).toBe("new");
});

test("a line that takes nothing breaks the link with a typed error instead of filling the memory", async () => {
  const { uart } = await makeLink();
  const broken = new Promise<Error>((resolve) => uart.onError(resolve));
  for (let i = 0; i < 400; i++) uart.write(new Uint8Array(1000));
  expect(await broken).toMatchObject({ code: "UART_IO_FAILED" });
  await expect(uart.drain()).rejects.toMatchObject({ code: "UART_IO_FAILED" });
});

test("a failed write is told once, by the listener and not by the write, and nobody drains for ever", async () => {
  const { uart } = await makeLink();
  const errors: Error[] = [];
  const broken = new Promise<void>((resolve) => {
    uart.onError((error) => {
      errors.push(error);
      resolve();
    });
  });
  const before = descriptorsOf(uart.path);
  vi.spyOn(fs, "writeSync").mockImplementationOnce(() => {
    throw Object.assign(new Error("i/o error, write"), { code: "EIO" });
  });
  uart.write(Uint8Array.of(1));
  expect(errors).toEqual([]);
  await expect(uart.drain()).rejects.toMatchObject({ code: "UART_IO_FAILED" });
  await broken;
  uart.write(Uint8Array.of(2));
  await untilClosed(uart.path, before);
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
  expect(errors).toEqual([expect.objectContaining({ code: "UART_IO_FAILED" })]);
});

test("a device that hung up breaks the link although nobody writes, and is closed", async () => {
  const { pty, uart } = await makeLink();
  const broken = new Promise<Error>((resolve) => uart.onError(resolve));
  // The pseudo-terminal's own descriptors are gone when this returns.
  pty.close();
  expect(descriptorsOf(uart.path)).toHaveLength(1);
  expect(await broken).toMatchObject({ code: "UART_IO_FAILED", message: expect.stringContaining("EIO") });
  await untilClosed(uart.path, [""]);
  await expect(uart.drain()).rejects.toMatchObject({ code: "UART_IO_FAILED" });
});

test("a device that is not there is named, with the reason and what to do", async () => {
  await expect(openSerialUart({ path: "/dev/no-such-tty", baud: 115_200 })).rejects.toMatchObject({
    code: "UART_OPEN_FAILED",
    message: expect.stringMatching(/\/dev\/no-such-tty.*115200 baud.*check/),
    details: { path: "/dev/no-such-tty", baud: 115_200 },
  });
});

test("a file that is no serial device is refused the same way", async () => {
  await expect(openSerialUart({ path: "/dev/null", baud: 115_200 })).rejects.toMatchObject({
    code: "UART_OPEN_FAILED",
  });
});
