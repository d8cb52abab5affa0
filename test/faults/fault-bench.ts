/**
 * One emulated machine for one row of the fault table: brought to hashing, broken, and watched until it has reacted.
 * Everything is virtual time, so the measured times are the same on every computer.
 */
import type { MinerSnapshot } from "#firmware/api/snapshot.ts";
import type { IncidentKind } from "#firmware/incidents/incident.ts";
import type { Miner } from "#firmware/miner.ts";
import { takeSnapshot } from "#firmware/snapshot-builder.ts";
import type { Clock } from "#hal/clock.ts";
import type { ControlBoard } from "#hal/control-board.ts";
import type { EmulatedWorld } from "#hal/emulator/emulated-world.ts";
import type { ChainFaults } from "#hal/emulator/faults.ts";
import type { MachineName } from "#hal/emulator/machines.ts";
import { defaultTicket } from "../simulation/run-seed.ts";
import { Stage } from "../simulation/stage.ts";

const SEED = 1;
const HASHES_PER_NONCE = 16;
/** Far finer than any required time. */
const STEP_MS = 100;

export interface BenchOptions {
  readonly machine?: MachineName;
  /** Ticket of the chips; default: so that the machine finds about ten nonces a second. */
  readonly ticket?: number;
  readonly wrapBoard?: (board: ControlBoard, clock: Clock, world: EmulatedWorld) => ControlBoard;
}

export class FaultBench {
  readonly stage: Stage;
  /** The last life, also after it ended. */
  #miner: Miner | null = null;

  private constructor(options: BenchOptions) {
    const { machine = "s21", ticket, wrapBoard } = options;
    this.stage = new Stage({
      machine,
      seed: SEED,
      ticket: ticket ?? defaultTicket(machine),
      hashesPerNonce: HASHES_PER_NONCE,
      ...(wrapBoard === undefined ? {} : { wrapBoard }),
    });
  }

  /** A machine that has just been switched on. */
  static async start(options: BenchOptions = {}): Promise<FaultBench> {
    const bench = new FaultBench(options);
    await bench.stage.begin();
    return bench;
  }

  /** A machine all of whose chains hash, for a while. */
  static async hashing(options: BenchOptions = {}): Promise<FaultBench> {
    const bench = await FaultBench.start(options);
    await bench.until("all chains hash", bench.allHash, 300);
    await bench.advance(30);
    return bench;
  }

  get world(): EmulatedWorld {
    return this.stage.world;
  }

  get isOn(): boolean {
    return this.world.powerIsOn;
  }

  get nowS(): number {
    return this.stage.clock.nowMs() / 1000;
  }

  get miner(): Miner {
    this.#miner = this.stage.life?.miner ?? this.#miner;
    if (this.#miner === null) throw new Error("no firmware runs yet");
    return this.#miner;
  }

  get snapshot(): MinerSnapshot {
    return takeSnapshot(this.miner.parts);
  }

  get states(): string[] {
    return this.stage.life?.miner == null ? ["none"] : this.snapshot.chains.map(({ state }) => state);
  }

  /** As a condition that `until` and `holds` take. */
  readonly allHash = (): boolean => this.states.every((state) => state === "hashing");

  get thermalReason(): string {
    return this.miner.parts.thermal.state.reason;
  }

  get dutyPct(): number {
    return this.miner.parts.thermal.state.dutyPct;
  }

  incidents(kind: IncidentKind): string[] {
    const { incidents } = this.miner.parts.supervision.incidents.history;
    return incidents.filter((incident) => incident.kind === kind).map(({ text }) => text);
  }

  chainFaults(chain: number): ChainFaults {
    const faults = this.world.faults.chains[chain];
    if (faults === undefined) throw new Error(`no chain ${chain}`);
    this.world.chains[chain]?.model.nonces.markChanged();
    return faults;
  }

  async advance(seconds: number): Promise<void> {
    const endMs = this.stage.clock.nowMs() + seconds * 1000;
    while (this.stage.clock.nowMs() < endMs) await this.#step(endMs);
  }

  /** Moves on until it holds; fails when it does not within `limitS`. Resolves with the seconds that it took. */
  async until(what: string, predicate: () => boolean, limitS: number): Promise<number> {
    const fromS = this.nowS;
    const endMs = this.stage.clock.nowMs() + limitS * 1000;
    while (!predicate()) {
      if (this.stage.clock.nowMs() >= endMs) {
        const told = this.stage.life?.miner == null ? "no firmware runs" : JSON.stringify(this.snapshot.chains[0]);
        throw new Error(
          `not within ${limitS} s: ${what}; thermal: ${this.#miner?.parts.thermal.state.reason}; ${told}`,
        );
      }
      await this.#step(endMs);
    }
    return this.nowS - fromS;
  }

  /** Holds for so long without an exception. */
  async holds(what: string, predicate: () => boolean, seconds: number): Promise<void> {
    const endMs = this.stage.clock.nowMs() + seconds * 1000;
    while (this.stage.clock.nowMs() < endMs) {
      if (!predicate()) throw new Error(`at ${this.nowS.toFixed(1)} s it does not hold any more: ${what}`);
      await this.#step(endMs);
    }
  }

  /** Shares go on to be accepted, by whichever pool. */
  async earns(limitS = 120): Promise<void> {
    const count = (): number => this.stage.primary.counts().accepted + this.stage.backup.counts().accepted;
    const before = count();
    await this.until("shares are accepted", () => count() > before + 2, limitS);
  }

  /** Shares that no sound client sends: they must stay 0. */
  get wrongShares(): number {
    return this.stage.primary.wrongShares + this.stage.backup.wrongShares;
  }

  end(): void {
    this.stage.killLife();
    this.world.stop();
  }

  async #step(endMs: number): Promise<void> {
    this.stage.tend();
    await this.stage.clock.advance(Math.min(STEP_MS, endMs - this.stage.clock.nowMs()));
    this.#miner = this.stage.life?.miner ?? this.#miner;
  }
}
