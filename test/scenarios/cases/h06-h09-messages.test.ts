/** Public bug cases H06 to H09: answers in many shapes and orders, housekeeping, and being sent elsewhere. */
import { describe, expect, test } from "vitest";
import { poolSettings } from "#firmware/pool/pool-settings.ts";
import { parsePoolUrl } from "#firmware/stratum/pool-url.ts";
import type { VirtualClock } from "#hal/emulator/virtual-clock.ts";
import type { Network } from "#hal/network.ts";
import { fixtureNotify, SessionDriver, shareOf } from "../../firmware/stratum/session-support.ts";
import { FakePool } from "../../support/fake-pool.ts";
import { POOL_PORT } from "../../support/rig.ts";
import { EXTRANONCE1, J0, startCase } from "./fixtures.ts";

const everyHash = (p: FakePool): void => {
  p.onMining = () => {
    p.setDifficulty(1e-12);
    p.notify(J0);
  };
};
const EASY = { ticketDifficulty: 1e-12 };

test("H06: every shape of a refused share is counted as what it is, with the pool's words", async () => {
  const answers = [
    '"result":null,"error":[21,"Job not found",""]',
    '"result":false,"error":"Stale"',
    '"reject-reason":"Above target","result":false,"error":null',
    '"jsonrpc":"2.0","error":{"code":22,"message":"duplicate share","data":null}',
    '"result":false',
    '"result":true',
  ];
  const texts: string[] = [];
  const { rig } = await startCase((p) => {
    everyHash(p);
    p.override = ({ id, method, params }) => {
      if (method !== "mining.submit") return false;
      p.raw(`{"id":${id},${answers[p.shares.length]}}\n`);
      p.keepShare(params);
      return true;
    };
  }, EASY);
  for (let nonce = 0; nonce < answers.length; nonce++) {
    rig.report(nonce);
    await rig.advance(50);
    texts.push(rig.stats.lastRejectText);
  }
  expect(rig.ended.map(({ outcome }) => outcome)).toEqual([
    "stale",
    "stale",
    "lowDifficulty",
    "duplicate",
    "refused",
    "accepted",
  ]);
  expect(texts.slice(0, 4)).toEqual(["Job not found", "Stale", "Above target", "duplicate share"]);
  expect(rig.stats).toMatchObject({ accepted: 1, stale: 2, rejected: 3, duplicate: 1, lost: 0 });
  expect(rig.stats.roundTrip.count).toBe(6);
  await rig.stop();
});

describe("H07: answers out of order and large ids", () => {
  test.each([32_766, 4_294_967_294])("ids from %i on: six shares, each its own answer", (nextId) => {
    const session = new SessionDriver().handshake().receive(fixtureNotify());
    session.state = { ...session.state, nextId };
    const job = session.jobs[0]?.job;
    if (job === undefined) throw new Error("no job");
    for (let nonce = 1; nonce <= 6; nonce++) session.submit(shareOf(job, { nonce }));
    const ids = session.sent.slice(-6).map(({ id }) => id);
    expect(ids).toEqual([0, 1, 2, 3, 4, 5].map((i) => nextId + i));
    for (const nth of [6, 1, 5, 2, 4, 3]) session.receive(`{"id":${nextId + nth - 1},"result":true,"error":null}`);
    const answered = session.actions.flatMap((a) => (a.kind === "answered" ? [[a.share.nonce, a.outcome]] : []));
    expect(answered).toEqual([6, 1, 5, 2, 4, 3].map((nonce) => [nonce, "accepted"]));
    expect(session.state.pending.size).toBe(0);
  });

  test("an unknown id, or one that was answered before, is told and dropped", async () => {
    const { rig, pool } = await startCase(everyHash, EASY);
    rig.report(1);
    await rig.advance(50);
    expect(rig.stats.accepted).toBe(1);
    for (const id of ["99", '"x"', "4"]) {
      pool.raw(`{"id":${id},"result":true,"error":null}\n`);
      await rig.advance(10);
      expect(rig.stats.lastNotice).toBe(`answer to ${id.replaceAll('"', "")} belongs to no share that waits: ignored`);
    }
    expect(rig.stats).toMatchObject({ accepted: 1, rejected: 0, state: "mining" });
    await rig.stop();
  });
});

test("H08: housekeeping calls of the pool are answered and count as nothing else", async () => {
  const { rig, pool } = await startCase();
  const answers: unknown[] = [];
  pool.override = (call) => {
    if (call.method !== undefined) return false;
    answers.push(call);
    return true;
  };
  pool.raw(
    [
      '{"id":7,"method":"mining.ping","params":[]}',
      '{"id":"abc","method":"client.get_version","params":[]}',
      '{"id":null,"method":"client.show_message","params":["<b>hello</b>"]}',
      '{"id":9,"method":"mining.unknown","params":{}}',
      "",
    ].join("\n"),
  );
  await rig.advance(100);
  expect(answers).toEqual([
    { id: 7, result: "pong", error: null },
    { id: "abc", result: "kumpel/test", error: null },
    { id: 9, result: null, error: [-3, "Method not found", null] },
  ]);
  expect(rig.stats.lastNotice).toBe("message of the pool: <b>hello</b>");
  expect(rig.stats).toMatchObject({ notifies: 1, submittedCount: 0, accepted: 0, rejected: 0, stale: 0, connects: 1 });
  await rig.stop();
});

describe("H09: sent elsewhere by client.reconnect", () => {
  const settings = Object.freeze(poolSettings(parsePoolUrl("a.pool.test:3333"), "alice.1", "x"));

  /** Mines at a.pool.test, is told to go, and says where it dialled when. */
  async function redirected(params: unknown[], waitMs: number, hasTarget = true) {
    const dialled: [host: string, port: number, atMs: number][] = [];
    const target = new FakePool(1);
    target.extranonce1 = EXTRANONCE1;
    const wrapNetwork = (network: Network, clock: VirtualClock): Network => ({
      listen: network.listen.bind(network),
      connect: (options) => {
        dialled.push([options.host, options.port, clock.nowMs()]);
        return network.connect(options);
      },
    });
    const { rig, pool } = await startCase(undefined, { wrapNetwork, poolGroups: [{ quota: 1, pools: [settings] }] });
    if (hasTarget) await target.listen(rig.network, 3334);
    const askedAtMs = rig.clock.nowMs();
    pool.call("client.reconnect", params);
    await rig.advance(waitMs);
    const { stats } = rig;
    await rig.stop();
    return { moves: dialled.slice(1).map(([host, port, atMs]) => [host, port, atMs - askedAtMs]), stats };
  }

  test.each([
    [[], [["a.pool.test", POOL_PORT, 0]]],
    [["b.pool.test", 3334, 1], [["b.pool.test", 3334, 1_000]]],
    [["b.pool.test", "3334", "1"], [["b.pool.test", 3334, 1_000]]],
    [["b.pool.test", 3334, 86_400], [["b.pool.test", 3334, 60_000]]],
  ])("%o is followed, after a minute at the most", async (params, moves) => {
    expect((await redirected(params, 61_000)).moves).toEqual(moves);
  });

  test.each([
    [
      ["evil.test", 3333, 0],
      /^the pool asked to move to "evil\.test", outside of a\.pool\.test's own domain: not followed$/,
    ],
    [["b.pool.test", 99_999, 1], /^the pool asked to move to port 99999, which is no port: not followed$/],
  ])("%o is refused with a sentence, and the link stays", async (params, text) => {
    const { moves, stats } = await redirected(params, 5_000);
    expect(moves).toEqual([]);
    expect(stats.lastNotice).toMatch(text);
    expect(stats.connects).toBe(1);
  });

  test("a target that fails: the configured pool is next, and its settings are as they were", async () => {
    const before = JSON.stringify(settings);
    const { moves } = await redirected(["b.pool.test", 3334, 1], 20_000, false);
    expect(moves.slice(0, 2).map(([host, port]) => [host, port])).toEqual([
      ["b.pool.test", 3334],
      ["a.pool.test", POOL_PORT],
    ]);
    expect(JSON.stringify(settings)).toBe(before);
  });
});
