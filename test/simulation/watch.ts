/** Keeps the view up to date: a little after every event, the whole of it each virtual second, and the run's trace. */
import { boardSupport } from "#drivers/hashboards/board-supports.ts";
import { findHashboard } from "#drivers/hashboards/models.ts";
import type { EmulatedChain } from "#hal/emulator/emulated-world.ts";
import { isKumpelError } from "#hal/errors.ts";
import type { FaultDriver } from "./acts.ts";
import { FilesWatch } from "./files-watch.ts";
import { ProofWatch } from "./proof-watch.ts";
import type { Stage } from "./stage.ts";
import { Trace } from "./trace.ts";
import { type ChainView, newView, type View } from "./view.ts";

const SECOND_MS = 1_000;
/** Above this silicon is damaged, and what it is soldered with ages. */
const DAMAGE_C = 110;
const TURNING_RPM = 500;
/** Several fans do not fall silent at once by a bad tachometer; a single one may. */
const FANS_AIRLESS_MS = 5_000;
const FAN_AIRLESS_MS = 35_000;
/** What a fault of sensors or wires leaves behind is gone after this. */
const AFTER_EFFECT_MS = 30_000;
const OWNER_ACTS_MAX = 2;
/** As the process names it; that it was shut down outlives it. */
const LATCH_FILE = "shutdown.json";
/** Rounding of set points, and what a supply measures beside them. */
const VOLTAGE_MARGIN = 1.03;

export class Watch {
  readonly view: View;
  readonly trace = new Trace();
  readonly #stage: Stage;
  readonly #faults: FaultDriver;
  readonly #proof: ProofWatch;
  readonly #files: FilesWatch;
  readonly #boardLimitC: number;
  #ownerActedAtMs = 0;
  #ownerActs = 0;
  #acceptedAtMs = 0;
  #excusedErrors = 0;
  #excusedOverrun = 0;

  constructor(stage: Stage, faults: FaultDriver) {
    this.#stage = stage;
    this.#faults = faults;
    const { machine } = stage.options;
    const startMv = boardSupport(machine).voltage?.startMv ?? Number.POSITIVE_INFINITY;
    this.view = newView(stage.world.chains.length, (VOLTAGE_MARGIN * startMv) / 1000);
    this.view.airlessLimitMs = stage.world.fans.count > 1 ? FANS_AIRLESS_MS : FAN_AIRLESS_MS;
    this.#boardLimitC = findHashboard(machine)?.temperatureLimits.boardMaxC ?? Number.POSITIVE_INFINITY;
    this.#proof = new ProofWatch(stage);
    this.#files = new FilesWatch(stage);
  }

  /** An owner may try twice; a machine that needs more has not recovered. */
  ownerActed(): void {
    if (++this.#ownerActs <= OWNER_ACTS_MAX) this.#ownerActedAtMs = this.#stage.clock.nowMs();
  }

  afterEvent(): void {
    const { view } = this;
    const { clock, world, primary, backup } = this.#stage;
    const nowMs = clock.nowMs();
    view.movedBack = nowMs < view.nowMs;
    view.eventsAtOnce = nowMs === view.nowMs ? view.eventsAtOnce + 1 : 0;
    view.nowMs = nowMs;
    view.unprovenChain = this.#proof.afterEvent();
    view.isOn = world.powerIsOn;
    if (
      primary.wrongShares + backup.wrongShares !==
      view.lowDifficulty + view.duplicate + view.invalid + view.lateStale
    )
      this.#countShares();
    this.trace.addTime(nowMs);
  }

  everySecond(): void {
    const { view } = this;
    const { world, clock } = this.#stage;
    view.nowMs = clock.nowMs();
    view.isOn = world.powerIsOn;
    view.pendingTimers = clock.pendingTimers;
    view.areSensorsSound = !(
      this.#faults.isRecent("sensors", AFTER_EFFECT_MS) ||
      this.#faults.isRecent("bus", AFTER_EFFECT_MS) ||
      this.#faults.isRecent("chips", AFTER_EFFECT_MS)
    );
    for (const [i, chain] of world.chains.entries()) this.#lookAtChain(chain, view.chains[i]!);
    this.#lookAtAir();
    this.#lookAtProcess();
    this.#lookAtWork();
    view.fileTrouble = this.#files.everySecond();
    this.#countShares();
    this.trace.addState(view);
  }

  #countShares(): void {
    const { view } = this;
    const pools = [this.#stage.primary.counts(), this.#stage.backup.counts()];
    const sum = (pick: (counts: (typeof pools)[number]) => number): number =>
      pools.reduce((all, c) => all + pick(c), 0);
    view.lowDifficulty = sum((c) => c.lowDifficulty);
    view.foreign = sum((c) => c.foreign);
    view.duplicate = sum((c) => c.duplicate);
    view.invalid = sum((c) => c.invalid);
    view.lateStale = sum((c) => c.lateStale);
    const accepted = sum((c) => c.accepted);
    if (accepted !== view.accepted) this.#acceptedAtMs = this.#stage.clock.nowMs();
    view.accepted = accepted;
    view.sinceAcceptedMs = this.#stage.clock.nowMs() - this.#acceptedAtMs;
  }

  #lookAtChain(chain: EmulatedChain, view: ChainView): void {
    const { world } = this.#stage;
    const { thermal } = chain;
    view.voltageV = chain.isPlugged && !world.faults.psuFailed ? world.power.voltageV(view.index) : 0;
    const shownC = { inlet: thermal.inletC, outlet: thermal.outletC, die: thermal.dieC };
    const isHot = chain.sensors.some(({ place }) => shownC[place] >= this.#boardLimitC);
    const hasPower = view.voltageV > 0;
    view.overBoardLimitMs = hasPower && isHot ? view.overBoardLimitMs + SECOND_MS : 0;
    view.overDamageLimitMs = hasPower && thermal.dieC >= DAMAGE_C ? view.overDamageLimitMs + SECOND_MS : 0;
  }

  #lookAtAir(): void {
    const { fans } = this.#stage.world;
    const { view } = this;
    let isAnyTurning = fans.count === 0;
    for (let fan = 0; fan < fans.count; fan++) isAnyTurning ||= fans.trueRpm(fan) >= TURNING_RPM;
    const hasPower = view.isOn && view.chains.some(({ voltageV }) => voltageV > 0);
    view.airlessMs = hasPower && !isAnyTurning ? view.airlessMs + SECOND_MS : 0;
  }

  #lookAtProcess(): void {
    const { view } = this;
    const { life, ends, store } = this.#stage;
    const parts = life?.miner?.parts;
    const isLatched = life?.couldRead === true && store.files.has(LATCH_FILE);
    const isShut = isLatched || parts?.thermal.state.phase === "shutdown";
    view.onInShutdownMs = view.isOn && isShut ? view.onInShutdownMs + SECOND_MS : 0;
    view.onWithoutProcessMs = view.isOn && life?.miner == null ? view.onWithoutProcessMs + SECOND_MS : 0;
    for (const end of ends.splice(0)) {
      // Controllers that do not answer cannot be switched off either: then it says just that.
      view.leftOn ||= view.isOn && !isKumpelError(end, "PSU_FAILED");
      if (isKumpelError(end)) this.trace.addText(end.code);
      else view.bug ??= end === null ? "the process ended although nobody asked it to" : bugText(end);
    }
  }

  #lookAtWork(): void {
    const { view } = this;
    const { life, clock } = this.#stage;
    const { clearSinceMs } = this.#faults;
    const nowMs = clock.nowMs();
    if (clearSinceMs === null) this.#ownerActs = 0;
    view.soundForMs = clearSinceMs === null ? 0 : nowMs - Math.max(clearSinceMs, this.#ownerActedAtMs);
    const parts = life?.miner?.parts;
    view.isEverythingHashing = parts?.chains.every(({ supervisor }) => supervisor.state.phase === "hashing") ?? false;
    const stats = parts?.pools.pools.map((pool) => pool.stats) ?? [];
    view.openShares = stats.reduce((sum, s) => sum + s.submittedCount - s.accepted - s.rejected - s.stale - s.lost, 0);
    const errors = parts?.chains.reduce((sum, { runtime }) => sum + runtime.counters.ofChain().hardwareError, 0) ?? 0;
    const overrun = this.#stage.world.chains.reduce((sum, { line }) => sum + line.lostBytes, 0);
    const isSound = !(
      this.#faults.isRecent("wire", AFTER_EFFECT_MS) || this.#faults.isRecent("chips", AFTER_EFFECT_MS)
    );
    if (!isSound || errors < this.#excusedErrors) this.#excusedErrors = errors;
    if (!isSound) this.#excusedOverrun = overrun;
    view.unexplainedErrors = errors - this.#excusedErrors;
    view.overrunBytes = overrun - this.#excusedOverrun;
  }
}

function bugText(end: unknown): string {
  const text = end instanceof Error ? (end.stack ?? end.message) : String(end);
  return `the process broke: ${text.split("\n").slice(0, 3).join(" ")}`;
}
