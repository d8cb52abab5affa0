/** Sign-on: which habits of clients get through, and what never does. From public notes on the clients. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { judgeDigest, NonceMaker, parseDigest } from "#firmware/api/stock/digest.ts";
import { SeededRandom } from "#hal/emulator/prng.ts";
import { VirtualClock } from "#hal/emulator/virtual-clock.ts";
import { Fuzzed, fuzzRuns, fuzzTimeoutMs } from "../../../support/fuzz.ts";
import { heldAfterBytes } from "../../../support/heap.ts";
import { digestHeader, nonceOf } from "./digest-client.ts";
import { webBench } from "./web-bench.ts";

const TARGET = "/cgi-bin/summary.cgi";

test("every path asks for sign-on in the words by which clients know the make", async () => {
  const { raw } = webBench();
  for (const target of ["/", TARGET, "/nothing", "/cgi-bin/nothing.cgi", "/index.html"]) {
    const reply = await raw({ target });
    expect(reply.status).toBe(401);
    expect(reply.headers["WWW-Authenticate"]).toMatch(
      /^Digest realm="antMiner Configuration", nonce="[^"]+", .*qop="auth"/,
    );
    expect(reply.body).not.toMatch(
      /Braiins OS|Luxor Firmware|AxeOS|AnthillOS|Miner Web Dashboard|Miner UI|cloud-box|Avalon/,
    );
  }
});

test("the path by which another make is told is a plain 404", async () => {
  const reply = await webBench().raw({ target: "/kaonsu/v1/brief" });
  expect(reply.status).toBe(404);
  expect(reply.contentType).toMatch(/^text\/plain/);
  expect(() => JSON.parse(reply.body) as unknown).toThrow();
});

test("one nonce serves many requests, with counters that repeat, skip, or are no hexadecimal", async () => {
  const { raw, nonce } = webBench();
  const shared = await nonce();
  for (const nc of ["00000001", "00000001", "00000099", "00000010", "00000002", "1", ""]) {
    const reply = await raw({ target: TARGET, authorization: digestHeader({ target: TARGET, nonce: shared, nc }) });
    expect(`${nc} ${reply.status}`).toBe(`${nc} 200`);
  }
});

test("parallel cold requests get three challenges, and the last nonce serves all", async () => {
  const { raw } = webBench();
  const cold = await Promise.all([raw({}), raw({}), raw({})]);
  expect(cold.map(({ status }) => status)).toEqual([401, 401, 401]);
  const nonce = nonceOf(cold[2].headers["WWW-Authenticate"]);
  const targets = [TARGET, "/cgi-bin/stats.cgi", "/cgi-bin/pools.cgi"];
  const warm = await Promise.all(
    targets.map((target) => raw({ target, authorization: digestHeader({ target, nonce, nc: "00000001" }) })),
  );
  expect(warm.map(({ status }) => status)).toEqual([200, 200, 200]);
});

test("the query is part of the target; a whole address and a sign-on without qop pass", async () => {
  const { raw, nonce } = webBench();
  const fresh = await nonce();
  const target = `${TARGET}?_=1712`;
  const status = async (habits: { uri?: string; qop?: string | undefined }) =>
    (await raw({ target, authorization: digestHeader({ target, nonce: fresh, ...habits }) })).status;
  expect(await status({})).toBe(200);
  expect(await status({ qop: undefined })).toBe(200);
  expect(await status({ uri: `http://192.0.2.7${target}` })).toBe(200);
});

test("an old nonce and a foreign one are stale: a fresh one comes, and no wait", async () => {
  const { bench, raw, nonce } = webBench();
  const old = await nonce();
  await bench.clock.advance(599_000);
  const ask = () => raw({ target: TARGET, authorization: digestHeader({ target: TARGET, nonce: old }) });
  expect((await ask()).status).toBe(200);
  await bench.clock.advance(2_000);
  const reply = await ask();
  expect(reply.status).toBe(401);
  expect(reply.headers["WWW-Authenticate"]).toContain("stale=true");
  const foreign = await raw({ target: TARGET, authorization: digestHeader({ target: TARGET, nonce: "made-up" }) });
  expect(foreign.headers["WWW-Authenticate"]).toContain("stale=true");
});

test("what is wrong is refused, later and later, and never locked out", async () => {
  const { bench, raw, nonce, secrets } = webBench();
  const fresh = await nonce();
  const wrong = [
    digestHeader({ target: TARGET, nonce: fresh, password: "guess" }),
    digestHeader({ target: TARGET, nonce: fresh, user: "admin" }),
    digestHeader({ target: TARGET, nonce: fresh, uri: "/cgi-bin/pools.cgi" }),
    digestHeader({ target: TARGET, nonce: fresh, method: "POST" }),
    digestHeader({ target: TARGET, nonce: fresh, qop: "auth-int" }),
    digestHeader({ target: TARGET, nonce: fresh }).replace("antMiner Configuration", "other"),
    digestHeader({ target: TARGET, nonce: fresh }).replace(/response="./, 'response="z'),
  ];
  for (const [i, authorization] of wrong.entries()) {
    let reply: number | null = null;
    const done = raw({ target: TARGET, authorization }).then(({ status }) => {
      reply = status;
    });
    await bench.clock.advance((i + 1) * 50 - 1);
    expect(reply).toBeNull();
    await bench.clock.advance(1);
    await done;
    expect(reply).toBe(401);
  }
  const right = digestHeader({ target: TARGET, nonce: fresh });
  expect((await raw({ target: TARGET, authorization: right })).status).toBe(200);
  secrets.credentials = null;
  const off = raw({ target: TARGET, authorization: right });
  await bench.clock.advance(1_000);
  expect((await off).status).toBe(401);
});

test("a page of another site cannot use the browser's sign-on; tools and our own pages can", async () => {
  const { raw, nonce, bench } = webBench();
  const target = "/cgi-bin/reboot.cgi";
  const authorization = digestHeader({ target, nonce: await nonce() });
  expect((await raw({ target, authorization, origin: "http://evil.example" })).status).toBe(403);
  expect((await raw({ target, authorization, origin: "null" })).status).toBe(403);
  expect(bench.orders).toEqual([]);
  expect((await raw({ target, authorization, origin: "http://192.0.2.7" })).status).toBe(200);
});

const BROWSER = "Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0";

test.each([
  // An image of another page comes without an origin, yet with the browser's sign-on.
  ["another page's image", { referer: "http://evil.example/page", userAgent: BROWSER }, 403],
  ["an image on a page of another port", { referer: "http://192.0.2.7:8080/", userAgent: BROWSER }, 403],
  ["a page that has its name begin like ours", { referer: "http://192.0.2.7.evil.example/" }, 403],
  ["a page that is no web page", { referer: "file:///tmp/page.html" }, 403],
  ["what a browser calls another site", { fetchSite: "cross-site", userAgent: BROWSER }, 403],
  ["a page that keeps its address back", { userAgent: BROWSER }, 403],
  ["a neighbour that keeps its address back", { fetchSite: "same-site", userAgent: BROWSER }, 403],
  ["our own page", { referer: "http://192.0.2.7/cgi-bin/x", fetchSite: "same-origin", userAgent: BROWSER }, 200],
  ["an address that somebody typed", { fetchSite: "none", userAgent: BROWSER }, 200],
  ["a tool", { userAgent: "python-httpx/0.28" }, 200],
  ["a tool that says nothing", {}, 200],
])("a restart by GET from %s: %j gives %s", async (_whom, headers, status) => {
  const { raw, nonce, bench } = webBench();
  const target = "/cgi-bin/reboot.cgi";
  const authorization = digestHeader({ target, nonce: await nonce() });
  expect((await raw({ target, authorization, ...headers })).status).toBe(status);
  expect(bench.orders).toHaveLength(status === 200 ? 1 : 0);
});

test("a browser may read every page and restart by POST, which always tells its origin", async () => {
  const { raw, nonce, bench } = webBench();
  const ask = async (target: string, method: string, more: { origin?: string; referer?: string }) => {
    const authorization = digestHeader({ target, method, nonce: await nonce() });
    return (await raw({ target, method, authorization, userAgent: BROWSER, ...more })).status;
  };
  expect(await ask("/cgi-bin/summary.cgi", "GET", {})).toBe(200);
  expect(await ask("/cgi-bin/summary.cgi", "GET", { referer: "http://evil.example/" })).toBe(403);
  expect(await ask("/cgi-bin/reset_conf.cgi", "GET", {})).toBe(403);
  expect(bench.orders).toEqual([]);
  expect(await ask("/cgi-bin/reset_conf.cgi", "POST", { origin: "http://192.0.2.7" })).toBe(200);
  expect(bench.orders).toHaveLength(1);
});

const NUM_RUNS = fuzzRuns(3000);
const TIMEOUT_MS = fuzzTimeoutMs(NUM_RUNS);
const runs = { numRuns: NUM_RUNS, seed: 20_261_128 };
const noise = fc.oneof(
  fc.string({ unit: "binary", maxLength: 200 }),
  fc.string({ unit: fc.constantFrom(...'Digest =",\\usernamonceuri'), maxLength: 200 }).map((text) => `Digest ${text}`),
  fc
    .array(fc.tuple(fc.constantFrom("username", "nonce", "uri", "qop", "nc", "response"), fc.string()), {
      maxLength: 9,
    })
    .map(
      (fields) =>
        `Digest ${fields.map(([name, value]) => `${name}="${value.replaceAll(/["\\]/g, "\\$&")}"`).join(", ")}`,
    ),
);

test(
  "any header is read or refused; none is granted by chance",
  () => {
    const nonces = new NonceMaker(new VirtualClock(), new SeededRandom(1));
    const credentials = { user: "root", ha1: "0".repeat(32) };
    const fuzzed = new Fuzzed("digest header");
    const act = fuzzed.watch((header: string) => {
      expect(judgeDigest({ method: "GET", target: "/", header, credentials, nonces })).not.toBe("granted");
      for (const [name] of parseDigest(header) ?? []) expect(name).toMatch(/^[a-z]+$/);
    });
    fc.assert(fc.property(noise, act), runs);
    fuzzed.tell();
  },
  TIMEOUT_MS,
);

test(
  "fields come out as they were put in, quoted or not",
  () => {
    const name = fc.string({ unit: fc.constantFrom(..."abcdefgh"), minLength: 1, maxLength: 8 });
    const fuzzed = new Fuzzed("digest fields");
    fc.assert(
      fc.property(
        fc.dictionary(name, fc.string({ maxLength: 40 })),
        fuzzed.watch((fields: Record<string, string>) => {
          const text = Object.entries(fields)
            .map(([key, value]) => `${key}="${value.replaceAll(/["\\]/g, "\\$&")}"`)
            .join(" , ");
          fc.pre(text.length < 4000);
          expect(Object.fromEntries(parseDigest(`digest  ${text}`) ?? [])).toEqual(fields);
        }),
      ),
      runs,
    );
    fuzzed.tell();
  },
  TIMEOUT_MS,
);

test(
  "a header made to be slow is not, and many headers keep no memory",
  () => {
    const slow = ['a="', "a=\\", " "].map((text) => `Digest ${text.repeat(4000 / text.length)}`);
    const samples = [...slow, ...fc.sample(noise, { numRuns: 300, seed: runs.seed })];
    const held = heldAfterBytes(() => {
      for (let i = 0; i < 20; i++) for (const header of samples) parseDigest(header);
    });
    expect(held).toBeLessThan(1 << 20);
  },
  TIMEOUT_MS,
);
