/** A client that hears everything on the broker, as Home Assistant would, and can wait for what it wants to hear. */
import fs from "node:fs";
import mqtt from "mqtt";
import { AUTHORITY_FILE, PASSWORD, USER } from "./broker.ts";

const DEADLINE_MS = 60_000;

export interface Heard {
  readonly topic: string;
  readonly text: string;
  readonly isRetained: boolean;
}

export interface Observer {
  /** Everything so far, oldest first. */
  readonly heard: readonly Heard[];
  /** The last text under a topic, or null. */
  last(topic: string): string | null;
  /** Resolves with the first message from now on (or the last one before) that is what is waited for. */
  until(topic: RegExp, isIt?: (text: string) => boolean): Promise<Heard>;
  /** Only messages that come from now on. */
  next(topic: RegExp, isIt?: (text: string) => boolean): Promise<Heard>;
  publish(topic: string, text: string, isRetained?: boolean): Promise<void>;
  close(): Promise<void>;
}

export async function observe(tlsPort: number): Promise<Observer> {
  const client = await mqtt.connectAsync(`mqtts://localhost:${tlsPort}`, {
    username: USER,
    password: PASSWORD,
    ca: fs.readFileSync(AUTHORITY_FILE),
    reconnectPeriod: 200,
    clean: true,
  });
  const heard: Heard[] = [];
  const waiters = new Set<(message: Heard) => void>();
  client.on("error", () => undefined);
  client.on("message", (topic, payload, { retain }) => {
    const message = { topic, text: payload.toString(), isRetained: retain };
    heard.push(message);
    for (const waiter of waiters) waiter(message);
  });
  await client.subscribeAsync("#", { qos: 1 });
  const next: Observer["next"] = (topic, isIt = () => true) =>
    new Promise((resolve, reject) => {
      const late = setTimeout(() => {
        waiters.delete(waiter);
        const lately = heard.slice(-5).map(({ topic: t, text }) => `${t} ${text.slice(0, 300)}`);
        reject(new Error(`not heard within ${DEADLINE_MS} ms: ${topic}\n${lately.join("\n")}`));
      }, DEADLINE_MS);
      const waiter = (message: Heard): void => {
        if (!topic.test(message.topic) || !isIt(message.text)) return;
        clearTimeout(late);
        waiters.delete(waiter);
        resolve(message);
      };
      waiters.add(waiter);
    });
  return {
    heard,
    last: (topic) => heard.findLast((message) => message.topic === topic)?.text ?? null,
    next,
    until: (topic, isIt = () => true) => {
      const known = new Map(heard.map((message) => [message.topic, message]));
      const found = [...known.values()].find((message) => topic.test(message.topic) && isIt(message.text));
      return found === undefined ? next(topic, isIt) : Promise.resolve(found);
    },
    publish: async (topic, text, isRetained = false) => {
      await client.publishAsync(topic, text, { qos: 1, retain: isRetained });
    },
    close: () => client.endAsync(true),
  };
}
