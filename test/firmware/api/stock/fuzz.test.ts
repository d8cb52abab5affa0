/** Whatever a client writes to the settings pages is an order or a refusal: no crash, and the document keeps its shape. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { viewOf } from "#firmware/api/machine-facts.ts";
import { changeConf, minerConf, NO_MEMORY } from "#firmware/api/stock/miner-conf.ts";
import { parseNetwork } from "#firmware/api/stock/network-conf.ts";
import { bodyObject } from "#firmware/api/stock/web-types.ts";
import { Fuzzed, fuzzRuns, fuzzTimeoutMs } from "../../../support/fuzz.ts";
import { faceBench } from "../cgminer/face-fixture.ts";

const NUM_RUNS = fuzzRuns(1000);
const TIMEOUT_MS = fuzzTimeoutMs(NUM_RUNS);
const runs = { numRuns: NUM_RUNS, seed: 20_261_128 };

const odd = fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.constantFrom("0", "1", 0, 1, true, "false", "100", "50", "x"));
const pool = fc.record({ url: fc.oneof(fc.string(), fc.constant("stratum+tcp://a:1")), user: odd, pass: odd });
const body = fc.record(
  {
    pools: fc.oneof(odd, fc.array(fc.oneof(pool, odd), { maxLength: 4 })),
    "bitmain-fan-ctrl": odd,
    "bitmain-fan-pwm": odd,
    "bitmain-fan-pwn": odd,
    "bitmain-freq": odd,
    "miner-mode": odd,
    "bitmain-work-mode": odd,
    "freq-level": odd,
  },
  { requiredKeys: [] },
);

test(
  "any settings end in orders within their limits or in a sentence",
  () => {
    const view = viewOf(faceBench())!;
    const fuzzed = new Fuzzed("stock settings");
    fc.assert(
      fc.property(
        body,
        body,
        fuzzed.watch((first: Record<string, unknown>, second: Record<string, unknown>) => {
          let memory = NO_MEMORY;
          for (const changes of [first, second]) {
            const change = changeConf(view, memory, changes);
            if (!change.ok) {
              expect(change.message).not.toBe("");
              continue;
            }
            memory = change.memory;
            for (const order of change.orders) {
              if (order.kind === "setPools") expect(order.pools.length).toBeGreaterThan(0);
              if (order.kind === "setFan" && order.dutyPct !== null) {
                expect(order.dutyPct).toBeGreaterThanOrEqual(0);
                expect(order.dutyPct).toBeLessThanOrEqual(100);
              }
            }
            const shown = minerConf(view, memory);
            expect(shown["pools"]).toHaveLength(3);
            // What is shown and written back changes nothing.
            expect(changeConf(view, memory, shown)).toMatchObject({ ok: true, orders: [] });
          }
        }),
      ),
      runs,
    );
    fuzzed.tell();
  },
  TIMEOUT_MS,
);

test(
  "any network settings are good or have one of five codes; any text is an object or none",
  () => {
    const address = fc.oneof(fc.ipV4(), fc.string(), odd);
    const network = fc.record(
      { ipHost: address, ipPro: odd, ipAddress: address, ipSub: address, ipGateway: address, ipDns: address },
      { requiredKeys: [] },
    );
    const fuzzed = new Fuzzed("stock network and body");
    fc.assert(
      fc.property(
        network,
        fc.string({ unit: "binary" }),
        fuzzed.watch((settings: Record<string, unknown>, text: string) => {
          const parsed = parseNetwork(settings);
          if (!parsed.ok) expect(parsed.code).toMatch(/^N00[1-5]$/);
          const object = bodyObject(text);
          expect(object === null || typeof object === "object").toBe(true);
          expect(bodyObject(JSON.stringify(settings))).toEqual(JSON.parse(JSON.stringify(settings)));
        }),
      ),
      runs,
    );
    fuzzed.tell();
  },
  TIMEOUT_MS,
);
