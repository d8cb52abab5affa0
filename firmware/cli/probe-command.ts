/** `kumpel board probe-chains`: which serial device belongs to which connector. */
import { parseArgs } from "node:util";
import { Bm13xxChain } from "#drivers/bm13xx/bm13xx-chain.ts";
import { boardSupport } from "#drivers/hashboards/board-supports.ts";
import { findHashboard, type HashboardModel } from "#drivers/hashboards/models.ts";
import { chooseOperatingPoint } from "#drivers/hashboards/operating-point.ts";
import { errorText, isKumpelError, KumpelError } from "#hal/errors.ts";
import { readBoardIdentities } from "../hardware/board-identities.ts";
import { type ChainMap, decideChainMap } from "../hardware/chain-map.ts";
import { type ChainProbeResult, probeChains } from "../hardware/chain-probe.ts";
import { createLog, type Log } from "../log.ts";
import type { OwnerSettings, RealMachine } from "../platform/choose-board.ts";
import type { Platform } from "../platform/platform.ts";
import { OWNER_OPTIONS, parseOwnerOptions, refuseOwnerOptions } from "./board-options.ts";
import { MACHINES } from "./run-options.ts";
import { argumentsError, EXIT, usageError } from "./usage.ts";

export interface ProbeContext {
  readonly findMachine: (owner: OwnerSettings) => Promise<RealMachine>;
  readonly openReal: (machine: RealMachine, log: Log) => Promise<Platform>;
  readonly openEmulated: (machine: string, serialOrder: readonly number[] | null) => Promise<Platform>;
  readonly onStopSignal: (listener: (name: string) => void) => void;
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
}

interface ProbeOptions {
  readonly target:
    | { readonly kind: "real"; readonly owner: OwnerSettings }
    | { readonly kind: "emulated"; readonly hashboard: HashboardModel; readonly order: readonly number[] | null };
  readonly workMv: number | null;
  readonly isJson: boolean;
}

export async function probeCommand(args: readonly string[], context: ProbeContext): Promise<number> {
  const options = parseProbeOptions(args);
  const stop = new AbortController();
  context.onStopSignal(() => stop.abort());
  const { hashboard, platform } = await openTarget(options, context);
  try {
    const result = await probe(options, hashboard, platform, context, stop.signal);
    const map = decideChainMap(result.chains, result.candidates);
    context.stdout(options.isJson ? `${JSON.stringify(toJson(result, map), null, 2)}\n` : toText(result, map));
    const isCertain = map.paths?.every(({ by }) => by !== "remainder") ?? false;
    return isCertain ? EXIT.done : EXIT.failed;
  } catch (error) {
    if (stop.signal.aborted && isKumpelError(error, "ABORTED")) {
      context.stderr("Stopped before every connector was asked.\n");
      return EXIT.failed;
    }
    if (!(error instanceof AggregateError)) throw error;
    const why = error.errors.map(errorText).join("; ");
    const text = `Power is not confirmed to be off (${why}): switch the machine off at its plug.`;
    throw new KumpelError("PSU_FAILED", text, { cause: error });
  } finally {
    await platform.stop();
  }
}

async function openTarget({ target }: ProbeOptions, context: ProbeContext) {
  if (target.kind === "emulated") {
    const { hashboard, order } = target;
    return { hashboard, platform: await context.openEmulated(hashboard.model, order) };
  }
  const machine = await context.findMachine(target.owner);
  return { hashboard: machine.hashboard, platform: await context.openReal(machine, createLog("error")) };
}

async function probe(
  options: ProbeOptions,
  hashboard: HashboardModel,
  platform: Platform,
  context: ProbeContext,
  signal: AbortSignal,
): Promise<ChainProbeResult> {
  const { board, clock, acceptsUnconfirmed } = platform;
  const support = boardSupport(hashboard.model);
  const identities = await readBoardIdentities(board, support);
  // The hash clock is never set here, so that nobody need confirm one.
  const { workMv } = chooseOperatingPoint({
    model: hashboard,
    support,
    identities: identities.map(({ identity }) => identity),
    owner: { frequencyMhz: hashboard.defaultFrequencyMhz, workMv: options.workMv },
    acceptsUnconfirmed,
    hints: { frequency: "", voltage: "--work-voltage MV" },
  });
  return probeChains(
    {
      clock,
      board,
      support,
      workMv,
      createChain: (chainIndex, openUart) => new Bm13xxChain({ clock, chainIndex, board: hashboard, openUart }),
      report: (text) => context.stderr(`${text}\n`),
    },
    signal,
  );
}

function toText({ chains }: ChainProbeResult, { paths, problems }: ChainMap): string {
  const rows = (paths ?? []).map(({ path, by }, i) => {
    const note = { answer: "", elimination: " (by elimination)", remainder: " (a guess)" }[by];
    return `${chains[i]?.label ?? i}  ${path}${note}\n`;
  });
  const line = paths === null ? "" : `\n--chain-uarts ${paths.map(({ path }) => path).join(",")}\n`;
  return `${rows.join("")}${problems.map((problem) => `${problem}\n`).join("")}${line}`;
}

function toJson({ chains, candidates }: ChainProbeResult, { paths, problems }: ChainMap) {
  return {
    candidates,
    chains: chains.map(({ label, isPlugged, chipCounts }, i) => {
      const { path = null, by = null } = paths?.[i] ?? {};
      return { label, is_plugged: isPlugged, chip_counts: chipCounts, path, found_by: by };
    }),
    chain_uarts: paths?.map(({ path }) => path).join(",") ?? null,
    problems,
  };
}

function parseProbeOptions(args: readonly string[]): ProbeOptions {
  const values = parseOrExplain(args);
  const machine = values.machine ?? "auto";
  const order = values["emulated-order"];
  const target = machine === "auto" ? realTarget(values, order) : emulatedTarget(machine, values, order);
  return { target, workMv: parseVoltage(values["work-voltage"]), isJson: values.json === true };
}

function realTarget(values: Parameters<typeof parseOwnerOptions>[0], order: string | undefined) {
  if (order !== undefined) throw usageError("--emulated-order is for emulated machines; name one with --machine.");
  return { kind: "real", owner: parseOwnerOptions(values) } as const;
}

function emulatedTarget(
  machine: string,
  values: Parameters<typeof parseOwnerOptions>[0],
  order: string | undefined,
): ProbeOptions["target"] {
  const hashboard = findHashboard(machine);
  if (hashboard === null || !MACHINES.includes(hashboard.model)) {
    throw usageError(`Machine "${machine}" is unknown; choose one of: ${MACHINES.join(" ")}.`);
  }
  // Naming the hashboards is what everybody does here, and does no harm where it is the machine's own.
  refuseOwnerOptions(values.hashboard === machine ? { ...values, hashboard: undefined } : values, machine);
  return { kind: "emulated", hashboard, order: order === undefined ? null : parseOrder(order) };
}

function parseOrder(text: string): number[] {
  const order = text.split(",").map(Number);
  const isOrder = [...order].sort((a, b) => a - b).every((n, i) => n === i);
  if (!isOrder) throw usageError(`--emulated-order "${text}" is no order of connectors; write it as 2,1,0.`);
  return order;
}

function parseVoltage(text: string | undefined): number | null {
  if (text === undefined) return null;
  const mv = Number(text);
  if (mv >= 500 && mv <= 25_000) return mv;
  throw usageError(`--work-voltage "${text}" is no number from 500 to 25000; give one in that range.`);
}

function parseOrExplain(args: readonly string[]) {
  const text = { type: "string" } as const;
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: false,
      options: {
        ...OWNER_OPTIONS,
        machine: text,
        "emulated-order": text,
        "work-voltage": text,
        json: { type: "boolean" },
      },
    }).values;
  } catch (error) {
    throw argumentsError(error, "kumpel board");
  }
}
