/** Alerts: when they are raised, told again and resolved, and what each condition sees in a snapshot. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type AlertEvent, type AlertState, alertStep, NO_ALERTS } from "#firmware/api/alerts/alert-step.ts";
import { CONDITIONS, type Condition, findingsOf } from "#firmware/api/alerts/conditions.ts";
import type { FaceView } from "#firmware/api/machine-facts.ts";
import { viewOf } from "#firmware/api/machine-facts.ts";
import type { MinerSnapshot } from "#firmware/api/snapshot.ts";
import type { Incident } from "#firmware/incidents/incident.ts";
import { chainAt, faceBench, machine, poolAt } from "../cgminer/face-fixture.ts";

const VIEW = viewOf(faceBench())!;

function view(changes: Partial<MinerSnapshot>): FaceView {
  return viewOf(faceBench(machine(changes)))!;
}

/** A condition that is there when the test says so. */
function switched(changes: Partial<Condition> = {}) {
  const state = { parts: [] as string[] };
  const condition: Condition = {
    id: "x",
    severity: "warning",
    title: "X",
    raiseAfterMs: 10_000,
    clearAfterMs: 20_000,
    repeatMs: 3_600_000,
    isEvent: false,
    find: () => state.parts.map((part) => ({ part, text: `${part} is wrong` })),
    ...changes,
  };
  return { state, condition };
}

/** Runs the step once a second and notes what it says, with the second. */
function timeline(condition: Condition, seconds: number, before: (second: number) => void): string[] {
  const said: string[] = [];
  let state: AlertState = NO_ALERTS;
  for (let second = 0; second <= seconds; second++) {
    before(second);
    const step = alertStep(state, VIEW, second * 1_000, "info", [condition]);
    state = step.state;
    said.push(...step.events.map(({ kind, part }) => `${second} ${kind} ${part}`.trim()));
  }
  return said;
}

describe("the step", () => {
  test("what stands is told once, again after the interval, and once when it is gone", () => {
    const { condition, state } = switched({ repeatMs: 100_000 });
    const said = timeline(condition, 400, (second) => {
      state.parts = second >= 5 && second < 250 ? [""] : [];
    });
    expect(said).toEqual(["15 raised", "115 repeated", "215 repeated", "270 resolved"]);
  });

  test("what flickers is not told at all, or as one", () => {
    const { condition, state } = switched();
    // On for 8 s of every 12: never long enough.
    expect(
      timeline(condition, 600, (second) => {
        state.parts = second % 12 < 8 ? [""] : [];
      }),
    ).toEqual([]);
    // Raised, then gone for 4 s of every 12: it was never over.
    const said = timeline(condition, 600, (second) => {
      state.parts = second < 30 || second % 12 < 8 ? [""] : [];
    });
    expect(said).toEqual(["10 raised"]);
  });

  test("parts are told each by itself", () => {
    const { condition, state } = switched();
    const said = timeline(condition, 100, (second) => {
      state.parts = ["chain 0", ...(second >= 20 && second < 50 ? ["chain 1"] : [])];
    });
    expect(said).toEqual(["10 raised chain 0", "30 raised chain 1", "70 resolved chain 1"]);
  });

  test("an event is told once and never resolved", () => {
    const { condition, state } = switched({ isEvent: true, raiseAfterMs: 0, clearAfterMs: 0, repeatMs: 10_000 });
    const said = timeline(condition, 100, (second) => {
      state.parts = second < 50 ? [""] : [];
    });
    expect(said).toEqual(["0 raised"]);
  });

  test("a resolved alert says how long it stood, with its last words", () => {
    const { condition, state } = switched({ raiseAfterMs: 0, clearAfterMs: 20_000 });
    const events: AlertEvent[] = [];
    let memory: AlertState = NO_ALERTS;
    for (let second = 0; second <= 120; second++) {
      state.parts = second < 60 ? ["a"] : [];
      const step = alertStep(memory, VIEW, second * 1_000, "info", [condition]);
      memory = step.state;
      events.push(...step.events);
    }
    expect(events.at(-1)).toMatchObject({ kind: "resolved", part: "a", text: "a is wrong", standsMs: 60_000 });
  });

  test("what is too light is not looked at", () => {
    const { condition, state } = switched({ raiseAfterMs: 0 });
    state.parts = [""];
    expect(alertStep(NO_ALERTS, VIEW, 0, "critical", [condition]).events).toEqual([]);
    expect(alertStep(NO_ALERTS, VIEW, 0, "warning", [condition]).events).toHaveLength(1);
  });

  test("for any flicker: raised and resolved take turns, never faster than the delays, and memory stays small", () => {
    fc.assert(
      fc.property(
        fc.array(fc.boolean(), { maxLength: 400 }),
        fc.integer({ min: 0, max: 30 }),
        fc.integer({ min: 0, max: 30 }),
        (stands, raiseS, clearS) => {
          const { condition, state } = switched({ raiseAfterMs: raiseS * 1_000, clearAfterMs: clearS * 1_000 });
          const said = timeline(condition, stands.length - 1, (second) => {
            state.parts = stands[second] === true ? [""] : [];
          }).map((line) => line.split(" "));
          said.forEach(([second, kind], i) => {
            expect(kind).toBe(i % 2 === 0 ? "raised" : "resolved");
            const before = said[i - 1];
            if (before !== undefined)
              expect(Number(second) - Number(before[0])).toBeGreaterThanOrEqual(kind === "raised" ? raiseS : clearS);
          });
        },
      ),
    );
  });
});

function found(changes: Partial<MinerSnapshot>): string[] {
  return CONDITIONS.flatMap(({ id, find }) =>
    find(view(changes)).map(({ part }) => (part === "" ? id : `${id} ${part}`)),
  );
}

function thermal(changes: Partial<MinerSnapshot["thermal"]>): Partial<MinerSnapshot> {
  return { thermal: { ...machine().thermal, ...changes } };
}

function updateAt(message: string): MinerSnapshot["update"] {
  return { ...machine().update, state: "rolledBack", message };
}

const UNCLEAN: Incident = {
  run: 4,
  atWallMs: 0,
  uptimeMs: 0,
  kind: "uncleanEnd",
  chainIndex: null,
  text: "the run before ended without a word",
};

describe("the conditions", () => {
  test("a calm machine has none", () => expect(found({})).toEqual([]));

  test.each<[string, Partial<MinerSnapshot>, string[]]>([
    ["a latched shutdown", { shutdownReason: "board too hot" }, ["shutdown"]],
    [
      "no chain hashes and nobody says why",
      { chains: [chainAt(0, { state: "enumerating", reason: "no chip answers" })] },
      ["notHashing"],
    ],
    [
      "a pause on purpose",
      { pauseReason: "paused by phone", isPausedByOwner: true, chains: [chainAt(0, { state: "paused" })] },
      [],
    ],
    ["a chain that was given up", { chains: [chainAt(0), chainAt(1, { state: "disabled" })] }, ["chainLost chain 1"]],
    ["a chain that has no hashboard", { chains: [chainAt(0), chainAt(1, { state: "absent" })] }, []],
    ["a chain that lost chips", { chains: [chainAt(0), chainAt(2, { chips: 77 })] }, ["chipsLost chain 2"]],
    ["a fan that stands", thermal({ reason: "fan 2 stands still: full fans", trouble: "fans" }), ["fanFault"]],
    ["all fans", thermal({ reason: "all 4 fans have stopped, or their cable is off", trouble: "fans" }), ["fanFault"]],
    [
      "a fan at the start",
      thermal({ phase: "warmUp", reason: "fan 1 does not turn yet", trouble: "fans" }),
      ["fanFault"],
    ],
    ["full fans are no fault", thermal({ reason: "board at 65.0 C: full fans, chips at 90 % of their frequency" }), []],
    [
      "a lost sensor",
      thermal({ reason: "1 of 4 temperature sensors lost: full fans", trouble: "sensors" }),
      ["sensorFault"],
    ],
    ["no sensor", thermal({ reason: "no temperature sensor answers: full fans", trouble: "sensors" }), ["sensorFault"]],
    ["a board near its limit", thermal({ phase: "throttling", reason: "board at 72.0 C" }), ["tooHot"]],
    [
      "pools that are all dead",
      { pools: [poolAt(0, { state: "unreachable" }), poolAt(1, { state: "stopped" })] },
      ["noPool"],
    ],
    ["one pool is enough", { pools: [poolAt(0, { state: "unreachable" }), poolAt(1)] }, []],
    ["it earns nothing", { alarms: ["it earns nothing"], earningAlarm: "it earns nothing" }, ["earnsNothing"]],
    ["another finding", { alarms: ["chain 1: fed too late"] }, ["finding"]],
    [
      "a restart without a word",
      { uptimeMs: 60_000, whyRestarted: UNCLEAN.text, recentIncidents: [UNCLEAN] },
      ["restarted"],
    ],
    ["an update that failed", { update: updateAt("version 0.2.0 did not start") }, ["updateFailed"]],
    [
      "one that the owner took back",
      { update: { ...updateAt("An older version runs again."), isOwnersReturn: true } },
      [],
    ],
    ["one of long ago", { whyRestarted: UNCLEAN.text, recentIncidents: [UNCLEAN] }, []],
  ])("%s", (_, changes, expected) => expect(found(changes)).toEqual(expected));

  test("of a machine on which nothing is switched on that alone is told, and that it is over", () => {
    const idle = { reason: "hashboards stay off: a clock of 990 MHz", lacksPool: false, machine: "s9", sinceMs: 0 };
    const idling = viewOf({ ...faceBench(null), idle: () => idle })!;
    expect(CONDITIONS.filter((condition) => findingsOf(condition, idling).length > 0).map(({ id }) => id)).toEqual([
      "idle",
    ]);
    const events: AlertEvent[] = [];
    let state: AlertState = NO_ALERTS;
    for (let second = 0; second <= 600; second += 5) {
      const step = alertStep(state, second < 300 ? idling : view({}), second * 1_000);
      state = step.state;
      events.push(...step.events);
    }
    expect(events.map(({ kind, id, text }) => [kind, id, text])).toEqual([
      ["raised", "idle", idle.reason],
      ["resolved", "idle", idle.reason],
    ]);
  });

  test("many rejects count, few shares do not", () => {
    const truth = machine().truth;
    const hour = { ...truth["1h"], accepted: truth["1h"].submitted * 0.8 };
    const shares = { ...poolAt(0).shares, lastRejectText: "low difficulty" };
    const rejecting = (submitted: number): Partial<MinerSnapshot> => ({
      truth: { ...truth, "1h": hour },
      pool: poolAt(0, { shares: { ...shares, submitted } }),
    });
    expect(found(rejecting(49))).toEqual([]);
    expect(found(rejecting(50))).toEqual(["sharesRejected"]);
    const [finding] = CONDITIONS.find(({ id }) => id === "sharesRejected")?.find(view(rejecting(50))) ?? [];
    expect(finding?.text).toBe("pools took no more than 80 % of the work of the last hour (its words: low difficulty)");
  });

  test("each has an id of its own, and delays that keep it from flooding", () => {
    expect(new Set(CONDITIONS.map(({ id }) => id)).size).toBe(CONDITIONS.length);
    for (const { repeatMs } of CONDITIONS) expect(repeatMs).toBeGreaterThanOrEqual(3_600_000);
  });
});
