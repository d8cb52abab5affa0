/** One seed from start to end: faults, steps of time, checks; what came of it as plain data. */
import type { MachineName } from "#hal/emulator/machines.ts";
import { SeededRandom } from "#hal/emulator/prng.ts";
import { promisedHashes } from "../support/rig.ts";
import { FaultDriver } from "./acts.ts";
import { type PlannedFault, planFaults } from "./fault-plan.ts";
import { chooseFaults, type FaultKind, type FaultName } from "./fault-table.ts";
import { INVARIANTS } from "./invariants.ts";
import { Owner } from "./owner.ts";
import { type Restarts, Stage, type StageOptions } from "./stage.ts";
import { Watch } from "./watch.ts";

const SECOND_MS = 1_000;
const HOUR_MS = 3_600_000;
/** What a stop may take, with room. */
const END_MS = 5_000;
const END_EVENTS_MAX = 100_000;
const NONCES_PER_S = 10;
const DEFAULT_HASHES_PER_NONCE = 16;

export interface SeedOptions extends Omit<StageOptions, "hashesPerNonce"> {
  readonly hours: number;
  /** As on the command line: `all`, `none`, or names. */
  readonly faults: string;
  /** In place of the one that seed and faults make. */
  readonly plan?: readonly PlannedFault[];
  readonly hashesPerNonce?: number;
  /** Called each virtual second; a test's defect may hide here. */
  readonly everySecond?: (stage: Stage) => void;
}

export interface Violation {
  readonly invariant: string;
  /** Virtual seconds since the start. */
  readonly at: number;
  readonly text: string;
  /** Faults that held. */
  readonly faults: readonly FaultName[];
  readonly replay: string;
}

export interface SeedResult {
  readonly machine: MachineName;
  readonly seed: number;
  readonly virtualHours: number;
  readonly events: number;
  readonly faultsInjected: Readonly<Record<string, number>>;
  readonly violations: readonly Violation[];
  readonly shares: {
    readonly accepted: number;
    readonly rejected: number;
    readonly stale: number;
  };
  readonly restarts: Restarts;
  readonly trace: string;
}

/** The power of two at which the whole machine finds about ten nonces a second. */
export function defaultTicket(machine: MachineName): number {
  return Math.max(1, 2 ** Math.round(Math.log2(promisedHashes(machine) / 2 ** 32 / NONCES_PER_S)));
}

export function replayLine({ machine, seed, hours, faults, ticket }: SeedOptions): string {
  return `npm run simulate -- --machine ${machine} --seed ${seed} --hours ${hours} --faults ${faults} --ticket ${ticket}`;
}

export async function runSeed(options: SeedOptions): Promise<SeedResult> {
  const run = new SeedRun(options);
  await run.live();
  return run.result();
}

class SeedRun {
  readonly #options: SeedOptions;
  readonly #stage: Stage;
  readonly #faults: FaultDriver;
  readonly #watch: Watch;
  readonly #owner: Owner;
  readonly #violations: Violation[] = [];

  constructor(options: SeedOptions) {
    this.#options = options;
    this.#stage = new Stage({ hashesPerNonce: DEFAULT_HASHES_PER_NONCE, ...options });
    const random = new SeededRandom(options.seed).fork("faults");
    const plan = options.plan ?? planFaults(kindsOf(options.faults), random, options.hours * HOUR_MS);
    this.#faults = new FaultDriver(this.#stage, plan);
    this.#watch = new Watch(this.#stage, this.#faults);
    this.#owner = new Owner(this.#stage, this.#faults);
    this.#stage.clock.onEvent = () => this.#afterEvent();
  }

  async live(): Promise<void> {
    const { clock } = this.#stage;
    const endMs = this.#options.hours * HOUR_MS;
    await this.#stage.begin();
    while (clock.nowMs() < endMs && !this.#isOver()) {
      this.#faults.tend();
      this.#stage.tend();
      await this.#moveOn(endMs);
    }
    await this.#end();
  }

  result(): SeedResult {
    const { machine, seed } = this.#options;
    const { clock, primary, backup, restarts, world } = this.#stage;
    const counts = [primary.counts(), backup.counts()];
    const [first, second] = counts;
    world.stop();
    return {
      machine,
      seed,
      virtualHours: clock.nowMs() / HOUR_MS,
      events: clock.events,
      faultsInjected: Object.fromEntries([...this.#faults.injected].sort(([a], [b]) => (a < b ? -1 : 1))),
      violations: this.#violations,
      shares: {
        accepted: (first?.accepted ?? 0) + (second?.accepted ?? 0),
        rejected: (first?.rejected ?? 0) + (second?.rejected ?? 0),
        stale: (first?.stale ?? 0) + (second?.stale ?? 0),
      },
      restarts,
      trace: this.#watch.trace.hex,
    };
  }

  /** To the next whole second, or to the next fault before it. */
  async #moveOn(endMs: number): Promise<void> {
    const { clock } = this.#stage;
    const nowMs = clock.nowMs();
    const secondMs = (Math.floor(nowMs / SECOND_MS) + 1) * SECOND_MS;
    const untilMs = Math.min(secondMs, Math.max(nowMs, this.#faults.nextMs), endMs);
    await clock.runUntil(() => this.#isOver(), untilMs - nowMs);
    if (clock.nowMs() < secondMs || this.#isOver()) return;
    this.#options.everySecond?.(this.#stage);
    this.#watch.everySecond();
    this.#check(false);
    if (this.#owner.tend()) this.#watch.ownerActed();
  }

  #isOver(): boolean {
    return this.#violations.length > 0;
  }

  #afterEvent(): void {
    this.#watch.afterEvent();
    this.#check(true);
  }

  /** The first violation ends the run: what comes after it proves nothing. */
  #check(isCheapOnly: boolean): void {
    const { view } = this.#watch;
    for (const { name, isCheap, check } of INVARIANTS) {
      if (isCheapOnly && !isCheap) continue;
      const text = check(view);
      if (text === null || this.#violations.length > 0) continue;
      const at = Number((view.nowMs / SECOND_MS).toFixed(3));
      const { names } = this.#faults;
      this.#violations.push({ invariant: name, at, text, faults: names, replay: replayLine(this.#options) });
    }
  }

  /** Faults end first: what was asked to stop shall not fail for a reason that is known. */
  async #end(): Promise<void> {
    const { clock } = this.#stage;
    this.#faults.endAll();
    const wasUp = this.#stage.life?.miner != null;
    this.#stage.endLife();
    const before = clock.events;
    // Where time stands, the end does not come either.
    await clock.runUntil(() => clock.events - before > END_EVENTS_MAX, END_MS);
    this.#stage.tend();
    this.#watch.everySecond();
    // Nobody works any more, and nobody should.
    this.#watch.view.soundForMs = 0;
    if (wasUp && this.#stage.world.powerIsOn) this.#watch.view.leftOn = true;
    this.#check(false);
    this.#stage.killLife();
    clock.onEvent = null;
  }
}

function kindsOf(words: string): readonly FaultKind[] {
  const kinds = chooseFaults(words);
  if ("unknown" in kinds) throw new RangeError(`no fault has the name "${kinds.unknown}"`);
  return kinds;
}
