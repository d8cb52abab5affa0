/**
 * Registers of one chain core of the open FPGA design for the S9 (clock 50 MHz). All of it is documented by the design's
 * own description, and byte orders by its test bench. Offsets count from the core's start; each 4 KiB window is a block.
 *
 *   command word     first byte of the frame in the low 8 bits; without CRC: 4 bytes in one word, 8 in two
 *   command reply    bytes 0..3, first one low | last byte of the frame 31:24, bytes 4..5 low
 *   work             id | nBits | nTime | merkle tail (all first wire byte low) | midstates, state word 7 first, as numbers
 *   nonce            nonce bytes, first one low: the header value | 31:24 last byte of the frame, 23:8 work id, 7:0 solution
 *
 * The core checks replies by itself, so the last byte is not looked at here. A chip returns seven bits of an id; the core
 * puts the rest back, so ids have 16 bits. Their low bits stay free for the number of the midstate.
 */
import type { FifoSink, FifoSource } from "#hal/registers.ts";

export const S9IO = {
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
} as const;

export const S9IO_CONTROL = { bm139x: 1 << 4, enable: 1 << 3, clearErrors: 1 << 0 } as const;
/** The same bits in all three control and status registers, where the window has such a FIFO. */
export const S9IO_RESET = { tx: 1 << 1, rx: 1 << 0 } as const;
export const S9IO_STATUS = { txFull: 1 << 3, txEmpty: 1 << 2, rxEmpty: 1 << 0 } as const;

/** Depth of the work FIFO in words. */
export const S9IO_WORK_WORDS = 2048;
export const S9IO_WORK_RX_WORDS = 1024;
export const S9IO_COMMAND_RX_WORDS = 256;
/** Bits 27:20 of the version: core model "S9 and newer". */
export const S9IO_CORE_MODEL = 0x09;

const CLOCK_HZ = 50_000_000;
const TICKS_PER_MS = CLOCK_HZ / 1000;
const WORK_TIME_MAX = 0xffffff;
const BAUD_MAX = 0xfff;
const WORDS_BEFORE_MIDSTATES = 4;
const MIDSTATE_WORDS = 8;

export const S9IO_NONCES: FifoSource = {
  statusOffset: S9IO.workRxStatus,
  mask: S9IO_STATUS.rxEmpty,
  readyWhen: "clear",
  offset: S9IO.workRxFifo,
  recordWords: 2,
};

export const S9IO_REPLIES: FifoSource = {
  statusOffset: S9IO.commandStatus,
  mask: S9IO_STATUS.rxEmpty,
  readyWhen: "clear",
  offset: S9IO.commandRxFifo,
  recordWords: 2,
};

export const S9IO_COMMANDS: FifoSink = {
  statusOffset: S9IO.commandStatus,
  mask: S9IO_STATUS.txFull,
  readyWhen: "clear",
  offset: S9IO.commandTxFifo,
  recordWords: 1,
};

/** Words of a work with so many midstates. */
export function s9ioWorkWords(midstates: number): number {
  return WORDS_BEFORE_MIDSTATES + MIDSTATE_WORDS * midstates;
}

/** "Full" is said when no word fits any more: the writer has to know that a whole work does. */
export function s9ioWorks(midstates: number): FifoSink {
  return {
    statusOffset: S9IO.workTxStatus,
    mask: S9IO_STATUS.txFull,
    readyWhen: "clear",
    offset: S9IO.workTxFifo,
    recordWords: s9ioWorkWords(midstates),
  };
}

/** Divisor n of rate = 50 MHz / (8 x (n + 1)). */
export function s9ioBaudRegister(baud: number): number {
  return Math.max(0, Math.min(BAUD_MAX, Math.round(CLOCK_HZ / (8 * baud)) - 1));
}

/** Control word: on, with works of 1, 2 or 4 midstates. */
export function s9ioControl(midstates: number, hasPreamble: boolean): number {
  return S9IO_CONTROL.enable | (Math.log2(midstates) << 1) | (hasPreamble ? S9IO_CONTROL.bm139x : 0);
}

/** Clock ticks between two works; 1 lets commands and works go out without a pause. */
export function s9ioWorkTime(workTimeMs: number): number {
  return Math.max(1, Math.min(WORK_TIME_MAX, Math.floor(workTimeMs * TICKS_PER_MS)));
}
