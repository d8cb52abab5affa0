/** From the settings to what goes out: what is off is null, secrets are hidden, and addresses are read as they are meant. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LocateMemory } from "#firmware/api/locate-memory.ts";
import { parseBrokerUrl, parseWebhookUrl } from "#firmware/api/outward-urls.ts";
import { idleOutwardOf, outwardOf } from "#firmware/cli/outward.ts";
import { withoutSecrets } from "#firmware/config/patch.ts";
import { settingsSchema } from "#firmware/config/schema.ts";
import { VirtualClock } from "#hal/emulator/virtual-clock.ts";
import { isKumpelError } from "#hal/errors.ts";

const NOTHING = { mqtt: null, alerts: null, mdns: null };
const MQTT = { url: "mqtts://broker.example", user: "miner", password: "secret-1" };
const ALERTS = { webhook_url: "https://hook.example/secret-2", webhook_token: "secret-3" };

test("nothing goes out unless the owner says so", () => {
  expect(outwardOf(settingsSchema.parse({}), "127.0.0.1")).toEqual(NOTHING);
  expect(idleOutwardOf(settingsSchema.parse({}), "::1")).toEqual(NOTHING);
});

test("what the owner says arrives, with its defaults", () => {
  const settings = settingsSchema.parse({ network: { mqtt: MQTT }, alerts: ALERTS });
  expect(outwardOf(settings, "127.0.0.1")).toEqual({
    mqtt: {
      host: "broker.example",
      port: 8883,
      tls: { kind: "authorities", extraPem: null },
      user: "miner",
      password: "secret-1",
      baseTopic: null,
      discoveryPrefix: "homeassistant",
      periodMs: 10_000,
      isControlAllowed: false,
    },
    alerts: {
      webhook: { url: "https://hook.example/secret-2", token: "secret-3" },
      minSeverity: "warning",
      isQuiet: false,
    },
    mdns: null,
  });
  // Plain: no trust to speak of, and alerts go to the broker alone.
  const plain = settingsSchema.parse({ network: { mqtt: { url: "mqtt://10.0.0.1" } } });
  expect(outwardOf(plain, "127.0.0.1")).toMatchObject({ mqtt: { port: 1883, tls: null }, alerts: { webhook: null } });
  // In the safe idle the webhook is told, too; with a broker alone nobody would hear.
  const { alerts } = outwardOf(settings, "127.0.0.1");
  expect(idleOutwardOf(settings, "0.0.0.0")).toEqual({ mqtt: null, alerts, mdns: { hostname: null } });
  expect(idleOutwardOf(plain, "127.0.0.1")).toEqual(NOTHING);
});

test.each([
  [{}, "127.0.0.1", false],
  [{}, "::1", false],
  [{}, "0.0.0.0", true],
  [{}, "192.0.2.7", true],
  [{ enabled: false }, "0.0.0.0", false],
  [{ enabled: true }, "127.0.0.1", true],
])("%j on %s: announced %s", (mdns, listen, isAnnounced) => {
  expect(outwardOf(settingsSchema.parse({ network: { mdns } }), listen).mdns !== null).toBe(isAnnounced);
});

test("secrets are hidden wherever settings are shown", () => {
  const shown = JSON.stringify(withoutSecrets(settingsSchema.parse({ network: { mqtt: MQTT }, alerts: ALERTS })));
  expect(shown).not.toMatch(/secret-[123]/);
  expect(shown.match(/\(hidden\)/g)).toHaveLength(3);
});

test.each([
  [{ mqtt: { tls_trust: "pinned" } }, "network.mqtt.tls_trust"],
  [{ mqtt: { url: "http://broker.example" } }, "network.mqtt.url"],
  [{ mqtt: { base_topic: "farm/+" } }, "network.mqtt.base_topic"],
  [{ mqtt: { base_topic: "$SYS/x" } }, "network.mqtt.base_topic"],
  [{ mqtt: { discovery_prefix: "ends/" } }, "network.mqtt.discovery_prefix"],
  [{ mdns: { hostname: "not a name" } }, "network.mdns.hostname"],
])("%j is refused at its key", (network, key) => {
  const parsed = settingsSchema.safeParse({ network });
  expect(parsed.error?.issues.map(({ path }) => path.join("."))).toEqual([key]);
});

describe("addresses", () => {
  test.each([
    ["mqtt://broker", { host: "broker", port: 1883, isTls: false }],
    ["mqtts://broker:8884/", { host: "broker", port: 8884, isTls: true }],
    ["mqtt://[2001:db8::1]:1885", { host: "2001:db8::1", port: 1885, isTls: false }],
  ])("%s", (text, address) => expect(parseBrokerUrl(text)).toEqual(address));

  test.each(["broker:1883", "ws://broker", "mqtt://user:pass@broker", "mqtt://broker/topic", "mqtt://", ""])(
    "%s is none of a broker, and the words do not repeat it",
    (text) => {
      expect(() => parseBrokerUrl(text)).toThrow(expect.objectContaining({ code: "SETTINGS_INVALID" }));
      expect(() => parseBrokerUrl(text)).not.toThrow(/user:pass/);
    },
  );

  test("whatever is written: an address or one kind of error", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.webUrl(),
          fc.string().map((s) => `mqtt://${s}`),
        ),
        (text) => {
          for (const parse of [parseBrokerUrl, parseWebhookUrl])
            try {
              parse(text);
            } catch (error) {
              expect(isKumpelError(error, "SETTINGS_INVALID")).toBe(true);
            }
        },
      ),
    );
  });
});

test("the locate light is on for ten minutes after it was ordered, or until it is ordered off", async () => {
  const clock = new VirtualClock();
  const memory = new LocateMemory(clock);
  expect(memory.isOn).toBe(false);
  memory.note({ kind: "pause" });
  memory.note({ kind: "locate", isOn: true });
  await clock.advance(599_000);
  expect(memory.isOn).toBe(true);
  await clock.advance(1_000);
  expect(memory.isOn).toBe(false);
  memory.note({ kind: "locate", isOn: true });
  memory.note({ kind: "locate", isOn: false });
  expect(memory.isOn).toBe(false);
});
