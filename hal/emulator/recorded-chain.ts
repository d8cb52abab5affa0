/**
 * A chain that answers as a recorded one did: what a board sent after a command comes again when the same command comes. It
 * knows nothing of chips. Its file is the neutral form that `kumpel trace convert` writes, one frame a line:
 *
 *   12.345 0 > 55aa520500000a      ms, chain, to the chips
 *   13.001 0 < aa5513680000...     from them
 *
 * Commands are looked for from where the last one was found; a read that comes again, or in another order, is answered
 * as before. What the recording does not have is answered with silence and counted, so that a changed sequence shows.
 */
import type { Clock, TimerHandle } from "#hal/clock.ts";
import { FrameHunter } from "./frame-hunter.ts";
import type { MidstateFacts } from "./midstate-facts.ts";

/** One line of the file; plain JSON. */
export interface RecordedFrame {
  readonly chain: number;
  readonly isFromHost: boolean;
  readonly hex: string;
  readonly atMs: number;
}

const LINE = /^(\d+(?:\.\d+)?) (\d+) ([<>]) ((?:[0-9a-f]{2})+)$/;

/** Frames of a file; its other lines (facts, pool lines, notes) say nothing about a chain. */
export function readRecording(text: string): RecordedFrame[] {
  return text.split("\n").flatMap((line) => {
    const match = LINE.exec(line.trimEnd());
    if (match === null) return [];
    const [, atMs, chain, sign, hex = ""] = match;
    return [{ chain: Number(chain), isFromHost: sign === ">", hex, atMs: Number(atMs) }];
  });
}

export interface ReplayCounts {
  /** Commands that came as recorded, or later than recorded. */
  matched: number;
  /** Reads that were answered again. */
  repeated: number;
  /** Commands that the recording does not have at this point. */
  unmatched: number;
  /** Commands of the recording that were passed over. */
  skipped: number;
  /** Jobs: they differ from run to run and are not answered. */
  jobs: number;
}

interface Step {
  readonly key: string;
  readonly isRead: boolean;
  /** Ms after the command, and bytes. */
  readonly replies: { readonly delayMs: number; readonly bytes: Uint8Array }[];
  isPlayed: boolean;
}

const READ_CODES: readonly number[] = [2, 4];
const TYPE_NONCE = 4;
/** A recorded board may have been slow for reasons of its own: silence ends a count of chips. */
const DELAY_MAX_MS = 500;
/** So many unmatched commands are kept for a look at them. */
const KEPT_UNMATCHED = 20;

const keyOf = (header: number, chip: number, register: number, value: number): string =>
  `header 0x${header.toString(16)}, chip ${chip}, register 0x${register.toString(16)}, value 0x${value.toString(16)}`;

export interface RecordedChainOptions {
  readonly clock: Clock;
  /** Of one chain, in order. */
  readonly frames: readonly RecordedFrame[];
  /** Facts of chips that are fed with midstates, or null. */
  readonly midstate: MidstateFacts | null;
  /** Puts bytes on the wire to the host. */
  readonly send: (bytes: Uint8Array, length: number, baud: number) => void;
  /** Told of the first unmatched commands. */
  readonly onUnmatched?: (command: string) => void;
}

export class RecordedChain {
  readonly counts: ReplayCounts = { matched: 0, repeated: 0, unmatched: 0, skipped: 0, jobs: 0 };
  /** The first commands that the recording does not have: header, chip address, register, value. */
  readonly unmatched: string[] = [];
  readonly #options: RecordedChainOptions;
  readonly #steps: readonly Step[];
  readonly #hunter: FrameHunter;
  readonly #timers = new Set<TimerHandle>();
  #cursor = 0;
  #hostBaud = 0;

  constructor(options: RecordedChainOptions) {
    this.#options = options;
    this.#steps = stepsOf(options.frames, options.midstate);
    this.#hunter = new FrameHunter(
      {
        onCommand: (header, chip, register, value) => this.#onCommand(keyOf(header, chip, register, value)),
        onJob: () => {
          this.counts.jobs++;
        },
        onBadCommandCrc: () => this.#miss("a command with a wrong check sum"),
        onBadJobCrc: () => this.#miss("a job with a wrong check sum"),
      },
      options.midstate,
    );
  }

  /** Commands of the recording that have not come yet. */
  get left(): number {
    return this.#steps.filter(({ isPlayed }) => !isPlayed).length;
  }

  /** A reset or lost power: the board begins anew. */
  restart(): void {
    this.#hunter.clear();
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
    this.#cursor = 0;
    for (const step of this.#steps) step.isPlayed = false;
  }

  receive(bytes: Uint8Array, hostBaud: number): void {
    this.#hostBaud = hostBaud;
    for (const byte of bytes) this.#hunter.feed(byte);
  }

  #onCommand(key: string): void {
    const steps = this.#steps;
    let at = this.#cursor;
    while (at < steps.length && (steps[at]!.isPlayed || steps[at]!.key !== key)) at++;
    const step = steps[at] ?? null;
    if (step !== null) {
      for (let i = this.#cursor; i < at; i++) if (!steps[i]!.isPlayed) this.counts.skipped++;
      this.counts.matched++;
      step.isPlayed = true;
      this.#cursor = at + 1;
      this.#answer(step);
      return;
    }
    const before = steps.findLast((s) => s.isRead && s.key === key);
    if (before === undefined) {
      this.#miss(key);
      return;
    }
    this.counts.repeated++;
    this.#answer(before);
  }

  #miss(what: string): void {
    this.counts.unmatched++;
    if (this.unmatched.length >= KEPT_UNMATCHED) return;
    this.unmatched.push(what);
    this.#options.onUnmatched?.(what);
  }

  #answer({ replies }: Step): void {
    const { clock, send } = this.#options;
    for (const { delayMs, bytes } of replies) {
      const timer = clock.setTimer(delayMs, () => {
        this.#timers.delete(timer);
        send(bytes, bytes.length, this.#hostBaud);
      });
      this.#timers.add(timer);
    }
  }
}

/** Replies belong to the read before them; nonces belong to jobs, which do not come again. */
function stepsOf(frames: readonly RecordedFrame[], midstate: MidstateFacts | null): Step[] {
  const steps: Step[] = [];
  let read: { readonly step: Step; readonly atMs: number } | null = null;
  let nowMs = 0;
  const onCommand = (header: number, chip: number, register: number, value: number): void => {
    const isRead = READ_CODES.includes(header & 0x0f);
    const step: Step = { key: keyOf(header, chip, register, value), isRead, replies: [], isPlayed: false };
    steps.push(step);
    if (isRead) read = { step, atMs: nowMs };
  };
  const nothing = (): void => undefined;
  const hunter = new FrameHunter(
    { onCommand, onJob: nothing, onBadCommandCrc: nothing, onBadJobCrc: nothing },
    midstate,
  );
  for (const { isFromHost, hex, atMs } of frames) {
    const bytes = Uint8Array.from(Buffer.from(hex, "hex"));
    nowMs = atMs;
    if (isFromHost) for (const byte of bytes) hunter.feed(byte);
    else if (bytes.at(-1)! >> 5 !== TYPE_NONCE) addReply(read, bytes, atMs);
  }
  return steps;
}

function addReply(read: { readonly step: Step; readonly atMs: number } | null, bytes: Uint8Array, atMs: number): void {
  if (read === null) return;
  const delayMs = Math.min(DELAY_MAX_MS, Math.max(0, atMs - read.atMs));
  read.step.replies.push({ delayMs, bytes });
}
