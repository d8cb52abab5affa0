/** The real program on a real broker: a client does with it what Home Assistant does, and what goes wrong is made to. */
import fs from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { accept, acceptValue, type Discovered, discovered, render, type State } from "../../support/home-assistant.ts";
import { type Started, startProgram, temporaryFolder } from "../../support/program.ts";
import { AUTHORITY_FILE, type Broker, broker, PASSWORD, USER } from "./broker.ts";
import { type Observer, observe } from "./observer.ts";

const BASE = "farm/miner7";
const STATE = new RegExp(`^${BASE}/state$`);
const ANSWER = new RegExp(`^${BASE}/answer$`);
const AVAILABILITY = new RegExp(`^${BASE}/availability$`);

let peer: Broker;
let observer: Observer;
const programs: Started[] = [];

function settings(more: Readonly<Record<string, string | number | boolean>> = {}): string {
  const keys = {
    url: `mqtts://localhost:${peer.tlsPort}`,
    user: USER,
    password: PASSWORD,
    base_topic: BASE,
    tls_authority_file: AUTHORITY_FILE,
    period_s: 1,
    allow_control: true,
    ...more,
  };
  const lines = Object.entries(keys).map(([key, value]) => `${key} = ${JSON.stringify(value)}\n`);
  return `settings_version = 2\n[network.mqtt]\n${lines.join("")}`;
}

function startMiner(text: string): Started {
  const folder = temporaryFolder();
  const file = path.join(folder, "settings.toml");
  fs.writeFileSync(file, text);
  const ports = ["http", "cgminer", "stock", "status", "metrics"].flatMap((face) => [`--${face}-port`, "0"]);
  const run = startProgram("run", "--demo", ...ports, "--data", folder, "--log-level", "info");
  programs.push(run);
  return run;
}

const parsed = (text: string): State => JSON.parse(text) as State;
const isHashing = (text: string): boolean => parsed(text)["status"] === "hashing";

function entities(): Discovered[] {
  const topics = [...new Set(observer.heard.map(({ topic }) => topic))].filter((t) => t.startsWith("homeassistant/"));
  return topics
    .filter((topic) => topic.endsWith("/config"))
    .flatMap((topic) => {
      const text = observer.last(topic) ?? "";
      return text === "" ? [] : [discovered(topic, text)];
    });
}

async function stopped(run: Started): Promise<number | string> {
  process.kill(run.pid, "SIGTERM");
  return run.ended();
}

beforeAll(async () => {
  peer = await broker();
  await peer.start();
  observer = await observe(peer.tlsPort);
});

afterAll(async () => {
  for (const { child, pid } of programs)
    if (child.exitCode === null && child.signalCode === null) process.kill(-pid, "SIGKILL");
  await observer.close();
  await peer.stop();
});

test("Home Assistant finds every entity, with a value in the state, and steers the machine", async () => {
  const run = startMiner(settings());
  const state = parsed((await observer.until(STATE, isHashing)).text);
  expect(observer.last(`${BASE}/availability`)).toBe("online");
  const found = entities();
  expect(found.length).toBeGreaterThan(40);
  expect(new Set(found.map(({ config }) => config["unique_id"])).size).toBe(found.length);
  expect(new Set(found.map(({ config }) => JSON.stringify(config["device"]))).size).toBe(1);
  for (const entity of found) {
    accept(entity);
    const { config } = entity;
    expect(config["availability_topic"]).toBe(`${BASE}/availability`);
    if (config["state_topic"] === undefined) continue;
    expect(config["state_topic"]).toBe(`${BASE}/state`);
    acceptValue(entity, render(config["value_template"], state));
  }
  // Each by the topic that its own message names, as Home Assistant presses it.
  const topicOf = (key: string): string =>
    String(found.find((entity) => entity.key === key)?.config["command_topic"] ?? "");

  const paused = observer.next(STATE, (text) => parsed(text)["hashboard_power"] === false);
  const answered = observer.next(ANSWER);
  await observer.publish(topicOf("mining"), "OFF");
  expect(parsed((await answered).text)).toMatchObject({ ok: true, command: "mining" });
  expect(parsed((await paused).text)).toMatchObject({ status: "paused", mining: false });

  const resumed = observer.next(STATE, isHashing);
  await observer.publish(topicOf("mining"), "ON");
  expect(parsed((await resumed).text)).toMatchObject({ mining: true, hashboard_power: true });

  const fixed = observer.next(STATE, (text) => parsed(text)["fixed_fan_duty"] === 80);
  await observer.publish(topicOf("fixed_fan_duty"), "80");
  await fixed;
  const automatic = observer.next(STATE, (text) => parsed(text)["fixed_fan_duty"] === null);
  await observer.publish(topicOf("automatic_fans"), "PRESS");
  await automatic;

  const refused = observer.next(ANSWER);
  await observer.publish(topicOf("fixed_fan_duty"), "fast");
  expect(parsed((await refused).text)).toEqual({
    ok: false,
    message: 'fixed_fan_duty takes a number from 0 to 100, or auto, not "fast".',
    command: "fixed_fan_duty",
  });
  const forbidden = observer.next(ANSWER);
  await observer.publish(`${BASE}/command`, '{"kind":"setSettings","patch":{}}');
  expect(parsed((await forbidden).text)["message"]).toContain("takes scope admin");

  const alert = observer.next(new RegExp(`^${BASE}/alerts$`));
  await observer.publish(topicOf("test_alert"), "PRESS");
  expect(parsed((await alert).text)).toMatchObject({ version: 1, kind: "test", machine: { model: "Antminer S21" } });

  const again = observer.next(/^homeassistant\/sensor\/.*\/config$/);
  await observer.publish("homeassistant/status", "online");
  await again;

  const offline = observer.next(AVAILABILITY, (text) => text === "offline");
  expect(await stopped(run)).toBe(0);
  await offline;
  expect(run.stderr()).not.toContain(PASSWORD);
}, 180_000);

test("a broker that is restarted is told everything again, a killed program is offline by its last will", async () => {
  const run = startMiner(settings({ allow_control: false }));
  const empty = observer.next(/^homeassistant\/switch\/.*\/mining\/config$/, (text) => text === "");
  await observer.next(AVAILABILITY, (text) => text === "online");
  // Without the owner's leave no control is offered, and none that was there stays.
  await empty;
  expect(entities().filter(({ component }) => component === "switch")).toEqual([]);

  const again = observer.next(/^homeassistant\/sensor\/.*\/hashrate_ths\/config$/);
  const online = observer.next(AVAILABILITY, (text) => text === "online");
  await peer.stop();
  await run.seen(/MQTT: connection to localhost port \d+ lost/);
  await run.seen(/MQTT: nobody listens/);
  await peer.start();
  await again;
  await online;
  await run.seen(/MQTT: connected[\s\S]*MQTT: connected/);
  expect(run.stderr().match(/MQTT: .*nobody listens/g) ?? []).toHaveLength(1);

  const offline = observer.next(AVAILABILITY, (text) => text === "offline");
  process.kill(-run.pid, "SIGKILL");
  await offline;
}, 180_000);

test("a wrong password is one sentence in the log, without the password", async () => {
  const run = startMiner(settings({ password: "wrong-horse-battery" }));
  await run.seen(/MQTT: .*refuses user/);
  expect(run.stderr()).toContain(
    `MQTT: the MQTT broker localhost port ${peer.tlsPort} refuses user \\"${USER}\\"; check network.mqtt.user, network.mqtt.password and the broker's rights; trying again`,
  );
  expect(run.stderr()).not.toContain("wrong-horse-battery");
  expect(await stopped(run)).toBe(0);
}, 120_000);

test("a broker whose certificate nobody vouches for gets no password", async () => {
  const run = startMiner(settings({ tls_trust: "pinned", tls_pin_sha256: "00".repeat(32) }));
  await run.seen(/MQTT: .*another one than the pinned/);
  expect(await stopped(run)).toBe(0);
}, 120_000);
