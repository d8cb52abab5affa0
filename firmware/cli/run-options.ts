/** Options of `kumpel run`: parsing, ranges, help. An option whose part is not built yet is unknown. */

import { parseArgs } from "node:util";
import { findHashboard, HASHBOARDS, type HashboardModel } from "#drivers/hashboards/models.ts";
import { KumpelError } from "#hal/errors.ts";
import { FACE_NAMES, type FaceName, type FaceOptions } from "../api/face-places.ts";
import type { OutwardOptions } from "../api/outward-options.ts";
import { DEFAULT_SETTINGS, type Settings } from "../config/schema.ts";
import { LOG_LEVELS, type LogLevel } from "../log.ts";
import type { OwnerSettings, RealMachine } from "../platform/choose-board.ts";
import { LOOPBACK } from "../platform/platform.ts";
import type { PoolGroup } from "../pool/pool-groups.ts";
import { OWNER_HELP, OWNER_OPTIONS, type OwnerValues, parseOwnerOptions, refuseOwnerOptions } from "./board-options.ts";
import { FACES_HELP, faceOptionsOf } from "./face-options.ts";
import { assertNearPools } from "./near-pools.ts";
import { outwardOf } from "./outward.ts";
import { parsePools } from "./pool-options.ts";
import { poolGroupsOf } from "./settings-pools.ts";
import { parseTraceOptions, TRACE_OPTIONS, TRACE_OPTIONS_HELP, type TraceWish } from "./trace-options.ts";
import { argumentsError, usageError } from "./usage.ts";

export interface RunOptions {
  isDemo: boolean;
  hashboard: HashboardModel;
  /** The board that was found; null = the machine is emulated. */
  real: RealMachine | null;
  /** Empty = the built-in pool. */
  poolGroups: readonly PoolGroup[];
  /** Length of the run in ms; null = until a signal. */
  forMs: number | null;
  /** Where the run report goes: a file, `-` for standard output, or null for nowhere. */
  report: string | null;
  link: "pty" | "memory";
  chipTicket: number | null;
  /** A real board's serial devices end in the chip emulator: the chips' scale is the emulator's, nothing is earned. */
  areChipsEmulated: boolean;
  /** Recording that the emulated chains play back; null = the emulator's own chips. */
  replayChain: string | null;
  /** The owner's own clock and working voltage; null = as the machine's row or its boards say. */
  frequencyMhz: number | null;
  /** Limits of the owner, in degrees C; null: the machine's own. */
  boardMaxC: number | null;
  chipMaxC: number | null;
  workMv: number | null;
  /** Folder that keeps receipts; null = a temporary one. */
  data: string | null;
  httpPort: number | null;
  /** The command line names it. */
  isHttpPortAsked: boolean;
  /** Address that the own API listens on. */
  httpListen: string;
  /** Where the faces for other people's tools listen. */
  faces: FaceOptions;
  /** What goes out to others by itself. */
  outward: OutwardOptions;
  logLevel: LogLevel;
  /** What is written down of the wires; null = nothing. */
  trace: TraceWish | null;
  /** Settings that the command line overrides. */
  overriddenKeys: readonly string[];
}

/** As the command line says it: a real machine still has to be found. */
export type ParsedRunOptions = Omit<RunOptions, "hashboard" | "real"> & {
  readonly target:
    | { readonly kind: "emulated"; readonly hashboard: HashboardModel }
    | { readonly kind: "real"; readonly owner: OwnerSettings };
};

/** All of them are emulated, too. */
export const MACHINES = Object.values(HASHBOARDS).map((row) => row.model);

export const RUN_HELP = `kumpel run: mine.

  --demo                 emulated machine (S21 unless named) and a local pool in one command; binds loopback only
  --machine NAME         auto (the real board; default without --demo), or emulated: ${MACHINES.join(" ")} (default with --demo: s21)
${OWNER_HELP}
  --pool URL             stratum+tcp://HOST:PORT, stratum+ssl://HOST:PORT, stratum+tcp://[IPV6]:PORT or HOST:PORT; up to 8
                         times, in the order of preference; without it --demo starts its own pool
  --user USER            as the pool wants it (default: kumpel.demo); once, or once for each pool
  --password TEXT        default: x; once, or once for each pool
  --quota SHARE          share of the hashrate, once for each pool: all of them are mined for then, instead of one
                         after the other; 70 and 30 mean 70 % and 30 %
  --proxy URL            socks5://[USER:PASSWORD@]HOST:PORT for all pools; names are resolved there
  --tls-authority FILE   trust the authorities in this PEM file, too
  --tls-pin SHA256       trust just the certificate with this fingerprint
  --tls-unchecked        encrypt, but trust any certificate
  --version-bits FORM    bip310 (default) or xor, for pools that XOR the submitted bits into the version
  --for TIME             stop after TIME: 90s, 5m, 1h (1s .. 30d); default: until Ctrl-C
  --report FILE|-        write the run report as JSON at the end; - is standard output
  --link pty|memory      chains behind pseudo-terminals and a child process (default), or in this process
  --chip-ticket D        emulated chips report nonces of real difficulty >= D (1e-9 .. 1), about 10/s for the
                         machine, so that an outside pool program at a low difficulty accepts them
  --emulated-chips       the real board's serial devices end in the chip emulator (test machines): scaled as there, pools
                         on loopback or private addresses only, without --pool a built-in one; nothing is earned
  --replay-chain FILE    emulated chains answer as in this recording (kumpel trace convert makes one of any trace); what
                         it does not have is answered with silence, and told
  --frequency MHZ        hash clock, up to 1.5 times the machine's own (default: its own)
  --work-voltage MV      voltage while hashing, within the machine's hard caps (default: the machine's own)
  --board-limit C        power off when a board sensor is that hot; tighter than the machine's own limit, never looser
  --chip-limit C         the same for the chips' own sensors
  --data DIR             folder that keeps settings, tokens and receipts over runs (default: a temporary one that goes
                         with the run); with it a run without a pool waits, with everything off, until one is set
  --config FILE          settings file (default: settings.toml in the folder of --data); what the command line says
                         overrides it for this run (kumpel config --help)
  --http-port PORT       own API (0 = a free one; default 8080, a free one if that is taken)
${FACES_HELP}
${TRACE_OPTIONS_HELP}
  --log-level LEVEL      ${LOG_LEVELS.join(" ")} (default: warn on a terminal, else info)

Exit codes: 0 done, 1 ran but something does not hold, 2 wrong usage, 3 pool or hardware not reachable.
`;

const UNITS_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const LONGEST_FOR_MS = 30 * 86_400_000;

/** Where the settings are, and how loud the log is until they are read. @throws KumpelError `USAGE` with one sentence. */
export function parseFolders(args: readonly string[]): { data: string | null; config: string | null } {
  const { data, config } = parseOrExplain(args);
  if (config === "") throw usageError('--config "" names no file; give a path.');
  return { data: parseData(data), config: config ?? null };
}

/**
 * What the command line says counts, then the settings, then the program's own defaults.
 * @throws KumpelError `USAGE` with one sentence.
 */
export function parseRunOptions(
  args: readonly string[],
  isTerminal: boolean,
  settings: Settings = DEFAULT_SETTINGS,
): ParsedRunOptions {
  const values = parseOrExplain(args);
  const { tuning, cooling, network, logging } = settings;
  const isDemo = values.demo ?? false;
  const machine = values.machine ?? settings.machine.name ?? (isDemo ? "s21" : "auto");
  const target = machine === "auto" ? parseReal(values, settings) : parseEmulated(machine, values);
  const hasPool = values.pool !== undefined || settings.pool_groups.length > 0;
  const areChipsEmulated = values["emulated-chips"] ?? false;
  if (!isDemo && !areChipsEmulated && !hasPool) {
    throw new KumpelError(
      "OWNER_SETTING_NEEDED",
      "No pool: give --pool stratum+tcp://HOST:PORT, set one in the settings file or on the web page (--data DIR keeps it), or --demo for the built-in one.",
    );
  }
  const poolGroups = parsePools({
    pool: values.pool ?? [],
    user: values.user ?? [],
    password: values.password ?? [],
    quota: values.quota ?? [],
    proxy: values.proxy,
    tlsAuthority: values["tls-authority"],
    tlsPin: values["tls-pin"],
    isTlsUnchecked: values["tls-unchecked"] ?? false,
    versionBits: values["version-bits"],
    groups: poolGroupsOf(settings),
  });
  if (areChipsEmulated) assertNearPools(poolGroups);
  return {
    isDemo,
    target,
    areChipsEmulated,
    poolGroups,
    httpListen: isDemo ? LOOPBACK : network.http.listen,
    faces: faceOptionsOf(facePorts(values), settings, isDemo),
    outward: outwardOf(settings, isDemo ? LOOPBACK : network.http.listen),
    overriddenKeys: overriddenKeys(values),
    trace: parseTraceOptions(values),
    ...boundsOf(values),
    link: oneOf(values.link ?? "pty", ["pty", "memory"], "--link"),
    chipTicket:
      values["chip-ticket"] === undefined ? null : parseNumber(values["chip-ticket"], "--chip-ticket", 1e-9, 1),
    replayChain: values["replay-chain"] ?? null,
    frequencyMhz: optional(values.frequency, "--frequency", 50, 1000) ?? tuning.frequency_mhz ?? null,
    workMv: optional(values["work-voltage"], "--work-voltage", 500, 25_000) ?? tuning.work_voltage_mv ?? null,
    // What is too loose for the machine is refused when the machine is known.
    boardMaxC: optional(values["board-limit"], "--board-limit", 0, 200) ?? cooling.board_limit_c ?? null,
    chipMaxC: optional(values["chip-limit"], "--chip-limit", 0, 200) ?? cooling.chip_limit_c ?? null,
    data: parseData(values.data),
    httpPort: httpPortOf(values["http-port"], settings),
    isHttpPortAsked: values["http-port"] !== undefined,
    logLevel: oneOf(values["log-level"] ?? logging.level ?? (isTerminal ? "warn" : "info"), LOG_LEVELS, "--log-level"),
  };
}

/** What bounds a run, wherever its pools come from. @throws KumpelError `USAGE` with one sentence. */
export function parseBounds(args: readonly string[]): Pick<RunOptions, "forMs" | "report"> {
  return boundsOf(parseOrExplain(args));
}

function boundsOf(values: ReturnType<typeof parseOrExplain>): Pick<RunOptions, "forMs" | "report"> {
  return {
    forMs: values.for === undefined ? null : parseDuration(values.for),
    report: values.report ?? null,
  };
}

/** What counts while nothing is switched on: how the program is reached, and how loud it is. */
export interface IdleOptions {
  readonly httpPort: number | null;
  readonly isHttpPortAsked: boolean;
  /** Model that options or settings name; empty = none that there is. */
  readonly machineName: string;
  readonly faces: FaceOptions;
  readonly logLevel: LogLevel;
}

/** @throws KumpelError `USAGE` with one sentence. */
export function parseIdleOptions(args: readonly string[], settings: Settings): IdleOptions {
  const values = parseOrExplain(args);
  return {
    httpPort: httpPortOf(values["http-port"], settings),
    isHttpPortAsked: values["http-port"] !== undefined,
    machineName: modelNamed([values.hashboard, values.machine, settings.machine.hashboard, settings.machine.name]),
    faces: faceOptionsOf(facePorts(values), settings, false),
    logLevel: oneOf(values["log-level"] ?? settings.logging.level ?? "info", LOG_LEVELS, "--log-level"),
  };
}

function modelNamed(names: readonly (string | null | undefined)[]): string {
  const models = names.map((name) => findHashboard(name ?? "")?.model);
  return models.find((model) => model !== undefined) ?? "";
}

function httpPortOf(text: string | undefined, settings: Settings): number | null {
  return text === undefined ? settingsPort(settings) : parsePort(text, "--http-port");
}

/** Ports of the faces as given on the command line. */
function facePorts(values: ReturnType<typeof parseOrExplain>): Partial<Record<FaceName, number>> {
  const ports: Partial<Record<FaceName, number>> = {};
  for (const face of FACE_NAMES) {
    const text = values[`${face}-port`];
    if (text !== undefined) ports[face] = parsePort(text, `--${face}-port`);
  }
  return ports;
}

/** The default port gives way to a free one; a port that somebody set does not. */
function settingsPort({ network }: Settings): number | null {
  return network.http.port === DEFAULT_SETTINGS.network.http.port ? null : network.http.port;
}

/** Options that stand for a setting. */
const KEY_OF_OPTION = {
  machine: "machine.name",
  hashboard: "machine.hashboard",
  board: "machine.control_board",
  "chain-uarts": "machine.chain_uarts",
  "psu-enable-active": "machine.psu_enable_active",
  "accept-experimental": "machine.accept_experimental",
  pool: "pool_groups",
  frequency: "tuning.frequency_mhz",
  "work-voltage": "tuning.work_voltage_mv",
  "board-limit": "cooling.board_limit_c",
  "chip-limit": "cooling.chip_limit_c",
  "http-port": "network.http.port",
  "log-level": "logging.level",
} as const;

function overriddenKeys(values: { readonly [K in keyof typeof KEY_OF_OPTION]?: unknown }): string[] {
  return Object.entries(KEY_OF_OPTION).flatMap(([option, key]) =>
    values[option as keyof typeof KEY_OF_OPTION] === undefined ? [] : [key],
  );
}

function parseEmulated(
  machine: string,
  values: OwnerValues & { "emulated-chips"?: boolean },
): ParsedRunOptions["target"] {
  const hashboard = findHashboard(machine);
  if (hashboard === null || !MACHINES.includes(hashboard.model)) {
    throw usageError(`Machine "${machine}" is unknown; choose one of: ${MACHINES.join(" ")}.`);
  }
  refuseOwnerOptions(values, machine);
  if (values["emulated-chips"] !== undefined) {
    throw usageError(`--emulated-chips is for a real board, but "${machine}" is emulated as a whole; leave it out.`);
  }
  return { kind: "emulated", hashboard };
}

function parseReal(
  values: OwnerValues & {
    demo?: boolean;
    link?: string;
    "chip-ticket"?: string;
    "emulated-chips"?: boolean;
    "replay-chain"?: string;
  },
  { machine }: Settings,
) {
  const emulatedOnly = (["demo", "link", "chip-ticket", "replay-chain"] as const).find(
    (name) => values[name] !== undefined && !(name === "chip-ticket" && values["emulated-chips"] === true),
  );
  if (emulatedOnly !== undefined) {
    throw usageError(
      `--${emulatedOnly} is for emulated machines, but machine "auto" is the real board; name an emulated one with --machine, for example s21.`,
    );
  }
  const owner: OwnerValues = {
    hashboard: values.hashboard ?? machine.hashboard,
    board: values.board ?? machine.control_board,
    "chain-uarts": values["chain-uarts"] ?? machine.chain_uarts?.join(","),
    "psu-enable-active": values["psu-enable-active"] ?? machine.psu_enable_active,
    "accept-experimental": values["accept-experimental"] ?? machine.accept_experimental,
  };
  return { kind: "real", owner: parseOwnerOptions(owner) } as const;
}

function parseOrExplain(args: readonly string[]) {
  const text = { type: "string" } as const;
  const texts = { type: "string", multiple: true } as const;
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: false,
      options: {
        demo: { type: "boolean" },
        machine: text,
        ...OWNER_OPTIONS,
        pool: texts,
        user: texts,
        password: texts,
        quota: texts,
        proxy: text,
        "tls-authority": text,
        "tls-pin": text,
        "tls-unchecked": { type: "boolean" },
        "version-bits": text,
        for: text,
        report: text,
        link: text,
        "chip-ticket": text,
        "emulated-chips": { type: "boolean" },
        "replay-chain": text,
        frequency: text,
        "work-voltage": text,
        "board-limit": text,
        "chip-limit": text,
        data: text,
        config: text,
        "http-port": text,
        "cgminer-port": text,
        "stock-port": text,
        "status-port": text,
        "metrics-port": text,
        "log-level": text,
        ...TRACE_OPTIONS,
      },
    }).values;
  } catch (error) {
    throw argumentsError(error, "kumpel run");
  }
}

function optional(text: string | undefined, option: string, low: number, high: number): number | null {
  return text === undefined ? null : parseNumber(text, option, low, high);
}

/** `90s`, `5m`, `1h` to milliseconds. */
export function parseDuration(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)?$/.exec(text);
  const ms = match === null ? Number.NaN : Number(match[1]) * (UNITS_MS[match[2] ?? "s"] ?? Number.NaN);
  if (!(ms >= 1_000 && ms <= LONGEST_FOR_MS)) {
    throw usageError(`--for "${text}" is no time from 1s to 30d; write it as 90s, 5m or 1h.`);
  }
  return ms;
}

function parseNumber(text: string, option: string, low: number, high: number): number {
  const value = Number(text);
  if (text.trim() === "" || !(value >= low && value <= high)) {
    throw usageError(`${option} "${text}" is no number from ${low} to ${high}; give one in that range.`);
  }
  return value;
}

function parsePort(text: string, option: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65535)
    throw usageError(`${option} "${text}" is no port; give 0..65535 (0 picks a free one).`);
  return port;
}

function oneOf<T extends string>(value: string, choices: readonly T[], option: string): T {
  const found = choices.find((c) => c === value);
  if (found === undefined) throw usageError(`${option} "${value}" is unknown; choose one of: ${choices.join(" ")}.`);
  return found;
}

function parseData(folder: string | undefined): string | null {
  if (folder === "") throw usageError('--data "" names no folder; give a path.');
  return folder ?? null;
}
