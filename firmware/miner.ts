/** Composition root: builds all parts of one machine, starts and stops them in order, and takes the snapshot. */

import { CHIPS } from "#drivers/bm13xx/chips.ts";
import { VendorBlocks } from "#drivers/fpga/vendor-block.ts";
import type { ChipI2cPort } from "#drivers/sensor/chip-bridge.ts";
import { LATE, within } from "#hal/clock.ts";
import type { ChainConnector } from "#hal/control-board.ts";
import { errorText, isKumpelError, type KumpelError } from "#hal/errors.ts";
import { acknowledgeShutdown } from "./acknowledge-shutdown.ts";
import { supplySuspicion } from "./chain/chain-machine.ts";
import type { ChainSupervisor } from "./chain/chain-supervisor.ts";
import { hottestReading } from "./chain/chip-thermometer.ts";
import { runLoop } from "./control/loop.ts";
import { PauseControl } from "./control/pause-control.ts";
import { offUnconfirmed, PowerLine } from "./control/power-line.ts";
import { ThermalLoop } from "./control/thermal-loop.ts";
import { type CoolingPolicy, DEFAULT_COOLING, type ThermalPlan, thermalLimits } from "./control/thermal-types.ts";
import { WorkVoltage } from "./control/work-voltage.ts";
import { ChipPorts } from "./hardware/chip-ports.ts";
import { createHashboardDevices, type HashboardDevices } from "./hardware/hashboard-devices.ts";
import { createMinerChain } from "./miner-chain.ts";
import type { MinerOptions, MinerParts } from "./miner-parts.ts";
import { createSupervision } from "./miner-supervision.ts";
import { LedgerKeeper } from "./pool/ledger-keeper.ts";
import { groupOfPool, PoolGroups } from "./pool/pool-groups.ts";
import { LatencyHistogram } from "./stats/latency-histogram.ts";
import { WorkMeter } from "./stats/work-meter.ts";
import { endText, type Supervision } from "./supervision.ts";
import { watchedParts } from "./watched-parts.ts";
import { Scheduler } from "./work/scheduler.ts";

const STATS_PERIOD_MS = 1_000;
const CHIP_TEMPERATURE_PERIOD_MS = 1_000;
/** Without a turn for so long a loop counts as hung, and the watchdog is not fed any more. */
const THERMAL_MAX_AGE_MS = 13_000;
const STATS_MAX_AGE_MS = 10_000;
const CHIP_TEMPERATURE_MAX_AGE_MS = 30_000;
/** A stop must end within two seconds; the hardware gets most of it. */
const STOP_LIMIT_MS = 1_300;
const NO_CHAIN_LEFT = "no chain is left that could run";
/** What the other parts get after that. */
const PARTS_LIMIT_MS = 300;
/** Where the hardware was quick, a slow disk may have its time: an end that is not written looks like a power cut. */
const CLOSED_BY_MS = 1_500;

export class Miner {
  readonly #options: MinerOptions;
  readonly #parts: MinerParts;
  readonly #pools: PoolGroups;
  readonly #power: PowerLine;
  readonly #thermal: ThermalLoop;
  readonly #devices: HashboardDevices;
  readonly #chipPorts = new ChipPorts();
  readonly #vendorBlocks: VendorBlocks;
  readonly #meter: WorkMeter;
  readonly #ledger: LedgerKeeper;
  readonly #workVoltage: WorkVoltage;
  readonly #pauses: PauseControl;
  readonly #supervision: Supervision;
  readonly #supervisors: ChainSupervisor[];
  #plan: ThermalPlan;
  readonly #stop = new AbortController();
  #lost: Error | null = null;
  #stopAtMs = 0;
  /** Set at the end when the switches did not confirm that they are off. */
  #offFailure: KumpelError | null = null;

  constructor(options: MinerOptions) {
    this.#options = options;
    const { clock, log, board, support } = options;
    this.#plan = {
      limits: thermalLimits(options.hashboard.temperatureLimits, options.temperatures),
      cooling: options.cooling ?? DEFAULT_COOLING,
    };
    this.#supervision = createSupervision(options);
    const latency = {
      notifyToFirstWork: new LatencyHistogram(),
      notifyToLastChain: new LatencyHistogram(),
      nonceToSubmit: new LatencyHistogram(),
    };
    const scheduler = new Scheduler({
      clock,
      stats: latency,
      chainTotal: board.chains.length,
      quotas: options.poolGroups.map(({ quota }) => quota),
      groupOfPool: groupOfPool(options.poolGroups),
      hashesPerS: (chainIndex) => this.#supervisors[chainIndex]?.expectedHashesPerS() ?? 0,
    });
    this.#meter = new WorkMeter(options);
    this.#vendorBlocks = new VendorBlocks(clock);
    this.#ledger = new LedgerKeeper({ log: log.child({ part: "receipts" }), clock, store: options.store });
    this.#devices = createHashboardDevices({
      clock,
      board,
      support,
      workMv: options.operatingPoint.workMv,
      bridge: (chainIndex, chipIndex) => this.#chipPort(chainIndex, chipIndex),
      onHeartbeatLost: (chainIndex, error) =>
        this.#supervisors[chainIndex]?.fault("HEARTBEAT_LOST", `its controller does not answer: ${errorText(error)}`),
    });
    const { train } = this.#devices;
    this.#power = new PowerLine(
      { up: (signal) => train.machineUp(signal), down: () => train.machineDown() },
      log.child({ part: "power" }),
    );
    this.#workVoltage = new WorkVoltage(
      (signal) => train.machineWork(signal),
      log.child({ part: "power" }),
      (reason) => void this.#cutAll(reason),
    );
    this.#pools = this.#createPools(latency.nonceToSubmit, scheduler);
    const chains = board.chains.map((connector) => this.#createChain(connector, scheduler));
    this.#supervisors = chains.map((c) => c.supervisor);
    this.#pauses = new PauseControl({
      log,
      chains: this.#supervisors,
      suspendPower: (reason) => this.#power.suspend(reason),
      holdPower: (isHeld) => this.#power.setHeld(isHeld),
      onSuspended: () => this.#workVoltage.rearm(),
      incidents: this.#supervision.incidents,
    });
    this.#thermal = this.#createThermal();
    this.#parts = {
      options,
      startedAtMs: clock.nowMs(),
      chains,
      scheduler,
      pools: this.#pools,
      latency,
      thermal: this.#thermal,
      power: this.#power,
      train,
      pauses: this.#pauses,
      workVoltage: this.#workVoltage,
      truth: this.#meter.truth,
      ledger: this.#ledger,
      supervision: this.#supervision,
    };
  }

  #createThermal(): ThermalLoop {
    const { clock, log, board } = this.#options;
    return new ThermalLoop({
      log: log.child({ part: "thermal" }),
      clock,
      fans: this.#devices.fans,
      power: this.#power,
      sensors: this.#devices.sensors,
      plan: () => this.#plan,
      chips: () => hottestReading(this.#supervisors.map((s) => s.chipReading())),
      hashingSinceMs: () => this.#supervisors.map((s) => s.hashingSinceMs),
      latchedReason: () => this.#supervision.latch.load(),
      beat: this.#supervision.heartbeats.add("thermal", THERMAL_MAX_AGE_MS, clock.nowMs()),
      decisions: this.#supervision.blackBox,
      isPlugged: (chainIndex) => board.chains[chainIndex]?.isPlugged() ?? Promise.resolve(false),
      onCut: (reason) => {
        this.#supervision.shutDown(reason);
        this.#cutChains(reason);
      },
      onLimitFrequency: (frequencyPct, reason) => {
        this.#supervision.incidents.note("slowed", `${reason}: ${frequencyPct} % of the frequency`);
        for (const supervisor of this.#supervisors) supervisor.limitFrequency(frequencyPct, reason);
      },
    });
  }

  /** What snapshots and reports are taken from. */
  get parts(): MinerParts {
    return this.#parts;
  }

  /**
   * Mines until `signal` aborts; then power is off and the links are closed. Rejects when a part broke that nobody
   * recovers; power is off then, too.
   */
  async run(signal: AbortSignal): Promise<void> {
    const inner = this.#stop;
    const onAbort = (): void => inner.abort();
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) inner.abort();
    this.#options.board.onLost((error) => {
      this.#options.log.fatal(errorText(error));
      this.#lost = error;
      inner.abort();
    });
    const parts = watchedParts(this.#runParts(inner.signal), inner, this.#options.log);
    await this.#whenStopped(inner.signal);
    const isOffConfirmed = this.#offFailure === null && !this.#power.isOn;
    const closing = this.#supervision.close(endText(signal, this.#lost), isOffConfirmed);
    const leftMs = CLOSED_BY_MS - (this.#options.clock.nowMs() - this.#stopAtMs);
    await within(this.#options.clock, Math.max(PARTS_LIMIT_MS, leftMs), closing);
    // A part that hangs must not hold up the end: once the board is safe nobody is waited for long.
    const result = await within(this.#options.clock, PARTS_LIMIT_MS, parts);
    signal.removeEventListener("abort", onAbort);
    if (this.#lost !== null) throw this.#lost;
    // Whatever else broke: a board that may still have power is what the owner must hear of.
    if (this.#offFailure !== null) throw this.#offFailure;
    if (result === LATE) this.#options.log.warn({ limitMs: PARTS_LIMIT_MS }, "a part did not end in time");
    else if (result[0].status === "rejected") throw result[0].reason;
  }

  /** Everything that runs side by side; rejects with the first that breaks. */
  async #runParts(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    const { heartbeats } = this.#supervision;
    // Whatever an earlier process left on is off before anything else happens.
    await this.#power.begin();
    await this.#supervision.incidents.open();
    await this.#devices.start();
    const pools = this.#pools.run(signal);
    await Promise.all([
      this.#thermal.run(signal),
      pools,
      this.#ledger.run(signal, pools),
      this.#supervision.watchdog.run(signal),
      runLoop({
        name: "statistics",
        clock,
        periodMs: STATS_PERIOD_MS,
        signal,
        beat: heartbeats.add("statistics", STATS_MAX_AGE_MS, clock.nowMs()),
        turn: () => this.#everySecond(),
      }),
      runLoop({
        name: "chip temperature",
        clock,
        periodMs: CHIP_TEMPERATURE_PERIOD_MS,
        signal,
        beat: heartbeats.add("chip temperature", CHIP_TEMPERATURE_MAX_AGE_MS, clock.nowMs()),
        turn: () => this.#readTemperatures(signal),
      }),
      ...this.#supervisors.map((supervisor) => this.#pauses.whenRunning(() => supervisor.start())),
    ]);
  }

  async #everySecond(): Promise<void> {
    this.#updateExpectation();
    for (const supervisor of this.#supervisors) supervisor.check();
    this.#workVoltage.review(
      this.#supervisors.map(({ state }) => state.phase),
      this.#stop.signal,
    );
    this.#reviewSupply();
    const canRun = this.#supervisors.some(({ state }) => state.phase !== "disabled" && state.phase !== "absent");
    const isGivenUp = this.#supervisors.some(({ state }) => state.phase === "disabled");
    if (!isGivenUp || canRun || this.#power.cutReason !== null) return;
    this.#supervision.incidents.note("shutdown", NO_CHAIN_LEFT);
    await this.#power.cut(NO_CHAIN_LEFT);
  }

  /** A supply that tripped gives nothing until its enable line was off: no restart of a chain alone can help that. */
  #reviewSupply(): void {
    const reason = supplySuspicion(this.#supervisors.map(({ state }) => state));
    if (reason === null || this.#power.cutReason !== null) return;
    this.#supervision.incidents.note("powerCycle", reason);
    for (const supervisor of this.#supervisors) supervisor.powerLost(reason);
    this.#workVoltage.rearm();
    this.#power.suspend(reason).catch((error: unknown) => this.#options.log.error(`power cycle: ${errorText(error)}`));
  }

  /** Waits for the stop, then makes the board safe: power first, then resets and links; bounded in time. */
  async #whenStopped(signal: AbortSignal): Promise<void> {
    if (!signal.aborted) {
      await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
    }
    const { clock, log } = this.#options;
    this.#stopAtMs = clock.nowMs();
    this.#updateExpectation();
    const work = Promise.allSettled([this.#power.end("stopped"), ...this.#supervisors.map((s) => s.stop())]);
    const result = await within(clock, STOP_LIMIT_MS, work);
    if (result === LATE) {
      log.error({ limitMs: STOP_LIMIT_MS }, "the hardware did not confirm the stop in time");
      if (this.#power.isOn) this.#offFailure = offUnconfirmed(`no answer within ${STOP_LIMIT_MS / 1000} s`);
      return;
    }
    const [off] = result;
    if (off.status === "rejected") this.#offFailure = offUnconfirmed(off.reason);
    for (const end of result) if (end.status === "rejected") log.error(`stop: ${errorText(end.reason)}`);
  }

  /** Jobs go to the scheduler first (latency), then every chain reviews its ticket against the new target. */
  #createPools(nonceToSubmit: LatencyHistogram, scheduler: Scheduler): PoolGroups {
    const { log, clock, random, network, poolGroups, agent, poolScale, hashboard } = this.#options;
    return new PoolGroups({
      log: log.child({ part: "pool" }),
      clock,
      random,
      network,
      groups: poolGroups,
      agent,
      poolScale,
      nonceToSubmit,
      chipVersionMask: CHIPS[hashboard.chip].versionMask,
      sinkOf: (group) => scheduler.sink(group),
      onJob: () => {
        this.#pauses.resume("noPool", "a pool gives jobs");
        for (const supervisor of this.#supervisors) supervisor.reviewTicket();
      },
      onSubmitted: (share) => this.#meter.submitted(share),
      onShareEnded: (share, outcome) => {
        this.#meter.ended(share, outcome);
        this.#ledger.book(share, outcome);
      },
      onLine: (pool, direction, line) => this.#supervision.poolLine(pool, direction, line),
      onDecided: (group, decision, nowMs) =>
        this.#supervision.blackBox.decided({ machine: `failover ${group}`, ...decision }, nowMs),
      onNoJob: () => this.#pauses.pause("noPool", "no pool gives jobs"),
    });
  }

  /** From now on; the limits that cut the power stay. */
  setCooling(cooling: CoolingPolicy, temperatures?: MinerOptions["temperatures"]): void {
    this.#plan = { limits: thermalLimits(this.#options.hashboard.temperatureLimits, temperatures), cooling };
  }

  /**
   * The owner has seen why the machine was shut down: it may start again, all chains from the beginning.
   * @returns null when it does, else why it may not yet.
   */
  async acknowledgeShutdown(): Promise<string | null> {
    const { log } = this.#options;
    const [thermal, power, supervision] = [this.#thermal, this.#power, this.#supervision];
    const refusal = await acknowledgeShutdown({ log, thermal, power, supervision });
    if (refusal !== null) return refusal;
    this.#workVoltage.rearm();
    await Promise.all(this.#supervisors.map((s) => this.#pauses.whenRunning(() => this.#release(s))));
    return null;
  }

  /** A start that waited for the end of a pause may find the power cut again. */
  async #release(supervisor: ChainSupervisor): Promise<void> {
    if (this.#power.cutReason === null) await supervisor.release();
  }

  #createChain(connector: ChainConnector, scheduler: Scheduler): MinerParts["chains"][number] {
    return createMinerChain(connector, {
      options: this.#options,
      scheduler,
      vendorBlocks: this.#vendorBlocks,
      power: this.#power,
      train: this.#devices.train,
      supervision: this.#supervision,
      onShare: (share) => this.#pools.submit(share),
      onVerified: (pool, hashes) => {
        this.#pools.verified(pool, hashes);
        this.#meter.verified(hashes);
      },
    });
  }

  /** The I2C master of a chip, once its chain hashes: before that the start sequence has the link for itself. */
  #chipPort(chainIndex: number, chipIndex: number): ChipI2cPort | null {
    const supervisor = this.#supervisors[chainIndex];
    if (supervisor?.state.phase !== "hashing" || supervisor.chain === null) return null;
    return this.#chipPorts.port(supervisor.chain, chipIndex);
  }

  async #cutAll(reason: string): Promise<void> {
    this.#options.log.error({ reason }, "power cut");
    this.#supervision.shutDown(reason);
    this.#cutChains(reason);
    try {
      await this.#power.cut(reason);
    } catch (error) {
      this.#options.log.error(`power is not confirmed to be off: ${errorText(error)}`);
    }
  }

  #cutChains(reason: string): void {
    this.#workVoltage.rearm();
    for (const supervisor of this.#supervisors) supervisor.powerCut(reason);
  }

  #updateExpectation(): void {
    const nowMs = this.#options.clock.nowMs();
    for (const { connector, supervisor, runtime } of this.#parts.chains) {
      const expected = this.#stop.signal.aborted ? 0 : supervisor.expectedHashesPerS();
      runtime.hashrate.setState(nowMs, expected > 0, expected);
      const counts = runtime.counters.ofChain();
      runtime.recentNonces.sample(counts);
      this.#meter.sample(connector.index, expected, counts, supervisor.ticket?.difficulty ?? null);
    }
  }

  async #readTemperatures(signal: AbortSignal): Promise<void> {
    const { chipDangerousC } = this.#plan.limits;
    // Side by side: a chain that does not answer must not hold up the others' reading.
    const readings = this.#supervisors.map(async (supervisor) => {
      try {
        await supervisor.readTemperatures(chipDangerousC, signal);
      } catch (error) {
        // Losing one reading is no fault of the chain; what is too old shows as unknown.
        if (!isKumpelError(error)) throw error;
        this.#options.log.debug({ code: error.code }, errorText(error));
      }
    });
    await Promise.all(readings);
  }
}
