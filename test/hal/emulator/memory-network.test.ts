import { expect, test } from "vitest";
import { MemoryNetwork } from "#hal/emulator/memory-network.ts";
import { VirtualClock } from "#hal/emulator/virtual-clock.ts";
import { isKumpelError } from "#hal/errors.ts";
import type { Connection } from "#hal/network.ts";

const text = (chunk: Uint8Array): string => new TextDecoder().decode(chunk);

async function makePair(latencyMs = 10) {
  const clock = new VirtualClock();
  const network = new MemoryNetwork({ clock, latencyMs });
  const accepted: Connection[] = [];
  const listener = await network.listen({ host: "any", port: 3333 }, (connection) => accepted.push(connection));
  const connecting = network.connect({
    host: "pool",
    port: 3333,
    timeoutMs: 100,
    signal: new AbortController().signal,
  });
  await clock.advance(2 * latencyMs);
  return { clock, network, listener, near: await connecting, far: accepted[0]! };
}

test("bytes arrive in order after the latency, and not before", async () => {
  const { clock, near, far } = await makePair();
  const got: string[] = [];
  far.onData((chunk) => got.push(text(chunk)));
  const reused = Uint8Array.of(97, 98);
  near.write(reused);
  reused.fill(120);
  near.write("cd");
  await clock.advance(9);
  expect(got).toEqual([]);
  await clock.advance(1);
  expect(got).toEqual(["ab", "cd"]);
});

test("what came before anybody listened is not lost", async () => {
  const { clock, near, far } = await makePair();
  near.write("early");
  near.close();
  await clock.advance(10);
  const events: string[] = [];
  far.onData((chunk) => events.push(text(chunk)));
  far.onClose((error) => events.push(error === null ? "end" : "broken"));
  expect(events).toEqual(["early", "end"]);
});

test("either side can close, and only the other one hears of it", async () => {
  for (const closer of ["near", "far"] as const) {
    const { clock, near, far } = await makePair();
    const heard: string[] = [];
    near.onClose((error) => heard.push(`near ${error}`));
    far.onClose((error) => heard.push(`far ${error}`));
    (closer === "near" ? near : far).close();
    near.write("too late");
    await clock.advance(10);
    expect(heard).toEqual([closer === "near" ? "far null" : "near null"]);
  }
});

test("a port without a listener refuses; so does one whose listener has closed", async () => {
  const { clock, network, listener, near } = await makePair();
  const attempt = async (port: number): Promise<unknown> => {
    const result = network
      .connect({ host: "pool", port, timeoutMs: 100, signal: new AbortController().signal })
      .catch((error: unknown) => error);
    await clock.advance(100);
    return result;
  };
  expect(isKumpelError(await attempt(4444), "CONNECT_REFUSED")).toBe(true);
  let isEnded = false;
  near.onClose(() => {
    isEnded = true;
  });
  await listener.close();
  expect(isKumpelError(await attempt(3333), "CONNECT_REFUSED")).toBe(true);
  expect(isEnded).toBe(true);
});

test("a network that is down times out after the given time, and an abort ends the wait", async () => {
  const { clock, network } = await makePair();
  network.setDown(true);
  const abort = new AbortController();
  const options = { host: "pool", port: 3333, timeoutMs: 500 };
  const slow = network.connect({ ...options, signal: new AbortController().signal }).catch((error: unknown) => error);
  const stopped = network.connect({ ...options, signal: abort.signal }).catch((error: unknown) => error);
  abort.abort();
  const startMs = clock.nowMs();
  expect(isKumpelError(await stopped, "ABORTED")).toBe(true);
  await clock.runUntil(() => false, 500);
  expect(isKumpelError(await slow, "CONNECT_TIMEOUT")).toBe(true);
  expect(clock.nowMs() - startMs).toBe(500);
});

test("a broken network is an error on both sides", async () => {
  const { network, near, far } = await makePair();
  const errors: unknown[] = [];
  near.onClose((error) => errors.push(error));
  far.onClose((error) => errors.push(error));
  network.breakAll();
  expect(errors.map((error) => isKumpelError(error, "CONNECTION_LOST"))).toEqual([true, true]);
});

test("a taken port is refused, port 0 finds a free one", async () => {
  const { network } = await makePair();
  await expect(network.listen({ host: "any", port: 3333 }, () => {})).rejects.toMatchObject({ code: "PORT_IN_USE" });
  expect((await network.listen({ host: "any", port: 0 }, () => {})).port).toBeGreaterThan(0);
});
