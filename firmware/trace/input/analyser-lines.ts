/**
 * Tables that logic analysers export: a line of column names, then one byte a line, such as Saleae's
 *
 *   Time [s],Value,Parity Error,Framing Error        0.000123,0x55,,
 *   name,type,start_time,duration,data,error         "Async Serial TX","data",0.000123,0.00008,0x55,
 *
 * Text that other programs print (sigrok: `uart-1: RX: 55`) is read as a dump.
 */
import { type ByteEvents, Lanes, type LineReader, latin1 } from "./byte-events.ts";
import { chainOf, directionOf } from "./line-words.ts";

interface Columns {
  readonly time: number;
  readonly value: number;
  readonly name: number;
  readonly scale: number;
}

const TIME = /\b(?:start_)?time\b/i;
const VALUE = /^(?:value|data|byte|decoded protocol result|ascii\/hex|hex)$/i;
const NAME = /name|analyzer|channel|direction|source/i;

/** Columns of a head line, or null where it is none. */
export function analyserColumns(line: string): Columns | null {
  const cells = cellsOf(line);
  const time = cells.findIndex((cell) => TIME.test(cell));
  const value = cells.findIndex((cell) => VALUE.test(cell));
  if (cells.length < 2 || time < 0 || value < 0) return null;
  const unit = /\[(s|ms|us)\]/.exec(cells[time] ?? "")?.[1] ?? "s";
  return {
    time,
    value,
    name: cells.findIndex((cell) => NAME.test(cell)),
    scale: { s: 1000, ms: 1, us: 0.001 }[unit] ?? 1000,
  };
}

export class AnalyserLines implements LineReader {
  readonly #events: ByteEvents;
  readonly #lanes = new Lanes();
  readonly #byte = new Uint8Array(1);
  #columns: Columns | null = null;

  constructor(events: ByteEvents) {
    this.#events = events;
  }

  line(bytes: Uint8Array, from: number, to: number, lineNumber: number): void {
    const line = latin1(bytes, from, to);
    if (line.trim() === "") return;
    if (this.#columns === null) {
      this.#columns = analyserColumns(line);
      return;
    }
    const { time, value, name, scale } = this.#columns;
    const cells = cellsOf(line);
    const byte = byteOf(cells[value] ?? "");
    if (byte === null) {
      this.#events.onText(lineNumber, line.trim(), "noBytes");
      return;
    }
    const label = name < 0 ? "" : (cells[name] ?? "");
    this.#byte[0] = byte;
    const lane = this.#lanes.get(chainOf(label), directionOf(label), label);
    this.#events.onBytes(lane, this.#byte, 0, 1, Number.parseFloat(cells[time] ?? "") * scale);
  }
}

function cellsOf(line: string): string[] {
  return [...line.matchAll(/(?:^|[,;\t])\s*(?:"((?:[^"]|"")*)"|([^,;\t]*))/g)].map((m) => (m[1] ?? m[2] ?? "").trim());
}

/** 0x55, 55h, 85, 'U', U (0x55): as exports write a byte. */
function byteOf(cell: string): number | null {
  const hex = /0x([0-9a-f]{1,2})\b/i.exec(cell)?.[1] ?? /^([0-9a-f]{2})h?$/i.exec(cell)?.[1];
  if (hex !== undefined) return Number.parseInt(hex, 16);
  const decimal = /^(\d{1,3})$/.exec(cell)?.[1];
  if (decimal !== undefined && Number(decimal) < 256) return Number(decimal);
  const letter = /^'?(.)'?$/.exec(cell)?.[1];
  return letter === undefined ? null : letter.charCodeAt(0) & 0xff;
}
