/**
 * Lines of any dump: hexdump -C, xxd, `AA 55 13`, `0xAA, 0x55`, `AA5513`, `AA:55:13`, with time stamps, directions and words of
 * a log before the bytes. What is taken as bytes: runs of hex words. Letters that happen to be hex ("be", "add") are words
 * unless they stand in such a run.
 */
import { type ByteEvents, Lanes, type LineReader, latin1 } from "./byte-events.ts";
import { chainOf, directionOf, timeOf } from "./line-words.ts";

/** Offset of hexdump -C (two spaces) or od (one), bytes, and what the former shows as text. */
const CANONICAL = /^([0-9a-f]{6,16})( {1,2})((?:[0-9a-f]{2}\s+)*[0-9a-f]{2})\s*(?:\|.*)?$/i;
/** xxd: offset with a colon, groups, two spaces before the text. */
const XXD = /^[0-9a-f]{6,16}: ((?:[0-9a-f]{2,16} )*[0-9a-f]{2,16})(?: {2}.*)?$/i;
/** The last line of hexdump: only an offset. */
const LONE_OFFSET = /^[0-9a-f]{6,8}$/i;
const SEPARATED = /^[0-9a-f]{2}(?:[:-][0-9a-f]{2}){4,}$/i;
/** Fewer may be a time; a letter in them says that they are none. */
const SEPARATED_FEW = /^(?=.*[a-f])[0-9a-f]{2}(?:[:-][0-9a-f]{2}){1,3}$/i;
const WORD = /[^\s,;()[\]{}|"']+/g;

interface Word {
  readonly text: string;
  readonly from: number;
  readonly to: number;
  /** Digits without 0x and separators; empty = no hex. */
  readonly digits: string;
  /** 0x or separators say that it is meant as bytes. */
  readonly isMarked: boolean;
}

export class HexLines implements LineReader {
  readonly #events: ByteEvents;
  readonly #lanes = new Lanes();
  #scratch = new Uint8Array(4096);
  /** Offset that the next line of hexdump or od has; -1 before the first. */
  #nextOffset = -1;

  constructor(events: ByteEvents) {
    this.#events = events;
  }

  line(bytes: Uint8Array, from: number, to: number, lineNumber: number): void {
    const line = latin1(bytes, from, to);
    if (line.trim() === "") return;
    if (line === "*") {
      // Nobody can say here how many.
      this.#events.onText(lineNumber, "* (repeated lines that the dump left out)", "noBytes");
      return;
    }
    if (LONE_OFFSET.test(line) && Number.parseInt(line, 16) === this.#nextOffset) return;
    const plain = this.#canonical(line) ?? XXD.exec(line)?.[1];
    if (plain !== undefined) {
      this.#hand(plain.replaceAll(/\s+/g, ""), "", Number.NaN);
      return;
    }
    const words = wordsOf(line);
    const runs = runsOf(line, words);
    if (runs.length === 0) {
      this.#events.onText(lineNumber, line.trim(), "noBytes");
      return;
    }
    const tMs = timeOf(line.slice(0, runs[0]?.[0]?.from ?? 0));
    let end = 0;
    for (const run of runs) {
      this.#hand(digitsOf(run), line.slice(end, run[0]?.from ?? 0), tMs);
      end = run.at(-1)?.to ?? end;
    }
    const half = halfByteOf(line, words, runs);
    if (half !== null) this.#events.onText(lineNumber, half, "halfByte");
  }

  /** Bytes of a line of hexdump -C or od, whose offsets go on from line to line. */
  #canonical(line: string): string | undefined {
    const match = CANONICAL.exec(line);
    if (match === null) return undefined;
    const [, offsetText = "", gap = "", plain = ""] = match;
    const offset = Number.parseInt(offsetText, 16);
    // With one space it may be a dump whose first word is longer than the others.
    if (gap.length < 2 && offset !== Math.max(0, this.#nextOffset)) return undefined;
    this.#nextOffset = offset + plain.replaceAll(/\s+/g, "").length / 2;
    return plain;
  }

  #hand(digits: string, prefix: string, tMs: number): void {
    const count = digits.length >> 1;
    if (count > this.#scratch.length) this.#scratch = new Uint8Array(count * 2);
    const written = Buffer.from(this.#scratch.buffer).write(digits.slice(0, 2 * count), "hex");
    const lane = this.#lanes.get(chainOf(prefix), directionOf(prefix));
    this.#events.onBytes(lane, this.#scratch, 0, written, tMs);
  }
}

function wordsOf(line: string): Word[] {
  return [...line.matchAll(WORD)].map((match) => {
    const text = match[0];
    const from = match.index;
    const body = /^0x/i.test(text) ? text.slice(2) : text;
    const isSeparated = SEPARATED.test(body) || SEPARATED_FEW.test(body);
    const isMarked = body !== text || isSeparated;
    let digits = isSeparated ? body.replaceAll(/[:-]/g, "") : body;
    // 0xA is a byte.
    if (body !== text && digits.length === 1) digits = `0${digits}`;
    return { text, from, to: from + text.length, digits: /^[0-9a-f]+$/i.test(digits) ? digits : "", isMarked };
  });
}

const isBytes = (word: Word): boolean => word.digits.length >= 2 && word.digits.length % 2 === 0;

/** Hex words in a row that are bytes by all appearance. An odd last word keeps its whole bytes. */
function runsOf(line: string, words: readonly Word[]): Word[][] {
  const runs: Word[][] = [];
  let run: Word[] = [];
  const close = (): void => {
    const kept = withoutTime(run);
    if (kept.length > 0) runs.push(kept);
    run = [];
  };
  for (const [i, word] of words.entries()) {
    const isTorn = i === words.length - 1 && word.digits.length % 2 === 1 && word.digits.length > 1;
    if (isBytes(word) || (isTorn && (run.length > 0 || word.digits.length >= 7))) run.push(word);
    else close();
  }
  close();
  const long = runs.filter((r) => digitsOf(r).length >= 4 && !isProse(line, r) && !isNumber(line, r));
  if (long.length > 0) return long;
  return runs.filter((r) => isLoneByte(line, r));
}

/** A number before the bytes that is longer than they are and has no letters: a time or a counter. */
function withoutTime(run: readonly Word[]): Word[] {
  const [first, second] = run;
  const isTime = first !== undefined && /^\d{4,}$/.test(first.text);
  if (isTime && second !== undefined && second.digits.length < first.digits.length) return run.slice(1);
  return [...run];
}

/** "face", "dead beef": a word or two of letters only, in the middle of others. */
function isProse(line: string, run: readonly Word[]): boolean {
  if (run.length > 2 || run.some(({ isMarked }) => isMarked)) return false;
  return run.every(({ text }) => /^[a-f]+$/i.test(text)) && !standsAlone(line, run);
}

/** A decimal number in the middle of a line: a time, a count. */
function isNumber(line: string, run: readonly Word[]): boolean {
  return run.length === 1 && /^\d+$/.test(run[0]?.text ?? "") && !standsAlone(line, run);
}

/** The last thing on a line, with nothing before it but a time, a direction or a mark. */
function standsAlone(line: string, run: readonly Word[]): boolean {
  if (!/^[\s\])}.,;]*$/.test(line.slice(run.at(-1)?.to ?? 0))) return false;
  const before = line.slice(0, run[0]?.from ?? 0).trim();
  if (before === "") return true;
  return /(?:[:,;>|<\][({]|<-+|\b(?:tx|rx|data))$/i.test(before) || /^[\d.+:\s[\]-]+$/.test(before);
}

/** One byte alone is meant as one where it stands so, or is marked. */
function isLoneByte(line: string, run: readonly Word[]): boolean {
  return run.length === 1 && (standsAlone(line, run) || (run[0]?.isMarked ?? false));
}

function digitsOf(run: readonly Word[]): string {
  return run.map(({ digits }) => (digits.length % 2 === 0 ? digits : digits.slice(0, -1))).join("");
}

/** A digit at the end of a line that was cut in the middle of a byte. */
function halfByteOf(line: string, words: readonly Word[], runs: readonly Word[][]): string | null {
  const last = words.at(-1);
  const run = runs.at(-1);
  const lastOfRun = run?.at(-1);
  if (last === undefined || lastOfRun === undefined || last.digits.length % 2 === 0) return null;
  const isNext = words.at(-2) === lastOfRun && last.digits.length === 1;
  return last === lastOfRun || isNext ? `${last.digits.at(-1)} at the end of: ${line.trim().slice(-40)}` : null;
}
