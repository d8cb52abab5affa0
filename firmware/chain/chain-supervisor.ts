/** Shell of the chain machine: carries its orders out on one connector and tells it what happened. */

import type { HashChain } from "#drivers/hash-chain.ts";
import type { TimerHandle } from "#hal/clock.ts";
import { errorText, isKumpelError, KumpelError } from "#hal/errors.ts";
import type { ChipReading } from "../control/thermal-types.ts";
import { incidentOfPhase } from "../incidents/incident.ts";
import { ticketTarget } from "../share/difficulty.ts";
import type { TicketChoice } from "../share/ticket-choice.ts";
import { chainHashesPerS } from "../stats/promised-hashrate.ts";
import {
  type ChainAction,
  type ChainInput,
  type ChainState,
  type DriverPhase,
  frequencyPctOf,
  initialChain,
  stepChain,
} from "./chain-machine.ts";
import type { ChainSupervisorOptions } from "./chain-supervisor-options.ts";
import { type ChainTuning, chipMhzOf } from "./chain-tuning.ts";
import { ChipThermometer } from "./chip-thermometer.ts";
import { FrequencyChange } from "./frequency-change.ts";
import { HealthWatch } from "./health-watch.ts";
import { SilenceWatch } from "./silence-watch.ts";
import { TicketKeeper } from "./ticket-keeper.ts";

export class ChainSupervisor {
  readonly #options: ChainSupervisorOptions;
  #state: ChainState;
  #chain: HashChain | null = null;
  #phaseAbort: AbortController | null = null;
  #timer: TimerHandle | null = null;
  readonly #tickets: TicketKeeper;
  readonly #thermometer: ChipThermometer;
  #hashingSinceMs: number | null = null;
  readonly #health: HealthWatch;
  readonly #silence = new SilenceWatch();
  #tuning: ChainTuning;
  #reason = "not started";
  #startWaitMs: number | null = null;
  readonly #frequency = new FrequencyChange();
  /** Orders to the hardware run one after the other, in the machine's order. */
  #orders: Promise<void> = Promise.resolve();

  constructor(options: ChainSupervisorOptions) {
    this.#options = options;
    this.#state = initialChain(options.expectedChips, options.resetTiming);
    this.#thermometer = new ChipThermometer(options.clock);
    this.#health = new HealthWatch(options.runtime, options.expectedChips);
    this.#tuning = options.tuning;
    this.#tickets = new TicketKeeper(Object.assign({ chainIndex: options.connector.index }, options));
  }

  get state(): ChainState {
    return this.#state;
  }

  get reason(): string {
    return this.#reason;
  }

  get chain(): HashChain | null {
    return this.#chain;
  }

  get ticket(): TicketChoice | null {
    return this.#tickets.choice;
  }

  /** Waits that the sequence prescribed until the chain first hashed (so far, while it does not yet). */
  get startWaitMs(): number {
    return this.#startWaitMs ?? this.#state.prescribedWaitMs + (this.#chain?.prescribedWaitMs ?? 0);
  }

  /** Hashes/s that frequency, engines, live chips and the version mask promise now; 0 unless hashing. */
  expectedHashesPerS(): number {
    const chain = this.#chain;
    if (chain === null || this.#state.phase !== "hashing" || this.#options.scheduler.job === null) return 0;
    return chainHashesPerS(chain) * this.#options.scheduler.coverage(this.#options.connector.index);
  }

  /** On-die temperature, or null where there is none that is fresh. */
  chipReading(): ChipReading | null {
    return this.#thermometer.reading;
  }

  /** Since when it has hashed without a break, or null. */
  get hashingSinceMs(): number | null {
    return this.#hashingSinceMs;
  }

  /** What its health shows although nobody can help it; null = nothing. */
  get healthNote(): string | null {
    return this.#health.note;
  }

  async start(): Promise<void> {
    const isPlugged = await this.#options.connector.isPlugged();
    this.#input({ kind: "start", isPlugged });
  }

  /** Stops hashing and holds the chips in reset; resolves when the hardware has taken it. */
  async stop(): Promise<void> {
    this.#input({ kind: "stop" });
    await this.#orders;
  }

  /** Something outside of the chain's own link broke: its controller, its voltage. */
  fault(code: string, text: string): void {
    this.#input({ kind: "failed", fault: { code, text } });
  }

  pause(reason: string): void {
    this.#input({ kind: "pause", reason });
  }

  resume(reason: string): void {
    this.#input({ kind: "resume", reason });
  }

  /** Chips may run at this share of their frequency, for the sake of heat. */
  limitFrequency(frequencyPct: number, reason: string): void {
    this.#input({ kind: "limitFrequency", frequencyPct, reason });
  }

  /** What its chips are meant to run at. */
  get tuning(): ChainTuning {
    return this.#tuning;
  }

  /** Other clocks from now on, also after each restart; resolves when the chips have them, or the link is closed. */
  async retune(tuning: ChainTuning, reason: string): Promise<void> {
    this.#tuning = tuning;
    this.#input({ kind: "retune", reason });
    await this.#orders;
  }

  /** Starts again after a cut that was acknowledged, or after it was given up. */
  async release(): Promise<void> {
    this.#input({ kind: "release" });
    await this.start();
  }

  /** The supply is switched off and on: the next try asks for power again. */
  powerLost(reason: string): void {
    this.#input({ kind: "powerLost", reason });
  }

  powerCut(reason: string): void {
    this.#input({ kind: "powerCut", reason });
  }

  /** A pool's target changed, or the frequency did: the chips may need another ticket. */
  reviewTicket(): void {
    const chain = this.#chain;
    if (chain === null || this.#state.phase !== "hashing") return;
    this.#tickets.review(chain, this.#options.scheduler.easiestTarget);
  }

  /** Once a second: a silent chain is started anew, and so is one that shows a fault in what it says. */
  check(): void {
    this.#checkSilence();
    this.#checkHealth();
  }

  #checkHealth(): void {
    const { clock, log, incidents, connector } = this.#options;
    const { chain } = this;
    const expectedHashesPerS = this.expectedHashesPerS();
    if (chain === null || this.ticket === null || expectedHashesPerS === 0) return;
    const ticketDifficulty = this.ticket.difficulty;
    const finding = this.#health.check({ chain, ticketDifficulty, expectedHashesPerS }, clock.nowMs());
    if (finding === null) return;
    const { code, text, remedy } = finding;
    if (remedy === "restart") this.#input({ kind: "failed", fault: { code, text } });
    else if (remedy === "slowDown") this.#input({ kind: "slowDown", reason: text });
    else {
      log.warn({ code }, text);
      incidents.note("chainFault", text, connector.index);
    }
  }

  #checkSilence(): void {
    const { clock, scheduler, connector } = this.#options;
    const expected = this.expectedHashesPerS();
    const nowMs = clock.nowMs();
    if (expected === 0 || this.ticket === null || scheduler.feedPeriodMs(connector.index) === null) {
      this.#silence.heard(nowMs);
      return;
    }
    const text = this.#silence.check(expected, this.ticket.difficulty, nowMs);
    if (text !== null) this.#input({ kind: "failed", fault: { code: "CHAIN_SILENT", text } });
  }

  /** Once a second; the chips are asked less often unless they are near their limit. */
  async readTemperatures(chipDangerousC: number, signal: AbortSignal): Promise<void> {
    const chain = this.#chain;
    if (chain === null || this.#state.phase !== "hashing") return;
    await this.#thermometer.read(chain, chipDangerousC, signal);
  }

  #input(input: ChainInput): void {
    const { clock, log } = this.#options;
    const beforeState = this.#state;
    const before = beforeState.phase;
    const nowMs = clock.nowMs();
    const { state, actions, reason } = stepChain(beforeState, input, nowMs);
    const machine = `chain ${this.#options.connector.index}`;
    this.#options.decisions.decided({ machine, before: beforeState, input, after: state, actions, reason }, nowMs);
    this.#state = state;
    if (state.phase !== before || actions.length > 0) this.#reason = reason;
    if (state.phase !== before) {
      log.info({ from: before, to: state.phase, reason }, "chain state");
      this.#hashingSinceMs = state.phase === "hashing" ? nowMs : null;
      const kind = incidentOfPhase(state.phase);
      if (kind !== null) this.#options.incidents.note(kind, reason, this.#options.connector.index);
    } else if (input.kind !== "retune" && actions.some(({ kind }) => kind === "setFrequency")) {
      this.#options.incidents.note("slowed", reason, this.#options.connector.index);
    }
    for (const action of actions) this.#order(action);
    this.#timer?.cancel();
    this.#timer = null;
    if (state.wakeAtMs !== null) {
      this.#timer = clock.setTimer(state.wakeAtMs - clock.nowMs(), () => this.#input({ kind: "tick" }));
    }
  }

  #order(action: ChainAction): void {
    // What must not wait behind a running phase is done at once.
    if (action.kind === "stopFeed") this.#stopFeed();
    if (action.kind === "setFrequency") this.#frequency.end();
    this.#orders = this.#orders
      .then(() => this.#carryOut(action))
      .catch((error: unknown) => {
        this.#options.log.warn({ order: action.kind }, errorText(error));
        this.#fail(error);
      });
  }

  /** Tells the machine; an error that is none of ours is a bug and leaves its stack in the log. */
  #fail(error: unknown): void {
    const isOurs = isKumpelError(error);
    if (!isOurs) {
      this.#options.log.error({ stack: error instanceof Error ? error.stack : undefined }, errorText(error));
    }
    this.#input({ kind: "failed", fault: { code: isOurs ? error.code : "UNEXPECTED", text: errorText(error) } });
  }

  async #carryOut(action: ChainAction): Promise<void> {
    switch (action.kind) {
      case "requestPower":
        // Not awaited here: permission may take long, and a stop must not queue behind it.
        this.#options.power.request().then(
          () => this.#input({ kind: "powered" }),
          (error: unknown) => this.#input({ kind: "failed", fault: { code: "POWER_FAILED", text: errorText(error) } }),
        );
        return;
      case "setReset":
        return this.#options.connector.setReset(action.isAsserted);
      case "openLink":
        return this.#open();
      case "closeLink":
        return this.#close();
      case "deenergise":
        return this.#options.boardPower.down();
      case "runPhase":
        this.#startPhase(action.phase);
        return;
      case "setFrequency":
        return this.#setFrequency();
      case "startFeed":
        return this.#startFeed();
      case "stopFeed":
        return;
    }
  }

  async #open(): Promise<void> {
    const { createChain, runtime, chunk } = this.#options;
    const chain = createChain();
    this.#chain = chain;
    const { clock } = this.#options;
    chain.onNonce((wireId, nonce, versionBits, chipIndex) => {
      const atMs = chunk === null ? clock.nowMs() : chunk.atMs;
      this.#silence.heard(atMs);
      runtime.validator.check(wireId, nonce, versionBits, chipIndex, atMs);
    });
    chain.onError((error) => {
      // A link that was closed already may still complain: it is no fault of the one that came after it.
      if (this.#chain === chain)
        this.#input({ kind: "failed", fault: { code: "UART_IO_FAILED", text: errorText(error) } });
    });
    await chain.open();
  }

  async #close(): Promise<void> {
    this.#phaseAbort?.abort();
    this.#phaseAbort = null;
    const chain = this.#chain;
    this.#chain = null;
    await chain?.close();
  }

  #startPhase(phase: DriverPhase): void {
    const abort = new AbortController();
    this.#phaseAbort = abort;
    this.#runPhase(phase, abort.signal).then(
      () => {
        if (!abort.signal.aborted) this.#input({ kind: "phaseDone", phase, chipCount: this.#chain?.chipCount ?? 0 });
      },
      (error: unknown) => {
        if (!abort.signal.aborted) this.#fail(error);
      },
    );
  }

  async #runPhase(phase: DriverPhase, signal: AbortSignal): Promise<void> {
    const { boardPower } = this.#options;
    switch (phase) {
      case "energising":
        return boardPower.up(signal);
      case "enumerating":
        await this.#opened().enumerate(signal);
        return;
      case "addressing":
        return this.#opened().address(signal);
      case "configuring":
        return this.#opened().configure(signal);
      case "ramping":
        await this.#opened().ramp(this.#allowed(this.#tuning.baseMhz), signal);
        return;
      case "starting":
        return this.#startMining(this.#opened(), signal);
      case "lowering":
        return boardPower.toWork(signal);
    }
  }

  /** What heat and errors leave of a clock, and the chip can make. */
  #allowed(frequencyMhz: number): number {
    return Math.max(this.#options.frequencyMinMhz, (frequencyMhz * frequencyPctOf(this.#state)) / 100);
  }

  /** The chain goes on hashing meanwhile. */
  async #setFrequency(): Promise<void> {
    const { chain } = this;
    if (chain === null || this.#state.phase !== "hashing") return;
    const frequencyMhz = await this.#frequency.run(chain, (chip) => this.#allowed(chipMhzOf(this.#tuning, chip)));
    if (frequencyMhz === null) return;
    const { log } = this.#options;
    log.info({ frequencyMhz, frequencyPct: frequencyPctOf(this.#state) }, "frequency changed");
    this.reviewTicket();
  }

  #opened(): HashChain {
    if (this.#chain === null) throw new KumpelError("UART_IO_FAILED", "the chain's link is not open");
    return this.#chain;
  }

  #startMining(chain: HashChain, signal: AbortSignal): Promise<void> {
    const { job, easiestTarget } = this.#options.scheduler;
    const choice = this.#tickets.choose(chain, easiestTarget);
    const versionMask = job?.versionMask ?? chain.facts.versionMask;
    return chain.startMining({ versionMask, ticketDifficulty: choice.difficulty }, signal);
  }

  #startFeed(): void {
    const { scheduler, runtime, connector, chipScale } = this.#options;
    const chain = this.#chain;
    const { ticket } = this;
    if (chain === null || ticket === null) return;
    const nowMs = this.#options.clock.nowMs();
    this.#silence.heard(nowMs);
    this.#health.restart(nowMs);
    this.#startWaitMs ??= this.#state.prescribedWaitMs + chain.prescribedWaitMs;
    scheduler.addChain({
      chainIndex: connector.index,
      sink: chain,
      registry: runtime.registry,
      builder: runtime.builder,
      ticketDifficulty: ticket.difficulty,
      ticketTarget: ticketTarget(ticket.difficulty, chipScale),
    });
    // A job may have come while the sequence still ran.
    this.reviewTicket();
    // The ramp brings all chips to one clock.
    if (this.#tuning.chipMhz.size > 0) this.#order({ kind: "setFrequency" });
  }

  #stopFeed(): void {
    this.#phaseAbort?.abort();
    this.#frequency.end();
    this.#options.scheduler.removeChain(this.#options.connector.index);
  }
}
