/**
 * Entry of the one program in its three roles: the miner (main thread), the emulated world (a child process) and the
 * management worker. Each role's code lies behind a dynamic import, so that a worker never loads a native package.
 */
import { randomBytes } from "node:crypto";
import os from "node:os";
import path from "node:path";
import { isMainThread } from "node:worker_threads";
import { type ErrorCode, errorText, isKumpelError } from "#hal/errors.ts";
import type { FileStore } from "#hal/file-store.ts";
import type { RunOptions } from "./cli/run-options.ts";
import { EXIT } from "./cli/usage.ts";
import type { Log } from "./log.ts";
import type { RealMachine } from "./platform/choose-board.ts";
import type { Platform, Scales } from "./platform/platform.ts";

const HELP = `kumpel: open firmware userland for Bitcoin ASIC control boards.

  kumpel run [OPTIONS]       mine (kumpel run --help)
  kumpel board [--json]      which control board this is; probe-chains finds its serial devices (kumpel board --help)
  kumpel config ACTION       checks, shows and changes the settings (kumpel config --help)
  kumpel receipts --data DIR accepted work by day, pool and user (kumpel receipts --help)
  kumpel incidents --data DIR  why it stopped or restarted; acknowledges a shutdown (kumpel incidents --help)
  kumpel replay FILE         what this program would decide in a recorded incident (kumpel replay --help)
  kumpel trace ACTION FILE   decodes, compares and verifies chip traffic, captured here or elsewhere (kumpel trace --help)
  kumpel console [COMMAND]   looks at a running Kumpel, tunes and steers it (kumpel console --help)
  kumpel update ACTION       installs a signed bundle, shows where an update stands, goes back (kumpel update --help)
  kumpel hil --target T --suite S  checks a machine step by step, real or emulated, for CI (kumpel hil --help)
  kumpel version [--json]    version, and which native add-ons load here; --licences: other people's work in it

From a checkout: npm start is kumpel run --demo; npm run kumpel -- SUBCOMMAND is any other.
`;

/** Signals that end the program cleanly: hashboards off first. */
const STOP_SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
/** After a stop signal the process ends by itself within this; a hang must not keep it. */
const EXIT_LIMIT_MS = 1_900;
const LINGER_LIMIT_MS = 300;

async function runCli(args: readonly string[]): Promise<number> {
  const [command, ...rest] = args;
  switch (command) {
    case "run": {
      const { runCommand } = await import("./cli/run-command.ts");
      return runCommand(rest, await commandContext());
    }
    case "board": {
      const { boardCommand } = await import("./cli/board-command.ts");
      return boardCommand(rest, await boardContext());
    }
    case "receipts": {
      const { receiptsCommand } = await import("./cli/receipts-command.ts");
      const { openDataFolderToRead } = await import("./platform/data-folder.ts");
      return receiptsCommand(rest, { openStore: openDataFolderToRead, stdout: writeOut });
    }
    case "incidents": {
      const { incidentsCommand } = await import("./cli/incidents-command.ts");
      const { openDataFolderToRead } = await import("./platform/data-folder.ts");
      const { latchOf } = await import("./platform/latch-of.ts");
      return incidentsCommand(rest, { openStore: openDataFolderToRead, latchOf, stdout: writeOut });
    }
    case "config": {
      const { configCommand } = await import("./cli/config-command.ts");
      return configCommand(rest, await configContext());
    }
    case "replay": {
      const { replayCommand } = await import("./cli/replay-command.ts");
      const { readTextFile } = await import("./platform/text-file.ts");
      return replayCommand(rest, { readText: readTextFile, stdout: writeOut });
    }
    case "trace": {
      const { traceCommand } = await import("./cli/trace-command.ts");
      const { followFile, readChunks } = await import("./platform/trace-input.ts");
      const { SystemClock } = await import("#hal/linux/system-clock.ts");
      const clock = new SystemClock();
      const output = { stdout: writeOut, stderr: writeErr };
      return traceCommand(rest, { readChunks, followFile, clock, onStopSignal, ...output });
    }
    case "console":
      return runConsole(rest);
    case "update":
      return runUpdate(rest);
    case "hil":
      return runHil(rest);
    case "version": {
      const { versionCommand } = await import("./cli/version-command.ts");
      const { NATIVE_ADDONS } = await import("#hal/linux/native-addons.ts");
      const licenceFile = path.join(path.dirname(process.argv[1] ?? ""), "LICENCES.txt");
      return versionCommand(rest, NATIVE_ADDONS, licenceFile, writeOut);
    }
    case undefined:
    case "--help":
    case "help":
      writeOut(HELP);
      return command === undefined ? EXIT.usage : EXIT.done;
    default:
      writeErr(`Subcommand "${command}" is unknown; kumpel --help lists them.\n`);
      return EXIT.usage;
  }
}

async function commandContext() {
  const { networkNames } = await import("./platform/network-facts.ts");
  const { lockFolder } = await import("./platform/run-lock.ts");
  const { chainCountOf, openEmulatedPlatform } = await import("./platform/emulated.ts");
  const { findRealMachine, openRealPlatform, realScales } = await import("./platform/real.ts");
  const { writeSafeFile } = await import("./platform/safe-file.ts");
  const { withLocalPool } = await import("./platform/with-local-pool.ts");
  const { openDataFolder, openSettings } = await import("./platform/data-folder.ts");
  const { isImage, rebootBoard, updatePlace } = await import("./platform/update-place.ts");
  const { RaucUpdater } = await import("./update/rauc.ts");
  const { makeRealTime } = await import("#hal/linux/real-time.ts");
  const { runProgram } = await import("#hal/linux/run-program.ts");
  const { SystemClock } = await import("#hal/linux/system-clock.ts");
  const programPath = process.argv[1] ?? "";
  const openEmulated = openEmulatedPlatform(programPath);
  const openReal = async (machine: RealMachine, options: RunOptions, scales: Scales, log: Log): Promise<Platform> => {
    if (isImage()) writeSafeFile(machine, log);
    const platform = await openRealPlatform(machine, log);
    const hasLocalPool = options.areChipsEmulated && options.poolGroups.length === 0;
    return hasLocalPool ? withLocalPool(platform, scales) : platform;
  };
  return {
    programPath,
    openPlatform: (options: RunOptions, scales: Scales, log: Log): Promise<Platform> =>
      options.real === null ? openEmulated(options, scales, log) : openReal(options.real, options, scales, log),
    openDataFolder,
    openUpdates: (folder: string) =>
      isImage() ? { updater: new RaucUpdater(runProgram), place: updatePlace(folder), reboot: rebootBoard } : null,
    lockFolder,
    openSettings,
    clock: new SystemClock(),
    randomBytes,
    findMachine: findRealMachine,
    realScales,
    onStopSignal,
    stdout: writeOut,
    stderr: writeErr,
    isTerminal: process.stderr.isTTY === true,
    columns: () => (process.stderr.isTTY === true ? process.stderr.columns : 80),
    chainCountOf,
    networkNames,
    makeRealTime,
  };
}

async function configContext() {
  const { AccessKeeper } = await import("./api/access-keeper.ts");
  const { openDataFolder, openSettingsFile, settingsOfData } = await import("./platform/data-folder.ts");
  const { readTextFile, writePrivateFile } = await import("./platform/text-file.ts");
  const { SystemClock } = await import("#hal/linux/system-clock.ts");
  return {
    openData: async (folder: string) => (await openDataFolder(folder)).store,
    openFile: openSettingsFile,
    settingsOf: (store: FileStore) => settingsOfData(store),
    accessOf: (store: FileStore) => new AccessKeeper({ store, clock: new SystemClock(), randomBytes }),
    readText: readTextFile,
    writeText: writePrivateFile,
    stdout: writeOut,
    stderr: writeErr,
  };
}

async function boardContext() {
  const { detectSystem, findRealMachine, openRealPlatform } = await import("./platform/real.ts");
  const { openEmulatedMachine } = await import("./platform/emulated-machine.ts");
  return {
    detect: detectSystem,
    findMachine: findRealMachine,
    openReal: openRealPlatform,
    openEmulated: openEmulatedMachine,
    onStopSignal,
    stdout: writeOut,
    stderr: writeErr,
  };
}

async function runConsole(args: readonly string[]): Promise<number> {
  const { consoleCommand } = await import("./cli/console-command.ts");
  const { consoleHistory, findConsoleSockets } = await import("./platform/console-line.ts");
  const { openSerialTerminal } = await import("#hal/linux/serial-terminal.ts");
  const { SystemClock } = await import("#hal/linux/system-clock.ts");
  return consoleCommand(args, {
    clock: new SystemClock(),
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: writeErr,
    findSockets: findConsoleSockets,
    openSerial: openSerialTerminal,
    historyOf: consoleHistory,
    onStopSignal,
  });
}

async function runUpdate(args: readonly string[]): Promise<number> {
  const { updateCommand } = await import("./cli/update-command.ts");
  const { findConsoleSockets } = await import("./platform/console-line.ts");
  const { openBundle } = await import("./platform/bundle-file.ts");
  const { SystemClock } = await import("#hal/linux/system-clock.ts");
  const parts = { clock: new SystemClock(), findSockets: findConsoleSockets, openBundle };
  return updateCommand(args, { ...parts, stdout: writeOut, stderr: writeErr });
}

async function runHil(args: readonly string[]): Promise<number> {
  const { hilCommand } = await import("./cli/hil-command.ts");
  const { openBenchTarget, openRealTimeTarget, openVirtualTarget } = await import("./platform/hil-target.ts");
  const { findRealMachine } = await import("./platform/real.ts");
  const { openDataFolder } = await import("./platform/data-folder.ts");
  const { readTextFile, writePrivateFile } = await import("./platform/text-file.ts");
  return hilCommand(args, {
    openVirtual: openVirtualTarget,
    openRealTime: (machine: string, seed: number) => openRealTimeTarget(process.argv[1] ?? "", machine, seed),
    findMachine: findRealMachine,
    openBench: openBenchTarget,
    openData: async (folder: string) => (await openDataFolder(folder)).store,
    readText: readTextFile,
    writeText: writePrivateFile,
    onStopSignal,
    stdout: writeOut,
    stderr: writeErr,
  });
}

/** An error that nobody caught: the ordinary stop runs, and the exit code says that something broke. */
let hasCrashed = false;

function onStopSignal(listener: (name: string) => void): void {
  let isStopping = false;
  const stop = (name: string): void => {
    if (isStopping) return;
    isStopping = true;
    setTimeout(() => {
      writeErr("The stop took too long: ended by force, and whether the hashboards are off is not confirmed.\n");
      process.exit(EXIT.failed);
    }, EXIT_LIMIT_MS).unref();
    listener(name);
  };
  for (const name of STOP_SIGNALS) process.on(name, () => stop(name));
  for (const kind of ["uncaughtException", "unhandledRejection"] as const) {
    process.on(kind, (error: unknown) => {
      hasCrashed = true;
      writeErr(`${kind}: ${error instanceof Error ? error.stack : String(error)}\n`);
      stop(kind);
    });
  }
}

function writeOut(text: string): void {
  process.stdout.write(text);
}

function writeErr(text: string): void {
  process.stderr.write(text);
}

/** A reader that went away (a closed pipe, a closed terminal, a full disk) is no reason to die with power on. */
function ignoreBrokenPipes(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", () => undefined);
  }
}

/** The owner must say or change something before the program can do anything. */
const USAGE_CODES: readonly ErrorCode[] = [
  "USAGE",
  "POOL_URL_INVALID",
  "SETTINGS_INVALID",
  "PORT_IN_USE",
  "EMULATOR_MACHINE_UNKNOWN",
  "OWNER_SETTING_NEEDED",
  "VOLTAGE_OUT_OF_RANGE",
  "LIMIT_OUT_OF_RANGE",
];
/** What the program needs of its machine is not there. */
const UNREACHABLE_CODES: readonly ErrorCode[] = [
  "PTY_UNAVAILABLE",
  "CONSOLE_LOST",
  "NATIVE_MODULE_MISSING",
  "UART_OPEN_FAILED",
  "EMULATOR_LOST",
  "BOARD_UNKNOWN",
  "HOBBY_CONTROL_FAILED",
  "I2C_FAILED",
  "GPIO_FAILED",
  "PWM_FAILED",
  "REGISTERS_FAILED",
];

function exitCodeOf(error: unknown): number {
  if (isKumpelError(error, ...USAGE_CODES)) return EXIT.usage;
  return isKumpelError(error, ...UNREACHABLE_CODES) ? EXIT.unreachable : EXIT.failed;
}

/** Mining goes before whoever asks about it. */
const WORKER_NICE = 10;

async function runWorker(): Promise<void> {
  // On Linux the priority is that of the calling thread, which is the worker alone.
  os.setPriority(0, WORKER_NICE);
  const { runManagement } = await import("./api/management.ts");
  const { SystemClock } = await import("#hal/linux/system-clock.ts");
  const { SystemRandom } = await import("#hal/linux/system-random.ts");
  const { keptNetworkFacts } = await import("./platform/network-facts.ts");
  const clock = new SystemClock();
  await runManagement({
    clock,
    random: new SystemRandom(),
    randomBytes,
    networkFacts: keptNetworkFacts(clock),
    openNetwork: async () => {
      const { SocketNetwork } = await import("#hal/linux/socket-network.ts");
      return new SocketNetwork();
    },
    openStore: async (folder) => {
      const { FolderStore } = await import("#hal/linux/folder-store.ts");
      return FolderStore.openToRead(folder);
    },
    dial: async (options) => {
      const { dial } = await import("#hal/linux/dial.ts");
      return dial(options);
    },
  });
}

async function main(): Promise<void> {
  ignoreBrokenPipes();
  try {
    const code = await runCli(process.argv.slice(2));
    process.exitCode = hasCrashed ? EXIT.failed : code;
  } catch (error) {
    writeErr(`${isKumpelError(error) ? errorText(error) : error instanceof Error ? error.stack : String(error)}\n`);
    process.exitCode = exitCodeOf(error);
  }
  // All is done; whatever still holds the process (a socket that nobody reads) must not keep it.
  setTimeout(() => process.exit(), LINGER_LIMIT_MS).unref();
}

if (!isMainThread) {
  void runWorker();
} else if (process.argv[2] === "emulate") {
  void import("./platform/emulator-child.ts").then((m) => m.runChild());
} else {
  void main();
}
