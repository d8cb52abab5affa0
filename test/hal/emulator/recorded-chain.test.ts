/** A board that was recorded as a target: the driver comes up on it, and a changed sequence is noticed. */
import { describe, expect, test } from "vitest";
import { Bm13xxChain } from "#drivers/bm13xx/bm13xx-chain.ts";
import { HASHBOARDS } from "#drivers/hashboards/models.ts";
import { timedUart } from "#firmware/chain/timed-uart.ts";
import { ConvertSink } from "#firmware/trace/convert-trace.ts";
import { TraceDecoder } from "#firmware/trace/trace-decoder.ts";
import { SeededRandom } from "#hal/emulator/prng.ts";
import { type RecordedFrame, readRecording } from "#hal/emulator/recorded-chain.ts";
import { VirtualClock } from "#hal/emulator/virtual-clock.ts";
import type { Uart } from "#hal/uart.ts";
import { openAnyMachine, openUart, powerUp } from "../../support/board.ts";

const ROW = HASHBOARDS.s21;

/** Brings chain 0 up; `between` may do something of its own after the addressing. */
async function bringUp(recording: readonly RecordedFrame[] | null, between?: (uart: Uart) => void) {
  const clock = new VirtualClock();
  const { board, world } = await openAnyMachine({
    machine: "s21",
    clock,
    random: new SeededRandom(3),
    chipScale: 1,
    ...(recording === null ? {} : { recording }),
  });
  const lines: string[] = ["# kumpel trace 1", "# chip BM1368"];
  const uarts: Uart[] = [];
  const trace = {
    baud: () => undefined,
    push: (direction: "in" | "out", bytes: Uint8Array, atMs: number): void => {
      lines.push(`${atMs.toFixed(3)} 0 ${direction === "out" ? ">" : "<"} ${Buffer.from(bytes).toString("hex")}`);
    },
  };
  const chain = new Bm13xxChain({
    clock,
    chainIndex: 0,
    board: ROW,
    openUart: async (baud) => {
      const uart = timedUart(await openUart(board, 0, baud), clock, { atMs: 0 }, null, trace);
      uarts.push(uart);
      return uart;
    },
  });
  const { signal } = new AbortController();
  const run = async <T>(work: Promise<T>): Promise<T> => {
    let isDone = false;
    const settled = work.finally(() => {
      isDone = true;
    });
    settled.catch(() => undefined);
    await clock.runUntil(() => isDone, 120_000);
    return settled;
  };
  await powerUp(clock, board, "s21");
  await run(board.chains[0]!.setReset(true));
  await clock.advance(500);
  await run(chain.open());
  await run(board.chains[0]!.setReset(false));
  await clock.advance(1000);
  const found = await run(chain.enumerate(signal));
  await run(chain.address(signal));
  for (const uart of uarts) between?.(uart);
  await run(chain.configure(signal));
  // The last writes are still on their way.
  await clock.advance(1000);
  return { found, text: `${lines.join("\n")}\n`, recorded: world.chains[0]?.recorded ?? null, world };
}

/** As `kumpel trace convert` does it. */
function convert(text: string): string {
  const parts: string[] = [];
  const decoder = new TraceDecoder(
    { chip: null, chipCount: null, addressInterval: null },
    new ConvertSink((words) => parts.push(words)),
  );
  decoder.push(Buffer.from(text));
  decoder.end();
  return parts.join("");
}

describe("a recorded S21 chain", () => {
  test("counting, addressing and every read succeed as on the board, and nothing is left over", async () => {
    const first = await bringUp(null);
    expect(first.recorded).toBeNull();
    const recording = readRecording(convert(first.text));
    expect(recording.length).toBeGreaterThan(800);
    const again = await bringUp(recording);
    expect(again.found).toMatchObject({ chipCount: ROW.chips });
    expect(again.recorded?.counts).toMatchObject({ repeated: 0, unmatched: 0, skipped: 0 });
    expect(again.recorded?.counts.matched).toBeGreaterThan(150);
    expect(again.recorded?.left).toBe(0);
    expect(again.world.chains.map(({ isPlugged }) => isPlugged)).toEqual([true, false, false]);
  });

  test("a write that the recording does not have, a read that comes again, and a step that is gone are told", async () => {
    const recording = readRecording(convert((await bringUp(null)).text));
    const changed = await bringUp(recording, (uart) => {
      uart.write(Buffer.from("55aa51090014000000ff08", "hex"));
      uart.write(Buffer.from("55aa520500000a", "hex"));
      // Chain inactive once more: recorded once, and no read.
      uart.write(Buffer.from("55aa5305000003", "hex"));
    });
    const counts = changed.recorded?.counts;
    expect(counts?.unmatched).toBeGreaterThan(0);
    expect(changed.recorded?.unmatched[0]).toBe("header 0x53, chip 0, register 0x0, value 0x0");
    expect(counts?.skipped).toBeGreaterThan(0);
  });

  test("a chip less in the recording is a chip less in the count", async () => {
    const recording = readRecording(convert((await bringUp(null)).text));
    const isChipId = ({ isFromHost, hex }: RecordedFrame): boolean => !isFromHost && hex.startsWith("aa5513680000");
    const lost = recording.findIndex(isChipId);
    const { found } = await bringUp(recording.filter((_, i) => i !== lost)).catch((error: unknown) => ({
      found: error,
    }));
    expect(found).not.toMatchObject({ chipCount: ROW.chips });
  });
});

test("lines that are no frames say nothing", () => {
  expect(readRecording("# kumpel trace 1\n1.0 0 ! baud 9600\n1 p0 > {}\nnonsense\n2.5 1 < aa55\n")).toEqual([
    { chain: 1, isFromHost: false, hex: "aa55", atMs: 2.5 },
  ]);
});
