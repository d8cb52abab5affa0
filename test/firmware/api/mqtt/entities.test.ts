/** The table of entities: what Home Assistant would say to each message, and whether the state has what they ask for. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { UNKNOWN_FACTS, viewOf } from "#firmware/api/machine-facts.ts";
import { discoveryMessages } from "#firmware/api/mqtt/discovery.ts";
import { exampleEntities, stateOf } from "#firmware/api/mqtt/entity-table.ts";
import { machineId, topicsOf } from "#firmware/api/mqtt/identity.ts";
import { mqttPage } from "#firmware/api/mqtt/mqtt-page.ts";
import type { MinerSnapshot } from "#firmware/api/snapshot.ts";
import { accept, acceptValue, discovered, render, type State } from "../../../support/home-assistant.ts";
import { chainAt, faceBench, KNOWN_FACTS, machine } from "../cgminer/face-fixture.ts";

const TOPICS = topicsOf("id1", { baseTopic: null });
const OPTIONS = { id: "id1", topics: TOPICS, prefix: "homeassistant", periodMs: 10_000, isControlAllowed: true };

function view(changes: Partial<MinerSnapshot> = {}, facts = KNOWN_FACTS) {
  return viewOf(faceBench(machine(changes), facts))!;
}

function stateText(...args: Parameters<typeof view>): State {
  return JSON.parse(JSON.stringify(stateOf(view(...args)))) as State;
}

const NOTHING: Partial<MinerSnapshot> = {
  chains: [
    chainAt(0, {
      temperatureBoardMaxC: null,
      temperatureChipMaxC: null,
      hashrate: { expectedThs: null, measuredThs: null, recentMeasuredThs: null },
    }),
  ],
  hashrate: { expectedThs: null, measuredThs: null, recentMeasuredThs: null },
  thermal: { phase: "warmUp", reason: "", trouble: null, fanDutyPct: 30, fansRpm: [null] },
};

test.each([
  ["a machine of which everything is known", {}, KNOWN_FACTS],
  ["one of which next to nothing is known", NOTHING, UNKNOWN_FACTS],
])("%s: Home Assistant takes each message and finds its value", (_, changes, facts) => {
  const state = stateText(changes, facts);
  const messages = discoveryMessages(view(changes, facts), OPTIONS);
  expect(messages.length).toBeGreaterThan(25);
  expect(new Set(messages.map(({ topic }) => topic)).size).toBe(messages.length);
  for (const { topic, payload } of messages) {
    const entity = discovered(topic, payload);
    accept(entity);
    if (entity.config["state_topic"] !== undefined) acceptValue(entity, render(entity.config["value_template"], state));
  }
});

test("values are the snapshot's, in the units of their keys", () => {
  expect(stateText()).toMatchObject({
    hashrate_ths: 195.75,
    hashrate_expected_ths: 198,
    power_w: 3512.6,
    efficiency_j_per_th: 17.92,
    board_temperature_c: 54.4,
    chip_temperature_c: 73.6,
    fan_duty_pct: 47,
    fan1_rpm: 4200,
    fan3_rpm: null,
    fan4_rpm: 4230,
    shares_accepted: 8,
    shares_rejected: 1,
    pool: "stratum+tcp://pool0.example:3333",
    uptime_s: 3723,
    status: "hashing",
    problem: false,
    mining: true,
    hashboard_power: true,
    fixed_fan_duty: null,
    locate: false,
    chain1_hashrate_ths: 65.25,
    chain2_hardware_errors: 6,
    chain2_state: "hashing",
  });
});

test("a problem, a pause and a shutdown show", () => {
  expect(stateText({ alarms: ["chain 1 is switched off: x"] })).toMatchObject({
    problem: true,
    problem_text: "chain 1 is switched off: x",
  });
  expect(stateText({ pauseReason: "paused by mqtt", isPausedByOwner: true })).toMatchObject({
    mining: false,
    status: "paused",
  });
  // It waits for a pool: that is not off on purpose.
  expect(stateText({ pauseReason: "no pool gives jobs" })).toMatchObject({ mining: true });
  expect(stateText({ shutdownReason: "too hot", alarms: ["a", "b"] })["problem_text"]).toBe("too hot; a; b");
});

test("no text is longer than a state of Home Assistant may be", () => {
  const text = "x".repeat(5_000);
  const state = stateText({ alarms: [text], thermal: { ...machine().thermal, phase: "shutdown", reason: text } });
  for (const value of Object.values(state)) expect(String(value).length).toBeLessThanOrEqual(255);
});

test("numbers of any size come out as numbers or as unknown", () => {
  fc.assert(
    fc.property(fc.oneof(fc.double(), fc.constant(null)), (value) => {
      const hashrate = { expectedThs: value, measuredThs: value, recentMeasuredThs: value };
      const chains = [chainAt(0, { temperatureBoardMaxC: value, hashrate })];
      const state = stateText({ hashrate, chains }, { ...KNOWN_FACTS, powerW: value });
      for (const key of ["hashrate_ths", "power_w", "board_temperature_c", "chain0_hashrate_ths"])
        expect(state[key] === null || Number.isFinite(state[key]), key).toBe(true);
    }),
  );
});

test("without the owner's leave the controls are taken away, and nothing else", () => {
  const allowed = discoveryMessages(view(), OPTIONS);
  const told = discoveryMessages(view(), { ...OPTIONS, isControlAllowed: false });
  expect(told.map(({ topic }) => topic)).toEqual(allowed.map(({ topic }) => topic));
  const empty = told.filter(({ payload }) => payload === "").map(({ topic }) => topic.split("/")[1]);
  expect(new Set(empty)).toEqual(new Set(["switch", "number", "button"]));
  expect(told.some(({ payload }) => payload.includes("command_topic"))).toBe(false);
});

test("the machine is one device, by its MAC where it has a real one", () => {
  const deviceIn = (...args: Parameters<typeof view>): unknown =>
    (JSON.parse(discoveryMessages(view(...args), OPTIONS)[0]?.payload ?? "") as State)["device"];
  expect(deviceIn()).toMatchObject({
    identifiers: ["kumpel-id1"],
    connections: [["mac", "28:e2:97:0a:0b:0c"]],
    model: "Antminer S21",
    sw_version: "0.1.0",
    serial_number: "SN-1",
  });
  expect(deviceIn({ emulationLabel: "emulated chips" })).not.toHaveProperty("connections");
  expect(deviceIn({}, UNKNOWN_FACTS)).not.toHaveProperty("connections");
});

test("the id of a machine stays as long as it is the same machine", () => {
  const idOf = (...args: Parameters<typeof view>): string => machineId(view(...args));
  expect(idOf()).toBe("28e2970a0b0c");
  expect(idOf({ emulationLabel: "emulated chips" })).toBe("emulated-28e2970a0b0c");
  expect(idOf({}, { ...KNOWN_FACTS, macAddress: null })).toBe("sn-1");
  expect(idOf({}, { ...KNOWN_FACTS, macAddress: "00:00:00:00:00:00", serialNumber: null })).toBe("antminer");
  expect(idOf({}, UNKNOWN_FACTS)).toBe("s21");
});

test("every entity says where its value comes from, and no key comes twice", () => {
  const entities = exampleEntities();
  expect(entities.every(({ source }) => source.length > 8)).toBe(true);
  expect(new Set(entities.map(({ key }) => key)).size).toBe(entities.length);
});

test("docs/MQTT.md is what the tables say", async () => {
  await expect(mqttPage()).toMatchFileSnapshot("../../../../docs/MQTT.md");
});
