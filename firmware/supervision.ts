/**
 * What watches over the program itself and remembers for the owner: heartbeats and watchdog, incidents, and the shutdown
 * that outlives a restart.
 */
import type { Clock } from "#hal/clock.ts";
import { errorText } from "#hal/errors.ts";
import type { FileStore } from "#hal/file-store.ts";
import type { Watchdog } from "#hal/watchdog.ts";
import { BlackBox } from "./blackbox/black-box.ts";
import { Heartbeats } from "./control/heartbeats.ts";
import { WatchdogLoop } from "./control/watchdog-loop.ts";
import { IncidentLog } from "./incidents/incident-log.ts";
import { ShutdownLatch } from "./incidents/shutdown-latch.ts";
import type { Log } from "./log.ts";
import { openTraceFile } from "./trace/capture/trace-file.ts";
import { type ChainTrace, TraceWriter } from "./trace/capture/trace-writer.ts";
import type { CaptureHeader } from "./trace/capture-format.ts";
import { TrafficTap } from "./trace/live/traffic-tap.ts";

export interface SupervisionOptions {
  readonly log: Log;
  readonly clock: Clock;
  readonly store: FileStore;
  readonly watchdog: Watchdog | null;
  /** Name and version of the program, and the machine, for recordings. */
  readonly program: string;
  readonly machine: string;
  readonly chains: number;
  /** What a capture says of the machine. */
  readonly capture: CaptureHeader;
}

export class Supervision {
  readonly incidents: IncidentLog;
  readonly latch: ShutdownLatch;
  readonly heartbeats = new Heartbeats();
  readonly watchdog: WatchdogLoop;
  readonly blackBox: BlackBox;
  /** Off until somebody starts it. */
  readonly trace: TraceWriter;
  /** For who looks live. */
  readonly tap: TrafficTap;

  constructor({ log, clock, store, watchdog, program, machine, chains, capture }: SupervisionOptions) {
    const traceLog = log.child({ part: "trace" });
    const warn = (text: string): void => traceLog.warn(text);
    this.tap = new TrafficTap(clock);
    this.trace = new TraceWriter({ clock, openFile: openTraceFile, header: capture, warn });
    this.blackBox = new BlackBox({ log: log.child({ part: "black box" }), clock, store, program, machine, chains });
    this.incidents = new IncidentLog({ log: log.child({ part: "incidents" }), clock, store });
    this.incidents.onIncident((incident) => this.blackBox.incident(incident));
    this.latch = new ShutdownLatch({ log: log.child({ part: "latch" }), clock, store });
    this.watchdog = new WatchdogLoop({
      log: log.child({ part: "watchdog" }),
      clock,
      device: watchdog,
      heartbeats: this.heartbeats,
      onStarved: (reason) => this.incidents.note("hang", reason),
    });
  }

  /** What a chain's wire goes through. */
  chainTrace(chainIndex: number): ChainTrace {
    const writer = this.trace.chain(chainIndex);
    return {
      baud: (baud) => writer.baud(baud),
      push: (direction, bytes, atMs) => {
        writer.push(direction, bytes, atMs);
        this.tap.chain(chainIndex, direction, bytes, atMs);
      },
    };
  }

  /** @param line without secrets */
  poolLine(pool: number, direction: "in" | "out", line: string): void {
    this.blackBox.poolLine(pool, direction, line);
    this.trace.poolLine(pool, direction, line);
    this.tap.pool(pool, direction, line);
  }

  /** The thermal supervisor cut the power: kept until it is acknowledged. */
  shutDown(reason: string): void {
    if (this.latch.reason === null) this.incidents.note("shutdown", reason);
    void this.latch.set(reason);
  }

  /** The orderly end: told and written; the watchdog is let go only when power is off for certain. */
  async close(reason: string, isOffConfirmed: boolean): Promise<void> {
    if (isOffConfirmed) await this.watchdog.disarm();
    await this.latch.settled();
    await this.incidents.close(reason);
    await this.blackBox.close();
    await this.trace.stop(reason);
  }
}

/** Why a run ended, for the owner. @param lost the board was lost as a whole; null = it was not */
export function endText(signal: AbortSignal, lost: Error | null): string {
  if (lost !== null) return `the board was lost: ${errorText(lost)}`;
  if (!signal.aborted) return "a part of the program broke";
  return typeof signal.reason === "string" ? `stopped: ${signal.reason}` : "stopped";
}
