import fs from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { LINES_KEPT, type TrafficAnswer, TrafficFeed } from "#firmware/api/http/traffic-feed.ts";
import type { QueryAnswer } from "#firmware/api/queries.ts";
import { QueryRunner } from "#firmware/api/query-runner.ts";
import { openTraceFile } from "#firmware/trace/capture/trace-file.ts";
import { ENTRY } from "#firmware/trace/capture/trace-ring.ts";
import { LOOK_MS, type TrafficEntry, TrafficTap } from "#firmware/trace/live/traffic-tap.ts";
import { TuningDesk } from "#firmware/tuning/tuning-desk.ts";
import { VirtualClock } from "#hal/emulator/virtual-clock.ts";
import { temporaryFolder } from "../../support/program.ts";
import { POOL_PORT, rigPool, startRig } from "../../support/rig.ts";

const BYTES = Uint8Array.of(0x55, 0xaa, 1, 2);

test("the tap copies while somebody asks, and nothing once nobody has asked for a while", async () => {
  const clock = new VirtualClock();
  const tap = new TrafficTap(clock);
  tap.chain(0, "in", BYTES, 1);
  expect(tap.take()).toEqual({ entries: [], lostEvents: 0 });
  tap.chain(1, "out", BYTES, 2);
  tap.pool(0, "in", "{}");
  expect(tap.take().entries).toMatchObject([
    { kind: ENTRY.uartOut, place: 1, atMs: 2, bytes: BYTES },
    { kind: ENTRY.poolIn, place: 0 },
  ]);
  await clock.advance(LOOK_MS - 1);
  expect(tap.isOn).toBe(true);
  await clock.advance(1);
  expect(tap.isOn).toBe(false);
  tap.chain(1, "out", BYTES, 3);
  expect(tap.take().entries).toEqual([]);
});

test("a flood is bounded and counted", () => {
  const tap = new TrafficTap(new VirtualClock());
  tap.take();
  const chunk = new Uint8Array(1_024);
  for (let i = 0; i < 1_000; i++) tap.chain(0, "in", chunk, i);
  const { entries, lostEvents } = tap.take();
  expect(entries.length + lostEvents).toBe(1_000);
  expect(lostEvents).toBeGreaterThan(700);
});

test("a running machine's traffic comes decoded, numbered, without the password", { timeout: 60_000 }, async () => {
  const password = "long secret word";
  const rig = await startRig({
    machine: "bitaxe-gamma",
    hashesPerNonce: 1,
    poolGroups: [{ quota: 1, pools: [rigPool(POOL_PORT, "alice", { password })] }],
  });
  const queries = new QueryRunner(rig.miner.parts, new TuningDesk(rig.miner.parts));
  const feed = new TrafficFeed((query, scope) => queries.answer(query, scope));
  const read = async (after: number): Promise<TrafficAnswer> => {
    const answer = await feed.read(after, "control");
    if (!answer.ok) throw new Error(answer.message);
    return answer.data as TrafficAnswer;
  };
  expect(await read(0)).toEqual({ lines: [], last: 0, missed: 0 });
  const lines: TrafficAnswer["lines"][number][] = [];
  let last = 0;
  for (let i = 0; i < 40 && !lines.some(({ kind }) => kind === "nonce"); i++) {
    await rig.advance(1_000);
    const next = await read(last);
    expect(next.lines.map(({ number }) => number)).toEqual(next.lines.map((_, at) => last + at + 1));
    lines.push(...next.lines);
    last = next.last;
  }
  await rig.stop();
  const kinds = new Set(lines.map(({ place, direction, kind }) => `${place} ${direction} ${kind}`));
  for (const kind of ["pool out mining.authorize", "pool in mining.notify", "chain out job", "chain in nonce"])
    expect([...kinds]).toContain(kind);
  // The emulated line makes a burst of noise now and then, shown as what it is; nothing else is unknown.
  expect(lines.filter(({ kind, text }) => kind === "unknown" && text !== "5 byte(s): no frame")).toEqual([]);
  expect(JSON.stringify(lines)).not.toContain(password);
  expect(await feed.read(0, "read")).toMatchObject({ ok: false });
});

test("who reads slowly is told how much was missed, and the list is bounded", async () => {
  let entries: TrafficEntry[] = [];
  const ask = (): Promise<QueryAnswer> =>
    Promise.resolve({ ok: true, data: { header: {}, entries, lostEvents: 0, nowMs: 0, nowWallMs: 1_000 } });
  const feed = new TrafficFeed(ask);
  entries = Array.from({ length: LINES_KEPT + 100 }, (_, atMs) => {
    return { kind: ENTRY.poolIn, place: 0, atMs, bytes: Buffer.from('{"method":"mining.notify"}') };
  });
  expect(await feed.read(1, "control")).toMatchObject({ ok: true });
  entries = [];
  const answer = (await feed.read(1, "control")) as { data: TrafficAnswer };
  expect(answer.data.last).toBe(LINES_KEPT + 100);
  expect(answer.data.lines).toHaveLength(500);
  expect(answer.data.lines.at(-1)).toMatchObject({ number: LINES_KEPT + 100, atWallMs: 1_000 + LINES_KEPT + 99 });
  expect(answer.data.missed).toBe(LINES_KEPT + 100 - 1 - 500);
});

test("a link under the name of a recording is not followed", async () => {
  const folder = temporaryFolder();
  const target = path.join(folder, "precious");
  fs.writeFileSync(target, "keep me");
  fs.symlinkSync(target, path.join(folder, "kumpel.trace"));
  await expect(openTraceFile(path.join(folder, "kumpel.trace"))).rejects.toMatchObject({ code: "USAGE" });
  expect(fs.readFileSync(target, "utf8")).toBe("keep me");
});
