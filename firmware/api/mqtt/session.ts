/**
 * One connection to a broker, MQTT 3.1.1, which every broker speaks. The package does the protocol; socket, TLS with the
 * same kinds of trust as for pools, and trying again are ours: so it never tries again by itself and keeps no queue.
 */
import type { Duplex } from "node:stream";
import type MqttClientModule from "mqtt/lib/client";
import { errorText, KumpelError } from "#hal/errors.ts";
import type { MqttOptions } from "../outward-options.ts";
import type { OutwardParts } from "../outward-parts.ts";
import type { Inbound } from "./controls.ts";

export interface Hello {
  readonly clientId: string;
  /** Published by the broker when the connection breaks; retained. */
  readonly will: { readonly topic: string; readonly payload: string };
}

export interface MqttSession {
  /** Quality 0 resolves when it is written, 1 when the broker has it. Rejects when the connection is lost. */
  publish(topic: string, payload: string, quality: 0 | 1, isRetained: boolean): Promise<void>;
  subscribe(topics: readonly string[]): Promise<void>;
  /** Bytes that the broker has not taken yet. */
  readonly unsentBytes: number;
  /** Sets the only listener. */
  onMessage(listener: (message: Inbound) => void): void;
  /** Resolves with why, in words. */
  readonly closed: Promise<string>;
  /** In order: the broker does not publish the will. */
  end(): Promise<void>;
  /** At once: the broker publishes the will. */
  drop(): void;
}

export type OpenSession = (hello: Hello, signal: AbortSignal) => Promise<MqttSession>;

type Client = InstanceType<(typeof MqttClientModule)["default"]>;

const CONNECT_LIMIT_MS = 15_000;
const KEEPALIVE_S = 30;
/** Return codes of a connection that is refused, MQTT 3.1.1 section 3.2.2.3. */
const REFUSED_IDENTITY = [4, 5];

export function sessionOpener(options: MqttOptions, { dial }: Pick<OutwardParts, "dial">): OpenSession {
  return async (hello, signal) => {
    const { default: module } = await import("mqtt/lib/client");
    const { host, port, tls, user, password } = options;
    const socket = await dial({ host, port, tls, timeoutMs: CONNECT_LIMIT_MS, signal });
    const client = new module.default(() => socket as never, {
      clientId: hello.clientId,
      ...(user === null ? {} : { username: user }),
      ...(password === null ? {} : { password }),
      will: { topic: hello.will.topic, payload: Buffer.from(hello.will.payload), qos: 1, retain: true },
      protocolId: "MQTT",
      protocolVersion: 4,
      clean: true,
      keepalive: KEEPALIVE_S,
      connectTimeout: CONNECT_LIMIT_MS,
      reconnectPeriod: 0,
      queueQoSZero: false,
      resubscribe: false,
      timerVariant: "native",
    });
    const session = new ClientSession(client, socket);
    try {
      await session.connected(options, signal);
      return session;
    } catch (error) {
      session.drop();
      throw error;
    }
  };
}

class ClientSession implements MqttSession {
  readonly closed: Promise<string>;
  readonly #client: Client;
  readonly #socket: Duplex;
  /** Of what the broker has not confirmed yet. */
  readonly #onLost = new Set<(error: Error) => void>();
  /** Why the connection is gone; null = it is there. */
  #lost: KumpelError | null = null;
  #error: Error | null = null;
  #listener: (message: Inbound) => void = () => {};

  constructor(client: Client, socket: Duplex) {
    this.#client = client;
    this.#socket = socket;
    client.on("error", (error) => {
      this.#error ??= error;
      socket.destroy();
    });
    client.on("message", (topic, payload, { retain }) => this.#listener({ topic, payload, isRetained: retain }));
    this.closed = new Promise((resolve) => {
      client.on("close", () => {
        const why = this.#error === null ? "the broker closed the connection" : errorText(this.#error);
        this.#lost = new KumpelError("CONNECTION_LOST", why);
        for (const tell of this.#onLost) tell(this.#lost);
        this.#onLost.clear();
        resolve(why);
      });
    });
  }

  /** @throws KumpelError `OWNER_SETTING_NEEDED` where user or password are wrong, else `CONNECT_FAILED`. */
  async connected(options: MqttOptions, signal: AbortSignal): Promise<void> {
    const connected = new Promise<null>((resolve) => this.#client.once("connect", () => resolve(null)));
    const onAbort = (): void => void this.#socket.destroy();
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) onAbort();
    const failure = await Promise.race([connected, this.closed]);
    signal.removeEventListener("abort", onAbort);
    if (failure === null) return;
    const { host, port, user } = options;
    const broker = `the MQTT broker ${host} port ${port}`;
    const code = this.#error !== null && "code" in this.#error ? this.#error.code : null;
    if (REFUSED_IDENTITY.some((refused) => refused === code)) {
      const who = user === null ? "a client without a user" : `user "${user}"`;
      throw new KumpelError(
        "OWNER_SETTING_NEEDED",
        `${broker} refuses ${who}; check network.mqtt.user, network.mqtt.password and the broker's rights`,
      );
    }
    throw new KumpelError("CONNECT_FAILED", `${broker} takes no connection (${failure}); check address and port`);
  }

  async publish(topic: string, payload: string, quality: 0 | 1, isRetained: boolean): Promise<void> {
    const sent = this.#client.publishAsync(topic, payload, { qos: quality, retain: isRetained });
    await this.#unlessClosed(sent);
  }

  async subscribe(topics: readonly string[]): Promise<void> {
    await this.#unlessClosed(this.#client.subscribeAsync([...topics], { qos: 1 }));
  }

  get unsentBytes(): number {
    return this.#socket.writableLength;
  }

  onMessage(listener: (message: Inbound) => void): void {
    this.#listener = listener;
  }

  async end(): Promise<void> {
    await this.#client.endAsync(false);
    this.#socket.destroy();
  }

  drop(): void {
    this.#client.end(true);
    this.#socket.destroy();
  }

  /** What waits for an acknowledgement when the connection goes would wait for ever. */
  #unlessClosed(sent: Promise<unknown>): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#lost !== null) reject(this.#lost);
      this.#onLost.add(reject);
      sent.then(() => resolve(), reject).finally(() => this.#onLost.delete(reject));
    });
  }
}
