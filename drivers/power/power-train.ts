/**
 * Carries out the power plan of a machine: supply, voltage controllers, regulator, reset lines, fans, heartbeats. Ups stop
 * at the first step that fails; the down list tries every step and is bounded in time, so that a silent controller cannot
 * keep the supply on.
 */
import { type Clock, LATE, sleep, type TimerHandle, within } from "#hal/clock.ts";
import type { ControlBoard, FanBank } from "#hal/control-board.ts";
import { KumpelError } from "#hal/errors.ts";
import type { PowerSupply, PsuIdentity } from "../psu/power-supply.ts";
import type { CoreRegulator } from "../regulator/core-regulator.ts";
import type { VoltageController } from "../voltage/voltage-controller.ts";
import type { PowerPlan, PowerStep } from "./power-steps.ts";

export interface PowerTrainOptions {
  readonly clock: Clock;
  readonly board: Pick<ControlBoard, "chains" | "power">;
  readonly fans: FanBank;
  readonly plan: PowerPlan;
  readonly supply: PowerSupply | null;
  /** Types that the maker accepts with this machine; empty = any whose formula is known. */
  readonly psuTypes: readonly number[];
  /** By chain index; null where the board has none. */
  readonly controllers: readonly (VoltageController | null)[];
  readonly regulator: CoreRegulator | null;
  /** A controller did not take its heartbeat; it will cut its board's power by itself. */
  readonly onHeartbeatLost: (chainIndex: number, error: unknown) => void;
}

/** A controller that takes its time must not keep the supply on: the next step comes after so long. */
const DOWN_STEP_LIMIT_MS = 250;
/** The one step after which nothing else could cut the power. */
const DOWN_SWITCH_LIMIT_MS = 1_000;
/** Heartbeats missed in a row that count as lost. */
const HEARTBEATS_MISSED = 3;

export class PowerTrain {
  readonly #options: PowerTrainOptions;
  readonly #heartbeats: (TimerHandle | null)[];
  readonly #chainMv: (number | null)[];
  readonly #starts: number[];
  /** By chain index; chains share it unless each has a voltage of its own. */
  readonly #plans: PowerPlan[];
  #plugged: readonly number[] = [];
  #supplyMv: number | null = null;
  #identity: PsuIdentity | null = null;
  #machineUpMs = 0;
  readonly #chainUpMs: number[];

  constructor(options: PowerTrainOptions) {
    this.#options = options;
    const chains = options.board.chains.length;
    this.#heartbeats = Array.from({ length: chains }, () => null);
    this.#chainMv = Array.from({ length: chains }, () => null);
    this.#chainUpMs = Array.from({ length: chains }, () => 0);
    this.#starts = Array.from({ length: chains }, () => 0);
    this.#plans = Array.from({ length: chains }, () => options.plan);
  }

  /** Set point of what feeds this chain's chips, in mV; null while it is off or unknown. */
  voltageMv(chainIndex: number): number | null {
    return this.#chainMv[chainIndex] ?? this.#supplyMv;
  }

  /** What the supply said of itself; null before it was asked, or where it has no bus. */
  get supplyIdentity(): PsuIdentity | null {
    return this.#identity;
  }

  /**
   * Milliseconds that the first power-up took: all of it is prescribed by the sequence and by the bus protocols of supply
   * and controllers. Chains come up side by side, so the slowest counts.
   */
  get prescribedWaitMs(): number {
    return this.#machineUpMs + Math.max(0, ...this.#chainUpMs);
  }

  /** Once, for the chains that are plugged. */
  async machineUp(signal: AbortSignal): Promise<void> {
    const startMs = this.#options.clock.nowMs();
    this.#plugged = await this.#findPlugged();
    await this.#run(this.#machinePlan.machineUp, this.#plugged, signal);
    this.#machineUpMs = this.#options.clock.nowMs() - startMs;
  }

  /** Before each start of one chain; a controller that has run before is started anew. */
  async chainUp(chainIndex: number, signal: AbortSignal): Promise<void> {
    const { clock, controllers } = this.#options;
    const plan = this.#planOf(chainIndex);
    const startMs = clock.nowMs();
    const isAgain = (this.#starts[chainIndex] ?? 0) > 0;
    this.#starts[chainIndex] = (this.#starts[chainIndex] ?? 0) + 1;
    const startsItself = plan.chainUp.some(({ kind }) => kind === "controllerStart");
    if (isAgain && !startsItself) await controllers[chainIndex]?.start(signal);
    await this.#run(plan.chainUp, [chainIndex], signal);
    if (!isAgain) this.#chainUpMs[chainIndex] = clock.nowMs() - startMs;
  }

  /** The chain hashes: to its working voltage. */
  chainWork(chainIndex: number, signal: AbortSignal): Promise<void> {
    return this.#run(this.#planOf(chainIndex).chainWork, [chainIndex], signal);
  }

  /** No chain is starting any more: the supply to its working voltage. */
  machineWork(signal: AbortSignal): Promise<void> {
    return this.#run(this.#machinePlan.machineWork, this.#plugged, signal);
  }

  /** Whether each chain's voltage is made by a controller of its own. */
  get isVoltagePerChain(): boolean {
    return this.#options.plan.newWork.some(({ kind }) => kind === "controllerVoltage");
  }

  /** False where the chips' voltage is fixed. */
  get isVoltageSettable(): boolean {
    return this.#options.plan.newWork.length > 0;
  }

  /** What the next starts of these chains follow. */
  setPlan(plan: PowerPlan, chains: readonly number[]): void {
    for (const chain of chains) if (chain in this.#plans) this.#plans[chain] = plan;
  }

  /** To the working voltage of the plan that is set now, while chips hash. */
  newWork(chains: readonly number[], signal: AbortSignal): Promise<void> {
    const [first] = chains;
    if (first === undefined) return Promise.resolve();
    return this.#run(this.#planOf(first).newWork, chains, signal);
  }

  /** One chain off while others go on. */
  chainDown(chainIndex: number): Promise<void> {
    this.#chainMv[chainIndex] = null;
    return this.#down(this.#planOf(chainIndex).chainDown, [chainIndex]);
  }

  /**
   * All off. Every step is tried; resolves when those that switch power have been confirmed.
   * @throws AggregateError of what failed, KumpelError `ABORTED` for what was too slow; the other steps were done.
   */
  async machineDown(): Promise<void> {
    for (const chain of this.#chainMv.keys()) this.#chainMv[chain] = null;
    await this.#down(this.#machinePlan.machineDown, await this.#findPlugged());
  }

  /** What concerns the machine as a whole is the same in all of them. */
  get #machinePlan(): PowerPlan {
    return this.#planOf(0);
  }

  #planOf(chainIndex: number): PowerPlan {
    return this.#plans[chainIndex] ?? this.#options.plan;
  }

  /** A connector that cannot be asked, or takes too long, counts as plugged. */
  async #findPlugged(): Promise<number[]> {
    const plugged: number[] = [];
    for (const { index, isPlugged } of this.#options.board.chains) {
      const isThere = await within(
        this.#options.clock,
        DOWN_STEP_LIMIT_MS,
        isPlugged().catch(() => true),
      );
      if (isThere === LATE || isThere) plugged.push(index);
    }
    return plugged;
  }

  async #run(steps: readonly PowerStep[], chains: readonly number[], signal: AbortSignal): Promise<void> {
    for (const step of steps) {
      // Not every step looks at the signal itself, and none may follow a cut.
      if (signal.aborted) throw new KumpelError("ABORTED", `power-up was stopped before ${step.kind}`);
      await this.#do(step, chains, signal);
    }
  }

  async #down(steps: readonly PowerStep[], chains: readonly number[]): Promise<void> {
    const { clock, board } = this.#options;
    const never = new AbortController().signal;
    const failures: unknown[] = [];
    for (const step of steps) {
      const isLastResort =
        step.kind === "psuEnable" ||
        step.kind === "regulatorOff" ||
        (step.kind === "controllerOutput" && board.power === null);
      const limitMs = isLastResort ? DOWN_SWITCH_LIMIT_MS : DOWN_STEP_LIMIT_MS;
      // Controllers side by side: one that is silent must neither delay nor excuse the others.
      const groups = step.kind === "controllerOutput" ? chains.map((chain) => [chain]) : [chains];
      const ends = await Promise.allSettled(
        groups.map((group) => within(clock, limitMs, this.#do(step, group, never))),
      );
      for (const [i, end] of ends.entries()) {
        // A controller behind a supply that is switched off next need not confirm; the switches must.
        if (end.status === "rejected" && (isLastResort || step.kind === "reset")) failures.push(end.reason);
        else if (end.status === "fulfilled" && end.value === LATE && isLastResort)
          failures.push(this.#lateSwitch(step, groups[i] ?? [], limitMs));
      }
    }
    if (failures.length > 0) throw new AggregateError(failures, "power-down was not confirmed");
  }

  #lateSwitch(step: PowerStep, chains: readonly number[], limitMs: number): KumpelError {
    const [chain] = chains;
    const controller =
      step.kind === "controllerOutput" && chain !== undefined ? this.#options.controllers[chain] : null;
    const who = controller?.name ?? step.kind;
    return new KumpelError("ABORTED", `${who} did not confirm within ${limitMs} ms that it is off`);
  }

  async #do(step: PowerStep, chains: readonly number[], signal: AbortSignal): Promise<void> {
    const { board, fans, controllers, regulator } = this.#options;
    switch (step.kind) {
      case "wait":
        return sleep(this.#options.clock, step.ms, signal);
      case "reset":
        for (const chain of chains) await board.chains[chain]?.setReset(step.isAsserted);
        return;
      case "fans":
        return fans.setDutyPct(step.dutyPct);
      case "psuEnable":
        await board.power?.setEnabled(step.isOn);
        if (!step.isOn) this.#supplyMv = null;
        return;
      case "regulatorVoltage":
        await regulator?.start();
        this.#supplyMv = (await regulator?.setVoltageMv(step.voltageMv)) ?? null;
        return regulator?.setOutput?.(true);
      case "regulatorLevel":
        this.#supplyMv = (await regulator?.setVoltageMv(step.voltageMv)) ?? null;
        return;
      case "regulatorOff":
        // A part without a switch leaves the chips powered but in reset.
        await regulator?.setOutput?.(false);
        if (regulator !== null) this.#supplyMv = null;
        return;
      case "controllerStart":
      case "controllerVoltage":
      case "controllerOutput":
      case "heartbeat":
        await Promise.all(
          chains.map((chain) => {
            const controller = controllers[chain];
            return controller == null ? undefined : this.#doController(step, chain, controller, signal);
          }),
        );
        return;
      case "psuIdentify":
      case "psuWatchdog":
      case "psuLowest":
      case "psuVoltage":
      case "psuRamp":
        return this.#doSupply(step, signal);
    }
  }

  async #doController(
    step: Extract<PowerStep, { kind: "controllerStart" | "controllerVoltage" | "controllerOutput" | "heartbeat" }>,
    chain: number,
    controller: VoltageController,
    signal: AbortSignal,
  ): Promise<void> {
    switch (step.kind) {
      case "controllerStart":
        await controller.start(signal);
        return;
      case "controllerVoltage":
        this.#chainMv[chain] = (await controller.setVoltageMv?.(step.voltageMv, signal)) ?? null;
        return;
      case "controllerOutput":
        return controller.setOutput(step.isOn, signal);
      case "heartbeat":
        this.#heartbeats[chain]?.cancel();
        this.#heartbeats[chain] = null;
        if (step.isOn) this.#beat(chain, controller, 0);
    }
  }

  async #doSupply(
    step: Extract<PowerStep, { kind: "psuIdentify" | "psuWatchdog" | "psuLowest" | "psuVoltage" | "psuRamp" }>,
    signal: AbortSignal,
  ): Promise<void> {
    const { supply } = this.#options;
    if (supply === null)
      throw new KumpelError("PSU_FAILED", "the machine's plan sets a supply, but the board has no bus to it");
    switch (step.kind) {
      case "psuIdentify":
        return this.#identify(supply, signal);
      case "psuWatchdog":
        return supply.setWatchdog(step.isOn, signal);
      case "psuVoltage":
        this.#supplyMv = await supply.setVoltageMv(step.voltageMv, signal);
        return;
      case "psuLowest":
        this.#supplyMv = await supply.setVoltageMv(Math.ceil(this.#identity?.rangeMv[0] ?? 0), signal);
        return;
      case "psuRamp":
        return this.#ramp(supply, step, signal);
    }
  }

  async #identify(supply: PowerSupply, signal: AbortSignal): Promise<void> {
    const identity = await supply.identify(signal);
    this.#identity = identity;
    const { psuTypes } = this.#options;
    if (identity.type === null || psuTypes.length === 0 || psuTypes.includes(identity.type)) return;
    const known = psuTypes.map((type) => `0x${type.toString(16)}`).join(", ");
    throw new KumpelError(
      "PSU_UNKNOWN_TYPE",
      `The supply is of type 0x${identity.type.toString(16)}, but this machine's maker accepts ${known}: check that the supply belongs to the machine.`,
      { details: { type: identity.type } },
    );
  }

  /** In steps of at most `stepMv`, one each `everyMs`; setting takes part of that time itself. */
  async #ramp(supply: PowerSupply, step: Extract<PowerStep, { kind: "psuRamp" }>, signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    let wishMv = this.#supplyMv ?? step.toMv;
    while (wishMv !== step.toMv) {
      const startMs = clock.nowMs();
      const leftMv = step.toMv - wishMv;
      wishMv = Math.abs(leftMv) <= step.stepMv ? step.toMv : wishMv + Math.sign(leftMv) * step.stepMv;
      this.#supplyMv = await supply.setVoltageMv(wishMv, signal);
      await sleep(clock, step.everyMs - (clock.nowMs() - startMs), signal);
    }
  }

  #beat(chain: number, controller: VoltageController, missed: number): void {
    const { clock, onHeartbeatLost } = this.#options;
    const timer = clock.setTimer(controller.heartbeatPeriodMs, () => {
      controller.heartbeat(new AbortController().signal).then(
        () => {
          if (this.#heartbeats[chain] === timer) this.#beat(chain, controller, 0);
        },
        (error: unknown) => {
          if (this.#heartbeats[chain] !== timer) return;
          if (missed + 1 >= HEARTBEATS_MISSED) onHeartbeatLost(chain, error);
          this.#beat(chain, controller, missed + 1);
        },
      );
    });
    this.#heartbeats[chain] = timer;
  }
}
