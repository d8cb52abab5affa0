/** Shell of the tuning machine: carries changes out on the running chains and their supply, one order after the other. */
import { isKumpelError, type KumpelError } from "#hal/errors.ts";
import type { FileStore } from "#hal/file-store.ts";
import { Mutex } from "#hal/mutex.ts";
import type { ChainPhase } from "../chain/chain-machine.ts";
import { isAnyStarting } from "../control/work-voltage.ts";
import type { MinerParts } from "../miner-parts.ts";
import { keepTuning } from "./kept-tuning.ts";
import { type Tuning, tuningLimits } from "./tuning.ts";
import { stepTuning, type TuningAction, type TuningInput, type TuningState } from "./tuning-machine.ts";

/** What became of an order, in one sentence. */
export interface TuningAnswer {
  readonly ok: boolean;
  readonly message: string;
}

export class TuningDesk {
  readonly #parts: MinerParts;
  readonly #turns = new Mutex();
  #state: TuningState;

  constructor(parts: MinerParts) {
    this.#parts = parts;
    const { options, train, chains } = parts;
    const start: Tuning = options.tuning ?? {
      chains: chains.map(({ supervisor }) => supervisor.tuning),
      workMv: chains.map(() => options.operatingPoint.workMv),
    };
    this.#state = {
      limits: tuningLimits(options.hashboard, options.support, train),
      start,
      now: start,
      history: [],
    };
    for (const [chain, workMv] of start.workMv.entries()) train.setPlan(options.support.planFor(workMv), [chain]);
  }

  get state(): TuningState {
    return this.#state;
  }

  /** Carries out what is asked for, or says why not. */
  order(input: TuningInput): Promise<TuningAnswer> {
    return this.#turns.run(async () => {
      const before = this.#state;
      const { state, actions, reason, isRefused } = stepTuning(before, input);
      const { clock, log } = this.#parts.options;
      this.#parts.supervision.blackBox.decided(
        { machine: "tuning", before: shown(before.now), input, after: shown(state.now), actions, reason },
        clock.nowMs(),
      );
      const obstacle = isRefused ? reason : this.#obstacleTo(actions);
      if (obstacle !== null) return { ok: false, message: `Refused: ${obstacle}.` };
      this.#state = state;
      await this.#carryOutAll(actions, reason);
      log.info({ part: "tuning" }, reason);
      return { ok: true, message: `${reason[0]?.toUpperCase() ?? ""}${reason.slice(1)}${this.#whenText()}.` };
    });
  }

  /** The present tuning is the one that the next run begins with. @throws KumpelError `STORE_FAILED`. */
  async keep(store: FileStore): Promise<TuningAnswer> {
    const { hashboard, operatingPoint } = this.#parts.options;
    await keepTuning(store, { model: hashboard, operatingPoint }, this.#state.now);
    return { ok: true, message: "Kept: the next run begins with these clocks and voltages." };
  }

  #phases(): ChainPhase[] {
    return this.#parts.chains.map(({ supervisor }) => supervisor.state.phase);
  }

  /** While a chain starts, its sequence decides what the supply gives, and two ramps at once would leap. Null: nothing. */
  #obstacleTo(actions: readonly TuningAction[]): string | null {
    if (!actions.some(({ kind }) => kind === "voltage")) return null;
    const phases = this.#phases();
    const starting = phases.findIndex((phase) => isAnyStarting([phase]));
    if (starting >= 0)
      return `chain ${starting} is starting (${phases[starting]}): order it again when all chains hash`;
    const isMoving = phases.includes("hashing") && !this.#parts.workVoltage.isSettled;
    return isMoving ? "the supply is on its way to the working voltage: order it again in some seconds" : null;
  }

  #whenText(): string {
    const isHashing = this.#parts.chains.some(({ supervisor }) => supervisor.state.phase === "hashing");
    return isHashing ? "" : "; no chain hashes, so it counts from the next start on";
  }

  /**
   * Power that goes meanwhile ends a change of the voltage, and with it the rest is what the next start comes to: an order
   * of which a half is left out would be booked as done. @throws what the supply says; power is cut then.
   */
  async #carryOutAll(actions: readonly TuningAction[], reason: string): Promise<void> {
    let failure: KumpelError | null = null;
    for (const batch of sideBySide(actions)) {
      try {
        await Promise.all(batch.map((action) => this.#carryOut(action, reason)));
      } catch (error) {
        if (!isKumpelError(error)) throw error;
        if (error.code !== "ABORTED") failure ??= error;
      }
    }
    if (failure !== null) throw failure;
  }

  async #carryOut(action: TuningAction, reason: string): Promise<void> {
    const { chains, train, workVoltage, options } = this.#parts;
    if (action.kind === "retune") {
      await chains[action.chainIndex]?.supervisor.retune(action.tuning, reason);
      return;
    }
    train.setPlan(options.support.planFor(action.workMv), action.chains);
    const phases = this.#phases();
    // Without power there is nothing to change: the next start comes to the new voltage by its own sequence.
    if (!phases.includes("hashing")) return;
    const hashing = action.chains.filter((chain) => phases[chain] === "hashing");
    await workVoltage.change((signal) => train.newWork(hashing, signal));
  }
}

/** Neighbouring changes of clocks concern different chains and need not wait for one another; a voltage stands alone. */
function sideBySide(actions: readonly TuningAction[]): TuningAction[][] {
  const batches: TuningAction[][] = [];
  for (const action of actions) {
    const last = batches.at(-1);
    if (last !== undefined && action.kind === "retune" && last[0]?.kind === "retune") last.push(action);
    else batches.push([action]);
  }
  return batches;
}

/** Without maps: for the black box. */
function shown({ chains, workMv }: Tuning): object {
  return { chains: chains.map(({ baseMhz, chipMhz }) => ({ baseMhz, chipMhz: [...chipMhz] })), workMv };
}
