/** The actions of `kumpel trace` over inputs that are read chunk by chunk. */
import { CHIPS } from "#drivers/bm13xx/chips.ts";
import { RESTARTED } from "../platform/trace-input.ts";
import type { CaptureHeader } from "../trace/capture-format.ts";
import type { GivenFacts } from "../trace/chain-facts.ts";
import { ConvertSink } from "../trace/convert-trace.ts";
import {
  COMPARED_STEPS_MAX,
  diffSteps,
  diffText,
  type StepDifference,
  summarise,
  summaryText,
} from "../trace/diff-steps.ts";
import { type InitStep, InitStepSink } from "../trace/init-steps.ts";
import { JsonPrinter, TextPrinter } from "../trace/printers.ts";
import { NO_SINK, TraceDecoder, type TraceSink } from "../trace/trace-decoder.ts";
import { StatsSink, statsText } from "../trace/trace-stats.ts";
import { NonceVerifier, verifyText } from "../trace/verify-nonces.ts";
import type { TraceContext } from "./trace-context.ts";
import { EXIT, usageError } from "./usage.ts";

/** Output is handed on in pieces of about this size. */
const PIECE_CHARS = 128 * 1024;
/** So many frames at the beginning tell which chip it is. */
const LOOK_BYTES = 1024 * 1024;

class Output {
  readonly #write: (text: string) => void;
  #text = "";

  constructor(write: (text: string) => void) {
    this.#write = write;
  }

  readonly add = (text: string): void => {
    this.#text += text;
    if (this.#text.length >= PIECE_CHARS) this.flush();
  };

  flush(): void {
    if (this.#text !== "") this.#write(this.#text);
    this.#text = "";
  }
}

/** The chip that the beginning of an input shows, if nobody named one: replies before the first chip id need it, too. */
function lookAhead(chunk: Uint8Array, given: GivenFacts): GivenFacts {
  if (given.chip !== null) return given;
  const decoder = new TraceDecoder(given, NO_SINK);
  decoder.push(chunk.subarray(0, LOOK_BYTES));
  decoder.end();
  return { ...given, chip: decoder.knowledge.chip };
}

/** Reads one input to its end. @param begin is told the decoder before anything is decoded */
async function readInput(
  chunks: AsyncIterable<Uint8Array | typeof RESTARTED>,
  given: GivenFacts,
  sink: TraceSink,
  onChunk: (decoder: TraceDecoder) => void = () => undefined,
  begin: (decoder: TraceDecoder) => void = () => undefined,
): Promise<TraceDecoder> {
  let decoder: TraceDecoder | null = null;
  for await (const chunk of chunks) {
    if (chunk === RESTARTED) {
      decoder?.end();
      decoder = null;
      sink.onNote(null, "the file was replaced: a new one begins", Number.NaN);
      continue;
    }
    if (decoder === null) {
      decoder = new TraceDecoder(lookAhead(chunk, given), sink);
      begin(decoder);
    }
    decoder.push(chunk);
    onChunk(decoder);
  }
  decoder ??= new TraceDecoder(given, sink);
  decoder.end();
  onChunk(decoder);
  return decoder;
}

/** Both sinks get everything. */
function joined(a: TraceSink, b: TraceSink): TraceSink {
  return {
    onFrame: (...args) => {
      a.onFrame(...args);
      b.onFrame(...args);
    },
    onUnknown: (...args) => {
      a.onUnknown(...args);
      b.onUnknown(...args);
    },
    onPool: (...args) => {
      a.onPool(...args);
      b.onPool(...args);
    },
    onNote: (...args) => {
      a.onNote(...args);
      b.onNote(...args);
    },
    onText: (...args) => {
      a.onText(...args);
      b.onText(...args);
    },
  };
}

function nothingFound(path: string, decoder: TraceDecoder, context: TraceContext): number {
  const name = path === "-" ? "Standard input" : `"${path}"`;
  const what =
    decoder.form === null
      ? "is empty"
      : `holds no frame of a chip in ${decoder.byteCount} bytes${decoder.knowledge.given.chip === null ? "" : ` of a ${decoder.knowledge.given.chip.chip}`}`;
  context.stderr(`${name} ${what}: name a trace of a chain, and its chip with --chip if it is another one.\n`);
  return EXIT.failed;
}

export interface DecodeOptions {
  readonly isJson: boolean;
  readonly isStats: boolean;
  readonly hasHex: boolean;
  readonly isFollowed: boolean;
}

export async function decodeInput(
  path: string,
  given: GivenFacts,
  { isJson, isStats, hasHex, isFollowed }: DecodeOptions,
  context: TraceContext,
): Promise<number> {
  const output = new Output(context.stdout);
  const stats = new StatsSink();
  const printer = isJson ? new JsonPrinter(output.add) : new TextPrinter(output.add, hasHex);
  const sink = isStats ? stats : joined(stats, printer);
  const stop = new AbortController();
  if (isFollowed) context.onStopSignal(() => stop.abort());
  const chunks = isFollowed ? context.followFile(path, context.clock, stop.signal) : context.readChunks(path);
  const decoder = await readInput(chunks, given, sink, () => output.flush());
  if (isStats) {
    const result = stats.read(decoder.form, decoder.knowledge.chip?.chip ?? null);
    context.stdout(isJson ? `${JSON.stringify(result)}\n` : statsText(result));
  }
  return stats.frames > 0 || isFollowed ? EXIT.done : nothingFound(path, decoder, context);
}

export interface DiffOptions {
  readonly isJson: boolean;
  readonly isWhole: boolean;
  readonly gapMs: number | null;
  readonly chain: number | null;
}

export async function diffInputs(
  paths: readonly [string, string],
  given: GivenFacts,
  { isJson, isWhole, gapMs, chain }: DiffOptions,
  context: TraceContext,
): Promise<number> {
  const sides: Map<number, InitStep[]>[] = [];
  for (const path of paths) {
    const sink = new InitStepSink(isWhole);
    const decoder = await readInput(context.readChunks(path), given, sink);
    if (sink.chains.size === 0) return nothingFound(path, decoder, context);
    sides.push(chain === null ? sink.chains : only(sink.chains, chain, path));
  }
  const [a = new Map<number, InitStep[]>(), b = new Map<number, InitStep[]>()] = sides;
  const differences: StepDifference[] = [];
  for (const [number, stepsA, stepsB] of chainPairs(a, b)) {
    const longest = Math.max(stepsA.length, stepsB.length);
    if (longest > COMPARED_STEPS_MAX) {
      context.stderr(`Chain ${number} has ${longest} steps: the first ${COMPARED_STEPS_MAX} are compared.\n`);
    }
    differences.push(...diffSteps(number, stepsA, stepsB, gapMs));
  }
  const count = (side: Map<number, InitStep[]>): number => [...side.values()].reduce((sum, s) => sum + s.length, 0);
  const summary = summarise(count(a), count(b), differences);
  const output = new Output(context.stdout);
  for (const difference of differences) output.add(isJson ? `${JSON.stringify(difference)}\n` : diffText(difference));
  output.add(isJson ? `${JSON.stringify(summary)}\n` : summaryText(summary));
  output.flush();
  return differences.length === 0 ? EXIT.done : EXIT.failed;
}

function only(chains: Map<number, InitStep[]>, chain: number, path: string): Map<number, InitStep[]> {
  const steps = chains.get(chain);
  if (steps !== undefined) return new Map([[chain, steps]]);
  throw usageError(`"${path}" has no chain ${chain}; it has ${[...chains.keys()].join(" ")}.`);
}

/** Chains by number; where each side has one, these two, whatever their numbers. */
function chainPairs(a: Map<number, InitStep[]>, b: Map<number, InitStep[]>): [number, InitStep[], InitStep[]][] {
  const [[numberA, onlyA] = [0, []]] = a;
  const [[, onlyB] = [0, []]] = b;
  if (a.size === 1 && b.size === 1) return [[numberA, onlyA, onlyB]];
  const numbers = [...new Set([...a.keys(), ...b.keys()])].sort((x, y) => x - y);
  return numbers.map((number) => [number, a.get(number) ?? [], b.get(number) ?? []]);
}

export interface VerifyRequest {
  readonly isJson: boolean;
  readonly scale: number | null;
  readonly ticket: number | null;
}

export async function verifyInput(
  path: string,
  given: GivenFacts,
  { isJson, scale, ticket }: VerifyRequest,
  context: TraceContext,
): Promise<number> {
  let current: TraceDecoder | null = null;
  const verifier = new NonceVerifier({
    chip: () => current?.knowledge.chip ?? null,
    scale: () => scale ?? positive(current?.header.get("chip-scale")) ?? 1,
    ticket,
  });
  const decoder = await readInput(context.readChunks(path), given, verifier, undefined, (begun) => {
    current = begun;
  });
  if (decoder.knowledge.chip === null) {
    throw usageError(
      `"${path}" does not say which chip it is of; give --chip, one of: ${Object.keys(CHIPS).join(" ").toLowerCase()}.`,
    );
  }
  const result = verifier.result();
  context.stdout(isJson ? `${JSON.stringify(result)}\n` : verifyText(result));
  if (result.nonces === 0) {
    context.stderr(`"${path}" holds no nonce: trace a chain that hashes.\n`);
    return EXIT.failed;
  }
  return result.hardware_error === 0 && result.valid > 0 ? EXIT.done : EXIT.failed;
}

function positive(text: string | undefined): number | null {
  const value = Number(text);
  return value > 0 && Number.isFinite(value) ? value : null;
}

export async function convertInput(path: string, given: GivenFacts, context: TraceContext): Promise<number> {
  const output = new Output(context.stdout);
  // What chip it is may stand at the end; the head is written when everything is known.
  let body = "";
  const sink = new ConvertSink((text) => {
    body += text;
  });
  const decoder = await readInput(context.readChunks(path), given, sink);
  if (sink.frames === 0) return nothingFound(path, decoder, context);
  const head = new ConvertSink(output.add);
  head.begin(headerOf(decoder));
  output.add(body);
  output.flush();
  return EXIT.done;
}

function headerOf(decoder: TraceDecoder): CaptureHeader {
  const facts = decoder.factsOf(0);
  const said = Object.fromEntries(decoder.header) as CaptureHeader;
  const learned = {
    ...(decoder.knowledge.chip === null ? {} : { chip: decoder.knowledge.chip.chip }),
    ...(facts.chipCount === 0 ? {} : { chips: facts.chipCount }),
    ...(facts.addressInterval === 0 ? {} : { "address-interval": facts.addressInterval }),
  };
  return { ...learned, ...said, "converted-from": decoder.form ?? "nothing" };
}
