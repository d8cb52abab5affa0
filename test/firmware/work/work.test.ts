import { expect, test } from "vitest";
import type { WorkSink } from "#drivers/hash-chain.ts";
import type { Job } from "#firmware/job/job.ts";
import { LatencyHistogram } from "#firmware/stats/latency-histogram.ts";
import { Extranonce2Counter } from "#firmware/work/extranonce2.ts";
import { MerkleRootBuilder } from "#firmware/work/merkle.ts";
import { Scheduler } from "#firmware/work/scheduler.ts";
import { FEED_FLOOR_MS } from "#firmware/work/timed-feed.ts";
import { rollableMask } from "#firmware/work/version-rolling.ts";
import { WorkBuilder } from "#firmware/work/work-builder.ts";
import { WorkRegistry } from "#firmware/work/work-registry.ts";
import { VirtualClock } from "#hal/emulator/virtual-clock.ts";
import { hex } from "../../support/vectors.ts";
import { fixtureNotify, SessionDriver } from "../stratum/session-support.ts";

function fixtureJob(size = 4, changes: Parameters<typeof fixtureNotify>[0] = {}): Job {
  const session = new SessionDriver().handshake(undefined, size).receive(fixtureNotify(changes));
  const job = session.jobs[0]?.job;
  if (job === undefined) throw new Error("no job");
  return job;
}

function sink(
  epochMs: (mask: number) => number,
  sent: { header: string; wireId: number; atMs: number }[],
  clock: VirtualClock,
): WorkSink & { masks: number[] } {
  const masks: number[] = [];
  return {
    masks,
    feedMode: "timed",
    putWork: ({ wireId, header }) => sent.push({ header: hex(header), wireId, atMs: clock.nowMs() }),
    flushWork: () => undefined,
    dropQueuedWork: () => undefined,
    onWorkWanted: () => undefined,
    requestWork: () => undefined,
    setVersionMask: (mask) => masks.push(mask),
    epochMs,
    workTimeMs: () => 0,
    engineShare: () => 1,
  };
}

function feed(chainIndex: number, chains: number, target: WorkSink) {
  const builder = new WorkBuilder({
    merkle: new MerkleRootBuilder(),
    chainPosition: chainIndex,
    chains,
  });
  return {
    chainIndex,
    sink: target,
    registry: new WorkRegistry(16, 6),
    builder,
    ticketDifficulty: 256,
    ticketTarget: null,
  };
}

function scheduler(clock: VirtualClock, chains: number) {
  const stats = { notifyToFirstWork: new LatencyHistogram(), notifyToLastChain: new LatencyHistogram() };
  return { scheduler: new Scheduler({ clock, stats, chainTotal: chains }), stats };
}

test("the fixture job has the published merkle root", () => {
  const header = new Uint8Array(80);
  new MerkleRootBuilder().build(header, 36, fixtureJob(), Uint8Array.of(0, 0, 0, 1));
  expect(hex(header.subarray(36, 68))).toBe("7a0b5ec533c323110fb769d38ec358ef9bf6864167e5362a266101b6de22d7f5");
});

test("three chains share a two-byte extranonce2 space without a gap or a repeat", () => {
  const seen = new Set<string>();
  const out = new Uint8Array(2);
  for (let chain = 0; chain < 3; chain++) {
    const counter = new Extranonce2Counter(2, chain, 3);
    while (counter.take(out)) seen.add(hex(out));
  }
  expect(seen.size).toBe(65536);
});

test.each([0, 1, 2, 3, 8, 16])("no header comes twice from three chains, extranonce2 of %i bytes", (size) => {
  const job = fixtureJob(size);
  const headers = new Set<string>();
  const works = size === 1 ? 300 : 200;
  for (let chain = 0; chain < 3; chain++) {
    const { builder, registry } = feed(
      chain,
      3,
      sink(() => 1000, [], new VirtualClock()),
    );
    for (let i = 0; i < works; i++) {
      const work = registry.next();
      builder.fill(work, job);
      headers.add(hex(work.header));
    }
  }
  expect(headers.size).toBe(3 * works);
});

test("a job that comes again goes on with the extranonce2 where it stood", () => {
  const { builder, registry } = feed(
    0,
    1,
    sink(() => 1000, [], new VirtualClock()),
  );
  const roots = new Set<string>();
  for (let i = 0; i < 20; i++) {
    const work = registry.next();
    builder.fill(work, fixtureJob());
    roots.add(hex(work.header.subarray(36, 68)));
  }
  expect(roots.size).toBe(20);
});

test("replacing a job reaches every chain at once; refreshing waits for the next pull", async () => {
  const clock = new VirtualClock();
  const { scheduler: s, stats } = scheduler(clock, 3);
  const sent: { header: string; wireId: number; atMs: number }[] = [];
  const chains = [0, 1, 2].map((i) =>
    feed(
      i,
      3,
      sink(() => 1860, sent, clock),
    ),
  );
  for (const chain of chains) s.addChain(chain);
  expect(sent.length).toBe(0);
  s.replaceJob(fixtureJob());
  expect(sent.length).toBe(3);
  expect(new Set(sent.map((x) => x.header)).size).toBe(3);
  await clock.advance(500);
  s.updateJob(fixtureJob(4, { jobId: "j1", nTime: "6655aa10", clean: false }));
  expect(sent.length).toBe(3);
  await clock.advance(501);
  expect(sent.length).toBe(6);
  expect(sent.slice(3).every((x) => x.header.slice(136, 144) === "10aa5566")).toBe(true);
  s.replaceJob(fixtureJob(4, { jobId: "j2", prevHash: "11".repeat(32) }));
  expect(sent.length).toBe(9);
  expect(chains.every((c) => c.registry.lookup(sent[0]?.wireId ?? 0)?.isRetired)).toBe(true);
  expect(stats.notifyToLastChain.count).toBe(2);
});

test("the feed period is 0.8 of the epoch, at most a second, never below the floor, and the lost part is told", async () => {
  const clock = new VirtualClock();
  const sent: { header: string; wireId: number; atMs: number }[] = [];
  const { scheduler: s } = scheduler(clock, 1);
  const target = sink((mask) => (mask === 0 ? 0.45 : 58), sent, clock);
  s.addChain(feed(0, 1, target));
  s.replaceJob(fixtureJob());
  expect(s.feedPeriodMs(0)).toBeCloseTo(46.4, 6);
  expect(s.coverage(0)).toBe(1);
  s.updateJob({ ...fixtureJob(), grantedMask: 0, versionMask: 0 });
  expect(s.feedPeriodMs(0)).toBe(FEED_FLOOR_MS);
  expect(s.coverage(0)).toBeCloseTo(0.45 / 20, 6);
  expect(target.masks).toEqual([0x1fffe000, 0]);
  await clock.advance(1000);
  expect(sent.length).toBeGreaterThan(45);
  s.clearJob();
  const before = sent.length;
  await clock.advance(1000);
  expect(sent.length).toBe(before);
});

test("old works retire while new ones go out, and half a ring or more stays recognisable", () => {
  const registry = new WorkRegistry(16, 6);
  const job = fixtureJob();
  const ids: number[] = [];
  for (let i = 0; i < 40; i++) {
    const work = registry.next();
    work.job = job;
    ids.push(work.wireId);
  }
  const active = ids.slice(-16).filter((id) => registry.lookup(id)?.isRetired === false);
  expect(active).toEqual(ids.slice(-10));
  expect(new WorkRegistry(16, 6).lookup(3)).toBeNull();
  expect(registry.lookup(16)).toBeNull();
});

test("only bits that pool, chip and job leave free are rolled", () => {
  expect(rollableMask(0x1fffe000, 0x1fffe000, 0x20000000)).toBe(0x1fffe000);
  expect(rollableMask(0xffffffff, 0x1fffe000, 0x3fffe000)).toBe(0);
  expect(rollableMask(0x00c00000, 0x1fffe000, 0x20400000)).toBe(0x00800000);
});
