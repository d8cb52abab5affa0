import { expect, test } from "vitest";
import { type HealthFinding, type HealthSample, startHealth, stepHealth } from "#firmware/chain/chain-health.ts";

/** A chain that should find one nonce a second. */
const PER_S: HealthSample = {
  expectedHashesPerS: 1000,
  hashesPerNonce: 1000,
  good: 0,
  hardwareErrors: 0,
  replies: 0,
  crcErrors: 0,
  silent: null,
};

interface Rates {
  good?: number;
  bad?: number;
  crc?: number;
  silent?: HealthSample["silent"];
}

/** Plays seconds at these rates; returns what was found and when. */
function play(spans: [seconds: number, rates: Rates][]) {
  let state = startHealth(null, 0);
  const found: [number, HealthFinding][] = [];
  let [good, bad, crc, nowMs] = [0, 0, 0, 0];
  for (const [seconds, rates] of spans) {
    for (let s = 0; s < seconds; s++) {
      nowMs += 1000;
      good += rates.good ?? 1;
      bad += rates.bad ?? 0;
      crc += rates.crc ?? 0;
      const sample = {
        ...PER_S,
        good,
        hardwareErrors: bad,
        replies: good + bad,
        crcErrors: crc,
        silent: rates.silent ?? null,
      };
      const step = stepHealth(state, sample, nowMs);
      state = step.state;
      if (step.finding !== null) found.push([nowMs / 1000, step.finding]);
    }
  }
  return { found, state };
}

test("a healthy chain, and one with the few errors that every chain makes, are left alone", () => {
  expect(play([[3_000, { good: 1, bad: 0.02 }]]).found).toEqual([]);
});

test("rising hardware errors take frequency, and most of the nonces wrong start the chain anew", () => {
  const [first] = play([[400, { good: 0.9, bad: 0.1 }]]).found;
  expect(first).toMatchObject([101, { code: "HARDWARE_ERRORS", remedy: "slowDown" }]);
  expect(first?.[1].text).toBe("10 % of the nonces are wrong at this frequency");
  const [broken] = play([[400, { good: 0.3, bad: 0.7 }]]).found;
  expect(broken).toMatchObject([101, { code: "HARDWARE_ERRORS", remedy: "restart" }]);
});

test("a link that garbles a fifth of the answers is started anew at once, a few bad frames are not", () => {
  expect(play([[20, { crc: 2 }]]).found[0]).toMatchObject([16, { code: "LINK_ERRORS", remedy: "restart" }]);
  expect(play([[2_000, { crc: 0.05 }]]).found).toEqual([]);
});

test("half of the hashrate gone is found within a window, and no chain is restarted for ever", () => {
  const { found } = play([[3_600, { good: 0.4 }]]);
  expect(found.map(([, { remedy }]) => remedy)).toEqual(["restart", "restart", "restart", "tell"]);
  expect(found[0]).toMatchObject([
    300,
    { code: "FLATLINE", text: "it makes only 40 % of the hashrate that its chips promise" },
  ]);
  expect(found[3]?.[1].text).toMatch(/also after 3 restarts today: it goes on with what it has$/);
});

test("what was told is told again only after a calm window, and restarts are forgiven after a day", () => {
  const { found } = play([
    [1_600, { good: 0.4 }],
    [400, { good: 1 }],
    [700, { good: 0.4 }],
  ]);
  expect(found.map(([, { remedy }]) => remedy)).toEqual(["restart", "restart", "restart", "tell", "tell"]);
  const day = play([
    [1_300, { good: 0.4 }],
    [86_400, { good: 1 }],
    [900, { good: 0.4 }],
  ]);
  expect(day.found.at(-1)?.[1].remedy).toBe("restart");
});

test("chips that fell silent are named", () => {
  const { found } = play([[5, { silent: { firstChipIndex: 54, count: 54 } }]]);
  expect(found[0]).toMatchObject([1, { code: "CHIPS_SILENT", remedy: "restart" }]);
  expect(found[0]?.[1].text).toBe("54 chips from chip 54 on say nothing any more");
  expect(play([[1, { silent: { firstChipIndex: 3, count: 1 } }]]).found[0]?.[1].text).toBe(
    "chip 3 says nothing any more",
  );
});

test("a ticket that changes within a window takes nothing from what was found before", () => {
  let state = startHealth(null, 0);
  for (let second = 1; second <= 600; second++) {
    // Sixteen times as many nonces from the second half on, each worth a sixteenth.
    const isLow = second > 200;
    const good = isLow ? 200 + (second - 200) * 16 : second;
    const step = stepHealth(state, { ...PER_S, good, hashesPerNonce: isLow ? 1000 / 16 : 1000 }, second * 1000);
    state = step.state;
    expect(step.finding).toBeNull();
  }
});
