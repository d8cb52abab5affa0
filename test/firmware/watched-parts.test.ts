import { expect, test } from "vitest";
import { createLog } from "#firmware/log.ts";
import { watchedParts } from "#firmware/watched-parts.ts";

function rig() {
  const lines: string[] = [];
  return { stop: new AbortController(), log: createLog("warn", (line) => lines.push(line)), lines };
}

test("what breaks first is told before the stop that it causes", async () => {
  const { stop, log, lines } = rig();
  const [end] = await watchedParts(Promise.reject(new Error("the bus is gone")), stop, log);
  expect(end.status).toBe("rejected");
  expect(stop.signal.aborted).toBe(true);
  expect(lines.join("")).toContain("stops, since a part of it broke: the bus is gone");
});

test("what breaks because of the stop is no cause", async () => {
  const { stop, log, lines } = rig();
  stop.abort();
  await watchedParts(Promise.reject(new Error("aborted")), stop, log);
  await watchedParts(Promise.resolve(), stop, log);
  expect(lines).toEqual([]);
});
