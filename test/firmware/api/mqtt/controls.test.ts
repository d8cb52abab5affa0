/** Messages on command topics: every control's words, and what strangers may send. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { allows, commandSchema, SCOPE_OF } from "#firmware/api/commands.ts";
import { orderOf } from "#firmware/api/mqtt/controls.ts";
import { CONTROLS } from "#firmware/api/mqtt/entity-table.ts";
import { topicsOf } from "#firmware/api/mqtt/identity.ts";

const TOPICS = topicsOf("id1", { baseTopic: "farm/miner7" });

function sent(control: string, payload: string | Uint8Array, isRetained = false) {
  const bytes = typeof payload === "string" ? new TextEncoder().encode(payload) : payload;
  const topic = control === "command" ? TOPICS.command : `${TOPICS.set}/${control}`;
  return orderOf({ topic, payload: bytes, isRetained }, TOPICS);
}

test.each([
  ["mining", "ON", { kind: "resume" }],
  ["mining", "OFF", { kind: "pause" }],
  ["locate", "ON", { kind: "locate", isOn: true }],
  ["locate", "OFF", { kind: "locate", isOn: false }],
  ["fixed_fan_duty", "0", { kind: "setFanDuty", dutyPct: 0 }],
  ["fixed_fan_duty", "62.5", { kind: "setFanDuty", dutyPct: 62.5 }],
  ["fixed_fan_duty", "100.0", { kind: "setFanDuty", dutyPct: 100 }],
  ["fixed_fan_duty", "auto", { kind: "setFanDuty", dutyPct: null }],
  ["automatic_fans", "PRESS", { kind: "setFanDuty", dutyPct: null }],
  ["restart", "PRESS", { kind: "restart" }],
  ["acknowledge_shutdown", "PRESS", { kind: "acknowledgeShutdown" }],
  ["test_alert", "PRESS", { kind: "testAlert" }],
  ["command", '{"kind":"restartChain","chainIndex":1}', { kind: "restartChain", chainIndex: 1 }],
])("%s %s", (control, payload, command) => {
  expect(sent(control, payload)).toMatchObject({ kind: "order", command });
});

test("every control is understood, and its command is one that control may order", () => {
  for (const { key, component } of CONTROLS) {
    const order = sent(key, component === "button" ? "PRESS" : component === "number" ? "50" : "ON");
    if (order.kind !== "order") throw new Error(order.message);
    const command = commandSchema.parse(order.command);
    expect(allows("control", SCOPE_OF[command.kind]), key).toBe(true);
  }
});

test.each([
  ["mining", "on", 'mining takes ON or OFF, not "on".'],
  ["fixed_fan_duty", "101", 'fixed_fan_duty takes a number from 0 to 100, or auto, not "101".'],
  ["fixed_fan_duty", "-1", 'fixed_fan_duty takes a number from 0 to 100, or auto, not "-1".'],
  ["fixed_fan_duty", "1e1", 'fixed_fan_duty takes a number from 0 to 100, or auto, not "1e1".'],
  ["restart", "", 'restart takes PRESS, not "".'],
  [
    "explode",
    "PRESS",
    "There is no control explode; there are mining, locate, fixed_fan_duty, automatic_fans, restart, acknowledge_shutdown, test_alert.",
  ],
  ["command", "{}", 'The command needs a kind, such as {"kind":"pause"}.'],
  ["command", "[]", 'The command needs a kind, such as {"kind":"pause"}.'],
])("%s %s is refused in one sentence", (control, payload, message) => {
  expect(sent(control, payload)).toMatchObject({ kind: "refused", message });
});

test("a retained command is not carried out: it would be with every connection", () => {
  expect(sent("mining", "OFF", true)).toMatchObject({ kind: "refused", message: expect.stringContaining("retained") });
});

test("whatever comes in: an order, or one short sentence of printable signs", () => {
  const name = fc.oneof(fc.constantFrom(...CONTROLS.map(({ key }) => key), "command"), fc.string({ maxLength: 400 }));
  const payload = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc.uint8Array({ minLength: 4_000, maxLength: 5_000 }),
    fc.json().map((text) => new TextEncoder().encode(text)),
    fc.string({ maxLength: 100 }).map((text) => new TextEncoder().encode(text)),
  );
  fc.assert(
    fc.property(name, payload, fc.boolean(), (control, bytes, isRetained) => {
      const order = sent(control, bytes, isRetained);
      expect(order.name).toMatch(/^[\x20-\x7e]{0,40}$/);
      if (order.kind === "refused") expect(order.message.length).toBeLessThan(400);
      else expect(isRetained).toBe(false);
    }),
    { numRuns: 500 },
  );
});
