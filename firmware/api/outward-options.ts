/** What goes out to others by itself, as the main thread hands it to the management worker. Null: it is off and not loaded. */
import { z } from "zod";

const tlsTrust = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("authorities"), extraPem: z.string().nullable() }),
  z.object({ kind: z.literal("pinned"), fingerprint256: z.string() }),
  z.object({ kind: z.literal("none") }),
]);

const mqttOptions = z.object({
  host: z.string(),
  port: z.number().int(),
  /** Null: plain. */
  tls: tlsTrust.nullable(),
  user: z.string().nullable(),
  password: z.string().nullable(),
  /** Null: made of the machine's identity, see `mqtt/identity.ts`. */
  baseTopic: z.string().nullable(),
  discoveryPrefix: z.string(),
  periodMs: z.number().positive(),
  isControlAllowed: z.boolean(),
});
export type MqttOptions = z.infer<typeof mqttOptions>;

export const SEVERITIES = ["info", "warning", "critical"] as const;
export type Severity = (typeof SEVERITIES)[number];

const alertOptions = z.object({
  webhook: z.object({ url: z.string(), token: z.string().nullable() }).nullable(),
  minSeverity: z.enum(SEVERITIES),
  isQuiet: z.boolean(),
});
export type AlertOptions = z.infer<typeof alertOptions>;

const mdnsOptions = z.object({ hostname: z.string().nullable() });
export type MdnsOptions = z.infer<typeof mdnsOptions>;

export const outwardOptions = z.object({
  mqtt: mqttOptions.nullable(),
  alerts: alertOptions.nullable(),
  mdns: mdnsOptions.nullable(),
});
export type OutwardOptions = z.infer<typeof outwardOptions>;

/** The answer to a test alert where none goes anywhere. */
export const ALERTS_OFF =
  "No alert goes anywhere: set alerts.webhook_url or network.mqtt.url, then restart (over MQTT only while a machine runs).";

export const NOTHING_OUTWARD: OutwardOptions = { mqtt: null, alerts: null, mdns: null };
