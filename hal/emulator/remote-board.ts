/**
 * The emulated board from the miner's side: it starts the emulator's process, opens the pseudo-terminals with whatever
 * serial code it is given, and turns pins, buses and registers into calls.
 */
import { type ChildProcess, fork } from "node:child_process";
import { KumpelError } from "#hal/errors.ts";
import type { BoardPorts } from "#hal/ports.ts";
import type { RegisterBlock } from "#hal/registers.ts";
import type { Uart } from "#hal/uart.ts";
import {
  type BoardCallName,
  type BoardCalls,
  type BoardReply,
  type EmulatorStats,
  fromWireError,
  type PoolRequest,
  type StartAnswer,
  type WatchdogOrder,
} from "./board-messages.ts";
import type { ChainFaults } from "./faults.ts";
import type { MachineName } from "./machines.ts";
import { busRole, noRegisters, noUart, wirePin } from "./port-lookup.ts";
import type { RecordedFrame } from "./recorded-chain.ts";

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
  /** Chains play this back; absent: the emulator's own chips. */
  readonly recording?: readonly RecordedFrame[];
}

export interface ForkedBoard {
  /** What a control board is assembled on. Closing them ends the emulator. */
  readonly ports: BoardPorts;
  /** Port of the local pool on the loopback interface. */
  readonly poolPort: number | null;
  readonly pid: number;
  /** Ends the emulator. */
  stop(): Promise<void>;
  stats(): Promise<EmulatorStats>;
  setChainFaults(chainIndex: number, faults: Partial<ChainFaults>): Promise<void>;
}

/** @throws KumpelError `EMULATOR_MACHINE_UNKNOWN`, `NATIVE_MODULE_MISSING`, `PTY_UNAVAILABLE`, `EMULATOR_LOST`. */
export async function forkEmulatedBoard(options: ForkOptions): Promise<ForkedBoard> {
  const link = new ChildLink(options.programPath);
  const { machine, chipScale, recording } = options;
  try {
    const started = await link.call("start", {
      machine,
      chipScale,
      seed: options.seed ?? null,
      pool: options.pool ?? null,
      ...(recording === undefined ? {} : { recording }),
    });
    const stop = (): Promise<void> => link.stop();
    return {
      ports: portsOf(link, started, options.openUart),
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

function portsOf(link: ChildLink, started: StartAnswer, openUart: ForkOptions["openUart"]): BoardPorts {
  const nothing = (): Promise<void> => Promise.resolve();
  const { busRoles } = started;
  return {
    openUart: (path, baud) => {
      const port = started.serialPorts.find((p) => p.path === path);
      if (port !== undefined) return openUart(port.ptyPath, baud);
      return Promise.reject(noUart(path, started.serialPorts));
    },
    openGpioOutput: async (line, isHigh) => {
      const pin = wirePin(line);
      const set = async (level: boolean): Promise<void> => {
        await link.call("writePin", { pin, isHigh: level });
      };
      await set(isHigh);
      return { set, close: nothing };
    },
    openGpioInput: async (line) => {
      const pin = wirePin(line);
      return { isHigh: () => link.call("readPin", { pin }), close: nothing };
    },
    openEdgeCounter: async (line) => {
      const pin = wirePin(line);
      return { count: () => link.call("countEdges", { pin }), close: nothing };
    },
    openI2c: async (selector) => {
      const role = busRole(selector, busRoles);
      return {
        name: `emulated ${role} bus`,
        transfer: async (address, write, readLength) =>
          Uint8Array.from(await link.call("transferI2c", { role, address, write: Array.from(write), readLength })),
      };
    },
    openPwm: async ({ documentedChip: chip, channel }) => {
      let period = 0;
      return {
        apply: async ({ periodNs, dutyNs }) => {
          period = periodNs;
          await link.call("applyPwm", { chip, channel, dutyShare: dutyNs / periodNs });
        },
        readPeriodNs: () => Promise.resolve(period),
        close: nothing,
      };
    },
    openRegisters: async (selector) => {
      const names = selector.kind === "uio" ? selector.names : [selector.path];
      const block = await link.call("openRegisters", { names });
      if (block === null) throw noRegisters(names);
      return remoteRegisters(link, block);
    },
    openWatchdog: () => {
      const order = (kind: WatchdogOrder["kind"], seconds = 0): Promise<number> =>
        link.call("watchdog", { kind, seconds });
      return Promise.resolve({
        setTimeoutS: (seconds) => order("setTimeout", seconds),
        feed: () => order("feed").then(() => undefined),
        disarm: () => order("disarm").then(() => undefined),
      });
    },
    onLost: (listener) => link.onLost(listener),
    close: () => link.stop(),
  };
}

/** A FIFO's words of one tick are one message. */
function remoteRegisters(link: ChildLink, block: string): RegisterBlock {
  return {
    name: block,
    read: (offset) => link.call("readRegister", { block, offset }),
    write: async (offset, value) => {
      await link.call("writeRegister", { block, offset, value });
    },
    drain: async (fifo, out) => {
      const words = await link.call("drainFifo", { block, fifo, maxWords: out.length });
      out.set(words);
      return words.length;
    },
    fill: (fifo, words, wordCount) =>
      link.call("fillFifo", { block, fifo, words: Array.from(words.subarray(0, wordCount)) }),
    close: () => Promise.resolve(),
  };
}
