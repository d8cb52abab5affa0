/** Public bug cases H01 to H05: what pools send early, in fractions, in other sizes, or not at all. */
import { describe, expect, test } from "vitest";
import { Extranonce2Counter } from "#firmware/work/extranonce2.ts";
import { EXTRANONCE1, got, J0, N1, N2, N3, N3_BITS, rootOf, SIZES, startCase } from "./fixtures.ts";

test("H01: difficulty and job before the subscribe answer", async () => {
  const { rig, pool } = await startCase((p) => {
    p.onMining = () => undefined;
    p.difficulty = 0.02;
    p.onConnect = () => {
      p.raw(`{"id":null,"method":"mining.set_difficulty","params":[0.02]}\n${p.notifyLine(J0)}`);
    };
    p.silentOn = ["mining.subscribe"];
  });
  expect(rig.works).toEqual([]);
  expect(rig.stats.state).toBe("connecting");
  await rig.advance(300);
  pool.raw(`{"id":2,"result":[[["mining.notify","x"]],"${EXTRANONCE1}",4],"error":null}\n`);
  await rig.advance(100);
  expect(rig.stats).toMatchObject({ state: "mining", difficulty: 0.02, connects: 1 });
  expect([rig.report(N2), rig.report(N1)]).toEqual(["valid", "share"]);
  await rig.advance(100);
  expect(got(pool)).toEqual(["008f58d0 good"]);
  expect(pool.shares[0]?.extranonce2).toBe("00000001");
  await rig.stop();
});

describe("H02: fractional difficulty", () => {
  test.each([
    ["0.001", 0.001, ["008f58d0 good"]],
    ["1e-3", 0.001, ["008f58d0 good"]],
    ["0.0005", 0.0005, ["008f58d0 good", "0077b868 good"]],
    ["1024.0", 1024, []],
    // The neighbouring doubles between which the second nonce lies.
    ["0.0009298072028713603", 0.0009298072028713603, ["008f58d0 good", "0077b868 good"]],
    ["0.0009298072028713604", 0.0009298072028713604, ["008f58d0 good"]],
  ] as const)("[%s] counts as it is", async (text, difficulty, shares) => {
    const { rig, pool } = await startCase((p) => {
      p.onMining = () => {
        p.difficulty = difficulty;
        p.raw(`{"id":null,"method":"mining.set_difficulty","params":[${text}]}\n${p.notifyLine(J0)}`);
      };
    });
    rig.report(N1);
    rig.report(N2);
    await rig.advance(100);
    expect(got(pool)).toEqual(shares);
    expect(rig.stats.difficulty).toBe(difficulty);
    await rig.stop();
  });

  test.each(["0", "-1", '"8"', "null"])("[%s] keeps the last good value and says so once", async (text) => {
    const { rig, pool } = await startCase((p) => {
      p.onMining = () => {
        p.setDifficulty(0.001);
        p.raw(`{"id":null,"method":"mining.set_difficulty","params":[${text}]}\n${p.notifyLine(J0)}`);
      };
    });
    rig.report(N1);
    rig.report(N2);
    await rig.advance(100);
    expect(got(pool)).toEqual(["008f58d0 good"]);
    expect(rig.stats).toMatchObject({ difficulty: 0.001, state: "mining" });
    expect(rig.stats.lastNotice).toMatch(/is no number above 0: keeping 0\.001$/);
    await rig.stop();
  });
});

describe("H03: extranonce2 of other sizes", () => {
  test.each(SIZES)("$size bytes: the stated root, and the right number of digits", async ({ size, end, hex, root }) => {
    // The counter of eight bytes counts its first six: there the stated value is out of its reach, the root is not.
    const isReached = size <= 6;
    const { rig, pool } = await startCase(
      (p) => {
        p.extranonce2Size = size;
        p.onMining = () => {
          p.setDifficulty(1e-12);
          p.notify({ ...J0, coinb1: `${(J0.coinb1 ?? "").slice(0, -12)}${end}` });
        };
      },
      { firstExtranonce2: isReached ? 2 ** (8 * (size - 1)) : 1, ticketDifficulty: 1e-12 },
    );
    expect(rig.report(1)).toBe("share");
    await rig.advance(100);
    expect(pool.shares).toEqual([expect.objectContaining({ verdict: "good" })]);
    const [share] = pool.shares;
    expect(share?.extranonce2.length).toBe(2 * size);
    if (isReached) {
      expect(share?.extranonce2).toBe(hex);
      expect(rootOf(rig.works[0]?.headerHex ?? "")).toBe(root);
    } else {
      expect(rig.rootOfJob(hex)).toBe(root);
    }
    await rig.stop();
  });

  test("all values of two bytes are used before one comes again, over three chains", () => {
    const seen = new Set<string>();
    const out = new Uint8Array(2);
    for (let chain = 0; chain < 3; chain++) {
      const counter = new Extranonce2Counter(2, chain, 3);
      while (counter.take(out)) seen.add(Buffer.from(out).toString("hex"));
    }
    expect(seen.size).toBe(65_536);
  });
});

test("H04: the version mask comes early and changes in mid-session", async () => {
  const { rig, pool } = await startCase((p) => {
    p.configureResult = {};
    p.override = ({ method }) => {
      if (method === "mining.authorize") p.call("mining.set_version_mask", ["1fffe000"]);
      return false;
    };
    p.onMining = () => {
      p.setDifficulty(0.001);
      p.notify(J0);
    };
  });
  expect(rig.works[0]?.versionMask).toBe(0x1fffe000);
  rig.report(N1);
  rig.report(N3, N3_BITS);
  await rig.advance(100);
  expect(pool.shares.map(({ bits, verdict }) => `${bits} ${verdict}`)).toEqual(["00000000 good", "00004000 good"]);
  const before = rig.works.length;
  pool.call("mining.set_version_mask", ["00ffe000"]);
  await rig.advance(100);
  // New work goes out at once, under the new mask.
  expect(rig.works.slice(before).map(({ versionMask }) => versionMask)).toEqual([0x00ffe000]);
  for (const params of [["zz"], []]) {
    pool.call("mining.set_version_mask", params);
    await rig.advance(10);
    expect(rig.stats.lastNotice).toMatch(/^version mask .* is no hex number: ignored$/);
  }
  pool.call("mining.set_version_mask", ["1fffe000"]);
  await rig.advance(3_000);
  expect(rig.works.at(-1)?.versionMask).toBe(0x1fffe000);
  expect(rig.stats).toMatchObject({ state: "mining", connects: 1, rejected: 0, lost: 0 });
  await rig.stop();
});

test("H04: shares of work from before the change carry their own bits", async () => {
  const { rig, pool } = await startCase(
    (p) => {
      p.onMining = () => {
        p.setDifficulty(1e-12);
        p.notify(J0);
      };
    },
    { ticketDifficulty: 1e-12 },
  );
  pool.call("mining.set_version_mask", ["00ffe000"]);
  await rig.advance(100);
  expect(rig.report(5, 0x1f000000)).toBe("share");
  // The newer work may not be rolled with them any more.
  expect(rig.report(6, 0x1f000000, rig.works.at(-1))).toBe("hardwareError");
  await rig.advance(100);
  expect(pool.shares.map(({ bits, verdict }) => `${bits} ${verdict}`)).toEqual(["1f000000 good"]);
  await rig.stop();
});

describe("H05: a pool without version rolling", () => {
  const grants: [name: string, answer: unknown][] = [
    ["says false", { result: { "version-rolling": false }, error: null }],
    ["knows no such call", { result: null, error: [20, "Unknown method", null] }],
    ["does not answer", null],
    ["gives a mask of zero", { result: { "version-rolling": true, "version-rolling.mask": "00000000" }, error: null }],
  ];
  test.each(grants)("that %s is mined with the job's version and five items", async (_name, answer) => {
    const items: number[] = [];
    const { rig, pool } = await startCase(
      (p) => {
        p.override = ({ id, method, params }) => {
          if (method === "mining.submit") items.push(params.length);
          if (method !== "mining.configure") return false;
          if (answer !== null) p.raw(`${JSON.stringify({ id, ...answer })}\n`);
          return true;
        };
      },
      { startMs: 10_000 },
    );
    expect(rig.works[0]?.headerHex.slice(0, 8)).toBe("00000020");
    expect(rig.works[0]?.versionMask).toBe(0);
    expect(rig.report(N1)).toBe("share");
    await rig.advance(100);
    expect(items).toEqual([5]);
    expect(got(pool)).toEqual(["008f58d0 good"]);
    expect(rig.stats).toMatchObject({ accepted: 1, rejected: 0, connects: 1, isRollingOff: true });
    await rig.stop();
  });
});
