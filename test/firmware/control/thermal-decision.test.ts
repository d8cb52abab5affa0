import { expect, test } from "vitest";
import {
  acknowledgeShutdown,
  initialThermal,
  latchedThermal,
  stepThermal,
} from "#firmware/control/thermal-decision.ts";
import {
  type ChipReading,
  type CoolingPolicy,
  DEFAULT_COOLING,
  DEFAULT_LIMITS,
  type SensorInput,
  type ThermalState,
} from "#firmware/control/thermal-types.ts";

const failed: SensorInput = { kind: "failed" };
const ok = (temperatureC: number): SensorInput => ({ kind: "ok", temperatureC });

interface Second {
  sensors: SensorInput[];
  fans?: (number | null)[];
  chipC?: number | null;
  /** Since when the chain hashes; absent: it does not. */
  hashingSinceMs?: number;
}

/** Fans that follow their duty at once. */
function evenFans(dutyPct: number): number[] {
  return [50 * dutyPct, 50 * dutyPct];
}

/** Feeds one input a second; returns the states and when power was permitted and cut. */
function play(seconds: Second[], start?: ThermalState, cooling: CoolingPolicy = DEFAULT_COOLING) {
  let state =
    start ??
    initialThermal(
      (seconds[0]?.sensors ?? []).map(() => 0),
      2,
      0,
    );
  const states: ThermalState[] = [];
  const events: string[] = [];
  let chips: ChipReading | null = null;
  seconds.forEach(({ sensors, fans = evenFans(state.dutyPct), chipC = null, hashingSinceMs = null }, i) => {
    // The chips are asked every five seconds, near their limit every second.
    if (chipC === null) chips = null;
    else if (chips === null || chipC >= 90 || i % 5 === 0) chips = { temperatureC: chipC, atMs: i * 1000 };
    const input = { sensors, fansRpm: fans, chips, hashingSinceMs: [hashingSinceMs] };
    const step = stepThermal(state, input, { limits: DEFAULT_LIMITS, cooling }, (i + 1) * 1000);
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
  expect(state).toMatchObject({ reason: "1 of 4 temperature sensors lost: full fans", trouble: "sensors" });
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
  expect(state.trouble).toBe("sensors");
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
  const reason = "board at 75.0 C, limit 75 C";
  expect(hot.state).toMatchObject({ phase: "shutdown", reason, trouble: null, dutyPct: 100 });
});

test("chips at their limit cut the power when a second reading says so, one damaged reply does not", () => {
  const chip = (chipC: number): Second => ({ sensors: [ok(55), ...rest], chipC });
  expect(play([...warm, ...times(1, chip(149)), ...times(10, chip(60))]).events).toEqual(["1:permitPower"]);
  const held = play([...warm, ...times(10, chip(95))]);
  expect(held.events).toEqual(["1:permitPower", "5:cutPower"]);
  expect(held.state.reason).toBe("chip at 95.0 C, limit 95 C");
});

test("a board that jumps above its limit is believed at the second reading", () => {
  const jump = play([...warm, ...times(5, { sensors: [ok(95), ...rest] })]);
  expect(jump.events).toEqual(["1:permitPower", "5:cutPower"]);
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
  expect(states.at(-1)).toMatchObject({ reason: "fan 2 stands still", trouble: "fans" });
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

test("all fans down at once: power goes within three readings, although a single one is forgiven for thirty seconds", () => {
  const turning = times(60, { sensors: [ok(50)] });
  const down = [700, 500, 300, 100].map((rpm) => ({ sensors: [ok(50)], fans: [rpm, rpm] }));
  const { events, state } = play([...turning, ...down]);
  expect(events.at(-1)).toMatch(/^6[1-4]:cutPower$/);
  expect(state.reason).toBe("all 2 fans have stopped, or their cable is off");
});

test("fans that run down after a step of the duty are no fault either", () => {
  const manual = (dutyManualPct: number): CoolingPolicy => ({ ...DEFAULT_COOLING, dutyManualPct });
  const loud = play(times(60, { sensors: [ok(50)] }), undefined, manual(100));
  const down = Array.from({ length: 30 }, (_, i): Second => {
    const rpm = 800 + 4_200 * Math.exp(-i / 3);
    return { sensors: [ok(50)], fans: [rpm, rpm] };
  });
  expect(play(down, loud.state, manual(20)).events).toEqual([]);
});

test("a sensor that is lost is no reason not to slow down", () => {
  const lost = times(120, { sensors: [ok(72), failed, ok(60), ok(60)] });
  const { events, state } = play([...warm, ...times(3, { sensors: [ok(65), ...rest] }), ...lost]);
  expect(events.filter((event) => event.endsWith("limitFrequency")).length).toBeGreaterThanOrEqual(3);
  expect(state).toMatchObject({ phase: "throttling", dutyPct: 100 });
});

test("a duty that jumps up is no fault of fans that need seconds to follow", () => {
  const calm = times(120, { sensors: [ok(45)], fans: [1700, 1700] });
  const lost = [1700, 2200, 3000, 4000, 5000, 5600].map((rpm) => ({ sensors: [failed], fans: [rpm, rpm] }));
  expect(play([...calm, ...lost]).events).toEqual(["1:permitPower"]);
});

test("a fan that turns far slower than it used to: full fans, no power taken", () => {
  const turning = times(60, { sensors: [ok(50)] });
  const { states, state, events } = play([...turning, ...times(70, { sensors: [ok(50)], fans: [1500, 600] })]);
  expect(events).toEqual(["1:permitPower"]);
  expect(state).toMatchObject({ reason: "fan 2 turns far slower than it used to: full fans", trouble: "fans" });
  expect(states.at(-1)?.dutyPct).toBe(100);
});

test("a sensor that does not move while its board is heated, or its neighbour, has frozen", () => {
  const heat = Array.from({ length: 200 }, (_, i): Second => {
    return { sensors: [ok(25), ok(25 + Math.min(30, i))], hashingSinceMs: 10_000 };
  });
  const alone = Array.from({ length: 200 }, (): Second => {
    return { sensors: [ok(25), ok(25)], hashingSinceMs: 10_000 };
  });
  const idle = alone.map(({ sensors }): Second => ({ sensors }));
  expect(play(heat).state.reason).toBe("1 of 2 temperature sensors lost: full fans");
  expect(play(heat).state.sensors[0]?.failure).toBe("it stays at 25.0 C whatever happens");
  const cut = play(alone);
  expect(cut.state.reason).toMatch(
    /^no temperature sensor of chain 0 answers \(it stays at 25\.0 C whatever happens\)/,
  );
  expect(play(idle).events).toEqual(["1:permitPower"]);
});

test("a frozen sensor is believed again once it moves and agrees with the others", () => {
  const frozen = Array.from({ length: 60 }, (_, i): Second => {
    return { sensors: [ok(40), ok(40 + Math.min(20, i))], hashingSinceMs: 0 };
  });
  const healed = times(3, { sensors: [ok(55), ok(60)], hashingSinceMs: 0 });
  expect(play(frozen).state.sensors[0]?.failure).not.toBeNull();
  expect(play([...frozen, ...healed]).state.sensors[0]).toMatchObject({ goodC: 55, failure: null });
});

test("quiet limit: the chips are slowed down before the fans go beyond it, and get their frequency back when it cools", () => {
  const quiet: CoolingPolicy = { ...DEFAULT_COOLING, dutyMaxPct: 50 };
  const hot = play([...warm, ...times(100, { sensors: [ok(70.5), ...rest] })], undefined, quiet);
  expect(hot.events.filter((e) => e.endsWith("limitFrequency")).length).toBe(3);
  expect(hot.state).toMatchObject({ phase: "throttling", dutyPct: 50 });
  expect(hot.state.reason).toBe("board at 70.5 C: full fans, chips at 85 % of their frequency");
  const cooled = play(
    [...warm, ...times(100, { sensors: [ok(70.5), ...rest] }), ...times(400, { sensors: [ok(55), ...rest] })],
    undefined,
    quiet,
  );
  expect(cooled.state.throttle.steps).toBe(0);
  expect(cooled.state.phase).toBe("regulating");
  // Near the danger limit safety goes before silence.
  expect(play([...warm, ...times(5, { sensors: [ok(73), ...rest] })], undefined, quiet).state.dutyPct).toBe(100);
});

test("a fixed duty holds until it is hot, and less air than the owner's minimum is never given", () => {
  const manual: CoolingPolicy = { ...DEFAULT_COOLING, dutyManualPct: 45 };
  const { states } = play(
    [...warm, ...times(50, { sensors: [ok(66), ...rest] }), ...times(5, { sensors: [ok(71), ...rest] })],
    undefined,
    manual,
  );
  expect(states[40]?.dutyPct).toBe(45);
  expect(states.at(-1)).toMatchObject({ phase: "hot", dutyPct: 100 });
  const loud: CoolingPolicy = { ...DEFAULT_COOLING, dutyMinPct: 60 };
  expect(play(times(60, { sensors: [ok(30)] }), undefined, loud).state.dutyPct).toBe(60);
});

test.each(["immersion", "hydro"] as const)(
  "%s: no fan is driven or watched, heat still slows down and cuts",
  (mode) => {
    const wet: CoolingPolicy = { ...DEFAULT_COOLING, mode };
    const calm = play(times(60, { sensors: [ok(50)], fans: [0, null] }), undefined, wet);
    expect(calm.events).toEqual(["1:permitPower"]);
    expect(calm.state.dutyPct).toBe(0);
    const hot = play(
      [...times(5, { sensors: [ok(60)], fans: [0, null] }), ...times(70, { sensors: [ok(71)], fans: [0, null] })],
      undefined,
      wet,
    );
    expect(hot.events.filter((e) => e.endsWith("limitFrequency")).length).toBe(2);
    expect(play([...times(5, { sensors: [ok(60)] }), { sensors: [ok(76)] }], undefined, wet).events.at(-1)).toBe(
      "6:cutPower",
    );
  },
);

test("boards that are too cold are not powered, and say so", () => {
  const { events, state } = play([...times(20, { sensors: [ok(-14)] })]);
  expect(events).toEqual([]);
  expect(state.reason).toBe("a board is at -14.0 C, too cold to start: warm the place above -10 C");
  expect(play([...times(5, { sensors: [ok(-14)] }), ...times(2, { sensors: [ok(-9)] })]).events).toEqual([
    "6:permitPower",
  ]);
});

test("a shutdown is acknowledged only when it is cool, and then begins with proving sensors and fans again", () => {
  const hot = play([...warm, ...[66, 75].map((c) => ({ sensors: [ok(c), ...rest] }))]);
  expect(acknowledgeShutdown(hot.state, DEFAULT_LIMITS, 10_000)).toEqual({
    kind: "refused",
    reason: "a board is still at 75.0 C: wait until it is below 60 C",
  });
  const cool = play(times(20, { sensors: [ok(58), ...rest] }), hot.state);
  const released = acknowledgeShutdown(cool.state, DEFAULT_LIMITS, 30_000);
  expect(released).toMatchObject({ kind: "released", state: { phase: "warmUp" } });
  if (released.kind !== "released") return;
  expect(play(times(2, { sensors: [ok(58), ...rest] }), released.state).events).toEqual(["1:permitPower"]);
  expect(acknowledgeShutdown(released.state, DEFAULT_LIMITS, 30_000)).toMatchObject({ kind: "refused" });
});

test("a machine that was shut down before it was started again gives no power", () => {
  const latched = latchedThermal(initialThermal([0], 2, 0), "board at 75.0 C, limit 75 C");
  const { events, state } = play(times(30, { sensors: [ok(30)] }), latched);
  expect(events).toEqual([]);
  expect(state).toMatchObject({ phase: "shutdown", reason: "board at 75.0 C, limit 75 C", dutyPct: 100 });
});
