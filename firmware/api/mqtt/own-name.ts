/**
 * Under which name this machine goes at the broker. What names it may become known after the start (a driver that is
 * loaded late), and the image's host name would put many machines under one topic: so the first connection waits a while
 * for something better, and what was kept under a lesser name is taken away once the right one is known.
 */
import { type Clock, pause } from "#hal/clock.ts";
import type { FaceView } from "../machine-facts.ts";
import type { MqttOptions } from "../outward-options.ts";
import { discoveryMessages } from "./discovery.ts";
import { betterIdentity, type Identity, identityOf, type Topics, topicsOf } from "./identity.ts";

/** Then the host's name has to do. */
const WAIT_LIMIT_MS = 60_000;
const LOOK_MS = 500;

export interface Name {
  readonly id: string;
  readonly topics: Topics;
}

export interface OwnNameParts {
  readonly clock: Clock;
  readonly view: () => FaceView | null;
}

export class OwnName {
  readonly #options: MqttOptions;
  readonly #parts: OwnNameParts;
  #identity: Identity | null = null;
  #firstLookAtMs: number | null = null;
  /** Names that the broker may keep something under. */
  readonly #used = new Map<string, Name>();

  constructor(options: MqttOptions, parts: OwnNameParts) {
    this.#options = options;
    this.#parts = parts;
  }

  /** Waits for the first snapshot, and for what names the machine. Null when `signal` aborted before. */
  async known(signal: AbortSignal): Promise<Name | null> {
    for (;;) {
      const identity = this.#look();
      if (identity !== null) return { id: identity.id, topics: topicsOf(identity.id, this.#options) };
      if (!(await pause(this.#parts.clock, LOOK_MS, signal))) return null;
    }
  }

  /** False: a better one is known by now. */
  isNow(name: Name): boolean {
    const identity = this.#look();
    return identity === null || identity.id === name.id;
  }

  /** Goes by the image's name, as others may. */
  get isDoubtful(): boolean {
    return this.#identity?.origin === "name" && !this.#isEmulated();
  }

  /** The broker takes what this machine says under this name from now on. */
  use(name: Name): void {
    this.#used.set(name.id, name);
  }

  /** Topics that other names of this run left behind at the broker. */
  leftBehind({ id, topics }: Name): string[] {
    const view = this.#parts.view();
    const { discoveryPrefix: prefix, periodMs, isControlAllowed } = this.#options;
    return [...this.#used.values()]
      .filter((name) => name.id !== id)
      .flatMap((name) => [
        ...(view === null ? [] : discoveryMessages(view, { ...name, prefix, periodMs, isControlAllowed })).map(
          ({ topic }) => topic,
        ),
        // An owner's base topic stays the same under each name.
        ...(name.topics.base === topics.base ? [] : [name.topics.availability, name.topics.state]),
      ]);
  }

  /** Nothing of the others is left. */
  useOnly(name: Name): void {
    this.#used.clear();
    this.use(name);
  }

  #look(): Identity | null {
    const view = this.#parts.view();
    if (view === null) return this.#identity;
    const nowMs = this.#parts.clock.nowMs();
    this.#firstLookAtMs ??= nowMs;
    const now = identityOf(view);
    const isSettled = now.origin !== "name" || this.#identity !== null || this.#isEmulated();
    if (isSettled || nowMs - this.#firstLookAtMs >= WAIT_LIMIT_MS) this.#identity = betterIdentity(this.#identity, now);
    return this.#identity;
  }

  /** The computer that it runs on has its network already, or none. */
  #isEmulated(): boolean {
    return (this.#parts.view()?.snapshot.emulationLabel ?? null) !== null;
  }
}
