import { expect, test } from "vitest";
import {
  type ChainInput,
  type ChainPhase,
  type ChainState,
  frequencyPctOf,
  initialChain,
  MAX_FAILURES,
  stepChain,
  supplySuspicion,
} from "#firmware/chain/chain-machine.ts";

const TIMING = { resetLowMs: 200, resetSettleMs: 2_000 };
const fault = { code: "CHIP_COUNT_WRONG", text: "0 of 108 chips answered" };

function inPhase(phase: ChainPhase, changes: Partial<ChainState> = {}): ChainState {
  return { ...initialChain(108, TIMING), phase, isPowered: true, ...changes };
}

const heartbeatLost = { code: "HEARTBEAT_LOST", text: "its controller does not answer" };
const softOrders = ["stopFeed", "closeLink", "setReset"];
const stopOrders = ["stopFeed", "closeLink", "setReset", "deenergise"];

/** One row an arrow: from, input, to, orders. */
const ARROWS: [ChainPhase, ChainInput, ChainPhase, string[], Partial<ChainState>?][] = [
  ["off", { kind: "start", isPlugged: false }, "absent", []],
  ["off", { kind: "start", isPlugged: true }, "powering", ["setReset", "requestPower"]],
  ["absent", { kind: "start", isPlugged: true }, "powering", ["setReset", "requestPower"]],
  ["powering", { kind: "powered" }, "energising", ["runPhase"]],
  ["energising", { kind: "phaseDone", phase: "energising", chipCount: 0 }, "resetting", ["setReset", "openLink"]],
  ["energising", { kind: "failed", fault }, "coolingDown", stopOrders],
  ["resetting", { kind: "tick" }, "settling", ["setReset"], { wakeAtMs: 0 }],
  ["settling", { kind: "tick" }, "enumerating", ["runPhase"], { wakeAtMs: 0 }],
  ["enumerating", { kind: "phaseDone", phase: "enumerating", chipCount: 108 }, "addressing", ["runPhase"]],
  ["enumerating", { kind: "phaseDone", phase: "enumerating", chipCount: 0 }, "coolingDown", stopOrders],
  ["enumerating", { kind: "phaseDone", phase: "enumerating", chipCount: 109 }, "coolingDown", stopOrders],
  ["enumerating", { kind: "phaseDone", phase: "enumerating", chipCount: 40 }, "coolingDown", stopOrders],
  [
    "enumerating",
    { kind: "phaseDone", phase: "enumerating", chipCount: 40 },
    "addressing",
    ["runPhase"],
    { failures: 2 },
  ],
  ["addressing", { kind: "phaseDone", phase: "addressing", chipCount: 108 }, "configuring", ["runPhase"]],
  ["configuring", { kind: "phaseDone", phase: "configuring", chipCount: 108 }, "ramping", ["runPhase"]],
  ["ramping", { kind: "phaseDone", phase: "ramping", chipCount: 108 }, "starting", ["runPhase"]],
  ["starting", { kind: "phaseDone", phase: "starting", chipCount: 108 }, "lowering", ["runPhase"]],
  ["lowering", { kind: "phaseDone", phase: "lowering", chipCount: 108 }, "hashing", ["startFeed"]],
  ["hashing", { kind: "phaseDone", phase: "ramping", chipCount: 108 }, "hashing", []],
  ["hashing", { kind: "failed", fault }, "coolingDown", stopOrders],
  ["coolingDown", { kind: "tick" }, "energising", ["runPhase"], { wakeAtMs: 0 }],
  ["hashing", { kind: "failed", fault }, "disabled", stopOrders, { failures: MAX_FAILURES - 1 }],
  ["coolingDown", { kind: "failed", fault }, "coolingDown", []],
  ["coolingDown", { kind: "tick" }, "powering", ["setReset", "requestPower"], { wakeAtMs: 0, isPowered: false }],
  ["configuring", { kind: "tick" }, "coolingDown", stopOrders, { wakeAtMs: 0 }],
  ["hashing", { kind: "failed", fault }, "coolingDown", softOrders, { isEnergised: true }],
  ["hashing", { kind: "failed", fault }, "coolingDown", stopOrders, { isEnergised: true, failures: 1 }],
  ["hashing", { kind: "failed", fault: heartbeatLost }, "coolingDown", stopOrders, { isEnergised: true }],
  ["coolingDown", { kind: "tick" }, "resetting", ["setReset", "openLink"], { wakeAtMs: 0, isEnergised: true }],
  ["hashing", { kind: "slowDown", reason: "errors" }, "hashing", ["setFrequency"]],
  ["hashing", { kind: "slowDown", reason: "errors" }, "coolingDown", stopOrders, { recoveryPct: 75 }],
  ["ramping", { kind: "slowDown", reason: "errors" }, "ramping", []],
  ["hashing", { kind: "limitFrequency", frequencyPct: 90, reason: "hot" }, "hashing", ["setFrequency"]],
  ["ramping", { kind: "limitFrequency", frequencyPct: 90, reason: "hot" }, "ramping", []],
  ["disabled", { kind: "release" }, "off", []],
  ["off", { kind: "release" }, "off", [], { isEnded: true }],
  ["hashing", { kind: "release" }, "hashing", []],
  ["absent", { kind: "release" }, "absent", []],
  ["off", { kind: "start", isPlugged: true }, "off", [], { isEnded: true }],
  ["disabled", { kind: "failed", fault }, "disabled", []],
  ["disabled", { kind: "tick" }, "disabled", [], { wakeAtMs: 0 }],
  ["coolingDown", { kind: "powerLost", reason: "cycled" }, "coolingDown", []],
  ["hashing", { kind: "powerLost", reason: "cycled" }, "hashing", []],
  ["hashing", { kind: "powerCut", reason: "hot" }, "off", stopOrders],
  ["ramping", { kind: "stop" }, "off", stopOrders],
  ["powering", { kind: "stop" }, "off", stopOrders],
  ["off", { kind: "failed", fault }, "off", []],
  ["absent", { kind: "stop" }, "absent", []],
];

test.each(ARROWS)("%s on %o goes to %s", (from, input, to, orders, changes) => {
  const { state, actions, reason } = stepChain(inPhase(from, changes), input, 1);
  expect(state.phase).toBe(to);
  expect(actions.map((a) => a.kind)).toEqual(orders);
  expect(reason.length).toBeGreaterThan(0);
});

test("a tick before its time does nothing", () => {
  const state = inPhase("resetting", { wakeAtMs: 100 });
  expect(stepChain(state, { kind: "tick" }, 99).state).toBe(state);
});

test("the prescribed waits are those of the board and add up", () => {
  let state = stepChain(initialChain(108, TIMING), { kind: "start", isPlugged: true }, 0).state;
  state = stepChain(state, { kind: "powered" }, 10).state;
  state = stepChain(state, { kind: "phaseDone", phase: "energising", chipCount: 0 }, 2000).state;
  expect(state.wakeAtMs).toBe(2000 + TIMING.resetLowMs);
  state = stepChain(state, { kind: "tick" }, 3000).state;
  expect(state.prescribedWaitMs).toBe(TIMING.resetLowMs + TIMING.resetSettleMs);
});

test("pauses grow, tries are bounded, and ten minutes of hashing forgive", () => {
  let state = inPhase("enumerating");
  const pauses: number[] = [];
  while (state.phase !== "disabled") {
    state = stepChain({ ...state, phase: "enumerating" }, { kind: "failed", fault }, 0).state;
    if (state.phase === "coolingDown") pauses.push(state.wakeAtMs ?? 0);
  }
  expect(pauses).toEqual([10_000, 20_000, 40_000, 80_000, 160_000]);
  expect(state.lastFault).toEqual(fault);
  const hashing = stepChain(
    inPhase("lowering", { failures: 3 }),
    { kind: "phaseDone", phase: "lowering", chipCount: 108 },
    0,
  ).state;
  expect(stepChain(hashing, { kind: "tick" }, 600_000).state.failures).toBe(0);
});

test("a pause ends whatever runs, and goes on with power; what was given up or is not there stays so", () => {
  const pauseIt = { kind: "pause", reason: "no pool" } as const;
  for (const phase of ["powering", "enumerating", "hashing", "coolingDown"] as const) {
    const paused = stepChain(inPhase(phase, { failures: 2 }), pauseIt, 0);
    expect(paused.state).toMatchObject({ phase: "paused", isPowered: false, failures: 2, wakeAtMs: null });
    expect(paused.actions.map((a) => a.kind)).toEqual(stopOrders);
    const resumed = stepChain(paused.state, { kind: "resume", reason: "a pool is back" }, 0);
    expect(resumed.state.phase).toBe("powering");
    expect(resumed.actions.map((a) => a.kind)).toEqual(["setReset", "requestPower"]);
  }
  for (const phase of ["absent", "disabled", "off"] as const) {
    expect(stepChain(inPhase(phase), pauseIt, 0).state.phase).toBe(phase);
  }
  expect(stepChain(inPhase("paused"), { kind: "failed", fault }, 0).state.phase).toBe("paused");
  expect(stepChain(inPhase("paused"), { kind: "stop" }, 0).state.phase).toBe("off");
});

test("a first fault keeps the power and tries again soon, a second one waits and runs slower", () => {
  const hashing = inPhase("hashing", { isEnergised: true });
  const first = stepChain(hashing, { kind: "failed", fault }, 1_000);
  expect(first.state).toMatchObject({ isEnergised: true, wakeAtMs: 3_000, recoveryPct: 100 });
  const again: ChainState = { ...first.state, phase: "hashing" };
  const second = stepChain(again, { kind: "failed", fault }, 10_000);
  expect(second.state).toMatchObject({ isEnergised: false, wakeAtMs: 30_000, recoveryPct: 95 });
  expect(frequencyPctOf(second.state)).toBe(95);
  const hot = stepChain(second.state, { kind: "limitFrequency", frequencyPct: 80, reason: "hot" }, 11_000);
  expect(frequencyPctOf(hot.state)).toBe(80);
});

test("frequency that errors took comes back a step an hour, never above the whole", () => {
  let state = stepChain(inPhase("hashing"), { kind: "slowDown", reason: "errors" }, 0).state;
  state = stepChain(state, { kind: "slowDown", reason: "errors" }, 1_000).state;
  expect(state).toMatchObject({ recoveryPct: 90, wakeAtMs: 3_601_000 });
  const given = stepChain(state, { kind: "tick" }, 3_601_000);
  expect(given).toMatchObject({ state: { recoveryPct: 95, wakeAtMs: 7_201_000 }, actions: [{ kind: "setFrequency" }] });
  const all = stepChain(given.state, { kind: "tick" }, 7_201_000);
  expect(all.state).toMatchObject({ recoveryPct: 100, wakeAtMs: null });
});

test("the supply is suspected when every chain that is left found no chip, twice", () => {
  const dead = inPhase("coolingDown", { failures: 2, chipCount: 0 });
  expect(supplySuspicion([dead, dead, inPhase("disabled")])).toMatch(/^no chip of any chain answers/);
  expect(supplySuspicion([dead, inPhase("hashing")])).toBeNull();
  expect(supplySuspicion([dead, { ...dead, chipCount: 40 }])).toBeNull();
  expect(supplySuspicion([dead, { ...dead, failures: 1 }])).toBeNull();
  expect(supplySuspicion([dead, { ...dead, isPowered: false }])).toBeNull();
  expect(supplySuspicion([inPhase("disabled"), inPhase("absent")])).toBeNull();
});

test("a limit that comes while the chain ramps counts as soon as it hashes", () => {
  const configured = inPhase("configuring");
  const ramping = stepChain(configured, { kind: "phaseDone", phase: "configuring", chipCount: 108 }, 0).state;
  const limited = stepChain(ramping, { kind: "limitFrequency", frequencyPct: 50, reason: "hot" }, 0).state;
  const lowering: ChainState = { ...limited, phase: "lowering" };
  const { actions } = stepChain(lowering, { kind: "phaseDone", phase: "lowering", chipCount: 108 }, 0);
  expect(actions.map(({ kind }) => kind)).toEqual(["startFeed", "setFrequency"]);
});
