/**
 * The emulator as a process of its own: the whole world, its chains behind pseudo-terminals, everything else by
 * messages. It ignores Ctrl-C and its relatives, since the miner first powers down and then ends it, and leaves when the
 * channel to the miner closes, however that came about.
 */
import type { Clock } from "#hal/clock.ts";
import { KumpelError } from "#hal/errors.ts";
import type { Network } from "#hal/network.ts";
import type { Random } from "#hal/random.ts";
import type { RegisterBlock } from "#hal/registers.ts";
import {
  type BoardCallName,
  type BoardCalls,
  type BoardReply,
  type BoardRequest,
  type PoolRequest,
  type StartAnswer,
  type StartRequest,
  toWireError,
  type WatchdogOrder,
} from "./board-messages.ts";
import { EmulatedWorld } from "./emulated-world.ts";
import { isMachineName, MACHINE_NAMES } from "./machines.ts";
import { SeededRandom } from "./prng.ts";
import { loadPtyOpener, type Pty } from "./pty.ts";
import type { SerialLine } from "./serial-line.ts";

/** Below this the wire model sends at once: real timers can't wait for less than about a millisecond. */
const MIN_TIMER_MS = 0.5;
const IGNORED_SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

export interface PoolHandle {
  readonly port: number;
  stop(): Promise<void>;
  /** Plain JSON. */
  counts(): unknown;
}

export interface PoolParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly network: Network;
}

/** The part of `process` that the child uses. */
export type ChildProcessPort = Pick<NodeJS.Process, "on" | "send" | "exit" | "kill" | "ppid" | "stderr">;

export interface EmulatorChildDeps extends PoolParts {
  readonly process: ChildProcessPort;
  /** Starts the local pool that a `start` call asks for; without it such a call is refused. */
  readonly startPool?: (options: PoolRequest, parts: PoolParts) => Promise<PoolHandle>;
}

/** Serves calls until the channel closes, then ends the process. Returns at once. */
export function runEmulatorChild(deps: EmulatorChildDeps): void {
  const { process } = deps;
  const child = new EmulatorChild(deps);
  for (const signal of IGNORED_SIGNALS) process.on(signal, () => undefined);
  process.on("message", (message) => {
    void child.serve(message as BoardRequest).then((reply) => {
      // Without a callback a channel that has just closed would end the process before it is safe.
      process.send?.(reply, undefined, undefined, () => undefined);
    });
  });
  process.on("disconnect", () => {
    child.makeSafe();
    process.exit(0);
  });
}

type Handlers = {
  [K in BoardCallName]: (args: BoardCalls[K]["args"]) => BoardCalls[K]["answer"] | Promise<BoardCalls[K]["answer"]>;
};

class EmulatorChild {
  readonly #deps: EmulatorChildDeps;
  #world: EmulatedWorld | null = null;
  #ptys: Pty[] = [];
  #pool: PoolHandle | null = null;

  readonly #handlers: Handlers = {
    start: (args) => this.#start(args),
    writePin: ({ pin, isHigh }) => this.#act((world) => world.ports.writePin(pin, isHigh)),
    readPin: ({ pin }) => this.#running().ports.readPin(pin),
    countEdges: ({ pin }) => this.#running().ports.countEdges(pin),
    applyPwm: ({ chip, channel, dutyShare }) => this.#act((world) => world.ports.applyPwm(chip, channel, dutyShare)),
    transferI2c: ({ role, address, write, readLength }) =>
      Array.from(this.#running().i2c.transfer(role, address, Uint8Array.from(write), readLength)),
    openRegisters: ({ names }) => names.find((name) => this.#running().ports.registers(name) !== null) ?? null,
    readRegister: ({ block, offset }) => this.#block(block).read(offset),
    writeRegister: async ({ block, offset, value }) => {
      await this.#block(block).write(offset, value);
      return null;
    },
    drainFifo: async ({ block, fifo, maxWords }) => {
      const words = new Uint32Array(maxWords);
      return Array.from(words.subarray(0, await this.#block(block).drain(fifo, words)));
    },
    fillFifo: ({ block, fifo, words }) => this.#block(block).fill(fifo, Uint32Array.from(words), words.length),
    watchdog: (order) => this.#watchdog(order),
    setChainFaults: ({ chainIndex, faults }) =>
      this.#act((world) => {
        const target = world.faults.chains[chainIndex];
        if (target === undefined) throw new RangeError(`${world.machine.name} has no chain ${chainIndex}`);
        Object.assign(target, faults);
      }),
    stats: () => ({ world: this.#running().stats(), pool: this.#pool?.counts() ?? null }),
  };

  constructor(deps: EmulatorChildDeps) {
    this.#deps = deps;
  }

  async serve(request: BoardRequest): Promise<BoardReply> {
    try {
      // The names were typed on the sending side; both sides are the same program.
      const handler = this.#handlers[request.call] as (args: unknown) => unknown;
      return { id: request.id, answer: await handler(request.args) };
    } catch (error) {
      return { id: request.id, error: toWireError(error) };
    }
  }

  /** Power off, chains quiet. */
  makeSafe(): void {
    this.#world?.stop();
    this.#world = null;
  }

  async stop(): Promise<void> {
    this.makeSafe();
    for (const pty of this.#ptys) pty.close();
    this.#ptys = [];
    const pool = this.#pool;
    this.#pool = null;
    await pool?.stop();
  }

  async #start(request: StartRequest): Promise<StartAnswer> {
    if (!isMachineName(request.machine)) {
      throw new KumpelError(
        "EMULATOR_MACHINE_UNKNOWN",
        `there is no emulated machine "${String(request.machine)}"; choose one of ${MACHINE_NAMES.join(", ")}`,
        { details: { machine: request.machine } },
      );
    }
    if (this.#world !== null) throw new Error("the emulated machine runs already");
    const random = new SeededRandom(request.seed ?? this.#deps.random.uint32());
    const openPty = await loadPtyOpener();
    const world = new EmulatedWorld({
      machine: request.machine,
      clock: this.#deps.clock,
      random,
      chipScale: request.chipScale,
      minTimerMs: MIN_TIMER_MS,
      ...(request.recording === undefined ? {} : { recording: request.recording }),
      onUnmatched: (chain, command) => {
        this.#deps.process.stderr.write(`The recording of chain ${chain} has no answer to: ${command}.\n`);
      },
    });
    this.#world = world;
    world.onBoardReset(() => this.#endProgram());
    try {
      for (const { line } of world.ports.serialPorts) {
        const pty = openPty();
        this.#ptys.push(pty);
        joinPty(pty, line);
      }
      if (request.pool !== null) this.#pool = await this.#startPool(request.pool, random);
    } catch (error) {
      await this.stop();
      throw error;
    }
    return {
      serialPorts: world.ports.serialPorts.map(({ path }, i) => {
        return { path, ptyPath: this.#ptys[i]?.path ?? "" };
      }),
      busRoles: world.ports.busRoles,
      poolPort: this.#pool?.port ?? null,
    };
  }

  async #watchdog({ kind, seconds }: WatchdogOrder): Promise<number> {
    const { watchdog } = this.#running();
    if (kind === "setTimeout") return watchdog.setTimeoutS(seconds);
    await (kind === "feed" ? watchdog.feed() : watchdog.disarm());
    return 0;
  }

  /** A board that resets takes the program on it along, however fast that hangs. */
  #endProgram(): void {
    const { process } = this.#deps;
    process.stderr.write(
      "The emulated board's watchdog was not fed in time: board reset, supply off, program ended.\n",
    );
    process.kill(process.ppid, "SIGKILL");
  }

  #startPool(options: PoolRequest, random: SeededRandom): Promise<PoolHandle> {
    const { startPool, clock, network } = this.#deps;
    if (startPool === undefined) throw new Error("a local pool was asked for, but this program brings none");
    return startPool(options, { clock, network, random: random.fork("pool") });
  }

  #act(act: (world: EmulatedWorld) => void): null {
    act(this.#running());
    return null;
  }

  #block(name: string): RegisterBlock {
    const block = this.#running().ports.registers(name);
    if (block === null) throw new RangeError(`the emulated board has no register block ${name}`);
    return block;
  }

  #running(): EmulatedWorld {
    if (this.#world === null) throw new Error("the emulated machine is not running");
    return this.#world;
  }
}

/** The rate is read with each chunk as it comes in: once it has been paced out, it may already be the next one. */
function joinPty(pty: Pty, line: SerialLine): void {
  line.attach({ baud: () => pty.baud(), receive: (chunk) => pty.write(chunk) });
  pty.onData((chunk) => {
    const baud = pty.baud();
    if (baud > 0) line.sendFromHost(chunk, baud);
  });
}
