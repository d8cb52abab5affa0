/** Lines of a black box recording: its chips' bytes and pool lines; decisions are `kumpel replay`'s matter. */
import { recordSchema } from "../../blackbox/recording.ts";
import { type ByteEvents, hexInto, Lanes, type LineReader, utf8 } from "./byte-events.ts";

const CHUNK_MAX_BYTES = 4096;

export class BlackBoxLines implements LineReader {
  readonly #events: ByteEvents;
  readonly #lanes = new Lanes();
  readonly #scratch = new Uint8Array(CHUNK_MAX_BYTES);

  constructor(events: ByteEvents) {
    this.#events = events;
  }

  line(bytes: Uint8Array, from: number, to: number, lineNumber: number): void {
    if (from === to) return;
    const text = utf8(bytes, from, to);
    const record = recordOf(text);
    switch (record?.k) {
      case undefined:
        this.#events.onText(lineNumber, text, "unreadable");
        break;
      case "kumpel black box":
        this.#events.onHeader("program", record.program);
        this.#events.onHeader("machine", record.machine);
        break;
      case "uart":
        this.#uart(record, lineNumber);
        break;
      case "pool":
        this.#events.onPool(record.pool, record.dir, record.line, record.t);
        break;
      case "note":
        this.#events.onNote(null, record.text, record.t);
        break;
      case "state":
      case "step":
        break;
    }
  }

  #uart(
    { chain, dir, hex, t }: { chain: number; dir: "in" | "out"; hex: string; t: number },
    lineNumber: number,
  ): void {
    const text = Buffer.from(hex, "latin1");
    const count = hexInto(this.#scratch, text, 0, text.length);
    if (count < 0) this.#events.onText(lineNumber, hex, "unreadable");
    else this.#events.onBytes(this.#lanes.get(chain, dir), this.#scratch, 0, count, t);
  }
}

function recordOf(text: string) {
  try {
    return recordSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
