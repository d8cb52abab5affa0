import { expect, test } from "vitest";
import { poolSettings } from "#firmware/pool/pool-settings.ts";
import { POOL_TEST_LIMIT_MS, type PoolTestResult, testPool } from "#firmware/pool/pool-test.ts";
import { parsePoolUrl } from "#firmware/stratum/pool-url.ts";
import { LocalPool } from "#hal/emulator/local-pool.ts";
import { MemoryNetwork } from "#hal/emulator/memory-network.ts";
import { SeededRandom } from "#hal/emulator/prng.ts";
import { VirtualClock } from "#hal/emulator/virtual-clock.ts";
import type { Connection } from "#hal/network.ts";

const LATENCY_MS = 20;
const PASSWORD = "long password";

/** Virtual time moves until there is an answer. */
async function tried(listen: (network: MemoryNetwork, clock: VirtualClock) => Promise<unknown>) {
  const clock = new VirtualClock();
  const network = new MemoryNetwork({ clock, latencyMs: LATENCY_MS });
  await listen(network, clock);
  const settings = poolSettings(parsePoolUrl("pool.test:3333"), "alice", PASSWORD);
  const results: PoolTestResult[] = [];
  const beganAtMs = clock.nowMs();
  void testPool({ network, clock, settings, agent: "kumpel/0" }).then((answer) => results.push(answer));
  for (let i = 0; i < 400 && results.length === 0; i++) {
    await new Promise((resolve) => setImmediate(resolve));
    await clock.advance(50);
  }
  const [result] = results;
  if (result === undefined) throw new Error("no answer");
  return { result, tookMs: clock.nowMs() - beganAtMs };
}

/** A server that answers each method as told, or not at all. */
function server(answers: Readonly<Record<string, unknown>>, onConnection: (one: Connection) => void = () => undefined) {
  return (network: MemoryNetwork) =>
    network.listen({ host: "pool.test", port: 3333 }, (connection) => {
      onConnection(connection);
      connection.onData((chunk) => {
        for (const line of Buffer.from(chunk).toString().trim().split("\n")) {
          const { id, method } = JSON.parse(line) as { id: number; method: string };
          const answer = answers[method];
          if (typeof answer === "function") answer(connection);
          else if (answer !== undefined) connection.write(`${JSON.stringify({ id, error: null, ...answer })}\n`);
        }
      });
    });
}

const SUBSCRIBED = { result: [[], "0a0b0c0d", 4] };
const reached = ({ steps }: PoolTestResult): string[] =>
  steps.filter(({ afterMs }) => afterMs !== null).map(({ step }) => step);

test("a pool that takes the user and gives work is good, with its latency and all four steps", async () => {
  const { result, tookMs } = await tried((network, clock) =>
    new LocalPool({
      network,
      clock,
      random: new SeededRandom(1),
      host: "pool.test",
      port: 3333,
      scale: 1,
      startDifficulty: 1,
    }).start(),
  );
  expect(reached(result)).toEqual(["connect", "subscribe", "authorise", "job"]);
  expect(result).toMatchObject({ isGood: true, latencyMs: 2 * LATENCY_MS });
  expect(result.message).toBe("The pool takes this user and gives work; it answers in 40 ms.");
  expect(tookMs).toBeLessThan(1_000);
});

test("a user that is refused is told in the pool's words, without the password that it repeats", async () => {
  const { result } = await tried(
    server({
      "mining.configure": { result: {} },
      "mining.subscribe": SUBSCRIBED,
      "mining.authorize": { result: false, error: [24, `no such user with ${PASSWORD}`, null] },
    }),
  );
  expect(reached(result)).toEqual(["connect", "subscribe"]);
  expect(result.isGood).toBe(false);
  expect(result.message).toContain('does not take the user "alice": no such user with ...');
  expect(JSON.stringify(result)).not.toContain(PASSWORD);
});

test("one that answers nothing ends in time, and what is no Stratum server is told as such", async () => {
  const { result, tookMs } = await tried(server({}, (connection) => connection.write("HTTP/1.1 400 Bad Request\r\n")));
  expect(reached(result)).toEqual(["connect"]);
  expect(result.message).toBe(
    'Not good: no answer to mining.subscribe within 8 s; what came instead: what is no Stratum once, first "HTTP/1.1 400 Bad Request"; it may be no Stratum server.',
  );
  expect(tookMs).toBeLessThanOrEqual(POOL_TEST_LIMIT_MS + 100);
});

test("one that floods instead of answering is told by what it sends, in a bounded sentence", async () => {
  const notify = '{"id":null,"method":"mining.notify","params":[]}\n';
  const flood = (line: (i: number) => string) =>
    server({}, (connection) => connection.write(Array.from({ length: 3_000 }, (_, i) => line(i)).join("")));
  const jobs = await tried(flood(() => notify));
  expect(jobs.result.message).toBe(
    "Not good: no answer to mining.subscribe within 8 s; what came instead: mining.notify 3000 times.",
  );
  const strange = await tried(
    flood((i) =>
      i % 3 === 0 ? `{"id":null,"method":"<b>${i}${"x".repeat(300)}"}\n` : i % 3 === 1 ? notify : '{"id":99}\n',
    ),
  );
  expect(strange.result.message).toContain("mining.notify 1000 times, <b>0");
  expect(strange.result.message).toContain("other calls 999 times, an answer to nothing that was asked 1000 times");
  expect(strange.result.message.length).toBeLessThan(300);
  const mute = await tried(server({}));
  expect(mute.result.message).toContain("within 8 s, nor anything else; it may be no Stratum server.");
});

test("nobody there, no job, a close on the first call and a redirect are told as what they are", async () => {
  const nobody = await tried(() => Promise.resolve());
  expect(nobody.result).toMatchObject({ isGood: false, message: expect.stringMatching(/^Not good: .*pool\.test/) });
  expect(reached(nobody.result)).toEqual([]);

  const handshake = { "mining.subscribe": SUBSCRIBED, "mining.authorize": { result: true } };
  const idle = await tried(server({ "mining.configure": { result: {} }, ...handshake }));
  expect(idle.result).toMatchObject({ isGood: true, message: expect.stringContaining("but no job came within 3 s.") });

  const old = await tried(server({ "mining.configure": (one: Connection) => one.close(), ...handshake }));
  expect(reached(old.result)).toEqual(["connect", "subscribe", "authorise"]);

  const moving = await tried(
    server({
      "mining.configure": { result: {} },
      ...handshake,
      "mining.authorize": (one: Connection) =>
        one.write('{"id":null,"method":"client.reconnect","params":["b.pool.test",3334,0]}\n'),
    }),
  );
  expect(moving.result.isGood).toBe(false);
  expect(moving.result.message).toContain("b.pool.test port 3334");
});
