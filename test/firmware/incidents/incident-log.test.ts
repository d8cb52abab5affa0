import { expect, test } from "vitest";
import { MAX_INCIDENTS, whyRestarted } from "#firmware/incidents/incident.ts";
import { INCIDENTS_FILE, IncidentLog } from "#firmware/incidents/incident-log.ts";
import { LATCH_FILE, ShutdownLatch } from "#firmware/incidents/shutdown-latch.ts";
import { createLog } from "#firmware/log.ts";
import { MemoryStore } from "#hal/emulator/memory-store.ts";
import { VirtualClock } from "#hal/emulator/virtual-clock.ts";

const log = createLog("silent");

async function openLog(store: MemoryStore, clock = new VirtualClock()): Promise<IncidentLog> {
  const incidents = new IncidentLog({ log, clock, store });
  await incidents.open();
  return incidents;
}

const texts = (incidents: IncidentLog): string[] => incidents.history.incidents.map(({ text }) => text);

test("incidents outlive the run, and the owner is told why it ended", async () => {
  const store = new MemoryStore();
  const first = await openLog(store);
  first.note("shutdown", "board at 75.0 C, limit 75 C");
  first.note("pause", "paused: no pool gives jobs");
  await first.close("stopped: SIGTERM");
  const second = await openLog(store);
  expect(texts(second)).toEqual(["board at 75.0 C, limit 75 C", "paused: no pool gives jobs", "stopped: SIGTERM"]);
  second.note("chainRestart", "chain 0", 0);
  expect(whyRestarted(second.history)).toBe("board at 75.0 C, limit 75 C; then: stopped: SIGTERM");
});

test("a run that did not end in order is noticed by the next one", async () => {
  const store = new MemoryStore();
  const first = await openLog(store);
  first.note("hang", "the thermal loop has not finished a turn for 14.0 s");
  // Whatever was noted is on disk without an orderly end.
  await Promise.resolve();
  const second = await openLog(store);
  expect(second.history.incidents.at(-1)).toMatchObject({ kind: "uncleanEnd", run: 2 });
  expect(whyRestarted(second.history)).toMatch(/^run 1 ended without a word/);
  await second.close("stopped");
  const third = await openLog(store);
  expect(third.history.incidents.filter(({ kind }) => kind === "uncleanEnd")).toHaveLength(1);
});

test("the list is bounded, and a bad file is set aside", async () => {
  const store = new MemoryStore();
  store.files.set(INCIDENTS_FILE, '{"version":1,"runs":3,');
  const incidents = await openLog(store);
  expect(store.files.get(`${INCIDENTS_FILE}.unreadable`)).toBe('{"version":1,"runs":3,');
  for (let i = 0; i < MAX_INCIDENTS + 50; i++) incidents.note("pause", `pause ${i}`);
  expect(incidents.history.incidents).toHaveLength(MAX_INCIDENTS);
  expect(texts(incidents).at(-1)).toBe(`pause ${MAX_INCIDENTS + 49}`);
});

test("a full disk ends nothing: incidents stay in memory, and many of them are one write", async () => {
  const store = new MemoryStore();
  store.isFull = true;
  const incidents = await openLog(store);
  incidents.note("pause", "one");
  await incidents.close("stopped");
  expect(texts(incidents)).toEqual(["one", "stopped"]);
  const calm = new MemoryStore();
  const many = await openLog(calm);
  for (let i = 0; i < 100; i++) many.note("pause", `pause ${i}`);
  await many.close("stopped");
  expect(calm.writes).toBeLessThanOrEqual(3);
});

test("a shutdown is remembered with its first cause until it is acknowledged", async () => {
  const store = new MemoryStore();
  const clock = new VirtualClock();
  const latch = new ShutdownLatch({ log, clock, store });
  expect(await latch.load()).toBeNull();
  await latch.set("fan 2 stands still");
  await latch.set("board at 75.0 C, limit 75 C");
  const next = new ShutdownLatch({ log, clock, store });
  expect(await next.load()).toBe("fan 2 stands still");
  await next.clear();
  expect(await new ShutdownLatch({ log, clock, store }).load()).toBeNull();
});

test("a record that nobody can read speaks for a shutdown, a disk that does not answer does not", async () => {
  const store = new MemoryStore();
  const clock = new VirtualClock();
  store.files.set(LATCH_FILE, "{");
  expect(await new ShutdownLatch({ log, clock, store }).load()).toMatch(/cannot be read$/);
  store.isUnreadable = true;
  expect(await new ShutdownLatch({ log, clock, store }).load()).toBeNull();
});
