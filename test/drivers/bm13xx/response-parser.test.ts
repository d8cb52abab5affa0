import { describe, expect, test } from "vitest";
import { ResponseParser } from "#drivers/bm13xx/response-parser.ts";
import { leastGrowthBytes } from "../../support/heap.ts";
import { concat, nonceReply, registerReply, replyFrame, shortRegisterReply } from "./reply-frames.ts";

function makeParser() {
  const registers: [number, number, number][] = [];
  const nonces: [number, number, number, number][] = [];
  const parser = new ResponseParser({
    onRegister: (...fields) => registers.push(fields),
    onNonce: (...fields) => nonces.push(fields),
  });
  return { parser, registers, nonces };
}

const good = registerReply(0x13660000, 0, 0);

describe("reply stream", () => {
  test("noise while chips are counted costs no chip and adds none (case H17)", () => {
    const { parser, registers } = makeParser();
    const damaged = Uint8Array.from(good);
    damaged[10] = 0x04;
    parser.push(
      concat(
        [0x00, 0xff],
        good,
        [0xaa],
        good,
        [0x13, 0x66, 0, 0, 0, 0, 0, 0, 0, 0, 0x05],
        registerReply(0x13680000, 0, 0),
        damaged,
        good,
      ),
    );
    expect(registers.map(([value]) => value >>> 16)).toEqual([0x1366, 0x1366, 0x1368, 0x1366]);
    expect(parser.crcErrors).toBe(1);
    expect(parser.resyncBytes).toBe(2 + 1 + 11 + 11);
  });

  test("bit errors and split frames cost the frames they touch and no more (case H18)", () => {
    const { parser, nonces } = makeParser();
    const frames = Array.from({ length: 1000 }, (_, i) =>
      i + 1 === 50 ? nonceReply(0x12aa5534, 1, 0x18, i) : nonceReply(Math.imul(i + 1, 0x9e3779b1), 0, 0x20, i),
    );
    frames.forEach((frame, i) => {
      const number = i + 1;
      if (number === 10) {
        // 200 ms lie between the two parts; the parser knows no time.
        parser.push(frame.subarray(0, 4));
        expect(nonces).toHaveLength(9);
        parser.push(frame.subarray(4));
      } else if (number === 20) {
        parser.push(frame.filter((_, place) => place !== 6));
      } else if (number === 30) {
        parser.push(frame.map((byte, place) => (place === 5 ? byte ^ 0x10 : byte)));
      } else if (number === 40) {
        parser.push(concat([0xaa], frame));
      } else {
        parser.push(frame);
      }
    });
    expect(nonces).toHaveLength(998);
    expect(nonces.map((fields) => fields[3])).toEqual(
      Array.from({ length: 1000 }, (_, i) => i).filter((i) => i !== 19 && i !== 29),
    );
    expect(parser.crcErrors).toBe(2);
  });

  test("nine-byte replies are read in their mode and counted as short in the other", () => {
    const short = makeParser();
    short.parser.frameLength = 9;
    short.parser.push(concat(shortRegisterReply(0x13970018, 4, 0), replyFrame([1, 2, 3, 4, 5, 6], 4)));
    expect(short.registers).toEqual([[0x13970018, 4, 0]]);
    expect(short.nonces).toEqual([[0x01020304, 5, 6, 0]]);
    const long = makeParser();
    long.parser.push(concat(shortRegisterReply(0x13660000, 0, 0), shortRegisterReply(0x13660000, 0, 0), good));
    expect(long.parser.shortFrames).toBeGreaterThanOrEqual(2);
    expect(long.registers).toEqual([[0x13660000, 0, 0]]);
  });

  test("a frame of unknown type is no frame, whatever its CRC", () => {
    const { parser, registers, nonces } = makeParser();
    for (const type of [1, 2, 3, 5, 6, 7]) parser.push(replyFrame([0, 0, 0, 0, 0, 0, 0, 0], type));
    expect([registers.length, nonces.length, parser.crcErrors]).toEqual([0, 0, 6]);
  });

  test("a reset forgets the half frame and counts it", () => {
    const { parser, registers } = makeParser();
    parser.push(good.subarray(0, 7));
    parser.reset();
    expect(parser.resyncBytes).toBe(7);
    parser.push(good);
    expect(registers).toHaveLength(1);
  });

  test("a chunk larger than the buffer is taken in pieces", () => {
    const { parser, registers } = makeParser();
    const chunk = new Uint8Array(11 * 20_000);
    for (let i = 0; i < 20_000; i++) chunk.set(good, i * 11);
    parser.push(chunk);
    expect(registers).toHaveLength(20_000);
    expect(parser.resyncBytes).toBe(0);
  });

  test("100,000 frames leave no garbage behind", () => {
    let sum = 0;
    const parser = new ResponseParser({
      onRegister: (value) => {
        sum = (sum + value) | 0;
      },
      onNonce: (nonceWord, excess, idByte, rolled) => {
        sum = (sum + nonceWord + excess + idByte + rolled) | 0;
      },
    });
    const chunk = new Uint8Array(1100);
    for (let i = 0; i < 100; i++) chunk.set(nonceReply(Math.imul(i, 0x9e3779b1), 1, 0x38, i * 7), i * 11);
    const run = (): void => {
      for (let i = 0; i < 1000; i++) parser.push(chunk);
    };
    expect(leastGrowthBytes(64 * 1024, run)).toBeLessThan(64 * 1024);
    expect(sum).not.toBe(0);
    expect(parser.crcErrors).toBe(0);
  });
});
