/** One life of the miner: runs it beside its management, shows it, and tells in a report how it was. */
import fs from "node:fs";
import { type Clock, pause } from "#hal/clock.ts";
import { errorText } from "#hal/errors.ts";
import type { ManagementPlane } from "../api/management-plane.ts";
import { LOOK_MS, RELEASED, stepButton } from "../api/report-button.ts";
import type { MinerSnapshot } from "../api/snapshot.ts";
import type { Miner } from "../miner.ts";
import type { Platform } from "../platform/platform.ts";
import { takeSnapshot } from "../snapshot-builder.ts";
import type { UpdateDesk } from "../update/update-desk.ts";
import { VERSION } from "../version.ts";
import { ProcessMeter } from "./process-meter.ts";
import type { CommandContext } from "./run-context.ts";
import type { RunOptions } from "./run-options.ts";
import { buildReport, type RunReport } from "./run-report.ts";
import { StatusPrinter } from "./status-printer.ts";
import { EXIT } from "./usage.ts";

export interface RunParts {
  readonly options: RunOptions;
  readonly context: CommandContext;
  readonly platform: Platform;
  readonly miner: Miner;
  readonly management: ManagementPlane;
  readonly problems: () => readonly string[];
  /** Null: there is no updater. */
  readonly desk: UpdateDesk | null;
}

export class Run {
  readonly #options: RunOptions;
  readonly #context: CommandContext;
  readonly #platform: Platform;
  readonly #miner: Miner;
  readonly #meter: ProcessMeter;
  readonly #management: ManagementPlane;
  readonly #desk: UpdateDesk | null;
  /** What is wrong with the settings file, for the alarms. */
  readonly #problems: () => readonly string[];

  constructor({ options, context, platform, miner, management, problems, desk }: RunParts) {
    this.#options = options;
    this.#context = context;
    this.#platform = platform;
    this.#miner = miner;
    this.#management = management;
    this.#desk = desk;
    this.#problems = problems;
    this.#meter = new ProcessMeter(platform.clock);
  }

  async untilStopped(stop: AbortController, stopReason: () => string): Promise<number> {
    const { clock } = this.#platform;
    const management = this.#management;
    const printer = new StatusPrinter(this.#context, clock);
    let failure: unknown = null;
    // What the chains did is told as it was when the stop came, not after everything was switched off.
    let atStop = this.#snapshot();
    stop.signal.addEventListener("abort", () => {
      atStop = this.#snapshot();
    });
    const guard = (task: Promise<void>): Promise<void> =>
      task.catch((error: unknown) => {
        failure ??= error;
        stop.abort();
      });
    const tasks = [
      guard(this.#miner.run(stop.signal)),
      guard(management.run(stop.signal)),
      guard(this.#watchButton(clock, stop.signal)),
      guard(this.#publish(management, printer, clock, stop.signal)),
    ];
    await Promise.all(tasks);
    const { chains, hashrate } = atStop;
    const snapshot = { ...this.#snapshot(), chains, hashrate };
    printer.end(snapshot);
    const reason = failure === null ? stopReason() : errorText(failure);
    const report = buildReport({
      version: VERSION,
      snapshot,
      process: this.#meter.read(),
      httpPort: management.port,
      facePorts: management.facePorts,
      endReason: reason,
    });
    this.#meter.close();
    const isWritten = this.#writeReport(report);
    if (failure !== null) throw failure instanceof Error ? failure : new Error(errorText(failure));
    return isWritten ? this.#exitCode(report, atStop.pool.reason) : EXIT.failed;
  }

  #snapshot(): MinerSnapshot {
    const snapshot = takeSnapshot(this.#miner.parts);
    const update = this.#desk?.status ?? snapshot.update;
    return { ...snapshot, update, alarms: [...this.#problems(), ...this.#management.problems, ...snapshot.alarms] };
  }

  async #publish(
    management: ManagementPlane,
    printer: StatusPrinter,
    clock: Clock,
    signal: AbortSignal,
  ): Promise<void> {
    do {
      const snapshot = this.#snapshot();
      this.#showUpdates(snapshot);
      management.publish(snapshot);
      printer.show(snapshot, management.url);
    } while (await pause(clock, 1_000, signal));
  }

  /** A new version proves itself by what it shows. */
  #showUpdates(snapshot: MinerSnapshot): void {
    const { pauses, supervision } = this.#miner.parts;
    const { incidents } = supervision;
    if (incidents.isOpen) this.#desk?.onIncident((text) => incidents.note("update", text));
    const isManagementAnswering = this.#management.isAnswering;
    this.#desk?.look({ snapshot, isPausedByOwner: pauses.isHeldBy("owner"), isManagementAnswering });
  }

  /** A board without that button has nothing to watch; one whose button cannot be read goes on without it. */
  async #watchButton(clock: Clock, signal: AbortSignal): Promise<void> {
    const isPressed = this.#platform.board.buttons.ipReport;
    if (isPressed === null) return;
    let state = RELEASED;
    while (await pause(clock, LOOK_MS, signal)) {
      const now = stepButton(state, await isPressed().catch(() => false));
      state = now.state;
      if (now.isReportDue) this.#management.reportAddress();
    }
  }

  /** False, with a sentence, when the report could not be written. */
  #writeReport(report: RunReport): boolean {
    const { report: target } = this.#options;
    if (target === null) return true;
    const text = `${JSON.stringify(report, null, 2)}\n`;
    if (target === "-") this.#context.stdout(text);
    else {
      try {
        fs.writeFileSync(target, text);
      } catch (error) {
        this.#context.stderr(
          `The report could not be written to ${target} (${errorText(error)}); choose another path.\n`,
        );
        return false;
      }
    }
    return true;
  }

  #exitCode(report: RunReport, poolReason: string): number {
    if (!report.end.hashboards_off) return EXIT.failed;
    const neverHadPool = this.#options.forMs !== null && report.pool.notifies === 0;
    if (neverHadPool) {
      this.#context.stderr(
        `Pool ${report.pool.url} never gave a job (${poolReason}): check address, user and that the pool runs.\n`,
      );
      return EXIT.unreachable;
    }
    return EXIT.done;
  }
}
