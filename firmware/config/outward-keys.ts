/** Settings of what goes out to others by itself: MQTT, alerts, the announcement on the local network. */
import { parseBrokerUrl, parseWebhookUrl } from "../api/outward-urls.ts";
import { choice, flag, mustParse, number, table, text, tlsKeys } from "./keys.ts";

/** A topic without wildcards that is none of the broker's own ($SYS). */
const TOPIC = /^[^+#$\s/][^+#\s]*[^+#\s/]$/;

export const mqtt = table("MQTT broker that state is published to, with discovery by Home Assistant; docs/MQTT.md.", {
  url: text(256, {
    title: "Address of the broker",
    description: "mqtt://HOST:PORT or mqtts://HOST:PORT (ports 1883 and 8883 if left out). Left out: MQTT is off.",
    needsRestart: true,
  })
    .superRefine((url, context) => mustParse(() => parseBrokerUrl(url), context))
    .optional(),
  user: text(128, { title: "User", description: "As the broker wants it.", needsRestart: true }).optional(),
  password: text(256, {
    title: "Password",
    description: "What the broker wants beside the user.",
    needsRestart: true,
    isSecret: true,
  }).optional(),
  base_topic: text(128, {
    title: "Beginning of the topics",
    description: "Topics of this machine begin so. Left out: kumpel/ and the machine's MAC or serial number.",
    needsRestart: true,
  })
    .regex(TOPIC, "must be a topic such as farm/miner7, without + # $, blanks, or / at its ends")
    .optional(),
  discovery_prefix: text(64, {
    title: "Where Home Assistant looks",
    description: "Where Home Assistant looks for devices.",
    needsRestart: true,
  })
    .regex(TOPIC, "must be a topic such as homeassistant, without + # $, blanks, or / at its ends")
    .default("homeassistant"),
  ...tlsKeys("broker"),
  period_s: number(1, 3_600, {
    title: "Time between two publications",
    description: "State is published so often.",
    unit: "s",
    needsRestart: true,
  }).default(10),
  allow_control: flag({
    title: "The broker may steer",
    description: "Whether whoever may write to the broker may pause, restart and steer the fans.",
    needsRestart: true,
  }).default(false),
});

export const mdns = table("Announcement on the local network (multicast DNS), so that the machine is found by name.", {
  enabled: flag({
    title: "Announced on the network",
    description: "Whether it is announced. Left out: when the own API listens beyond this machine.",
    needsRestart: true,
  }).optional(),
  hostname: text(63, {
    title: "Name on the network",
    description: "Announced as NAME.local. Left out: the system's host name.",
    needsRestart: true,
  })
    .regex(/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/i, "must be letters, digits and hyphens between them")
    .optional(),
});

export const alerts = table("Messages to the owner when something is wrong, and when it is right again.", {
  webhook_url: text(400, {
    title: "Address that takes alerts",
    description: "http:// or https:// address that takes each alert as JSON by POST; docs/MQTT.md has the form.",
    needsRestart: true,
    isSecret: true,
  })
    .superRefine((url, context) => mustParse(() => parseWebhookUrl(url), context))
    .optional(),
  webhook_token: text(256, {
    title: "Token that is sent along",
    description: "Sent along as Authorization: Bearer TOKEN.",
    needsRestart: true,
    isSecret: true,
  })
    .regex(/^[\x21-\x7e]+$/, "must be printable signs without blanks")
    .optional(),
  min_severity: choice(["info", "warning", "critical"], {
    title: "Least weight of an alert",
    description: "Least weight of what is sent.",
    needsRestart: true,
  }).default("warning"),
  quiet: flag({ title: "Send none for now", description: "Send nothing for now.", needsRestart: true }).default(false),
});
