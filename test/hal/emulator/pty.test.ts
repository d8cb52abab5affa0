/** Pseudo-terminals on the machine that runs the tests: raw, two-way, and the host's rate can be read back. */
import fs from "node:fs";
import { afterEach, expect, test } from "vitest";
import { loadPtyOpener, type Pty } from "../../../hal/emulator/pty.ts";
import { openSerialUart } from "../../../hal/linux/serial-uart.ts";
import type { Uart } from "../../../hal/uart.ts";

const open: { close(): unknown }[] = [];

afterEach(async () => {
  for (const thing of open.splice(0).reverse()) await thing.close();
});

async function makePty(): Promise<Pty> {
  const pty = (await loadPtyOpener())();
  open.push(pty);
  return pty;
}

async function makeUart(path: string, baud: number): Promise<Uart> {
  const uart = await openSerialUart({ path, baud });
  open.push(uart);
  return uart;
}

/** All bytes that a line discipline likes to eat, turn or answer: XON, XOFF, CR, LF, ^C, ^D, ^Z, DEL, 0x80.. */
const ALL_BYTES = Uint8Array.from({ length: 256 }, (_, i) => i);

async function collected(length: number, listen: (listener: (chunk: Uint8Array) => void) => void): Promise<number[]> {
  const bytes: number[] = [];
  await new Promise<void>((resolve) => {
    listen((chunk) => {
      bytes.push(...chunk);
      if (bytes.length >= length) resolve();
    });
  });
  return bytes;
}

test("bytes written to the device reach the master unchanged, with nothing echoed", async () => {
  const pty = await makePty();
  const got = collected(256, (listener) => pty.onData(listener));
  const fd = fs.openSync(pty.path, fs.constants.O_RDWR | fs.constants.O_NOCTTY | fs.constants.O_NONBLOCK);
  fs.writeSync(fd, ALL_BYTES);
  expect(await got).toEqual([...ALL_BYTES]);
  expect(() => fs.readSync(fd, Buffer.alloc(1))).toThrow(/EAGAIN/);
  fs.closeSync(fd);
});

test("the other way round too, through the serial code of real devices", async () => {
  const pty = await makePty();
  const uart = await makeUart(pty.path, 115_200);
  const got = collected(256, (listener) => uart.onData(listener));
  pty.write(ALL_BYTES);
  expect(await got).toEqual([...ALL_BYTES]);
});

test.each([115_200, 1_000_000, 1_562_500, 3_125_000])("the master reads back the rate %i", async (baud) => {
  const pty = await makePty();
  await makeUart(pty.path, baud);
  expect(pty.baud()).toBe(baud);
});

test("a rate change shows at once, and closing the device does not hurt the master", async () => {
  const pty = await makePty();
  const uart = await openSerialUart({ path: pty.path, baud: 115_200 });
  await uart.setBaud(3_125_000);
  expect(pty.baud()).toBe(3_125_000);
  await uart.close();
  const again = await makeUart(pty.path, 115_200);
  const got = collected(3, (listener) => pty.onData(listener));
  again.write(Uint8Array.of(1, 2, 3));
  expect(await got).toEqual([1, 2, 3]);
});

test("after closing, rate and writes are harmless", async () => {
  const pty = await makePty();
  pty.close();
  pty.close();
  pty.write(Uint8Array.of(1));
  expect(pty.baud()).toBe(0);
});
