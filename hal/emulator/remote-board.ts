/**
 * The emulated board from the miner's side: it starts the emulator's process, opens the chains' pseudo-terminals with
 * whatever serial code it is given, and turns the rest of the board into calls.
 */
import { type ChildProcess, fork } from "node:child_process";
import type { ChainConnector, ControlBoard } from "#hal/control-board.ts";
import { KumpelError } from "#hal/errors.ts";
import type { Uart } from "#hal/uart.ts";
import {
  type BoardCallName,
  type BoardCalls,
  type BoardReply,
  type EmulatorStats,
  fromWireError,
  type PoolRequest,
  type StartAnswer,
} from "./board-messages.ts";
import type { ChainFaults } from "./faults.ts";
import type { MachineName } from "./machines.ts";

export interface ForkOptions {
  /** Program that runs `runEmulatorChild` when its argument is `emulate`; normally this very program. */
  readonly programPath: string;
  readonly machine: MachineName;
  /** F of the chips' ticket. */
  readonly chipScale: number;
  /** Absent: drawn by the child. */
  readonly seed?: number;
  readonly openUart: (path: string, baud: number) => Promise<Uart>;
  /** Settings of a local pool in the child; absent: none. */
  readonly pool?: PoolRequest;
}

export interface ForkedBoard {
  readonly board: ControlBoard;
  /** Port of the local pool on the loopback interface. */
  readonly poolPort: number | null;
  readonly pid: number;
  /** Ends the emulator; also what `board.close()` does. */
  stop(): Promise<void>;
  stats(): Promise<EmulatorStats>;
  setChainFaults(chainIndex: number, faults: Partial<ChainFaults>): Promise<void>;
}

/** @throws KumpelError `EMULATOR_MACHINE_UNKNOWN`, `NATIVE_MODULE_MISSING`, `PTY_UNAVAILABLE`, `EMULATOR_LOST`. */
export async function forkEmulatedBoard(options: ForkOptions): Promise<ForkedBoard> {
  const link = new ChildLink(options.programPath);
  const { machine, chipScale } = options;
  try {
    const started = await link.call("start", {
      machine,
      chipScale,
      seed: options.seed ?? null,
      pool: options.pool ?? null,
    });
    const stop = (): Promise<void> => link.stop();
    return {
      board: boardOf(link, started, options.openUart),
      poolPort: started.poolPort,
      pid: link.pid,
      stop,
      stats: () => link.call("stats", null),
      setChainFaults: async (chainIndex, faults) => {
        await link.call("setChainFaults", { chainIndex, faults });
      },
    };
  } catch (error) {
    link.kill();
    throw error;
  }
}

interface Pending {
  resolve(answer: unknown): void;
  reject(error: Error): void;
}

/** Calls with ids, answers in any order; when the child goes, every open call is rejected. */
class ChildLink {
  readonly #child: ChildProcess;
  readonly #pending = new Map<number, Pending>();
  #nextId = 1;
  #isStopping = false;
  #lost: KumpelError | null = null;
  #onLost: ((error: Error) => void) | null = null;

  constructor(programPath: string) {
    this.#child = fork(programPath, ["emulate"], { execArgv: [], stdio: ["ignore", "inherit", "inherit", "ipc"] });
    this.#child.on("message", (message) => this.#onReply(message as BoardReply));
    this.#child.on("error", (cause) => this.#lose(`it can't be reached (${cause.message})`, cause));
    this.#child.on("exit", (code, signal) => this.#lose(`it ended with ${signal ?? `exit code ${String(code)}`}`));
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  call<K extends BoardCallName>(call: K, args: BoardCalls[K]["args"]): Promise<BoardCalls[K]["answer"]> {
    return new Promise((resolve, reject) => {
      if (this.#lost !== null) {
        reject(this.#lost);
        return;
      }
      const id = this.#nextId++;
      this.#pending.set(id, { resolve: (answer) => resolve(answer as BoardCalls[K]["answer"]), reject });
      this.#child.send({ id, call, args });
    });
  }

  onLost(listener: (error: Error) => void): void {
    this.#onLost = listener;
    if (this.#lost !== null && !this.#isStopping) listener(this.#lost);
  }

  async stop(): Promise<void> {
    if (this.#isStopping) return;
    if (this.#lost !== null) {
      this.kill();
      return;
    }
    this.#isStopping = true;
    const gone = new Promise<void>((resolve) => {
      this.#child.once("exit", () => resolve());
    });
    // The miner has made the board safe before; there is nothing left that wants a gentle end, and a hang must not delay it.
    this.kill();
    await gone;
  }

  kill(): void {
    this.#isStopping = true;
    this.#child.kill("SIGKILL");
  }

  #onReply(reply: BoardReply): void {
    const pending = this.#pending.get(reply.id);
    this.#pending.delete(reply.id);
    if (pending === undefined) return;
    if ("error" in reply) pending.reject(fromWireError(reply.error));
    else pending.resolve(reply.answer);
  }

  #lose(reason: string, cause?: Error): void {
    if (this.#lost !== null) return;
    const message = `the emulator's process ${this.pid} is gone: ${reason}; start the program again`;
    this.#lost = new KumpelError("EMULATOR_LOST", message, { cause, details: { pid: this.pid } });
    for (const pending of this.#pending.values()) pending.reject(this.#lost);
    this.#pending.clear();
    if (!this.#isStopping) this.#onLost?.(this.#lost);
  }
}

function boardOf(link: ChildLink, started: StartAnswer, openUart: ForkOptions["openUart"]): ControlBoard {
  return {
    name: started.boardName,
    chains: started.uartPaths.map((uartPath, index): ChainConnector => {
      return {
        index,
        uartPath,
        openUart: (baud) => openUart(uartPath, baud),
        isPlugged: () => link.call("isPlugged", { chainIndex: index }),
        setReset: async (asserted) => {
          await link.call("setReset", { chainIndex: index, asserted });
        },
      };
    }),
    sensorBus: {
      name: "emulated sensor bus",
      transfer: async (address, write, readLength) =>
        Uint8Array.from(await link.call("transferI2c", { address, write: Array.from(write), readLength })),
    },
    fans: {
      count: started.fanCount,
      setDutyPct: async (dutyPct) => {
        await link.call("setFanDutyPct", { dutyPct });
      },
      readRpm: () => link.call("readFanRpm", null),
    },
    power: {
      setEnabled: async (enabled) => {
        await link.call("setPower", { enabled });
      },
    },
    onLost: (listener) => link.onLost(listener),
    close: () => link.stop(),
  };
}
