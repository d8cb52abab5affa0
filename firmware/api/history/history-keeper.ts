/**
 * The history of the machine on the board itself: every 10 s for a day, every 5 min for 90 days, in memory and, in pieces, in
 * the data folder. A piece is written again every ten minutes (an hour for the long one): 4 MB and 0.6 MB a day are little for
 * flash, and a power cut loses that much at most.
 */
import type { Clock } from "#hal/clock.ts";
import { errorText, isKumpelError } from "#hal/errors.ts";
import type { FileStore } from "#hal/file-store.ts";
import type { MinerSnapshot } from "../snapshot.ts";
import { HISTORY_FIELDS } from "./history-fields.ts";
import { HistoryRing, type HistorySeries } from "./history-ring.ts";

export const RESOLUTIONS = { "10s": 10_000, "5m": 300_000 } as const;
export type Resolution = keyof typeof RESOLUTIONS;

interface Plan {
  readonly name: Resolution;
  readonly slots: number;
  /** Slots of a file. */
  readonly pieceSlots: number;
  readonly writeEveryMs: number;
}

const HOUR_MS = 3_600_000;
const PLANS: readonly Plan[] = [
  { name: "10s", slots: 8_640, pieceSlots: 360, writeEveryMs: 600_000 },
  { name: "5m", slots: 25_920, pieceSlots: 288, writeEveryMs: HOUR_MS },
];
const FILE = /^history-(10s|5m)-(\d+)\.txt$/;
/** Written at the head of each file: one that was written with other fields is not read. */
const SHAPE = HISTORY_FIELDS.map(({ name }) => name).join(",");

export interface HistoryKeeperOptions {
  readonly clock: Pick<Clock, "nowMs" | "wallTimeMs">;
  readonly store: FileStore;
  readonly warn: (text: string) => void;
}

export class HistoryKeeper {
  readonly #options: HistoryKeeperOptions;
  readonly #rings: ReadonlyMap<Resolution, HistoryRing>;
  readonly #values = new Float64Array(HISTORY_FIELDS.length);
  /** Cumulative counts of the snapshot before; not a number = there was none. */
  readonly #before = new Float64Array(HISTORY_FIELDS.length).fill(Number.NaN);
  readonly #writtenAtMs = new Map<Resolution, number>();
  #lastUptimeMs = -1;
  #isWarned = false;
  #work: Promise<void> = Promise.resolve();

  constructor(options: HistoryKeeperOptions) {
    this.#options = options;
    this.#rings = new Map(
      PLANS.map(({ name, slots }) => [name, new HistoryRing(RESOLUTIONS[name], slots, HISTORY_FIELDS)]),
    );
    for (const { name } of PLANS) this.#writtenAtMs.set(name, options.clock.nowMs());
  }

  /** Reads what earlier runs left; a file that cannot be read is left out and said once. */
  async open(): Promise<void> {
    const { store } = this.#options;
    try {
      for (const file of await store.list()) {
        const [, name, piece] = FILE.exec(file) ?? [];
        const plan = PLANS.find((one) => one.name === name);
        if (plan === undefined || piece === undefined) continue;
        const [shape, text = ""] = ((await store.read(file)) ?? "").split("\n");
        const first = Number(piece) * plan.pieceSlots;
        if (shape === SHAPE) this.#rings.get(plan.name)?.load(first, plan.pieceSlots, text);
      }
    } catch (error) {
      this.#complain(error);
    }
  }

  /** Once a second. */
  take(snapshot: MinerSnapshot): void {
    const { clock } = this.#options;
    // A restart within the process begins its counts anew.
    if (snapshot.uptimeMs < this.#lastUptimeMs) this.#before.fill(0);
    this.#lastUptimeMs = snapshot.uptimeMs;
    for (const [i, { kind, of }] of HISTORY_FIELDS.entries()) {
      const value = of(snapshot) ?? Number.NaN;
      if (kind === "mean") {
        this.#values[i] = value;
        continue;
      }
      const before = this.#before[i] ?? Number.NaN;
      // What was counted before this worker began belongs to slots that it does not know.
      this.#values[i] = Number.isNaN(before) ? 0 : Math.max(0, value - before);
      this.#before[i] = value;
    }
    const wallMs = clock.wallTimeMs();
    for (const ring of this.#rings.values()) ring.add(wallMs, this.#values);
    this.#writeWhatIsDue(wallMs);
  }

  /** @param fields names; of one that is not kept everything is unknown. */
  read(resolution: Resolution, fromMs: number, toMs: number, fields: readonly string[]): HistorySeries {
    const numbers = fields.map((name) => HISTORY_FIELDS.findIndex((field) => field.name === name));
    return this.#rings.get(resolution)?.read(fromMs, toMs, numbers) ?? { timesMs: [], values: [] };
  }

  /** Writes the pieces that are begun; resolves when they are on disk. */
  async close(): Promise<void> {
    const wallMs = this.#options.clock.wallTimeMs();
    for (const plan of PLANS) this.#write(plan, wallMs);
    await this.#work;
  }

  #writeWhatIsDue(wallMs: number): void {
    const nowMs = this.#options.clock.nowMs();
    for (const plan of PLANS) {
      if (nowMs - (this.#writtenAtMs.get(plan.name) ?? 0) < plan.writeEveryMs) continue;
      this.#writtenAtMs.set(plan.name, nowMs);
      this.#write(plan, wallMs);
    }
  }

  /** The piece of now, and the one before, which may have grown since it was written last. */
  #write(plan: Plan, wallMs: number): void {
    const ring = this.#rings.get(plan.name);
    if (ring === undefined) return;
    const piece = Math.floor(wallMs / ring.periodMs / plan.pieceSlots);
    this.#work = this.#work.then(async () => {
      const { store } = this.#options;
      try {
        for (const one of [piece - 1, piece].filter((n) => n >= 0)) {
          const text = ring.save(one * plan.pieceSlots, plan.pieceSlots);
          await store.write(`history-${plan.name}-${one}.txt`, `${SHAPE}\n${text}\n`);
        }
        const oldest = piece - Math.ceil(plan.slots / plan.pieceSlots);
        for (const file of await store.list()) {
          const [, name, number] = FILE.exec(file) ?? [];
          if (name === plan.name && Number(number) < oldest) await store.remove(file);
        }
      } catch (error) {
        this.#complain(error);
      }
    });
  }

  #complain(error: unknown): void {
    if (!isKumpelError(error, "STORE_FAILED")) throw error;
    if (!this.#isWarned) this.#options.warn(`history is kept in memory only: ${errorText(error)}`);
    this.#isWarned = true;
  }
}
