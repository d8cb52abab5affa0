import fc from "fast-check";
import { expect, test } from "vitest";
import { type ChainTuning, chipMhzOf, uniformTuning } from "#firmware/chain/chain-tuning.ts";
import { stepTuning, type TuningInput, type TuningState } from "#firmware/tuning/tuning-machine.ts";
import { LIMITS, START as start } from "./tuning-fixture.ts";

const fresh: TuningState = {
  limits: LIMITS,
  start,
  now: start,
  history: [],
};
const at = (chainIndex: number | null, chipIndex: number | null = null, domainIndex: number | null = null) => {
  return { chainIndex, chipIndex, domainIndex };
};
const absolute = (value: number) => ({ kind: "absolute", value }) as const;

test.each([
  [{ kind: "frequency", target: at(0, 3), value: absolute(736) }, "736 MHz is outside of 50 to 735 MHz (its own)"],
  [
    { kind: "frequency", target: at(0), value: { kind: "change", value: -450 } },
    "40 MHz is outside of 50 to 735 MHz (its own)",
  ],
  [{ kind: "frequency", target: at(0, 12), value: absolute(500) }, "chain 0 has no chip 12: chips are 0 to 11"],
  [{ kind: "frequency", target: at(2), value: absolute(500) }, "there is no chain 2: chains are 0 to 1"],
  [{ kind: "frequency", target: at(0, null, 4), value: absolute(500) }, "chain 0 has no domain 4: domains are 0 to 3"],
  [{ kind: "frequency", target: at(null, 1), value: absolute(500) }, "say of which chain the chip or domain is"],
  [
    { kind: "voltage", target: at(0, 1), value: absolute(13_000) },
    "chips of a chain are powered in series: a voltage can be set for whole chains only",
  ],
  [
    { kind: "voltage", target: at(0), value: absolute(13_000) },
    "all chains of this machine share one supply: say all instead of 0",
  ],
  [
    { kind: "voltage", target: at(null), value: absolute(16_000) },
    "16000 mV is outside of 11960 to 15300 mV (its own)",
  ],
  [{ kind: "frequency", target: at(0), value: absolute(Number.NaN) }, "NaN MHz is outside of 50 to 735 MHz (its own)"],
  [{ kind: "undo" }, "there is nothing to undo"],
] satisfies [TuningInput, string][])("refuses %j and says why", (input, reason) => {
  expect(stepTuning(fresh, input)).toEqual({ state: fresh, actions: [], isRefused: true, reason });
});

test("a fixed voltage is no limit but a fact", () => {
  const fixed = { ...fresh, limits: { ...fresh.limits, voltageMv: null } };
  const { reason, isRefused } = stepTuning(fixed, { kind: "voltage", target: at(null), value: absolute(1) });
  expect({ reason, isRefused }).toEqual({ reason: "the voltage of this machine is fixed", isRefused: true });
});

test("a domain is its neighbouring chips; the clock of the whole chain takes single ones back", () => {
  const one = stepTuning(fresh, { kind: "frequency", target: at(1, null, 2), value: absolute(450) });
  expect([...(one.state.now.chains[1]?.chipMhz ?? [])]).toEqual([
    [6, 450],
    [7, 450],
    [8, 450],
  ]);
  expect(one.actions).toEqual([{ kind: "retune", chainIndex: 1, tuning: one.state.now.chains[1] }]);
  const shifted = stepTuning(one.state, { kind: "frequency", target: at(1), value: { kind: "change", value: 10 } });
  const [, chain] = shifted.state.now.chains;
  if (chain === undefined) throw new Error("no chain");
  expect([chipMhzOf(chain, 5), chipMhzOf(chain, 6)]).toEqual([500, 460]);
  const whole = stepTuning(shifted.state, { kind: "frequency", target: at(1), value: absolute(470) });
  expect(whole.state.now.chains[1]).toEqual(uniformTuning(470));
});

test("back to the start: a clock that goes down comes before the voltage, one that goes up after it", () => {
  const orders: TuningInput[] = [
    { kind: "frequency", target: at(0), value: absolute(400) },
    { kind: "frequency", target: at(1), value: absolute(550) },
    { kind: "voltage", target: at(null), value: absolute(13_000) },
  ];
  const { state } = orders.reduce((step, input) => stepTuning(step.state, input), stepTuning(fresh, { kind: "reset" }));
  const { actions } = stepTuning(state, { kind: "reset" });
  expect(actions).toEqual([
    { kind: "retune", chainIndex: 1, tuning: uniformTuning(490) },
    { kind: "voltage", chains: [0, 1], workMv: 13_400 },
    { kind: "retune", chainIndex: 0, tuning: uniformTuning(490) },
  ]);
});

const tuned = fc.record({
  baseMhz: fc.integer({ min: 50, max: 735 }),
  chipMhz: fc
    .array(fc.tuple(fc.nat(11), fc.integer({ min: 50, max: 735 })), { maxLength: 4 })
    .map((entries) => new Map(entries)),
});
const whole = fc.record({ chains: fc.tuple(tuned, tuned), mv: fc.constantFrom(12_500, 13_400, 14_500) });

test("whatever changes to whatever: while the voltage changes, no chip is faster than before or after", () => {
  fc.assert(
    fc.property(whole, whole, (from, to) => {
      const now = { chains: from.chains, workMv: [from.mv, from.mv] };
      const goal = { chains: to.chains, workMv: [to.mv, to.mv] };
      const { actions } = stepTuning({ ...fresh, now, start: goal }, { kind: "reset" });
      const chains: ChainTuning[] = [...from.chains];
      for (const action of actions) {
        if (action.kind === "retune") chains[action.chainIndex] = action.tuning;
        for (const [i, chain] of chains.entries())
          for (let chip = 0; chip < 12; chip++) {
            const [was, will] = [chipMhzOf(from.chains[i] ?? chain, chip), chipMhzOf(to.chains[i] ?? chain, chip)];
            const most = action.kind === "voltage" ? Math.min(was, will) : Math.max(was, will);
            expect(chipMhzOf(chain, chip)).toBeLessThanOrEqual(most);
          }
      }
      for (const [i, chain] of chains.entries())
        for (let chip = 0; chip < 12; chip++)
          expect(chipMhzOf(chain, chip)).toBe(chipMhzOf(to.chains[i] ?? chain, chip));
    }),
  );
});

const value = fc.oneof(
  fc.record({ kind: fc.constant("absolute" as const), value: fc.double({ min: -100, max: 20_000 }) }),
  fc.record({ kind: fc.constant("change" as const), value: fc.double({ min: -300, max: 300 }) }),
  fc.constant({ kind: "start" } as const),
);
const target = fc.record({
  chainIndex: fc.option(fc.nat(2)),
  domainIndex: fc.option(fc.nat(4)),
  chipIndex: fc.option(fc.nat(13)),
});
const input: fc.Arbitrary<TuningInput> = fc.oneof(
  fc.record({ kind: fc.constant("frequency" as const), target, value }),
  fc.record({ kind: fc.constant("voltage" as const), target, value }),
  fc.constant({ kind: "undo" } as const),
  fc.constant({ kind: "reset" } as const),
);

test("whatever is asked for: all clocks and voltages stay within the limits, and undoing all of it leads back", () => {
  fc.assert(
    fc.property(fc.array(input, { maxLength: 30 }), (inputs) => {
      let state = fresh;
      for (const one of inputs) state = stepTuning(state, one).state;
      for (const chain of state.now.chains)
        for (let chip = 0; chip < 12; chip++) {
          expect(chipMhzOf(chain, chip)).toBeGreaterThanOrEqual(50);
          expect(chipMhzOf(chain, chip)).toBeLessThanOrEqual(735);
        }
      for (const mv of state.now.workMv) expect(mv >= 11_960 && mv <= 15_300).toBe(true);
      expect(new Set(state.now.workMv).size).toBe(1);
      while (state.history.length > 0) state = stepTuning(state, { kind: "undo" }).state;
      expect(state.now).toEqual(start);
    }),
  );
});
