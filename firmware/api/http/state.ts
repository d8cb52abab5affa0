/** What the worker knows of the miner: the last of each kind of message, and texts that are made once for all who ask. */
import type { KeyFacts } from "../../config/constraints.ts";
import type { UpdateStatus } from "../../update/update-status.ts";
import type { AuditEntry } from "../audit-log.ts";
import type { Idle } from "../idle-snapshot.ts";
import type { SettingsView, ToWorker } from "../messages.ts";
import type { MinerSnapshot } from "../snapshot.ts";

const LOG_LINES_MAX = 500;

export class ManagementState {
  readonly #version: string;
  #snapshot: MinerSnapshot | null = null;
  #text: string | null = null;
  /** Null: a machine runs or begins. */
  idle: Omit<Idle, "sinceMs"> | null = null;
  settings: { readonly view: SettingsView; readonly constraints: readonly KeyFacts[] } | null = null;
  audit: readonly AuditEntry[] = [];
  update: UpdateStatus | null = null;
  #log: string[] = [];

  constructor(version: string) {
    this.#version = version;
  }

  get idleReason(): string | null {
    return this.idle?.reason ?? null;
  }

  get version(): string {
    return this.#version;
  }

  get snapshot(): MinerSnapshot | null {
    return this.#snapshot;
  }

  get log(): readonly string[] {
    return this.#log;
  }

  /** The snapshot as JSON; made when the first asks for it. */
  get snapshotText(): string | null {
    if (this.#snapshot === null) return null;
    this.#text ??= JSON.stringify({ version: this.#version, ...this.#snapshot });
    return this.#text;
  }

  /** Everything but tokens and answers, which others wait for. */
  take(message: ToWorker): void {
    switch (message.kind) {
      case "snapshot":
        this.#snapshot = message.snapshot;
        this.#text = null;
        return;
      case "idle":
        this.idle = { reason: message.reason, lacksPool: message.lacksPool, machine: message.machine };
        return;
      case "settings":
        this.settings = message;
        return;
      case "audit":
        this.audit = message.entries;
        return;
      case "update":
        this.update = message.status;
        return;
      case "log":
        this.#log = [...this.#log, ...message.lines].slice(-LOG_LINES_MAX);
        return;
      case "access":
      case "sessions":
      case "answer":
      case "told":
      case "close":
      case "ping":
      case "ipReport":
      case "testAlert":
      case "testPool":
        return;
    }
  }
}
