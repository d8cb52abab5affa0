/** Works of chips that take midstates: which versions they hold, and how a queue in front of the chips is fed. */
import { expect, test } from "vitest";
import type { ChainWork, WorkSink } from "#drivers/hash-chain.ts";
import type { Job } from "#firmware/job/job.ts";
import { LatencyHistogram } from "#firmware/stats/latency-histogram.ts";
import { MerkleRootBuilder } from "#firmware/work/merkle.ts";
import { Scheduler } from "#firmware/work/scheduler.ts";
import { midstatesUnder, nextVersionBits, versionCount } from "#firmware/work/version-rolling.ts";
import { WorkBuilder } from "#firmware/work/work-builder.ts";
import { type Work, WorkRegistry } from "#firmware/work/work-registry.ts";
import { VirtualClock } from "#hal/emulator/virtual-clock.ts";
import { DoubleSha256 } from "#hal/sha256.ts";
import { hex } from "../../support/vectors.ts";
import { fixtureNotify, SessionDriver } from "../stratum/session-support.ts";

function jobUnder(versionMask: number, changes: Parameters<typeof fixtureNotify>[0] = {}): Job {
  const session = new SessionDriver().handshake(undefined, 4).receive(fixtureNotify(changes));
  const job = session.jobs[0]?.job;
  if (job === undefined) throw new Error("no job");
  return { ...job, versionMask };
}

function makeBuilder(): WorkBuilder {
  return new WorkBuilder({ merkle: new MerkleRootBuilder(), chainPosition: 0, chains: 3, midstatesMax: 4 });
}

function midstateOf(work: Work, slot: number): string {
  const header = work.header.slice();
  const view = new DataView(header.buffer);
  view.setUint32(0, (view.getUint32(0, true) | (work.versionBits[slot] ?? 0)) >>> 0, true);
  const out = new Int32Array(8);
  new DoubleSha256().midstate(out, header);
  return out.join();
}

test("each midstate is the state of the work's header under the slot's version bits", () => {
  const builder = makeBuilder();
  const work = new WorkRegistry(16, 6, 16).next();
  for (let i = 0; i < 3; i++) {
    builder.fill(work, jobUnder(0x1fffe000));
    expect(work.midstateCount).toBe(4);
    for (let slot = 0; slot < 4; slot++) {
      expect((work.midstateViews[slot] as Int32Array).join()).toBe(midstateOf(work, slot));
    }
  }
});

test("all combinations of a mask are used under one root, each once, before the next root is made", () => {
  const job = jobUnder(0x0002a000);
  const builder = makeBuilder();
  const work = new WorkRegistry(16, 6, 16).next();
  const seen = new Set<string>();
  const roots: string[] = [];
  for (let i = 0; i < 4; i++) {
    builder.fill(work, job);
    const root = hex(work.header.subarray(36, 68));
    roots.push(root);
    for (let slot = 0; slot < 4; slot++) {
      const bits = work.versionBits[slot] ?? 0;
      expect(bits & ~job.versionMask).toBe(0);
      seen.add(`${root} ${bits}`);
    }
  }
  expect(seen.size).toBe(16);
  expect([roots[0] === roots[1], roots[1] === roots[2], roots[2] === roots[3]]).toEqual([true, false, true]);
});

test.each([
  [0, 1],
  [0x00002000, 2],
  [0x00006000, 4],
  [0x1fffe000, 4],
])("a mask of 0x%s makes works of %i midstates", (mask, midstates) => {
  expect(midstatesUnder(mask, 4)).toBe(midstates);
  const builder = makeBuilder();
  const work = new WorkRegistry(16, 6, 16).next();
  builder.fill(work, jobUnder(mask));
  expect(work.midstateCount).toBe(midstates);
  expect(new Set(work.versionBits.slice(0, midstates)).size).toBe(midstates);
});

test("version bits are counted up through the mask and come round", () => {
  const seen = [0];
  for (let bits = nextVersionBits(0, 0x1000a000); bits !== 0; bits = nextVersionBits(bits, 0x1000a000)) seen.push(bits);
  expect(seen).toEqual([0, 0x2000, 0x8000, 0xa000, 0x10000000, 0x10002000, 0x10008000, 0x1000a000]);
  expect(versionCount(0x1fffe000)).toBe(65_536);
});

test("another job begins with another root", () => {
  const builder = makeBuilder();
  const work = new WorkRegistry(16, 6, 16).next();
  builder.fill(work, jobUnder(0x1fffe000));
  const first = hex(work.header);
  builder.fill(work, jobUnder(0x1fffe000));
  expect(hex(work.header)).not.toBe(first);
  expect(work.versionBits[0]).toBe(0);
});

/** A queue that wants three works a turn and writes down what happens to it. */
class FakeQueue implements WorkSink {
  readonly feedMode = "queued";
  readonly events: string[] = [];
  readonly batch: ChainWork[] = [];
  #listener: ((count: number) => void) | null = null;

  putWork(work: ChainWork): void {
    this.batch.push(work);
  }

  flushWork(): void {
    this.events.push(`flush ${this.batch.length}`);
    this.batch.length = 0;
  }

  dropQueuedWork(): void {
    this.events.push("drop");
    this.batch.length = 0;
  }

  onWorkWanted(listener: ((count: number) => void) | null): void {
    this.#listener = listener;
    this.events.push(listener === null ? "stop" : "start");
  }

  requestWork(): void {
    this.#listener?.(3);
  }

  turn(): void {
    this.requestWork();
    this.flushWork();
  }

  setVersionMask(mask: number): void {
    this.events.push(`mask ${mask.toString(16)}`);
  }

  epochMs(): number {
    return 3.2;
  }

  workTimeMs(): number {
    return 2.9;
  }

  engineShare(mask: number): number {
    return midstatesUnder(mask, 4) / 4;
  }
}

function queuedScheduler(count: number) {
  const stats = { notifyToFirstWork: new LatencyHistogram(), notifyToLastChain: new LatencyHistogram() };
  const scheduler = new Scheduler({ clock: new VirtualClock(), stats, chainTotal: count });
  const queues = Array.from({ length: count }, () => new FakeQueue());
  const registries = queues.map((sink, chainIndex) => {
    const registry = new WorkRegistry(512, 256, 16);
    scheduler.addChain({
      chainIndex,
      sink,
      registry,
      builder: makeBuilder(),
      ticketDifficulty: 64,
      ticketTarget: null,
    });
    return registry;
  });
  const take = (): string[][] => queues.map((queue) => queue.events.splice(0));
  return { scheduler, queues, registries, take };
}

test("a queue gets exactly what it asks for; a replaced job empties it first and fills it at once", () => {
  const { scheduler, queues, registries, take } = queuedScheduler(2);
  expect(scheduler.feedPeriodMs(0)).toBeNull();
  scheduler.replaceJob(jobUnder(0x1fffe000));
  const begin = ["drop", "mask 1fffe000", "start", "flush 3"];
  expect(take()).toEqual([begin, begin]);
  expect(scheduler.feedPeriodMs(0)).toBe(2.9);
  for (const queue of queues) queue.turn();
  expect(take()).toEqual([["flush 3"], ["flush 3"]]);

  scheduler.updateJob(jobUnder(0x1fffe000, { jobId: "next" }));
  expect(take()).toEqual([[], []]);
  scheduler.replaceJob(jobUnder(0x1fffe000, { jobId: "clean" }));
  expect(take()).toEqual([
    ["drop", "flush 3"],
    ["drop", "flush 3"],
  ]);
  expect(registries[0]?.lookup(0)?.isRetired).toBe(true);
  expect(registries[0]?.lookup(6)?.isRetired).toBe(false);

  scheduler.clearJob();
  expect(take()).toEqual([
    ["stop", "drop"],
    ["stop", "drop"],
  ]);
  expect(scheduler.feedPeriodMs(0)).toBeNull();
});

test("another version mask empties the queue, since its works have another number of midstates", () => {
  const { scheduler, take } = queuedScheduler(1);
  scheduler.replaceJob(jobUnder(0x1fffe000));
  take();
  scheduler.updateJob(jobUnder(0x2000));
  expect(take()).toEqual([["drop", "mask 2000", "flush 3"]]);
  expect(scheduler.coverage(0)).toBe(0.5);
});
