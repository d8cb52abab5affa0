/**
 * One resolution of the history: slots of equal length on the wall clock, the oldest fall out. Means and sums are formed as
 * values come; a slot that nobody wrote is a gap, never a zero.
 */

/** Bytes of one number on disk. */
const FLOAT_BYTES = 4;

export interface RingField {
  readonly kind: "mean" | "sum";
}

export interface HistorySeries {
  readonly timesMs: readonly number[];
  /** One list a field, null = unknown. */
  readonly values: readonly (readonly (number | null)[])[];
}

export class HistoryRing {
  readonly periodMs: number;
  readonly slots: number;
  readonly #fields: readonly RingField[];
  /** Number of the slot that each place holds, counted from 1970; -1 = none. */
  readonly #numbers: Float64Array;
  readonly #values: Float32Array;
  /** How many values a mean is of. */
  readonly #counts: Uint16Array;

  constructor(periodMs: number, slots: number, fields: readonly RingField[]) {
    this.periodMs = periodMs;
    this.slots = slots;
    this.#fields = fields;
    this.#numbers = new Float64Array(slots).fill(-1);
    this.#values = new Float32Array(slots * fields.length).fill(Number.NaN);
    this.#counts = new Uint16Array(slots * fields.length);
  }

  /** @param values one a field; not a number = unknown. */
  add(wallMs: number, values: Float64Array): void {
    const number = Math.floor(wallMs / this.periodMs);
    const at = this.#placeOf(number);
    for (let field = 0; field < this.#fields.length; field++) {
      const value = values[field] ?? Number.NaN;
      if (Number.isNaN(value)) continue;
      const i = at + field;
      const before = this.#values[i] ?? Number.NaN;
      const count = this.#counts[i] ?? 0;
      this.#counts[i] = Math.min(count + 1, 0xffff);
      if (Number.isNaN(before)) this.#values[i] = value;
      else if (this.#fields[field]?.kind === "sum") this.#values[i] = before + value;
      else this.#values[i] = before + (value - before) / (count + 1);
    }
  }

  /** Slots that begin in [fromMs, toMs), in order; gaps are left out. @param fields numbers; -1 = one that is not kept. */
  read(fromMs: number, toMs: number, fields: readonly number[]): HistorySeries {
    const timesMs: number[] = [];
    const values: (number | null)[][] = fields.map(() => []);
    const first = Math.max(0, Math.ceil(fromMs / this.periodMs));
    const last = Math.min(Math.ceil(toMs / this.periodMs), this.newest + 1);
    for (let number = Math.max(first, last - this.slots); number < last; number++) {
      const place = number % this.slots;
      if (this.#numbers[place] !== number) continue;
      timesMs.push(number * this.periodMs);
      for (const [i, field] of fields.entries()) {
        const value = field < 0 ? Number.NaN : (this.#values[place * this.#fields.length + field] ?? Number.NaN);
        values[i]?.push(Number.isNaN(value) ? null : value);
      }
    }
    return { timesMs, values };
  }

  /** Number of the newest slot; -1 = none. */
  get newest(): number {
    return this.#numbers.reduce((a, b) => Math.max(a, b), -1);
  }

  /** Slots `from` to `from + count - 1` as text, for a file. */
  save(from: number, count: number): string {
    const width = this.#fields.length;
    const bytes = Buffer.alloc(count * width * FLOAT_BYTES);
    for (let i = 0; i < count; i++) {
      const place = (from + i) % this.slots;
      const isThere = this.#numbers[place] === from + i;
      for (let field = 0; field < width; field++) {
        const value = isThere ? (this.#values[place * width + field] ?? Number.NaN) : Number.NaN;
        bytes.writeFloatLE(value, (i * width + field) * FLOAT_BYTES);
      }
    }
    return bytes.toString("base64");
  }

  /** Takes back what `save` made; a slot without any value stays a gap. False: it is of another shape. */
  load(from: number, count: number, text: string): boolean {
    const width = this.#fields.length;
    const bytes = Buffer.from(text, "base64");
    if (bytes.length !== count * width * FLOAT_BYTES) return false;
    for (let i = 0; i < count; i++) {
      const row = Array.from({ length: width }, (_, field) => bytes.readFloatLE((i * width + field) * FLOAT_BYTES));
      if (row.every((value) => Number.isNaN(value))) continue;
      const at = this.#placeOf(from + i);
      for (const [field, value] of row.entries()) {
        this.#values[at + field] = value;
        this.#counts[at + field] = Number.isNaN(value) ? 0 : 1;
      }
    }
    return true;
  }

  /** Where a slot's values are; what stood there before is forgotten. An older one than stands there is not let in. */
  #placeOf(number: number): number {
    const place = number % this.slots;
    const at = place * this.#fields.length;
    if (this.#numbers[place] !== number) {
      this.#numbers[place] = number;
      this.#values.fill(Number.NaN, at, at + this.#fields.length);
      this.#counts.fill(0, at, at + this.#fields.length);
    }
    return at;
  }
}
