import { describe, expect, test } from "vitest";
import { Bm13xxChain } from "#drivers/bm13xx/bm13xx-chain.ts";
import { HASHBOARDS, type HashboardName } from "#drivers/hashboards/models.ts";
import { FakeUart, ManualClock, scriptedChain } from "./fake-uart.ts";
import { concat, nonceReply, registerReply, shortRegisterReply } from "./reply-frames.ts";
import { sendHeader } from "./send-header.ts";
import { fromHex, headerOfJobFrame, loadVectors } from "./vector-file.ts";

const IDS: Readonly<Record<string, number>> = { BM1362: 0x1362, BM1366: 0x1366, BM1368: 0x1368, BM1370: 0x1370 };
const { signal } = new AbortController();
const MINING = { versionMask: 0x1fffe000, ticketDifficulty: 256 };

async function makeChain(model: HashboardName = "s21") {
  const board = HASHBOARDS[model];
  const clock = new ManualClock();
  const uart = new FakeUart(0);
  const script = scriptedChain({ chipId: IDS[board.chip] ?? 0, chips: board.chips, interval: board.addressInterval });
  uart.answer = script.answer;
  const chain = new Bm13xxChain({
    clock,
    chainIndex: 2,
    board,
    openUart: (baud) => {
      uart.baud = baud;
      return Promise.resolve(uart);
    },
  });
  await chain.open();
  return { board, chain, clock, uart, ...script };
}

async function bringUp(model: HashboardName = "s21") {
  const parts = await makeChain(model);
  const { chain, clock, board } = parts;
  await clock.finish(chain.enumerate(signal));
  await clock.finish(chain.address(signal));
  await clock.finish(chain.configure(signal));
  await clock.finish(chain.ramp(board.defaultFrequencyMhz, signal));
  await clock.finish(chain.startMining(MINING, signal));
  return parts;
}

describe("bring-up", () => {
  test("opens at 115,200 baud, counts, and ends at the work rate with every chip heard again", async () => {
    const { chain, uart, board } = await bringUp();
    expect(chain.chipCount).toBe(108);
    expect(uart.bauds).toEqual([board.workBaud]);
    expect(chain.frequencyMhz).toBeCloseTo(1400 / 3, 6);
    // Silence 1000, rate 60, temperature 30, 67 ramp steps of 100.
    expect(chain.prescribedWaitMs).toBe(1000 + 60 + 30 + 67 * 100);
    expect(uart.frames.filter((frame) => frame.startsWith("55aa40"))).toHaveLength(128);
  });

  test("foreign chips and noise are told apart from chips (case H17)", async () => {
    const { chain, clock, uart } = await makeChain("s19xp");
    const good = registerReply(0x13660000, 0, 0);
    const damaged = good.map((byte, i) => (i === 10 ? 0x04 : byte));
    uart.answer = (frame) =>
      frame[2] === 0x52
        ? concat([0, 0xff], good, [0xaa], good, good.subarray(2), [0], registerReply(0x13680000, 0, 0), damaged, good)
        : null;
    const found = await clock.finish(chain.enumerate(signal));
    expect(found).toMatchObject({ chipCount: 3, foreignChips: { "1368": 1 } });
    expect(found.discardedBytes).toBe(2 + 1 + 10 + 11);
  });

  test("chips that answer in the short form did not hear 0xA4: it is sent again", async () => {
    const { chain, clock, uart, answer } = await makeChain("s19xp");
    let rolls = 0;
    uart.answer = (frame) => {
      if (frame[2] === 0x51 && frame[5] === 0xa4) rolls++;
      if (frame[2] === 0x52 && rolls <= 3) return concat(...Array(110).fill(shortRegisterReply(0x13660000, 0, 0)));
      return answer(frame);
    };
    expect((await clock.finish(chain.enumerate(signal))).chipCount).toBe(110);
    expect(rolls).toBe(6);
  });

  test("an empty connector is zero chips after one second of silence, not an error", async () => {
    const { chain, clock, uart } = await makeChain();
    uart.answer = () => null;
    expect(await clock.finish(chain.enumerate(signal))).toEqual({ chipCount: 0, foreignChips: {}, discardedBytes: 0 });
    expect(clock.nowMs()).toBe(1000);
  });

  test("chips lost by the change of rate are named with chain, expected and got", async () => {
    const { chain, clock, state, uart } = await makeChain();
    await clock.finish(chain.enumerate(signal));
    await clock.finish(chain.address(signal));
    state.chips = 70;
    await expect(clock.finish(chain.configure(signal))).rejects.toMatchObject({
      code: "CHIP_COUNT_WRONG",
      message: expect.stringContaining("chain 2: 70 of 108"),
      details: { chain: 2, expected: 108, got: 70, register: "0x00" },
    });
    expect(uart.frames.filter((frame) => frame === "55aa520500000a")).toHaveLength(1 + 3);
  });

  test("one damaged reply is read again, not taken for a lost chip", async () => {
    const { chain, clock, uart, answer } = await makeChain();
    await clock.finish(chain.enumerate(signal));
    await clock.finish(chain.address(signal));
    let isFirst = true;
    uart.answer = (frame) => {
      const reply = answer(frame);
      if (reply !== null && isFirst) {
        isFirst = false;
        reply[50]! ^= 0x20;
      }
      return reply;
    };
    await clock.finish(chain.configure(signal));
    expect(chain.counters.crcErrors).toBe(1);
  });

  test("a ticket mask that was not taken is an error of its own", async () => {
    const { chain, clock, board, uart, answer } = await makeChain();
    await clock.finish(chain.enumerate(signal));
    await clock.finish(chain.address(signal));
    await clock.finish(chain.configure(signal));
    await clock.finish(chain.ramp(board.defaultFrequencyMhz, signal));
    uart.answer = (frame) => (frame[2] === 0x51 && frame[5] === 0x14 ? null : answer(frame));
    const options = { ...MINING, ticketDifficulty: 1024 };
    await expect(clock.finish(chain.startMining(options, signal))).rejects.toMatchObject({
      code: "CHIP_NOT_CONFIRMED",
      details: { register: "0x14", expected: 108, got: 0 },
    });
  });

  test("a second enumeration goes back to the first rate", async () => {
    const { chain, clock, uart, state } = await bringUp();
    state.isAddressed = false;
    await clock.finish(chain.enumerate(signal));
    expect(uart.bauds.at(-1)).toBe(115_200);
    expect(chain.frequencyMhz).toBe(0);
  });

  test("an abort ends a ramp at once", async () => {
    const { chain, clock } = await makeChain();
    await clock.finish(chain.enumerate(signal));
    const abort = new AbortController();
    const ramp = chain.ramp(400, abort.signal);
    abort.abort();
    await expect(clock.finish(ramp)).rejects.toMatchObject({ code: "ABORTED" });
  });

  test("a clock that the PLL can't make is refused before anything is sent", async () => {
    const { chain, clock, uart } = await makeChain();
    const before = uart.frames.length;
    await expect(clock.finish(chain.ramp(5000, signal))).rejects.toMatchObject({ code: "FREQUENCY_OUT_OF_RANGE" });
    expect(uart.frames).toHaveLength(before);
  });

  test("a chain that is not open says so", async () => {
    const { chain, clock } = await makeChain();
    await chain.close();
    await expect(clock.finish(chain.enumerate(signal))).rejects.toMatchObject({ code: "UART_IO_FAILED" });
  });
});

describe("hashing", () => {
  test("a captured job leaves byte by byte as stock sent it", async () => {
    const { chain, uart } = await bringUp();
    for (const entry of loadVectors("BM1368").filter((e) => e.meaning.startsWith("job frame"))) {
      const frame = fromHex(entry.hex);
      sendHeader(chain, frame[4]! >> 3, headerOfJobFrame(frame));
      expect(uart.frames.at(-1)).toBe(entry.hex);
    }
    expect(chain.counters.jobsWritten).toBe(13);
  });

  test("a captured nonce arrives as wire id, header nonce, version bits, chip and core", async () => {
    const { chain, uart } = await bringUp();
    const heard: number[][] = [];
    chain.onNonce((...fields) => heard.push(fields));
    uart.feed(fromHex("aa5513bbe313050b00fb9a"));
    expect(heard).toEqual([[0, 0x13e3bb13, 0x001f6000, 93, 9]]);
    uart.feed(nonceReply(0x13bbe380 | 0, 0, 0xf0, 0xffff));
    expect(heard[1]).toEqual([15, 0x80e3bb13, 0x1fffe000, 93, 9]);
    expect(chain.counters.nonceReports).toBe(2);
  });

  test("a register reply that nobody asked for is counted and nothing else", async () => {
    const { chain, uart } = await bringUp();
    const before = chain.counters.unsolicited;
    uart.feed(registerReply(0x12345678, 4, 0x40));
    expect(chain.counters.unsolicited).toBe(before + 1);
  });

  test("mask, ticket and clock change while hashing", async () => {
    const { chain, clock, uart } = await bringUp();
    chain.setVersionMask(0x00ffe000);
    expect(uart.frames.at(-1)).toMatch(/^55aa510900a4900007ff/);
    chain.setTicketDifficulty(1024);
    expect(uart.frames.at(-1)).toMatch(/^55aa510900140000c0ff/);
    expect(await clock.finish(chain.retune(() => 400, signal))).toBe(400);
    expect(uart.frames.slice(-2).map((frame) => frame.slice(10, 12))).toEqual(["08", "10"]);
    const halfMask = chain.epochMs(0x0fffe000);
    expect(chain.epochMs(0x1fffe000)).toBeCloseTo(2 * halfMask, 6);
  });

  test("temperatures come from the valid chips only", async () => {
    const { chain, clock, uart, answer } = await bringUp();
    uart.answer = (frame) =>
      frame[2] === 0x52 && frame[5] === 0xb4
        ? concat(
            registerReply(0x80000783, 0, 0xb4),
            registerReply(0x00000fff, 2, 0xb4),
            registerReply(0x80000833, 4, 0xb4),
          )
        : answer(frame);
    const reading = await clock.finish(chain.readTemperatures(signal));
    expect(reading.chipsRead).toBe(2);
    expect(reading.temperatureChipMaxC).toBeCloseTo(60, 0);
  });

  test("chips without a sensor answer null without a byte on the line", async () => {
    const { chain, clock, uart } = await bringUp("s19xp");
    const before = uart.frames.length;
    expect(await clock.finish(chain.readTemperatures(signal))).toEqual({ temperatureChipMaxC: null, chipsRead: 0 });
    expect(uart.frames).toHaveLength(before);
  });

  test("a link that breaks is reported, and a close ends what waits", async () => {
    const { chain, uart, clock } = await bringUp();
    const errors: Error[] = [];
    chain.onError((error) => errors.push(error));
    uart.fail(new Error("gone"));
    expect(errors.map((error) => error.message)).toEqual(["gone"]);
    uart.answer = () => null;
    const waiting = chain.readTemperatures(signal);
    await clock.finish(chain.close());
    await expect(clock.finish(waiting)).rejects.toThrow();
    expect(uart.isClosed).toBe(true);
    sendHeader(chain, 0, new Uint8Array(80));
  });
});
