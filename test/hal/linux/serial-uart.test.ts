import { expect, test } from "vitest";
import { openSerialUart } from "#hal/linux/serial-uart.ts";

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
