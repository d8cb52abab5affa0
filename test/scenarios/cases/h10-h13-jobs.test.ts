/** Public bug cases H10 to H13: long coinbases, cut lines, floods of jobs, nonces that come twice. */
import { describe, expect, test } from "vitest";
import { MerkleRootBuilder } from "#firmware/work/merkle.ts";
import { SessionDriver } from "../../firmware/stratum/session-support.ts";
import { heldAfterBytes } from "../../support/heap.ts";
import { EXTRANONCE1, got, J0, LONG, longCoinb2, N1, N2, rootOf, startCase } from "./fixtures.ts";

describe("H10: a long coinbase", () => {
  test.each(LONG)("of $bytes bytes is hashed whole", async ({ bytes, script, root }) => {
    const coinb2 = longCoinb2(script);
    const total = `${J0.coinb1}${EXTRANONCE1}00000001${coinb2}`.length / 2;
    expect(total).toBe(bytes);
    const { rig } = await startCase((p) => {
      p.onMining = () => p.notify({ ...J0, coinb2 });
    });
    expect(rootOf(rig.works[0]?.headerHex ?? "")).toBe(root);
    await rig.stop();
  });

  test("after a hundred of them memory is where it was", () => {
    const session = new SessionDriver().handshake();
    const merkle = new MerkleRootBuilder();
    const root = new Uint8Array(32);
    const coinb2 = longCoinb2(69_913);
    let count = 0;
    const held = heldAfterBytes(() => {
      for (let i = 0; i < 100; i++) {
        const params = [`b${i}`, J0.prevHash, J0.coinb1, coinb2, [], "20000000", "1d00ffff", "6655aa00", true];
        session.receive(JSON.stringify({ id: null, method: "mining.notify", params }));
        const job = session.jobs[0]?.job;
        if (job === undefined) throw new Error("no job");
        merkle.build(root, 0, job, Uint8Array.of(0, 0, 0, 1));
        session.actions.length = 0;
        count++;
      }
    });
    expect(count).toBeGreaterThanOrEqual(100);
    // A single one of these jobs holds 70 kB.
    expect(held).toBeLessThan(1_000_000);
  });
});

describe("H11: split and joined lines", () => {
  test("a byte a write, three jobs and a difficulty in one, CR LF, empty lines, a letter cut in two", async () => {
    const { rig, pool } = await startCase((p) => {
      p.onMining = () => p.setDifficulty(0.02);
    });
    for (const byte of Buffer.from(pool.notifyLine(J0))) {
      pool.raw(Uint8Array.of(byte));
      await rig.advance(5);
    }
    expect([rig.report(N2), rig.report(N1)]).toEqual(["valid", "share"]);
    await rig.advance(100);
    const jobs = ["a", "b", "c"].map((id) => pool.notifyLine({ ...J0, id, clean: false }));
    pool.raw(`${jobs[0]}${jobs[1]}{"id":null,"method":"mining.set_difficulty","params":[0.5]}\n${jobs[2]}`);
    await rig.advance(10);
    expect(rig.scheduler.job).toMatchObject({ jobId: "c", difficulty: 0.5 });
    pool.raw(pool.notifyLine({ ...J0, id: "d", clean: false }).replace("\n", "\r\n\r\n\n"));
    await rig.advance(10);
    expect(rig.scheduler.job?.jobId).toBe("d");
    const line = Buffer.from(pool.notifyLine({ ...J0, id: "job-ä", clean: false }));
    const cut = line.indexOf(0xc3) + 1;
    pool.raw(line.subarray(0, cut));
    await rig.advance(10);
    pool.raw(line.subarray(cut));
    await rig.advance(10);
    expect(rig.scheduler.job?.jobId).toBe("job-ä");
    expect(got(pool)).toEqual(["008f58d0 good"]);
    expect(rig.stats.connects).toBe(1);
    await rig.stop();
  });

  test("2 MB without a line end close the link at 1 MiB; it is dialled again after a pause", async () => {
    const { rig, pool } = await startCase();
    pool.raw("x".repeat(2_000_000));
    await rig.advance(10);
    expect(rig.stats).toMatchObject({ state: "waiting", connects: 1 });
    expect(rig.stats.reason).toMatch(/^the pool sent a line of more than 1048576 bytes; next try in \d s$/);
    await rig.advance(3_000);
    expect(rig.stats).toMatchObject({ state: "mining", connects: 2 });
    await rig.stop();
  });
});

test("H12: a flood of 500 jobs: the newest is on the chips within a second, no work twice, older shares still count", async () => {
  const { rig, pool } = await startCase(
    (p) => {
      p.onMining = () => {
        p.setDifficulty(1e-12);
        p.notify({ ...J0, id: "f" });
      };
    },
    { ticketDifficulty: 1e-12, epochMs: 25, firstExtranonce2: 1 },
  );
  // Between two turns of the feed, so that every second job goes to the chips.
  await rig.advance(15);
  let line = "";
  for (let i = 0; i < 500; i++) {
    if (i % 10 !== 9)
      line = pool.notifyLine({ ...J0, id: `f${i}`, nTime: (0x6655aa00 + i).toString(16), clean: false });
    pool.raw(line);
    await rig.advance(10);
  }
  const endMs = rig.clock.nowMs();
  const newest = rig.works.find(({ jobId }) => jobId === "f498");
  expect((newest?.sentAtMs ?? Number.POSITIVE_INFINITY) - endMs).toBeLessThan(1_000);
  // Repeats were not even counted as jobs, and no job but the first replaced work: the feed kept its pace.
  expect(rig.stats.notifies).toBe(1 + 450);
  expect(rig.works.length).toBeLessThanOrEqual(rig.clock.nowMs() / 20 + 2);
  const inFlight = rig.works.filter(({ jobId }) => jobId === "f480").at(-1);
  expect(inFlight).toBeDefined();
  expect(rig.report(77, 0, inFlight)).toBe("share");
  for (let nonce = 0; nonce < 50; nonce++) {
    rig.report(nonce, 0, rig.works.at(-1));
    await rig.advance(20);
  }
  expect(new Set(rig.works.map(({ headerHex }) => headerHex)).size).toBe(rig.works.length);
  expect(pool.shares.length).toBe(51);
  expect(pool.shares.every(({ verdict }) => verdict === "good")).toBe(true);
  expect(pool.shares[0]?.jobId).toBe("f480");
  await rig.stop();
});

test("H13: a nonce that the chip reports again is submitted once and counted once", async () => {
  const { rig, pool } = await startCase();
  expect(rig.report(N1)).toBe("share");
  await rig.advance(40);
  expect(rig.report(N1)).toBe("duplicate");
  const verified = rig.stats.verifiedHashes;
  rig.stopChain();
  rig.startChain();
  await rig.advance(40);
  // The restarted chain is at other work of the same job; what still names the old one is a repeat, not a find.
  expect(rig.works.at(-1)?.headerHex).not.toBe(rig.works[0]?.headerHex);
  expect(rig.report(N1)).toBe("duplicate");
  await rig.advance(100);
  expect(got(pool)).toEqual(["008f58d0 good"]);
  expect(rig.runtime.counters.ofChain()).toMatchObject({ share: 1, duplicate: 2, hardwareError: 0 });
  expect(rig.stats.verifiedHashes).toBe(verified);
  await rig.stop();
});
