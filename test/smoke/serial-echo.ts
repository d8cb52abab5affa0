/**
 * A program of its own, bundled for each target by `smoke.mjs`: bytes go through the serial code of real boards to a
 * pseudo-terminal that sends them back. Arguments: rates in bit/s. One line of JSON, exit code 1 if a byte differs.
 */
import { loadPtyOpener } from "#hal/emulator/pty.ts";
import { openSerialUart } from "#hal/linux/serial-uart.ts";

const ROUNDS = 16;
/** The longest frame to a chip. */
const FRAME_BYTES = 88;
const DEADLINE_MS = 30_000;

async function echo(rates: readonly number[]) {
  const pty = (await loadPtyOpener())();
  pty.onData((chunk) => pty.write(chunk));
  const uart = await openSerialUart({ path: pty.path, baud: rates[0] ?? 115_200 });
  const received: number[] = [];
  let arrived: () => void = () => {};
  uart.onData((chunk) => {
    received.push(...chunk);
    arrived();
  });
  const seen: number[] = [];
  let sentBytes = 0;
  for (const [index, baud] of rates.entries()) {
    if (index > 0) await uart.setBaud(baud);
    seen.push(pty.baud());
    for (let round = 0; round < ROUNDS; round++) {
      // Every value of a byte goes over, control characters too.
      const frame = Uint8Array.from({ length: FRAME_BYTES }, (_, i) => (sentBytes + i) & 0xff);
      sentBytes += FRAME_BYTES;
      uart.write(frame);
      while (received.length < sentBytes) await new Promise<void>((resolve) => (arrived = resolve));
    }
  }
  await uart.close();
  pty.close();
  const isEqual = received.length === sentBytes && received.every((byte, i) => byte === (i & 0xff));
  return { rates, seen, bytes: received.length, isEqual };
}

setTimeout(() => {
  process.stderr.write(`the bytes did not come back within ${DEADLINE_MS} ms\n`);
  process.exit(1);
}, DEADLINE_MS).unref();
void echo(process.argv.slice(2).map(Number)).then((result) => {
  process.stdout.write(`${JSON.stringify(result)}\n`);
  process.exitCode = result.isEqual ? 0 : 1;
});
