/**
 * Carries commands out, one after the other, on the main thread: checks who orders what, acts, answers in one sentence and
 * writes it down. Every face orders through it, so that all of them obey the same rules.
 */
import { errorText, isKumpelError } from "#hal/errors.ts";
import type { FileStore } from "#hal/file-store.ts";
import { Mutex } from "#hal/mutex.ts";
import { settingsKeys } from "../config/constraints.ts";
import { assertKnownKeys, changedKeys, HIDDEN, type SettingsPatch } from "../config/patch.ts";
import type { Settings } from "../config/schema.ts";
import type { LoadedSettings, SettingsStore } from "../config/settings-store.ts";
import { isTree, parseToml, type Tree } from "../config/toml-text.ts";
import type { Log } from "../log.ts";
import { isSamePool, poolKey } from "../stratum/pool-url.ts";
import { forgetTuning } from "../tuning/kept-tuning.ts";
import type { AccessKeeper } from "./access-keeper.ts";
import type { AuditLog } from "./audit-log.ts";
import {
  allows,
  type Command,
  type CommandAnswer,
  type CommandBus,
  type CommandKind,
  type CommandOrigin,
  commandSchema,
  done,
  refused,
  SCOPE_OF,
  type Scope,
} from "./commands.ts";
import type { MachineControls } from "./machine-controls.ts";
import { isMachineCommand, isTuningCommand, type MachineCommand, orderMachine } from "./machine-orders.ts";
import { requestProblem } from "./request-problem.ts";
import { isUpdateCommand, orderUpdate, type UpdateOrders } from "./update-orders.ts";

/** More than that many at once are refused: nobody orders so much. */
const QUEUE_MAX = 32;
/** They take seconds, and others need not wait for them. */
const ASIDE: readonly CommandKind[] = ["testAlert", "testPool"];

/** What a machine's own row bounds more tightly than the settings do. */
const LIMITED_KEYS: readonly string[] = [
  "tuning.frequency_mhz",
  "tuning.work_voltage_mv",
  "cooling.board_limit_c",
  "cooling.chip_limit_c",
];

type PoolEntry = Settings["pool_groups"][number]["pools"][number];

export interface CommandRunnerOptions {
  readonly log: Log;
  readonly store: FileStore;
  readonly settings: SettingsStore;
  readonly access: AccessKeeper;
  readonly audit: AuditLog;
  /** Null: nothing is switched on. */
  readonly machine: MachineControls | null;
  /** Why nothing is switched on; null: the machine runs. */
  readonly idleReason: string | null;
  /** Where nothing is switched on: settings with which the run begins by itself. */
  readonly wakes: (settings: Settings) => boolean;
  /** Ends this run and begins the next with the settings as they are then. */
  readonly restart: (reason: string, delayMs?: number) => void;
  /** Settings or tokens changed. */
  readonly onChanged: () => void;
  /** Sends a test alert; answers in seconds, not at once. */
  readonly testAlert: () => Promise<CommandAnswer>;
  readonly update: UpdateOrders;
  /** Tries a pool; answers in seconds. */
  readonly testPool: (pool: PoolEntry) => Promise<CommandAnswer>;
  /** Settings that the command line overrides in this run. */
  readonly overriddenKeys: readonly string[];
}

export class CommandRunner {
  readonly #options: CommandRunnerOptions;
  readonly #turn = new Mutex();
  readonly #powerTurn = new Mutex();
  readonly #running: Settings;
  readonly #needRestart = new Set(settingsKeys().flatMap(({ key, needsRestart }) => (needsRestart ? [key] : [])));
  #waiting = 0;
  /** What is written comes into force at once. */
  #isWaking = false;

  constructor(options: CommandRunnerOptions) {
    this.#options = options;
    this.#running = options.settings.loaded.settings;
  }

  /** Keys whose new value shows after a restart only. */
  get pendingRestart(): string[] {
    if (this.#isWaking) return [];
    return changedKeys(this.#running, this.#options.settings.loaded.settings).filter((key) => this.#isLate(key));
  }

  /** For faces that know by themselves who may order what. */
  readonly bus: CommandBus = (command, origin) => this.execute(command, origin, "admin");

  /** Never rejects: what goes wrong is an answer. */
  async execute(input: unknown, origin: CommandOrigin, scope: Scope): Promise<CommandAnswer> {
    const parsed = commandSchema.safeParse(input);
    if (!parsed.success) return refused(`${requestProblem(commandSchema, parsed.error, input, "The command")}.`);
    const command = parsed.data;
    const need = SCOPE_OF[command.kind];
    if (!allows(scope, need))
      return this.#note(origin, command, refused(`${command.kind} takes scope ${need}; this one has ${scope}.`));
    if (command.kind === "pause" || command.kind === "resume") {
      // Never refused and never kept waiting by anything but its own kind: whoever wants the power off wants it now.
      const answer = await this.#powerTurn.run(() => this.#guarded(command, nameOf(origin)));
      return this.#note(origin, command, answer);
    }
    if (this.#waiting >= QUEUE_MAX) return refused("Too many commands wait; try again in a second.");
    this.#waiting++;
    try {
      const act = (): Promise<CommandAnswer> => this.#guarded(command, nameOf(origin));
      // A slow receiver of alerts, a climb of the clocks or a signature holds up nobody else.
      const isAside = ASIDE.includes(command.kind) || isTuningCommand(command) || isUpdateCommand(command);
      const answer = await (isAside ? act() : this.#turn.run(act));
      return this.#note(origin, command, answer);
    } finally {
      this.#waiting--;
    }
  }

  #note(origin: CommandOrigin, command: Command, answer: CommandAnswer): CommandAnswer {
    const { audit, log } = this.#options;
    const actor = nameOf(origin);
    audit.note({ actor, command: command.kind, ok: answer.ok, message: answer.message });
    log.info({ actor, command: command.kind, ok: answer.ok }, answer.message);
    return answer;
  }

  async #guarded(command: Command, actor: string): Promise<CommandAnswer> {
    try {
      return await this.#carryOut(command, actor);
    } catch (error) {
      // Refused for a reason that the owner can read; everything else is a bug, told and survived.
      if (!isKumpelError(error))
        this.#options.log.error({ stack: error instanceof Error ? error.stack : undefined }, errorText(error));
      return refused(errorText(error));
    }
  }

  async #carryOut(command: Command, actor: string): Promise<CommandAnswer> {
    const { settings, restart, access, onChanged } = this.#options;
    if (isMachineCommand(command)) return this.#steer(command, actor);
    if (isUpdateCommand(command)) return orderUpdate(command, this.#options.update);
    switch (command.kind) {
      case "setFanDuty":
        return this.#change(() => ({ cooling: { fan_manual_pct: command.dutyPct } }));
      case "setFanMode":
        return this.#change(() => ({ cooling: { mode: command.mode } }));
      case "setFrequency":
        return this.#change(() => ({ tuning: { frequency_mhz: command.frequencyMhz } }));
      case "setPools":
        return this.#change(() => ({ pool_groups: this.#withFirstGroup(command) }));
      case "setPoolGroups":
        assertKnownKeys({ pool_groups: command.poolGroups });
        return this.#change(() => ({ pool_groups: command.poolGroups }));
      case "setSettings":
        assertKnownKeys(command.patch);
        return this.#change(() => command.patch);
      case "restart":
        return this.#restart(command.delayS ?? 0, actor);
      case "factoryReset":
        await settings.reset();
        await forgetTuning(this.#options.store);
        onChanged();
        restart(`factory reset ordered by ${actor}`);
        return done("All settings are back to their defaults; restarting.");
      case "createToken": {
        const token = await access.create(command.name, command.scope);
        onChanged();
        return { ...done(`Token ${command.name} with scope ${command.scope} is made; it is shown this once.`), token };
      }
      case "revokeToken":
        await access.revoke(command.id);
        onChanged();
        return done(`Token ${command.id} is revoked.`);
      case "testAlert":
        return this.#options.testAlert();
      case "testPool":
        return this.#options.testPool(this.#wishedPool(command.pool));
    }
  }

  #restart(delayS: number, actor: string): CommandAnswer {
    this.#options.restart(`restart ordered by ${actor}`, 1_000 * delayS);
    const when = delayS === 0 ? "Restarting" : `Restarting in ${delayS} s`;
    return done(`${when}: hashboards off, settings read anew, then it starts again.`);
  }

  async #steer(command: MachineCommand, actor: string): Promise<CommandAnswer> {
    const { machine, store, idleReason } = this.#options;
    if (machine === null) return refused(`Nothing is switched on: ${idleReason}`);
    return orderMachine(command, machine, store, actor);
  }

  /** @param patchOf asked once the file was read anew: what it builds on is what is there. */
  async #change(patchOf: () => SettingsPatch): Promise<CommandAnswer> {
    const { settings, machine, onChanged, overriddenKeys, restart } = this.#options;
    const before = settings.loaded.settings;
    await settings.refresh();
    const patch = patchOf();
    const wasBroken = settings.loaded.source === "idle" || settings.loaded.source === "lastGood";
    const problem = this.#limitProblem(before, settings.preview(patch));
    if (problem !== null) return refused(problem);
    const after: LoadedSettings = await settings.change(patch);
    const keys = changedKeys(before, after.settings);
    if (keys.length > 0) machine?.apply(after.settings);
    this.#isWaking ||= machine === null && this.#options.wakes(after.settings);
    onChanged();
    if (this.#isWaking) {
      restart("what was missing is there: starting");
      return { ...done("Settings written; the miner starts with them now."), changedKeys: keys };
    }
    if (keys.length === 0 && !wasBroken) return { ...done("Nothing changed: it was so already."), changedKeys: [] };
    const late = machine === null ? keys : keys.filter((key) => this.#isLate(key));
    const overridden = keys.filter((key) => overriddenKeys.includes(key));
    const note = overridden.length === 0 ? "" : ` The command line overrides ${overridden.join(", ")} in this run.`;
    const when = late.length === 0 ? "in force" : `in force after a restart: ${late.join(", ")}`;
    return {
      ...done(`Settings written, ${when}.${note}`, late.length === 0 ? "now" : "afterRestart"),
      changedKeys: keys,
    };
  }

  /** What this machine could not start with is not even written; null = nothing of that kind. */
  #limitProblem(before: Settings, wish: Settings): string | null {
    const keys = changedKeys(before, wish);
    const isForThisMachine = !keys.some((key) => key.startsWith("machine."));
    if (!isForThisMachine || !keys.some((key) => LIMITED_KEYS.includes(key))) return null;
    return this.#options.machine?.refusalOf(wish) ?? null;
  }

  /** The other groups, and what else the owner said of a pool that stays, are kept. */
  #withFirstGroup({ pools, areUrlsExact }: Extract<Command, { kind: "setPools" }>): unknown[] {
    const file = parseToml(this.#options.settings.loaded.text);
    const groups = file.kind === "parsed" ? file.value["pool_groups"] : [];
    const [first, ...others] = Array.isArray(groups) ? groups.filter(isTree) : [];
    const known = Array.isArray(first?.["pools"]) ? first["pools"].filter(isTree) : [];
    const wished = pools.map(({ url, user, password }) => {
      const same = known.find((pool) => isSamePool(pool, { url, user }));
      // Whoever read the address from a snapshot sends it as that shows it: it stands for the owner's text.
      const isShown = areUrlsExact !== true && url === poolKey(url);
      const text = isShown ? (same?.["url"] ?? url) : url;
      return { ...(same ?? accessTo(url, known)), url: text, user, ...(password === "" ? {} : { password }) };
    });
    return [{ ...first, pools: wished }, ...others];
  }

  /** As the settings would have it, with what is hidden as it is there. @throws KumpelError `SETTINGS_INVALID`. */
  #wishedPool(wish: Readonly<Record<string, unknown>>): PoolEntry {
    const { settings } = this.#options;
    const known = settings.loaded.settings.pool_groups
      .flatMap(({ pools }) => pools)
      .find((pool) => isSamePool(pool, wish));
    const shown = Object.entries(wish).filter(([, value]) => value !== HIDDEN);
    const hidden = Object.keys(wish).flatMap((name) => {
      const before = known?.[name as keyof PoolEntry];
      return wish[name] === HIDDEN && before !== undefined ? [[name, before] as const] : [];
    });
    const pool = Object.fromEntries([...shown, ...hidden]);
    const [group] = settings.preview({ pool_groups: [{ pools: [pool] }] }).pool_groups;
    if (group?.pools[0] === undefined) throw new RangeError("a list of one pool came back empty");
    return group.pools[0];
  }

  #isLate(key: string): boolean {
    return this.#needRestart.has(key) || key.startsWith("pool_groups");
  }
}

/** How an address is reached, such as proxy and pin, is a matter of no user; a password is of one. */
function accessTo(url: string, known: readonly Tree[]): Tree {
  const pool = known.find((other) => typeof other["url"] === "string" && poolKey(other["url"]) === poolKey(url));
  return Object.fromEntries(Object.entries(pool ?? {}).filter(([name]) => name !== "password"));
}

function nameOf({ face, who }: CommandOrigin): string {
  return who === "" ? face : `${who} (${face})`;
}
