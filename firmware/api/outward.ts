/** Starts what goes out to others. Each part is loaded only where the settings switch it on: memory is tight on a board. */
import { errorText } from "#hal/errors.ts";
import type { Alerter } from "./alerts/alerter.ts";
import { type CommandAnswer, refused } from "./commands.ts";
import type { MachineFacts } from "./machine-facts.ts";
import type { FromWorker } from "./messages.ts";
import type { MqttFace } from "./mqtt/mqtt-face.ts";
import { ALERTS_OFF, type OutwardOptions } from "./outward-options.ts";
import type { OutwardParts, Say } from "./outward-parts.ts";

export interface OutwardSurroundings extends Omit<OutwardParts, "say"> {
  readonly facts: () => MachineFacts;
  /** Of the own API. */
  readonly port: number;
  readonly isTls: boolean;
  readonly tell: (message: FromWorker) => void;
}

export interface Outward {
  testAlert(): Promise<CommandAnswer>;
  /** Says goodbye to others; resolves when that is done. */
  close(): Promise<void>;
}

export async function startOutward(options: OutwardOptions, surroundings: OutwardSurroundings): Promise<Outward> {
  const { tell, facts, port, isTls, ...rest } = surroundings;
  const end = new AbortController();
  const running: Promise<void>[] = [];
  const say: Say = (level, text) => tell({ kind: "say", level, text });
  const parts: OutwardParts = { ...rest, say };
  /** A bug in one of them is told; the worker and its faces go on. */
  const run = (part: string, task: Promise<void>): void => {
    running.push(task.catch((error: unknown) => say("warn", `${part} ended: ${errorText(error)}`)));
  };
  let mqtt: MqttFace | null = null;
  let alerter: Alerter | null = null;
  if (options.mqtt !== null) {
    const { MqttFace: Face } = await import("./mqtt/mqtt-face.ts");
    mqtt = new Face(options.mqtt, parts);
    run("mqtt", mqtt.run(end.signal));
  }
  if (options.alerts !== null) {
    const { Alerter: Watcher } = await import("./alerts/alerter.ts");
    alerter = new Watcher(options.alerts, parts, mqtt);
    run("alerts", alerter.run(end.signal));
  }
  if (options.mdns !== null) {
    const { MdnsAnnouncer } = await import("./mdns/announcer.ts");
    run("mdns", new MdnsAnnouncer(options.mdns, { ...parts, facts, port, isTls }).run(end.signal));
  }
  return {
    testAlert: async () => (alerter === null ? refused(ALERTS_OFF) : alerter.test(end.signal)),
    close: async () => {
      end.abort();
      await Promise.all(running);
    },
  };
}
