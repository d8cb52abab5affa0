/**
 * The shell of the update machine: calls the updater, keeps `update.json`, tells incidents, has the board rebooted. One for
 * the whole process: it outlives the restarts that only read the settings anew.
 */
import { errorText, isKumpelError } from "#hal/errors.ts";
import type { FileStore } from "#hal/file-store.ts";
import type { InstallWish, UpdateAnswer, UpdateOrders } from "../api/update-orders.ts";
import type { Log } from "../log.ts";
import { CardMemory, isCardDue } from "./card-bundle.ts";
import { lacksOf, type ProofFacts } from "./proof.ts";
import { busyReason, needsTicks, stepUpdate } from "./update-machine.ts";
import { loadRecord, parseRecord, saveRecord, type UpdateRecord } from "./update-record.ts";
import { roomRefusal } from "./update-rules.ts";
import { NO_UPDATER, OWNER_WENT_BACK, type UpdateStatus } from "./update-status.ts";
import {
  BEGINNING,
  type BoardFacts,
  type BundleSource,
  type UpdateAction,
  type UpdateDecision,
  type UpdateInput,
  type UpdateState,
} from "./update-types.ts";
import type { SlotStatus, Updater } from "./updater.ts";

const NOT_ASKED_YET = "The updater has not answered yet; try again in a few seconds.";
const ONE_SLOT = "The board has one slot only: there is no place for another version.";
/** A machine that began so lately may still be on its way up. */
const YOUNG_MS = 300_000;
/** An updater that does not answer yet is asked again after so many looks, and no more after that many. */
const ASK_AGAIN_LOOKS = 60;
const ASK_AGAIN_MAX = 300;

/** Where bundles lie and what else the board itself says. */
export interface UpdatePlace {
  /** Path of a received bundle. */
  readonly bundleFile: string;
  /** Path where the owner puts a bundle on his card; null: no card. */
  readonly cardFile: string | null;
  bootId(): Promise<string>;
  /** Since the board booted. */
  uptimeMs(): number;
  /** For bundles that are received. */
  freeBytes(): Promise<number>;
  removeBundle(): Promise<void>;
  /** SHA-256 in hex; null: no such file. */
  hashOf(file: string): Promise<string | null>;
}

export interface UpdateDeskOptions {
  readonly log: Log;
  readonly store: FileStore;
  readonly updater: Updater;
  readonly place: UpdatePlace;
  readonly version: string;
  readonly proveMs: () => number;
  readonly reboot: (reason: string) => void;
  readonly clearSettings: () => Promise<void>;
}

/** What a run shows once a second. */
export type Shown = Omit<ProofFacts, "hashingChainsBefore" | "wasIdleBefore" | "snapshot"> & {
  readonly snapshot: (NonNullable<ProofFacts["snapshot"]> & { readonly uptimeMs: number }) | null;
};

export class UpdateDesk implements UpdateOrders {
  readonly #options: UpdateDeskOptions;
  readonly #card: CardMemory;
  #state: UpdateState = BEGINNING;
  #slots: SlotStatus | null = null;
  /** Why nothing can be updated, as the updater said it. */
  #problem: string | null = NOT_ASKED_YET;
  #status: UpdateStatus;
  #shown: Shown | null = null;
  #acting = 0;
  #looks = 0;
  #isCardSeen = false;
  #untold: string[] = [];
  #incidents: ((text: string) => void) | null = null;

  constructor(options: UpdateDeskOptions) {
    this.#options = options;
    this.#card = new CardMemory(options.store);
    this.#status = this.#statusNow();
  }

  get status(): UpdateStatus {
    return this.#status;
  }

  /** What the version before left is read, and what it wants done is done. Never rejects. */
  async start(): Promise<void> {
    try {
      const board = await this.#board();
      const [record, pledge] = [await this.#recordLeft(), parseRecord(await this.#options.updater.pledge())];
      await this.#apply({ kind: "booted", record, pledge, board });
      // Not before: what is ordered in between would be forgotten.
      this.#problem = board.otherSlot === null ? ONE_SLOT : null;
    } catch (error) {
      this.#problem = problemOf(error);
      this.#options.log.warn(`updates: ${this.#problem}`);
    }
    this.#publish();
  }

  /** A file that cannot be read is as good as lost: what the boot loader keeps says whether something is to be proved. */
  async #recordLeft(): Promise<UpdateRecord | null> {
    try {
      return await loadRecord(this.#options.store);
    } catch (error) {
      this.#options.log.error(`update: ${problemOf(error)}`);
      return null;
    }
  }

  /** Gets what is told from now on, and what was told before anybody listened. Null: nobody listens any more. */
  onIncident(listener: ((text: string) => void) | null): void {
    this.#incidents = listener;
    if (listener !== null) for (const text of this.#untold.splice(0)) listener(text);
  }

  /** Once a second. */
  look(shown: Shown): void {
    this.#shown = shown;
    const { place, proveMs, log } = this.#options;
    if (this.#slots === null && ++this.#looks % ASK_AGAIN_LOOKS === 0 && this.#looks <= ASK_AGAIN_MAX)
      void this.start();
    if (this.#acting > 0 || this.#slots === null) return;
    if (needsTicks(this.#state)) {
      const { hashingChains = 0, wasIdle = false } = this.#state.record ?? {};
      const lacks = lacksOf({ ...shown, hashingChainsBefore: hashingChains, wasIdleBefore: wasIdle });
      void this.#apply({ kind: "tick", lacks, proveMs: proveMs() });
    }
    if (this.#isCardSeen || place.cardFile === null || !this.#status.isUpdatable || !isCardDue(shown.snapshot)) return;
    this.#isCardSeen = true;
    this.#lookAtCard(place.cardFile).catch((error: unknown) => log.error(`update on the card: ${errorText(error)}`));
  }

  async stage(bytes: number | null): Promise<UpdateAnswer> {
    if (this.#problem !== null) return no(this.#problem);
    const decision = this.#step({ kind: "stage" });
    if (decision.isRefused) return no(decision.reason);
    const noRoom = await this.#makeRoom(bytes);
    if (noRoom === null) return { ok: true, message: decision.reason };
    this.drop(noRoom);
    return no(noRoom);
  }

  async install({ isForced, clearsSettings }: InstallWish): Promise<UpdateAnswer> {
    if (this.#problem !== null) return no(this.#problem);
    return this.#install("upload", isForced, clearsSettings);
  }

  drop(reason: string): UpdateAnswer {
    const decision = this.#step({ kind: "drop", reason });
    void this.#act(decision.actions);
    return answerOf(decision);
  }

  async back(): Promise<UpdateAnswer> {
    if (this.#problem !== null) return no(this.#problem);
    try {
      const board = await this.#board();
      const isOtherGood = this.#slots?.other?.isGood ?? false;
      const decision = await this.#apply({ kind: "back", board, isOtherGood });
      // The order may have failed by then.
      return this.#state.phase === "idle" && !decision.isRefused ? no(this.#state.message) : answerOf(decision);
    } catch (error) {
      return no(problemOf(error));
    }
  }

  /** Resolves when the bundle was accepted or refused; the installation goes on. */
  async #install(source: BundleSource, isForced: boolean, clearsSettings: boolean): Promise<UpdateAnswer> {
    const isIdle = this.#shown?.snapshot === null;
    const wish = { source, isForced, clearsSettings, hashingChains: this.#hashingChains(), isIdle };
    const begun = await this.#apply({ kind: "install", wish });
    if (begun.isRefused) return no(begun.reason);
    // The bundle was inspected by then.
    const { phase, message } = this.#state;
    return phase === "installing" || phase === "pendingReboot" ? { ok: true, message } : no(message);
  }

  async #lookAtCard(file: string): Promise<void> {
    const { place, log } = this.#options;
    const hash = await place.hashOf(file);
    if (hash === null || !(await this.#card.isNew(hash))) return;
    const { ok, message } = await this.#install("card", false, false);
    log.info({ ok }, `update on the card: ${message}`);
    if (!ok) this.#tell(`the update on the card was refused: ${message}`);
  }

  /** Null: there is room. */
  async #makeRoom(bytes: number | null): Promise<string | null> {
    const { place } = this.#options;
    try {
      await place.removeBundle();
      return roomRefusal(await place.freeBytes(), bytes);
    } catch (error) {
      return problemOf(error);
    }
  }

  /** Chains that hash, or are about to. */
  #hashingChains(): number {
    const { snapshot } = this.#shown ?? { snapshot: null };
    if (snapshot === null || snapshot.pauseReason !== null) return 0;
    const isYoung = snapshot.uptimeMs < YOUNG_MS;
    const mayHash = ({ state }: { state: string }): boolean =>
      state === "hashing" || (isYoung && state !== "absent" && state !== "disabled");
    return snapshot.chains.filter(mayHash).length;
  }

  async #board(): Promise<BoardFacts> {
    const { updater, place, version } = this.#options;
    this.#slots = await updater.status();
    const { booted, other } = this.#slots;
    return { version, slot: booted.name, otherSlot: other?.name ?? null, bootId: await place.bootId() };
  }

  #refusal(): string | null {
    return this.#problem ?? busyReason(this.#state);
  }

  #step(input: UpdateInput): UpdateDecision {
    const decision = stepUpdate(this.#state, input, this.#options.place.uptimeMs());
    const before = this.#state;
    this.#state = decision.state;
    if (decision.state !== before) this.#publish();
    if (decision.reason !== "" && input.kind !== "tick") this.#options.log.info(`update: ${decision.reason}`);
    return decision;
  }

  async #apply(input: UpdateInput): Promise<UpdateDecision> {
    const decision = this.#step(input);
    await this.#act(decision.actions);
    return decision;
  }

  /** One after the other; one that fails ends them, and the machine hears of it. */
  async #act(actions: readonly UpdateAction[]): Promise<void> {
    if (actions.length === 0) return;
    this.#acting++;
    try {
      for (const action of actions) await this.#do(action);
    } catch (error) {
      const reason = problemOf(error);
      this.#options.log.error(`update: ${reason}`);
      await this.#apply({ kind: "failed", reason });
    } finally {
      this.#acting--;
    }
  }

  async #do(action: UpdateAction): Promise<void> {
    const { updater, store, place, reboot, clearSettings, log } = this.#options;
    switch (action.kind) {
      case "inspect": {
        const bundle = await updater.inspect(this.#fileOf(action.source));
        const board = await this.#board();
        const check = { bundle, board: this.#slots?.compatible ?? "", runningVersion: board.version };
        await this.#apply({ kind: "inspected", check, board });
        return;
      }
      case "install":
        void this.#installNow(action.source);
        return;
      case "discard":
        return place.removeBundle();
      case "keep":
        // Nothing begins that cannot be written down. What ends, or boots by now, does so whatever the disk says.
        return saveRecord(store, action.record).catch((error: unknown) => {
          if (action.record?.phase === "installing" || action.record?.phase === "goingBack") throw error;
          log.error(`update: ${problemOf(error)}`);
        });
      case "pledge":
        // Where U-Boot's environment can't be written the updater's own marks fail as well, and say so.
        return updater
          .keepPledge(action.record === null ? null : JSON.stringify(action.record))
          .catch((error: unknown) => log.error(`update: ${problemOf(error)}`));
      case "markGood":
        return this.#markGood();
      case "markBad":
        // The other slot is made the next one in any case.
        return updater.markBad().catch((error: unknown) => log.error(`update: ${problemOf(error)}`));
      case "activateOther":
        return updater.activateOther();
      case "clearSettings":
        return clearSettings();
      case "reboot":
        reboot(action.reason);
        return;
      case "tell":
        this.#tell(action.text);
        return;
    }
  }

  async #markGood(): Promise<void> {
    try {
      await this.#options.updater.markGood();
    } catch (error) {
      const reason = problemOf(error);
      this.#options.log.error(`update: ${reason}`);
      await this.#apply({ kind: "notMarked", reason });
      return;
    }
    await this.#apply({ kind: "marked" });
  }

  async #installNow(source: BundleSource): Promise<void> {
    let end: "installed" | "late";
    try {
      end = await this.#options.updater.install(this.#fileOf(source), (percent) => {
        this.#step({ kind: "progress", percent });
      });
    } catch (error) {
      await this.#apply({ kind: "failed", reason: problemOf(error) });
      return;
    }
    await this.#apply({ kind: end });
  }

  #fileOf(source: BundleSource): string {
    const { bundleFile, cardFile } = this.#options.place;
    return source === "card" ? (cardFile ?? bundleFile) : bundleFile;
  }

  #tell(text: string): void {
    if (this.#incidents === null) this.#untold.push(text);
    else this.#incidents(text);
  }

  #publish(): void {
    this.#status = this.#statusNow();
  }

  #statusNow(): UpdateStatus {
    const { phase: state, fromVersion, toVersion, progressPercent, message, record } = this.#state;
    const reason = this.#refusal();
    const mayGoBack = state === "idle" || state === "committed" || state === "rolledBack" || state === "provingItself";
    return {
      ...NO_UPDATER,
      state,
      fromVersion,
      toVersion,
      progressPercent,
      message,
      isOwnersReturn: record?.reason === OWNER_WENT_BACK,
      slot: this.#slots?.booted.name ?? null,
      isUpdatable: reason === null,
      canGoBack: mayGoBack && this.#problem === null && this.#slots?.other?.isGood === true,
      reason,
    };
  }
}

function answerOf({ isRefused, reason }: UpdateDecision): UpdateAnswer {
  return { ok: !isRefused, message: reason };
}

function no(message: string): UpdateAnswer {
  return { ok: false, message };
}

/** A sentence for what the updater or the disk did; anything else is a bug and goes on. */
function problemOf(error: unknown): string {
  if (isKumpelError(error, "UPDATE_FAILED", "STORE_FAILED")) return errorText(error);
  throw error;
}
