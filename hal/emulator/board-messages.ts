/** What crosses between the miner and the emulator's process, apart from the chains' bytes: small calls with answers. */
import { type ErrorCode, errorText, KumpelError } from "#hal/errors.ts";
import type { FifoSink, FifoSource } from "#hal/registers.ts";
import type { WorldStats } from "./emulated-world.ts";
import type { ChainFaults } from "./faults.ts";
import type { BusRole } from "./i2c-net.ts";
import type { MachineName } from "./machines.ts";
import type { RecordedFrame } from "./recorded-chain.ts";
import type { WirePin } from "./wiring/world-ports.ts";

/** Settings of the local pool, handed through as they are to whoever starts it. */
export interface PoolRequest {
  readonly host: string;
  readonly port: number;
  /** F of the pool's side. */
  readonly scale: number;
  readonly startDifficulty: number;
  readonly blockIntervalMs?: number;
  readonly sharesPerSecond?: number;
  readonly extranonce2Size?: number;
  readonly versionMask?: number;
}

export interface StartRequest {
  readonly machine: MachineName;
  readonly chipScale: number;
  /** null = taken from the process's random source. */
  readonly seed: number | null;
  /** null = no pool. */
  readonly pool: PoolRequest | null;
  /** Chains play this back; absent: the emulator's own chips. */
  readonly recording?: readonly RecordedFrame[];
}

export interface StartAnswer {
  /** Pseudo-terminal behind each serial device of the board. */
  readonly serialPorts: readonly { readonly path: string; readonly ptyPath: string }[];
  readonly busRoles: readonly BusRole[];
  readonly poolPort: number | null;
}

/** Words that one call may carry: more than any FIFO holds. */
export interface RegisterCalls {
  openRegisters: { args: { names: readonly string[] }; answer: string | null };
  readRegister: { args: { block: string; offset: number }; answer: number };
  writeRegister: { args: { block: string; offset: number; value: number }; answer: null };
  drainFifo: { args: { block: string; fifo: FifoSource; maxWords: number }; answer: number[] };
  fillFifo: { args: { block: string; fifo: FifoSink; words: number[] }; answer: number };
}

export interface EmulatorStats {
  readonly world: WorldStats;
  /** What the pool says of itself; null without a pool. */
  readonly pool: unknown;
}

/** Arguments and answer of each call; answers are plain JSON. */
export interface BoardCalls extends RegisterCalls {
  start: { args: StartRequest; answer: StartAnswer };
  writePin: { args: { pin: WirePin; isHigh: boolean }; answer: null };
  readPin: { args: { pin: WirePin }; answer: boolean };
  countEdges: { args: { pin: WirePin }; answer: number };
  applyPwm: { args: { chip: number; channel: number; dutyShare: number }; answer: null };
  transferI2c: { args: { role: BusRole; address: number; write: number[]; readLength: number }; answer: number[] };
  /** Answers with the seconds until it bites. */
  watchdog: { args: WatchdogOrder; answer: number };
  setChainFaults: { args: { chainIndex: number; faults: Partial<ChainFaults> }; answer: null };
  stats: { args: null; answer: EmulatorStats };
}

export interface WatchdogOrder {
  readonly kind: "setTimeout" | "feed" | "disarm";
  /** Of `setTimeout`. */
  readonly seconds: number;
}

export type BoardCallName = keyof BoardCalls;

export interface BoardRequest {
  readonly id: number;
  readonly call: BoardCallName;
  readonly args: unknown;
}

export type BoardReply =
  | { readonly id: number; readonly answer: unknown }
  | { readonly id: number; readonly error: WireError };

export interface WireError {
  readonly code: ErrorCode | null;
  readonly message: string;
  readonly details: Readonly<Record<string, unknown>>;
}

export function toWireError(error: unknown): WireError {
  return error instanceof KumpelError
    ? { code: error.code, message: error.message, details: error.details }
    : { code: null, message: errorText(error), details: {} };
}

export function fromWireError(error: WireError): Error {
  if (error.code === null) return new Error(error.message);
  return new KumpelError(error.code, error.message, { details: error.details });
}
