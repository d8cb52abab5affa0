import { afterEach, expect, test } from "vitest";
import { loadPtyOpener, type Pty } from "#hal/emulator/pty.ts";
import { openSerialUart } from "#hal/linux/serial-uart.ts";
import type { Uart } from "#hal/uart.ts";

const opened: { close(): unknown }[] = [];

afterEach(async () => {
  for (const thing of opened.splice(0).reverse()) await thing.close();
});

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
