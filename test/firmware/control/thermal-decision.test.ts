import { expect, test } from "vitest";
import {
  DEFAULT_LIMITS,
  initialThermal,
  type SensorInput,
  stepThermal,
  type ThermalState,
} from "#firmware/control/thermal-decision.ts";

const failed: SensorInput = { kind: "failed" };
const ok = (temperatureC: number): SensorInput => ({ kind: "ok", temperatureC });
const FANS = [3000, 3000];

interface Second {
  sensors: SensorInput[];
  fans?: (number | null)[];
  chipC?: number | null;
}

/** Feeds one input a second; returns the states and when power was permitted and cut. */
function play(seconds: Second[], start?: ThermalState) {
  let state =
    start ??
    initialThermal(
      (seconds[0]?.sensors ?? []).map(() => 0),
      2,
      0,
    );
  const states: ThermalState[] = [];
  const events: string[] = [];
  seconds.forEach(({ sensors, fans = FANS, chipC = null }, i) => {
    const step = stepThermal(
      state,
      { sensors, fansRpm: fans, temperatureChipMaxC: chipC },
      DEFAULT_LIMITS,
      (i + 1) * 1000,
    );
    state = step.state;
    states.push(state);
    for (const action of step.actions) events.push(`${i + 1}:${action.kind}`);
  });
  return { states, state, events };
}

const times = (count: number, second: Second): Second[] => Array.from({ length: count }, () => second);
const warm: Second[] = times(3, { sensors: [ok(55), ok(50), ok(52), ok(53)] });
const rest = [ok(50), ok(52), ok(53)];

test("power is permitted only once sensors and every fan have been proven, with full fans until then", () => {
  const { events, states } = play([
    ...times(3, { sensors: [failed, failed] }),
    ...times(2, { sensors: [ok(25), failed], fans: [3000, 0] }),
    { sensors: [ok(25), failed] },
  ]);
  expect(events).toEqual(["6:permitPower"]);
  expect(states.slice(0, 5).every((s) => s.phase === "warmUp" && s.dutyPct === 100)).toBe(true);
});

test.each([255, 0, -1, 127])("a single reading of %i changes nothing but a counter", (glitchC) => {
  const { states, events } = play([...warm, { sensors: [ok(glitchC), ...rest] }, ...warm]);
  expect(events).toEqual(["1:permitPower"]);
  expect(states.at(-1)?.glitches).toBe(1);
  expect(states.every((s) => s.phase === "regulating")).toBe(true);
  expect(states[3]?.hottestC).toBe(55);
});

test("one sensor lost for ever: a warning, the hottest of the rest leads", () => {
  const { state, events } = play([...warm, ...times(20, { sensors: [ok(-1), ...rest] })]);
  expect(events).toEqual(["1:permitPower"]);
  expect(state.hottestC).toBe(53);
  expect(state.reason).toBe("1 of 4 temperature sensors lost: full fans");
  expect(state.dutyPct).toBe(100);
});

test.each([
  ["failed", failed],
  ["held at 127", ok(127)],
  ["held at 255", ok(255)],
])("all sensors %s: power is cut within ten seconds", (name, reading) => {
  const { events, state } = play([...warm, ...times(12, { sensors: [reading, reading, reading, reading] })]);
  const cut = events.find((e) => e.endsWith("cutPower"));
  expect(Number(cut?.split(":")[0])).toBeLessThanOrEqual(3 + 10);
  expect(state.phase).toBe("shutdown");
  expect(state.dutyPct).toBe(100);
  expect(state.reason).toMatch(/^no temperature sensor of chain 0 answers/);
  const told = "(a reading of 127.0 C is not believed): check that board, its cable and its sensors";
  if (name === "held at 127") expect(state.reason.endsWith(told)).toBe(true);
});

test("a board at its limit, or a chip, cuts power once, and stays latched with the first cause", () => {
  const hot = play([
    ...warm,
    ...[60, 66, 72, 75].map((c) => ({ sensors: [ok(c), ...rest] })),
    ...times(5, { sensors: [ok(30), ...rest] }),
  ]);
  expect(hot.events).toEqual(["1:permitPower", "7:cutPower"]);
  expect(hot.states[5]).toMatchObject({ phase: "hot", dutyPct: 100 });
  expect(hot.state).toMatchObject({ phase: "shutdown", reason: "board at 75.0 C, limit 75 C", dutyPct: 100 });
});

test("chips at their limit cut the power when a second reading says so, one damaged reply does not", () => {
  const chip = (chipC: number): Second => ({ sensors: [ok(55), ...rest], chipC });
  expect(play([...warm, ...times(5, chip(149)), ...times(10, chip(60))]).events).toEqual(["1:permitPower"]);
  const held = play([...warm, ...times(10, chip(95))]);
  expect(held.events).toEqual(["1:permitPower", "10:cutPower"]);
  expect(held.state.reason).toBe("chip at 95.0 C, limit 95 C");
});

test("a board that jumps above its limit is believed at the third reading", () => {
  const jump = play([...warm, ...times(5, { sensors: [ok(95), ...rest] })]);
  expect(jump.events).toEqual(["1:permitPower", "6:cutPower"]);
  expect(jump.state.reason).toBe("board of chain 0 suddenly above its limit of 75 C");
});

test("a sensor that fails before power is on may come back without a witness", () => {
  const flapping = [
    { sensors: [ok(25)], fans: [0, 0] },
    ...times(15, { sensors: [failed], fans: [0, 0] }),
    { sensors: [ok(26)] },
  ];
  expect(play(flapping).events).toEqual(["17:permitPower"]);
});

test("a fan that stops: full fans after ten seconds, power off after thirty, with the fan's number", () => {
  const { states, events } = play([...warm, ...times(40, { sensors: [ok(50), ...rest], fans: [3000, 0] })]);
  expect(states[3 + 11]?.dutyPct).toBe(100);
  expect(events).toEqual(["1:permitPower", "34:cutPower"]);
  expect(states.at(-1)?.reason).toBe("fan 2 stands still");
});

test("a fan without a reading counts as standing still, never as turning", () => {
  const { events } = play([...warm, ...times(40, { sensors: [ok(50), ...rest], fans: [null, 3000] })]);
  expect(events.at(-1)).toBe("34:cutPower");
});

test("the duty follows the temperature in bounded steps and never leaves 30..100", () => {
  const ramp = Array.from({ length: 200 }, (_, i) => ({ sensors: [ok(30 + i * 0.18)] }));
  const { states } = play([...times(5, { sensors: [ok(30)] }), ...times(60, { sensors: [ok(30)] }), ...ramp]);
  expect(Math.min(...states.map((s) => s.dutyPct))).toBe(30);
  expect(states.at(-1)?.dutyPct).toBeGreaterThan(60);
  const steps = states.slice(1).map((s, i) => Math.abs(s.dutyPct - (states[i]?.dutyPct ?? 0)));
  expect(Math.max(...steps)).toBeLessThanOrEqual(5.0001);
});
