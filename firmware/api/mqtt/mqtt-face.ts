/**
 * The machine on an MQTT broker: announces itself to Home Assistant, publishes its state, takes commands where the owner
 * allows them. Tries again for ever with growing pauses, and writes one line in the log for each change of its state.
 *
 * Quality of service: state goes with 0, since the next one comes with the next period; availability, discovery, alerts
 * and answers go with 1, since nothing would come after them.
 */
import { LATE, pause, within } from "#hal/clock.ts";
import { errorText, isKumpelError } from "#hal/errors.ts";
import { retryDelayMs } from "../../stratum/back-off.ts";
import type { MqttOptions } from "../outward-options.ts";
import type { OutwardParts } from "../outward-parts.ts";
import { type Inbound, orderOf } from "./controls.ts";
import { AVAILABLE, discoveryMessages } from "./discovery.ts";
import { stateOf } from "./entity-table.ts";
import type { Topics } from "./identity.ts";
import { type Name, OwnName } from "./own-name.ts";
import { type MqttSession, type OpenSession, sessionOpener } from "./session.ts";

/** The broker gets so long to confirm; one that does not is given up. */
const CONFIRM_LIMIT_MS = 10_000;
/** A connection that held so long was a good one: the next pause is the shortest again. */
const STEADY_MS = 60_000;
/** More than that unsent: a state message is left out. */
const UNSENT_MAX_BYTES = 64 * 1024;
const ALERTS_MAX = 32;
const ORDERS_MAX = 4;
/** More commands than that in such a time are dropped, and one answer says so. */
const BURST = { count: 20, windowMs: 10_000 } as const;
/** Many machines hear the same birth message: they answer it one after the other. */
const BIRTH_SPREAD_MS = 3_000;
/** The end of the program waits no longer. */
const GOODBYE_LIMIT_MS = 400;

export class MqttFace {
  readonly #options: MqttOptions;
  readonly #parts: OutwardParts;
  readonly #open: OpenSession;
  readonly #name: OwnName;
  readonly #alerts: string[] = [];
  /** Kinds of trouble that were told since it last worked. */
  readonly #told = new Set<string>();
  #online: { readonly session: MqttSession; readonly topics: Topics } | null = null;
  #isDoubtTold = false;
  #isFlushing = false;
  #orders = 0;
  #burst = { sinceMs: 0, count: 0 };

  constructor(options: MqttOptions, parts: OutwardParts, open: OpenSession = sessionOpener(options, parts)) {
    this.#options = options;
    this.#parts = parts;
    this.#open = open;
    this.#name = new OwnName(options, parts);
  }

  get isOnline(): boolean {
    return this.#online !== null;
  }

  /** Until `signal` aborts; says goodbye then. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, random } = this.#parts;
    let attempt = 0;
    while (!signal.aborted) {
      const startedAtMs = clock.nowMs();
      const isRefused = await this.#attempt(signal);
      attempt = clock.nowMs() - startedAtMs >= STEADY_MS ? 0 : attempt;
      if (!(await pause(clock, retryDelayMs(attempt++, isRefused, random), signal))) return;
    }
  }

  /** An alert; kept until the broker is there, the oldest goes first when too many wait. */
  alert(payload: string): void {
    this.#alerts.push(payload);
    if (this.#alerts.length > ALERTS_MAX) this.#alerts.shift();
    void this.#flushAlerts();
  }

  /** Publishes at once. Null when the broker has it, else why not. */
  async alertNow(payload: string): Promise<string | null> {
    if (this.#online === null) return "MQTT is not connected";
    const { session, topics } = this.#online;
    try {
      await this.#confirmed(session.publish(topics.alerts, payload, 1, false));
      return null;
    } catch (error) {
      return errorText(error);
    }
  }

  /** One connection's life. True where the broker refuses us: asking again soon helps nobody. */
  async #attempt(signal: AbortSignal): Promise<boolean> {
    const { host, port } = this.#options;
    try {
      const name = await this.#name.known(signal);
      if (name === null) return false;
      this.#doubt(name);
      const will = { topic: name.topics.availability, payload: AVAILABLE.no };
      const session = await this.#open({ clientId: `kumpel-${name.id}`.slice(0, 64), will }, signal);
      const why = await this.#serve(session, name, signal);
      if (!signal.aborted && why !== null)
        this.#parts.say("warn", `MQTT: connection to ${host} port ${port} lost: ${why}`);
      return false;
    } catch (error) {
      const code = isKumpelError(error) ? error.code : "BUG";
      if (!signal.aborted && !this.#told.has(code)) {
        this.#told.add(code);
        this.#parts.say("warn", `MQTT: ${errorText(error)}; trying again`);
      }
      return code === "OWNER_SETTING_NEEDED";
    }
  }

  #doubt({ id }: Name): void {
    if (!this.#name.isDoubtful || this.#isDoubtTold) return;
    this.#isDoubtTold = true;
    this.#parts.say(
      "warn",
      `MQTT: neither MAC address nor serial number of this machine is known; it goes by its host's name, ${id}, which others may have too`,
    );
  }

  /** Resolves with why the connection ended; null: it was for another name, and everything is in order. */
  async #serve(session: MqttSession, name: Name, signal: AbortSignal): Promise<string | null> {
    const { topics } = name;
    const { clock, say } = this.#parts;
    const { host, port, periodMs, discoveryPrefix, isControlAllowed } = this.#options;
    const end = new AbortController();
    const stop = (): void => end.abort();
    signal.addEventListener("abort", stop, { once: true });
    void session.closed.then(stop);
    const birth = `${discoveryPrefix}/status`;
    session.onMessage((message) => {
      if (message.topic === birth) this.#reborn(message, session, name, end.signal);
      else void this.#obey(message, session, topics);
    });
    try {
      await this.#confirmed(
        session.subscribe([birth, ...(isControlAllowed ? [topics.command, `${topics.set}/+`] : [])]),
      );
      await this.#tidy(session, name);
      await this.#announce(session, name);
      this.#online = { session, topics };
      this.#told.clear();
      say("info", `MQTT: connected to ${host} port ${port}, topics below ${topics.base}`);
      void this.#flushAlerts();
      while (this.#name.isNow(name) && (await pause(clock, periodMs, end.signal))) this.#publishState(session, topics);
    } catch (error) {
      if (!end.signal.aborted) {
        session.drop();
        return errorText(error);
      }
    } finally {
      this.#online = null;
      signal.removeEventListener("abort", stop);
    }
    if (!end.signal.aborted) {
      say("info", `MQTT: more is known of this machine than its name ${name.id}; connecting anew under the better one`);
      await this.#goodbye(session, topics);
      return null;
    }
    if (!signal.aborted) return session.closed;
    await this.#goodbye(session, topics);
    return "the program ends";
  }

  /** The broker keeps what was said under an earlier name, for ever. */
  async #tidy(session: MqttSession, name: Name): Promise<void> {
    this.#name.use(name);
    for (const topic of this.#name.leftBehind(name)) await this.#confirmed(session.publish(topic, "", 1, true));
    this.#name.useOnly(name);
  }

  /** Discovery first, so that Home Assistant knows the entities when their state comes. */
  async #announce(session: MqttSession, { id, topics }: Name): Promise<void> {
    const view = this.#parts.view();
    if (view === null) return;
    const { discoveryPrefix: prefix, periodMs, isControlAllowed } = this.#options;
    const messages = discoveryMessages(view, { id, topics, prefix, periodMs, isControlAllowed });
    for (const { topic, payload } of messages) await this.#confirmed(session.publish(topic, payload, 1, true));
    await this.#confirmed(session.publish(topics.availability, AVAILABLE.yes, 1, true));
    this.#publishState(session, topics);
  }

  #publishState(session: MqttSession, topics: Topics): void {
    const view = this.#parts.view();
    if (view === null || session.unsentBytes > UNSENT_MAX_BYTES) return;
    session.publish(topics.state, JSON.stringify(stateOf(view)), 0, true).catch(() => undefined);
  }

  /** Home Assistant has started: it wants to be told again. A retained word of it is old; we have just announced. */
  #reborn({ payload, isRetained }: Inbound, session: MqttSession, name: Name, signal: AbortSignal): void {
    if (isRetained || new TextDecoder().decode(payload) !== AVAILABLE.yes) return;
    const { clock, random } = this.#parts;
    void pause(clock, random.unit() * BIRTH_SPREAD_MS, signal)
      .then((isTime) => (isTime ? this.#announce(session, name) : undefined))
      .catch(() => session.drop());
  }

  async #obey(message: Inbound, session: MqttSession, topics: Topics): Promise<void> {
    if (!this.#mayOrder(session, topics)) return;
    const order = orderOf(message, topics);
    const answer =
      order.kind === "refused"
        ? { ok: false, message: order.message }
        : await this.#ordered(order.command).catch((error: unknown) => ({ ok: false, message: errorText(error) }));
    const { ok, message: sentence } = answer;
    this.#answer(session, topics, { ok, message: sentence, command: order.name });
    // Whoever pressed wants to see what became of it, not in ten seconds.
    if (ok) this.#publishState(session, topics);
  }

  async #ordered(command: unknown): Promise<{ ok: boolean; message: string }> {
    if (this.#orders >= ORDERS_MAX) return { ok: false, message: "Too many commands wait; try again in a second." };
    this.#orders++;
    try {
      return await this.#parts.order(command, { face: "mqtt", who: "" });
    } finally {
      this.#orders--;
    }
  }

  #mayOrder(session: MqttSession, topics: Topics): boolean {
    const nowMs = this.#parts.clock.nowMs();
    if (nowMs - this.#burst.sinceMs >= BURST.windowMs) this.#burst = { sinceMs: nowMs, count: 0 };
    this.#burst.count++;
    if (this.#burst.count === BURST.count + 1) {
      const message = `More than ${BURST.count} commands in ${BURST.windowMs / 1000} s: the rest is dropped.`;
      this.#answer(session, topics, { ok: false, message, command: null });
    }
    return this.#burst.count <= BURST.count;
  }

  #answer(
    session: MqttSession,
    topics: Topics,
    answer: { ok: boolean; message: string; command: string | null },
  ): void {
    session.publish(topics.answer, JSON.stringify(answer), 1, false).catch(() => undefined);
  }

  async #flushAlerts(): Promise<void> {
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    try {
      for (let payload = this.#alerts[0]; payload !== undefined; payload = this.#alerts[0]) {
        if ((await this.alertNow(payload)) !== null) return;
        // While it was under way the queue may have lost its head.
        if (this.#alerts[0] === payload) this.#alerts.shift();
      }
    } finally {
      this.#isFlushing = false;
    }
  }

  async #confirmed(done: Promise<void>): Promise<void> {
    const outcome = await within(this.#parts.clock, CONFIRM_LIMIT_MS, done);
    if (outcome === LATE) throw new Error(`the broker did not confirm within ${CONFIRM_LIMIT_MS / 1000} s`);
  }

  async #goodbye(session: MqttSession, topics: Topics): Promise<void> {
    const leave = async (): Promise<void> => {
      await session.publish(topics.availability, AVAILABLE.no, 1, true);
      await session.end();
    };
    // Whatever goes wrong here, the broker publishes the will instead.
    await within(
      this.#parts.clock,
      GOODBYE_LIMIT_MS,
      leave().catch(() => undefined),
    );
    session.drop();
  }
}
