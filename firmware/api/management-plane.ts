/**
 * The main thread's side of management as a whole: the worker, the commands it orders, and what it must know of settings,
 * tokens, audit and log. One for each run of the miner, or of the safe idle.
 */
import { type Clock, LATE, within } from "#hal/clock.ts";
import type { FileStore } from "#hal/file-store.ts";
import { type KeyFacts, settingsKeys } from "../config/constraints.ts";
import { withoutSecrets } from "../config/patch.ts";
import type { SettingsStore } from "../config/settings-store.ts";
import type { Log } from "../log.ts";
import { LOOPBACK } from "../platform/platform.ts";
import type { UpdateStatus } from "../update/update-status.ts";
import type { RandomBytes } from "./access.ts";
import { AccessKeeper } from "./access-keeper.ts";
import { type AuditEntry, AuditLog } from "./audit-log.ts";
import { CommandRunner } from "./command-runner.ts";
import { type CommandAnswer, type CommandBus, refused } from "./commands.ts";
import type { FacePorts } from "./face-places.ts";
import type { LogRing } from "./log-ring.ts";
import type { MachineControls } from "./machine-controls.ts";
import type { ManagementOptions } from "./management.ts";
import { ManagementHost } from "./management-host.ts";
import type { FromWorker, SettingsView, ToWorker } from "./messages.ts";
import type { MinerSnapshot } from "./snapshot.ts";
import type { UpdateOrders } from "./update-orders.ts";

/** Less than whoever ordered it waits for the answer. */
const ALERT_LIMIT_MS = 9_000;
/** The end of a run waits so long for the audit log. */
const CLOSE_LIMIT_MS = 300;

export interface ManagementPlaneOptions {
  readonly log: Log;
  readonly clock: Clock;
  readonly store: FileStore;
  readonly settings: SettingsStore;
  readonly randomBytes: RandomBytes;
  readonly programPath: string;
  readonly worker: Omit<ManagementOptions, "role" | "version">;
  readonly version: string;
  readonly logRing: LogRing;
  readonly machine: MachineControls | null;
  /** Why nothing is switched on; null: the machine runs. */
  readonly idleReason: string | null;
  readonly restart: (reason: string) => void;
  readonly update: UpdateOrders;
  readonly overriddenKeys: readonly string[];
}

export class ManagementPlane {
  readonly #options: ManagementPlaneOptions;
  readonly #host: ManagementHost;
  readonly #access: AccessKeeper;
  readonly #audit: AuditLog;
  readonly #runner: CommandRunner;
  readonly #constraints: readonly KeyFacts[] = settingsKeys();
  #auditTold: readonly AuditEntry[] = [];
  #updateTold: UpdateStatus | null = null;
  readonly #alertTests = new Map<number, (answer: CommandAnswer) => void>();
  #nextTest = 1;

  constructor(options: ManagementPlaneOptions) {
    this.#options = options;
    const { log, clock, store, settings, randomBytes, programPath, worker, version, machine } = options;
    this.#access = new AccessKeeper({ clock, store, randomBytes });
    this.#audit = new AuditLog({ log, clock, store });
    this.#runner = new CommandRunner({
      log,
      store,
      settings,
      access: this.#access,
      audit: this.#audit,
      machine,
      restart: options.restart,
      overriddenKeys: options.overriddenKeys,
      update: options.update,
      testAlert: () => this.#testAlert(),
      onChanged: () => {
        this.#host.post(this.#settingsMessage());
        this.#host.post(this.#accessMessage());
      },
    });
    this.#host = new ManagementHost({
      log,
      clock,
      programPath,
      worker: { role: "management", version, ...worker },
      greeting: () => this.#greeting(),
      onCommand: (message) => void this.#obey(message),
      onQuery: (message) => void this.#tell(message),
      onAlertTested: ({ id, answer }) => this.#alertTests.get(id)?.(answer),
    });
  }

  /** Port that the web server listens on, or null. */
  get port(): number | null {
    return this.#host.port;
  }

  /** Where the own API is from this machine; null before it listens. */
  get url(): string | null {
    const { port } = this.#host;
    return port === null ? null : `${this.#options.worker.tls === null ? "http" : "https"}://${LOOPBACK}:${port}`;
  }

  /** Ports of the faces for other people's tools; null = it does not listen. */
  get facePorts(): FacePorts {
    return this.#host.facePorts;
  }

  /** For the faces that run on the main thread or check by themselves who may order what. */
  get bus(): CommandBus {
    return this.#runner.bus;
  }

  /** Reads tokens and audit log. @returns the owner's token if it was just made: to be shown, once. */
  async open(): Promise<string | null> {
    await this.#audit.open();
    return this.#access.open();
  }

  /** Until `signal` aborts. @throws KumpelError `PORT_IN_USE`. */
  async run(signal: AbortSignal): Promise<void> {
    await this.#host.run(signal);
    await within(this.#options.clock, CLOSE_LIMIT_MS, this.#audit.settled());
  }

  /** The button of the board was pressed. */
  reportAddress(): void {
    this.#host.post({ kind: "ipReport" });
  }

  publish(snapshot: MinerSnapshot): void {
    this.#host.post({ kind: "snapshot", snapshot });
    this.publishLog();
  }

  /** Once a second, with the snapshot where there is one. */
  publishLog(): void {
    this.#host.ping();
    const lines = this.#options.logRing.takeFresh();
    if (lines.length > 0) this.#host.post({ kind: "log", lines });
    this.#tellAudit();
    this.#tellUpdate();
  }

  async #obey({ id, command, origin, scope, deadlineMs }: Extract<FromWorker, { kind: "command" }>): Promise<void> {
    const outcome = await within(this.#options.clock, deadlineMs, this.#runner.execute(command, origin, scope));
    const answer =
      outcome === LATE ? refused("It takes longer than the answer may; look whether it was done.") : outcome;
    this.#host.post({ kind: "answer", id, answer });
    this.#tellAudit();
    this.#tellUpdate();
  }

  async #testAlert(): Promise<CommandAnswer> {
    const id = this.#nextTest++;
    const answer = new Promise<CommandAnswer>((resolve) => this.#alertTests.set(id, resolve));
    this.#host.post({ kind: "testAlert", id });
    const outcome = await within(this.#options.clock, ALERT_LIMIT_MS, answer);
    this.#alertTests.delete(id);
    return outcome === LATE ? refused(`The test alert was not taken within ${ALERT_LIMIT_MS / 1000} s.`) : outcome;
  }

  async #tell({ id, query, scope, deadlineMs }: Extract<FromWorker, { kind: "query" }>): Promise<void> {
    const { machine, clock } = this.#options;
    const asked = machine?.queries.answer(query, scope) ?? Promise.resolve(refused("Nothing is switched on."));
    const outcome = await within(clock, deadlineMs, asked);
    const answer = outcome === LATE ? refused("The chips do not answer in time.") : outcome;
    this.#host.post({ kind: "told", id, answer });
  }

  #greeting(): ToWorker[] {
    const { idleReason, logRing } = this.#options;
    this.#auditTold = this.#audit.entries;
    this.#updateTold = this.#options.update.status;
    logRing.takeFresh();
    return [
      this.#accessMessage(),
      this.#settingsMessage(),
      { kind: "audit", entries: this.#audit.entries },
      { kind: "update", status: this.#updateTold },
      { kind: "log", lines: logRing.lines },
      ...(idleReason === null ? [] : [{ kind: "idle", reason: `hashboards stay off: ${idleReason}` } as const]),
    ];
  }

  #tellAudit(): void {
    const { entries } = this.#audit;
    if (entries === this.#auditTold) return;
    this.#auditTold = entries;
    this.#host.post({ kind: "audit", entries });
  }

  #tellUpdate(): void {
    const { status } = this.#options.update;
    if (status === this.#updateTold) return;
    this.#updateTold = status;
    this.#host.post({ kind: "update", status });
  }

  #accessMessage(): ToWorker {
    return { kind: "access", tokens: this.#access.tokens };
  }

  #settingsMessage(): ToWorker {
    const { settings } = this.#options;
    const { source, problems, settings: values } = settings.loaded;
    const view: SettingsView = {
      place: settings.place,
      source,
      problems: problems.map(({ sentence }) => sentence),
      settings: withoutSecrets(values),
      pendingRestart: this.#runner.pendingRestart,
    };
    return { kind: "settings", view, constraints: this.#constraints };
  }
}
