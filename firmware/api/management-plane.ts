/**
 * The main thread's side of management as a whole: the worker, the commands it orders, and what it must know of settings,
 * tokens, audit and log. One for each run of the miner, or of the safe idle.
 */
import { type Clock, LATE, within } from "#hal/clock.ts";
import type { FileStore } from "#hal/file-store.ts";
import { type KeyFacts, settingsKeys } from "../config/constraints.ts";
import { withoutSecrets } from "../config/patch.ts";
import type { Settings } from "../config/schema.ts";
import type { SettingsStore } from "../config/settings-store.ts";
import type { Log } from "../log.ts";
import { LOOPBACK } from "../platform/platform.ts";
import type { PoolSettings } from "../pool/pool-settings.ts";
import type { UpdateStatus } from "../update/update-status.ts";
import type { RandomBytes } from "./access.ts";
import { AccessKeeper } from "./access-keeper.ts";
import { type AuditEntry, AuditLog } from "./audit-log.ts";
import { CommandRunner } from "./command-runner.ts";
import { type CommandAnswer, type CommandBus, refused } from "./commands.ts";
import type { FacePorts } from "./face-places.ts";
import { answerIdle } from "./idle-queries.ts";
import type { LogRing } from "./log-ring.ts";
import type { MachineControls } from "./machine-controls.ts";
import type { ManagementOptions } from "./management.ts";
import { ManagementHost } from "./management-host.ts";
import type { FromWorker, SettingsView, ToWorker } from "./messages.ts";
import type { SessionMemory } from "./session-memory.ts";
import type { MinerSnapshot } from "./snapshot.ts";
import type { UpdateOrders } from "./update-orders.ts";

/** Less than whoever ordered it waits for the answer. */
const TEST_LIMIT_MS = 9_000;
/** The end of a run waits so long for the audit log. */
const CLOSE_LIMIT_MS = 300;

type PoolEntry = Settings["pool_groups"][number]["pools"][number];

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
  /** Model as far as it is known without a look; empty = it is not. */
  readonly machineName: string;
  /** In the safe idle: settings with which it ends. */
  readonly wakes: (settings: Settings) => boolean;
  /** A pool of the settings in the form that a session takes. @throws KumpelError `USAGE` for a file of authorities. */
  readonly poolOf: (pool: PoolEntry) => PoolSettings;
  /** Outlives this plane. */
  readonly sessions: SessionMemory;
  readonly restart: (reason: string, delayMs?: number) => void;
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
  /** Tests under way in the worker, by their number. */
  readonly #tests = new Map<number, (answer: CommandAnswer) => void>();
  #nextTest = 1;
  #isTestingPool = false;

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
      idleReason: options.idleReason,
      restart: options.restart,
      wakes: options.wakes,
      overriddenKeys: options.overriddenKeys,
      update: options.update,
      testAlert: () => this.#test((id) => ({ kind: "testAlert", id }), "The test alert was not taken"),
      testPool: (pool) => this.#testPool(options.poolOf(pool)),
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
      onSessions: ({ sessions }) => options.sessions.take(sessions),
      onTested: ({ id, answer }) => this.#tests.get(id)?.(answer),
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

  /** Ports and addresses of the settings that cannot be had, one sentence each. */
  get problems(): readonly string[] {
    return this.#host.problems;
  }

  get isAnswering(): boolean {
    return this.#host.isAnswering;
  }

  /** For the faces that run on the main thread or check by themselves who may order what. */
  get bus(): CommandBus {
    return this.#runner.bus;
  }

  /** Reads tokens and audit log. @returns the owner's token if it was just made: to be shown, once. */
  async open(): Promise<string | null> {
    await this.#audit.open();
    const token = await this.#access.open();
    const { problem } = this.#access;
    if (problem !== null)
      this.#options.log.warn(
        `tokens: ${problem}; the token that was made is good for this run only, others that the file may hold are not until it was read: who creates or revokes a token has it read again`,
      );
    return token;
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

  /** One at a time: a test costs a pool something, too. */
  async #testPool(pool: PoolSettings): Promise<CommandAnswer> {
    if (this.#isTestingPool) return refused("Another pool is being tested; try again in a few seconds.");
    this.#isTestingPool = true;
    const answer = await this.#test((id) => ({ kind: "testPool", id, pool }), "The pool could not be tested");
    this.#isTestingPool = false;
    return answer;
  }

  /** The worker does it: it is no matter of the mining plane. */
  async #test(order: (id: number) => ToWorker, lateText: string): Promise<CommandAnswer> {
    const id = this.#nextTest++;
    const answer = new Promise<CommandAnswer>((resolve) => this.#tests.set(id, resolve));
    this.#host.post(order(id));
    const outcome = await within(this.#options.clock, TEST_LIMIT_MS, answer);
    this.#tests.delete(id);
    return outcome === LATE ? refused(`${lateText} within ${TEST_LIMIT_MS / 1000} s.`) : outcome;
  }

  async #tell({ id, query, scope, deadlineMs }: Extract<FromWorker, { kind: "query" }>): Promise<void> {
    const { machine, clock, store } = this.#options;
    const asked = machine?.queries.answer(query, scope) ?? answerIdle(query, store);
    const outcome = await within(clock, deadlineMs, asked);
    const answer = outcome === LATE ? refused("The chips do not answer in time.") : outcome;
    this.#host.post({ kind: "told", id, answer });
  }

  #greeting(): ToWorker[] {
    const { idleReason, logRing } = this.#options;
    this.#auditTold = this.#audit.entries;
    const { update } = this.#options;
    // Only the worker before this one can have begun to receive it.
    if (update.status.state === "staging") update.drop("the program that received it began anew");
    this.#updateTold = update.status;
    logRing.takeFresh();
    return [
      this.#accessMessage(),
      { kind: "sessions", sessions: this.#options.sessions.living },
      this.#settingsMessage(),
      { kind: "audit", entries: this.#audit.entries },
      { kind: "update", status: this.#updateTold },
      { kind: "log", lines: logRing.lines },
      ...(idleReason === null ? [] : [this.#idleMessage(idleReason)]),
    ];
  }

  #idleMessage(idleReason: string): ToWorker {
    const { source, settings } = this.#options.settings.loaded;
    const lacksPool = source !== "idle" && settings.pool_groups.length === 0;
    const machine = this.#options.machineName;
    return { kind: "idle", reason: `hashboards stay off: ${idleReason}`, lacksPool, machine };
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
      overriddenKeys: this.#options.overriddenKeys,
    };
    return { kind: "settings", view, constraints: this.#constraints };
  }
}
