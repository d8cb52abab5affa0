/** Offsets, bits and formulas of both FPGAs against the tables of the notes. */
import { expect, test } from "vitest";
import {
  S9IO,
  S9IO_COMMAND_RX_WORDS,
  S9IO_CONTROL,
  S9IO_RESET,
  S9IO_STATUS,
  S9IO_WORK_RX_WORDS,
  S9IO_WORK_WORDS,
  s9ioBaudRegister,
} from "#drivers/fpga/s9io-registers.ts";
import {
  VENDOR,
  VENDOR_COMMAND,
  VENDOR_FLUSH_NONCES,
  VENDOR_HASH,
  VENDOR_NONCES,
  VENDOR_TIMEOUT_VALID,
  VENDOR_VERSIONS,
  VENDOR_WORK_WORDS,
} from "#drivers/fpga/vendor-registers.ts";
import { VENDOR_FPGA } from "#hal/boards/vendor-fpga.ts";

test("vendor's FPGA: offsets of the chains' registers and of the board's", () => {
  const offsets = Object.fromEntries(Object.entries(VENDOR).map(([name, { offset }]) => [name, offset]));
  expect(offsets).toEqual({
    version: 0x00,
    bufferSpace: 0x0c,
    nonce: 0x10,
    nonceCount: 0x18,
    nonceFlush: 0x1c,
    baud: 0x3c,
    workFifo: 0x40,
    workTimeout: 0x88,
    ticketMask: 0x8c,
    commandGo: 0xc0,
    command: 0xc4,
    crcErrors: 0xf8,
    hashControl: 0x100,
  });
  expect(VENDOR_FPGA).toEqual({
    version: 0x00,
    fanSpeed: 0x04,
    plug: 0x08,
    i2c: 0x30,
    reset: 0x34,
    fanPwm: 0x84,
    fanPwm2: 0xa0,
  });
});

test("vendor's FPGA: bits, sizes and the versions that were seen", () => {
  expect(VENDOR_VERSIONS).toEqual([0xc501, 0xb025, 0xb031, 0xb047]);
  expect([VENDOR_COMMAND.go, VENDOR_COMMAND.oneChain]).toEqual([2 ** 31, 2 ** 23]);
  expect([VENDOR_HASH.newBlock, VENDOR_HASH.run]).toEqual([0x80, 0x40]);
  expect([VENDOR_TIMEOUT_VALID, VENDOR_FLUSH_NONCES]).toEqual([2 ** 31, 2 ** 16]);
  expect(VENDOR_NONCES).toMatchObject({ offset: 0x10, statusOffset: 0x18, mask: 0x7fff, recordWords: 2 });
  expect(VENDOR_WORK_WORDS * 4).toBe(148);
});

test("open core: offsets in its four windows of 4 KiB", () => {
  expect(S9IO).toEqual({
    version: 0x0000,
    buildId: 0x0004,
    control: 0x0008,
    baud: 0x0010,
    workTime: 0x0014,
    errors: 0x0018,
    commandRxFifo: 0x1000,
    commandTxFifo: 0x1004,
    commandControl: 0x1008,
    commandStatus: 0x100c,
    workRxFifo: 0x2000,
    workRxControl: 0x2008,
    workRxStatus: 0x200c,
    workTxFifo: 0x3004,
    workTxControl: 0x3008,
    workTxStatus: 0x300c,
    lastWorkId: 0x3014,
  });
});

test("open core: bits, FIFO depths, and rates from 1,526 to 6,250,000", () => {
  expect(S9IO_CONTROL).toEqual({ bm139x: 0x10, enable: 0x08, clearErrors: 0x01 });
  expect([S9IO_RESET, S9IO_STATUS]).toEqual([
    { tx: 2, rx: 1 },
    { txFull: 8, txEmpty: 4, rxEmpty: 1 },
  ]);
  expect([S9IO_COMMAND_RX_WORDS, S9IO_WORK_RX_WORDS, S9IO_WORK_WORDS]).toEqual([256, 1024, 2048]);
  const rate = (baud: number): number => Math.round(50_000_000 / (8 * (s9ioBaudRegister(baud) + 1)));
  expect([rate(1), rate(1_526), rate(115_200), rate(1_562_500), rate(6_250_000), rate(2 ** 30)]).toEqual([
    1_526, 1_526, 115_741, 1_562_500, 6_250_000, 6_250_000,
  ]);
});
