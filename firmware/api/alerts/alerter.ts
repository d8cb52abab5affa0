/** Looks every few seconds at the machine, and sends what the step says to where the owner wants it. */
import { pause } from "#hal/clock.ts";
import { type CommandAnswer, done, refused } from "../commands.ts";
import type { MqttFace } from "../mqtt/mqtt-face.ts";
import type { AlertOptions } from "../outward-options.ts";
import type { OutwardParts } from "../outward-parts.ts";
import { alertMessage, testMessage } from "./alert-message.ts";
import { type AlertState, alertStep, NO_ALERTS } from "./alert-step.ts";
import { type Post, Webhook } from "./webhook.ts";

const PERIOD_MS = 5_000;

/** Where alerts go beside the webhook. */
export type AlertTopic = Pick<MqttFace, "alert" | "alertNow">;

export class Alerter {
  readonly #options: AlertOptions;
  readonly #parts: OutwardParts;
  readonly #topic: AlertTopic | null;
  readonly #webhook: Webhook | null;
  #state: AlertState = NO_ALERTS;

  constructor(options: AlertOptions, parts: OutwardParts, topic: AlertTopic | null, post?: Post) {
    this.#options = options;
    this.#parts = parts;
    this.#topic = topic;
    this.#webhook = options.webhook === null ? null : new Webhook(options.webhook, parts, post);
  }

  async run(signal: AbortSignal): Promise<void> {
    if (this.#options.isQuiet) return;
    while (await pause(this.#parts.clock, PERIOD_MS, signal)) this.#look(signal);
  }

  /** Tries every place once and says of each whether it arrived. */
  async test(signal: AbortSignal): Promise<CommandAnswer> {
    if (this.#options.isQuiet) return refused("Alerts are switched off: alerts.quiet is set.");
    const view = this.#parts.view();
    if (view === null) return refused("The miner has just begun; try again in a second.");
    const body = JSON.stringify(testMessage(view));
    const [webhook, topic] = await Promise.all([
      this.#webhook === null ? undefined : this.#webhook.sendNow(body, signal),
      this.#topic === null ? undefined : this.#topic.alertNow(body),
    ]);
    const places = [
      ...(webhook === undefined ? [] : [wordsOf(`the webhook on ${this.#webhook?.name}`, webhook)]),
      ...(topic === undefined ? [] : [wordsOf("the MQTT broker", topic)]),
    ];
    const isGood = (webhook ?? null) === null && (topic ?? null) === null;
    const sentence = `Test alert: ${places.join("; ")}.`;
    return isGood ? done(sentence) : refused(sentence);
  }

  #look(signal: AbortSignal): void {
    const view = this.#parts.view();
    if (view === null) return;
    const { state, events } = alertStep(this.#state, view, this.#parts.clock.nowMs(), this.#options.minSeverity);
    this.#state = state;
    for (const event of events) {
      const body = JSON.stringify(alertMessage(event, view));
      this.#webhook?.send(body, signal);
      this.#topic?.alert(body);
    }
  }
}

function wordsOf(place: string, failure: string | null): string {
  return failure === null ? `${place} took it` : `${place} did not (${failure})`;
}
