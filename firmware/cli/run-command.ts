/**
 * `kumpel run`: reads the settings, builds the machine, runs it until somebody stops it; a restart that is ordered begins
 * anew with the settings as they are then. Settings that are broken, or cannot be carried out, end in a safe idle: nothing
 * is switched on, and the own API says why.
 */
import fs from "node:fs";
import path from "node:path";
import { boardSupport } from "#drivers/hashboards/board-supports.ts";
import { pause } from "#hal/clock.ts";
import { type ErrorCode, errorText, isKumpelError } from "#hal/errors.ts";
import { LogRing } from "../api/log-ring.ts";
import { type MachineControls, machineControls } from "../api/machine-controls.ts";
import { ManagementPlane } from "../api/management-plane.ts";
import { loadPause } from "../api/owner-pause.ts";
import { SessionMemory } from "../api/session-memory.ts";
import { NO_UPDATES } from "../api/update-orders.ts";
import type { Settings } from "../config/schema.ts";
import type { LoadedSettings, SettingsStore } from "../config/settings-store.ts";
import { consolePathIn } from "../console/console-path.ts";
import { describeIdentity, readBoardIdentities } from "../hardware/board-identities.ts";
import { createLog, type Log } from "../log.ts";
import type { DataFolder } from "../platform/data-folder.ts";
import { LOOPBACK } from "../platform/platform.ts";
import type { UpdateDesk } from "../update/update-desk.ts";
import type { UpdatePhase } from "../update/update-status.ts";
import { VERSION } from "../version.ts";
import { warmUp } from "../warm-up.ts";
import { idleOutwardOf } from "./outward.ts";
import { Run } from "./run.ts";
import type { CommandContext } from "./run-context.ts";
import { idleUntilStopped } from "./run-idle.ts";
import { createMiner, scalesOf, withMachine } from "./run-machine.ts";
import {
  type IdleOptions,
  parseBounds,
  parseFolders,
  parseIdleOptions,
  parseRunOptions,
  RUN_HELP,
  type RunOptions,
} from "./run-options.ts";
import { RunStop } from "./run-stop.ts";
import { openUpdateDesk, rebootIfOrdered } from "./run-updates.ts";
import { poolOf } from "./settings-pools.ts";
import { tlsWishOf } from "./tls-wish.ts";
import { EXIT, usageError } from "./usage.ts";

const DEFAULT_HTTP_PORT = 8080;
/** The owner's words are the matter: with a settings file they can be mended from afar, so the program stays reachable. */
const IDLE_CODES: readonly ErrorCode[] = [
  "USAGE",
  "OWNER_SETTING_NEEDED",
  "POOL_URL_INVALID",
  "LIMIT_OUT_OF_RANGE",
  "VOLTAGE_OUT_OF_RANGE",
];

/** Boards and their devices that are not there, or not yet. */
const HARDWARE_CODES: readonly ErrorCode[] = [
  "BOARD_UNKNOWN",
  "GPIO_FAILED",
  "I2C_FAILED",
  "PWM_FAILED",
  "REGISTERS_FAILED",
  "UART_OPEN_FAILED",
];
/** A driver may come later. Each look ends who is on the page and begins alerts anew, so that they become rare. */
const LOOK_AGAIN_MS = 300_000;
const LOOK_AGAIN_MAX_MS = 6 * 3_600_000;
/** Of an update that a look would end. */
const BUSY_PHASES: readonly UpdatePhase[] = ["staging", "verifying", "installing", "pendingReboot"];

export async function runCommand(args: readonly string[], context: CommandContext): Promise<number> {
  if (args.includes("--help")) {
    context.stdout(RUN_HELP);
    return EXIT.done;
  }
  const folders = parseFolders(args);
  checkArguments(args, context.isTerminal);
  const { forMs, report } = parseBounds(args);
  assertReportWritable(report);
  const data = await context.openDataFolder(folders.data);
  let unlock = (): void => undefined;
  // Whatever fails from here on: a temporary folder goes.
  try {
    unlock = context.lockFolder(data.store.place);
    if (data.isReadOnly)
      context.stderr(`kumpel: ${data.store.place} takes no writes: what is changed is lost at the end\n`);
    const settings = await context.openSettings(folders.config, data.store);
    const stop = new RunStop(context, forMs);
    try {
      const memory: Memory = { lives: 0, looks: 0, port: null, sessions: new SessionMemory(context.clock) };
      const desk = openUpdateDesk(context, data.store, settings, stop);
      const parts = { args, context, data, settings, stop, memory, desk };
      let end: number | null = null;
      while (end === null) {
        end = await new Life(parts).live();
        memory.lives++;
      }
      return await rebootIfOrdered(context, stop, end, (reason, life) => new Life(parts).stayOff(reason, life));
    } finally {
      stop.close();
    }
  } finally {
    unlock();
    await data.close();
  }
}

/** What is wrong with the command line itself is told before anything is opened; what it lacks may be in the settings. */
function checkArguments(args: readonly string[], isTerminal: boolean): void {
  try {
    parseRunOptions(args, isTerminal);
  } catch (error) {
    if (!isKumpelError(error, "OWNER_SETTING_NEEDED")) throw error;
  }
}

/** What one life leaves to the next. */
interface Memory {
  lives: number;
  /** In a row, for a board that is not there. */
  looks: number;
  /** Of the own API: whoever has its page open finds it again. */
  port: number | null;
  readonly sessions: SessionMemory;
}

interface LifeParts {
  readonly args: readonly string[];
  readonly context: CommandContext;
  readonly data: DataFolder;
  readonly settings: SettingsStore;
  readonly stop: RunStop;
  readonly memory: Memory;
  readonly desk: UpdateDesk | null;
}

/** From one reading of the settings to the next. */
class Life {
  readonly #parts: LifeParts;
  readonly #ring = new LogRing();
  /** The board was there. */
  #isOpen = false;

  constructor(parts: LifeParts) {
    this.#parts = parts;
  }

  /** Exit code, or null when a restart was ordered. */
  async live(): Promise<number | null> {
    const { context, data, settings, stop, args, memory } = this.#parts;
    const loaded = await settings.load();
    const life = stop.begin();
    for (const { sentence } of loaded.problems) context.stderr(`kumpel: ${sentence}\n`);
    if (loaded.source === "idle")
      return this.#idle(loaded.problems.map(({ sentence }) => sentence).join("; "), loaded, life);
    try {
      const code = await this.#mine(parseRunOptions(args, context.isTerminal, loaded.settings), loaded, life);
      return stop.wantsRestart ? null : code;
    } catch (error) {
      const isMendable = data.isKept || loaded.source !== "none" || memory.lives > 0;
      if (!isMendable || life.signal.aborted) throw error;
      if (!isKumpelError(error, ...IDLE_CODES)) return this.#idleWithoutHardware(error, loaded, life);
      return this.#idle(errorText(error), loaded, life);
    }
  }

  /**
   * On an image, or after an order over a face, nobody stands at a terminal to read the error: the page stays, and the board is
   * looked for again. @throws everything else that went wrong, and what went wrong once the board was open.
   */
  async #idleWithoutHardware(error: unknown, loaded: LoadedSettings, life: AbortController): Promise<number | null> {
    const { desk, memory } = this.#parts;
    const isWatched = desk === null && memory.lives === 0;
    if (isWatched || this.#isOpen || !isKumpelError(error, ...HARDWARE_CODES)) throw error;
    const lookAgainMs = Math.min(LOOK_AGAIN_MAX_MS, LOOK_AGAIN_MS * 2 ** memory.looks++);
    void this.#lookAgain(lookAgainMs, life.signal);
    return this.#idle(errorText(error), loaded, life);
  }

  async #lookAgain(afterMs: number, signal: AbortSignal): Promise<void> {
    const { context, desk, stop } = this.#parts;
    while (await pause(context.clock, afterMs, signal)) {
      if (desk !== null && BUSY_PHASES.includes(desk.status.state)) continue;
      stop.restart("looking for the board again");
      return;
    }
  }

  /** Nothing is switched on until somebody stops the program. */
  async stayOff(reason: string, life: AbortController): Promise<number> {
    await this.#idle(reason, await this.#parts.settings.load(), life);
    return EXIT.failed;
  }

  async #idle(reason: string, { settings }: LoadedSettings, life: AbortController): Promise<number | null> {
    const { args, context, stop, memory, desk } = this.#parts;
    const options = parseIdleOptions(args, settings);
    const log = createLog(options.logLevel, (line) => this.#ring.add(line));
    const idle = { machine: null, machineName: options.machineName, idleReason: reason };
    const management = this.#plane({ log, options, settings, ...idle });
    await idleUntilStopped({ context, management, reason, life, desk });
    memory.port = management.port;
    return stop.wantsRestart ? null : EXIT.usage;
  }

  async #mine(
    parsed: ReturnType<typeof parseRunOptions>,
    loaded: LoadedSettings,
    life: AbortController,
  ): Promise<number> {
    const { context, data, stop, memory, desk } = this.#parts;
    const options = await withMachine(parsed, context);
    const log = createLog(options.logLevel, (line) => this.#ring.add(line));
    for (const note of loaded.notes) log.warn(`settings: ${note}`);
    const scales = scalesOf(options, context);
    if (!data.isKept && !options.isDemo) log.warn("receipts go with the end of this run; --data DIR keeps them");
    const platform = await context.openPlatform(options, scales, log);
    this.#isOpen = true;
    memory.looks = 0;
    try {
      warmUp();
      const identities = await readBoardIdentities(platform.board, boardSupport(options.hashboard.model));
      for (const board of identities) log.info({ chain: board.chainIndex }, describeIdentity(board));
      const { settings } = loaded;
      const miner = await createMiner(options, { platform, scales, identities, store: data.store, settings }, log);
      const pauseReason = await loadPause(data.store);
      if (options.trace !== null) {
        await miner.parts.supervision.trace.start(options.trace.file, options.trace.limits);
      }
      if (pauseReason !== null) miner.parts.pauses.pause("owner", pauseReason);
      const machine = machineControls(miner, log);
      const machineName = options.hashboard.model;
      const management = this.#plane({ log, options, settings, machine, machineName, idleReason: null });
      await this.#showToken(management);
      // Chips in this very process would take the whole machine with them.
      if (options.link !== "memory") await mineFirst(context, log);
      const problems = (): string[] => this.#parts.settings.loaded.problems.map(({ sentence }) => sentence);
      const run = new Run({ options, context, platform, miner, management, problems, desk });
      const code = await run.untilStopped(life, () => stop.reason);
      memory.port = management.port;
      return code;
    } finally {
      desk?.onIncident(null);
      await platform.stop();
    }
  }

  /** The first start makes the owner's token and shows it, this once. */
  async #showToken(management: ManagementPlane): Promise<void> {
    const { context } = this.#parts;
    const token = await management.open();
    if (token !== null) context.stderr(`kumpel: token for the own API, shown this once: ${token}\n`);
  }

  #plane(parts: {
    log: Log;
    options: RunOptions | IdleOptions;
    settings: Settings;
    machine: MachineControls | null;
    machineName: string;
    idleReason: string | null;
  }): ManagementPlane {
    const { context, data, settings, stop, memory, desk } = this.#parts;
    const { options, machine, machineName, idleReason } = parts;
    const { network, security, pool_groups } = parts.settings;
    const isBroken = settings.loaded.source === "idle";
    const run = "outward" in options ? options : null;
    const asked = options.httpPort ?? DEFAULT_HTTP_PORT;
    // The system picked one before, or the default one was taken: the same again, if it is free.
    const isPortFree = asked === 0 || asked === DEFAULT_HTTP_PORT;
    return new ManagementPlane({
      log: parts.log.child({ part: "management" }),
      clock: context.clock,
      store: data.store,
      settings,
      randomBytes: context.randomBytes,
      programPath: context.programPath,
      version: VERSION,
      logRing: this.#ring,
      machine,
      idleReason,
      machineName,
      restart: (reason, delayMs) => stop.restart(reason, delayMs),
      update: desk ?? NO_UPDATES,
      // Only a pool that was missing: where the file was broken, the owner's limits may be gone with it.
      wakes: (after) => !isBroken && pool_groups.length === 0 && after.pool_groups.length > 0,
      sessions: memory.sessions,
      poolOf: (pool) => poolOf(pool, "the pool's"),
      overriddenKeys: run?.overriddenKeys ?? [],
      worker: {
        dataPath: data.store.place,
        tls: tlsWishOf(parts.settings, context.networkNames()),
        webFolder: path.join(path.dirname(context.programPath), "web"),
        consolePath: consolePathIn(data.store.place),
        host: run?.httpListen ?? (network.http.listen || LOOPBACK),
        port: (isPortFree ? memory.port : null) ?? asked,
        isAsked: options.isHttpPortAsked,
        isPortDefault: asked === DEFAULT_HTTP_PORT || (asked === 0 && memory.port !== null),
        readsNeedToken: security.reads_need_token,
        sessionMs: security.session_hours * 3_600_000,
        faces: options.faces,
        outward: run?.outward ?? idleOutwardOf(parts.settings, network.http.listen),
      },
    });
  }
}

/** Where it cannot be had, say for a user without that right, mining goes on as one program among others. */
async function mineFirst({ makeRealTime }: CommandContext, log: Log): Promise<void> {
  try {
    await makeRealTime();
    log.info("mining goes before all other programs of this machine");
  } catch (error) {
    log.info(`mining is one program among others here: no real-time priority (${errorText(error)})`);
  }
}

/** A wrong report path must be known before the run, not after five minutes. */
function assertReportWritable(report: string | null): void {
  if (report === null || report === "-") return;
  if (report === "") throw usageError('--report "" names no file; give a path, or - for standard output.');
  const folder = path.dirname(path.resolve(report));
  try {
    fs.accessSync(folder, fs.constants.W_OK);
    if (report.endsWith(path.sep)) throw new Error("a folder");
    if (fs.existsSync(report)) {
      const kind = fs.statSync(report);
      // A pipe without a reader would block the whole program when the report is due.
      if (!kind.isFile() && !kind.isCharacterDevice()) throw new Error("no file");
      fs.accessSync(report, fs.constants.W_OK);
    }
  } catch {
    throw usageError(
      `--report "${report}" cannot be written: name a file in a folder that is there and writable (${folder} was tried).`,
    );
  }
}
