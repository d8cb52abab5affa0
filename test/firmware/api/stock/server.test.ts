/** The ports of the stock face, with real sockets: keep-alive, odd content types, large and silent clients. */
import dgram from "node:dgram";
import http from "node:http";
import net from "node:net";
import { afterEach, expect, test } from "vitest";
import { UNKNOWN_FACTS } from "#firmware/api/machine-facts.ts";
import { credentialsOf } from "#firmware/api/stock/digest.ts";
import { ipReportText } from "#firmware/api/stock/status-port.ts";
import { ACCEPTED_CODES, WARNING_RULES } from "#firmware/api/stock/warnings.ts";
import { type RunningServer, sendIpReport, startStatusServer, startWebServer } from "#firmware/api/stock/web-server.ts";
import type { WebParts } from "#firmware/api/stock/web-types.ts";
import { SeededRandom } from "#hal/emulator/prng.ts";
import { chainAt, type FaceBench, faceBench, KNOWN_FACTS, machine } from "../cgminer/face-fixture.ts";
import { digestHeader, nonceOf } from "./digest-client.ts";

const open: RunningServer[] = [];
const agent = new http.Agent({ keepAlive: true });
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close()));
  agent.destroy();
});

async function web(
  bench: FaceBench = faceBench(),
  limits = { silentMs: 10_000, uploadMs: 10_000 },
  receiveImage?: WebParts["receiveImage"],
): Promise<number> {
  const server = await startWebServer({
    ...bench,
    credentials: () => credentialsOf("root", "root"),
    changeCredentials: null,
    setNetwork: null,
    logText: null,
    ...(receiveImage === undefined ? {} : { receiveImage }),
    host: "127.0.0.1",
    port: 0,
    random: new SeededRandom(3),
    limits,
  });
  open.push(server);
  return server.port;
}

interface Got {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

function send(port: number, options: http.RequestOptions, body: string | Buffer = ""): Promise<Got> {
  return new Promise((resolve, reject) => {
    const request = http.request({ host: "127.0.0.1", port, agent, ...options }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(chunks).toString(),
        }),
      );
    });
    request.on("error", reject);
    request.end(body);
  });
}

async function signedOn(port: number, path: string, body?: string | Buffer, contentType = "text/plain"): Promise<Got> {
  const method = body === undefined ? "GET" : "POST";
  const cold = await send(port, { path, method, headers: { "Content-Type": contentType } }, body);
  expect(cold.status).toBe(401);
  const authorization = digestHeader({ target: path, method, nonce: nonceOf(cold.headers["www-authenticate"]) });
  return send(port, { path, method, headers: { "Content-Type": contentType, authorization } }, body);
}

test("a client signs on and reads; three cold ones at once as well", async () => {
  const port = await web();
  const paths = ["summary", "stats", "pools"].map((page) => `/cgi-bin/${page}.cgi`);
  const replies = await Promise.all(paths.map((path) => signedOn(port, path)));
  expect(replies.map(({ status }) => status)).toEqual([200, 200, 200]);
  expect(replies.every(({ headers }) => headers["content-type"] === "application/json")).toBe(true);
  expect(JSON.parse(replies[0]?.body ?? "") as object).toHaveProperty("SUMMARY");
});

test("what a browser says of where it comes from is heard", async () => {
  const bench = faceBench();
  const port = await web(bench);
  const path = "/cgi-bin/reboot.cgi";
  for (const [name, value] of [
    ["Referer", "http://evil.example/"],
    ["Sec-Fetch-Site", "cross-site"],
    ["User-Agent", "Mozilla/5.0"],
  ] as const) {
    const cold = await send(port, { path });
    const authorization = digestHeader({ target: path, nonce: nonceOf(cold.headers["www-authenticate"]) });
    expect((await send(port, { path, headers: { authorization, [name]: value } })).status, name).toBe(403);
  }
  expect(bench.orders).toEqual([]);
  expect((await signedOn(port, path)).status).toBe(200);
});

test.each(["text/plain;charset=UTF-8", "application/json", "application/x-www-form-urlencoded", "nonsense"])(
  "a JSON body is read although it is said to be %s",
  async (contentType) => {
    const bench = faceBench();
    const reply = await signedOn(await web(bench), "/cgi-bin/set_miner_conf.cgi", '{"miner-mode":1}', contentType);
    expect(JSON.parse(reply.body)).toMatchObject({ code: "M000" });
    expect(bench.orders.map(({ order }) => order)).toEqual([{ kind: "pause" }]);
  },
);

test("an image of ten megabytes is read, thrown away and refused with a code", async () => {
  const reply = await signedOn(await web(), "/cgi-bin/upgrade.cgi", Buffer.alloc(10 << 20), "multipart/form-data");
  expect(reply.status).toBe(200);
  expect(JSON.parse(reply.body)).toMatchObject({ stats: "error" });
});

const FORM = "multipart/form-data; boundary=b7";
const form = (image: Buffer): Buffer =>
  Buffer.concat([
    Buffer.from('--b7\r\nContent-Disposition: form-data; name="firmware"; filename="x"\r\n\r\n'),
    image,
    Buffer.from("\r\n--b7--\r\n"),
  ]);

test.each([
  ["upgrade", false],
  ["upgrade_clear", true],
])("%s hands an image on as it comes, and tells success only when it was taken", async (page, clears) => {
  const got: { bytes: Buffer; clears: boolean; who: string }[] = [];
  let isTaken = true;
  const receiveImage: WebParts["receiveImage"] = async (image, _bytes, clearsSettings, who) => {
    const chunks: Buffer[] = [];
    for await (const chunk of image) chunks.push(chunk as Buffer);
    got.push({ bytes: Buffer.concat(chunks), clears: clearsSettings, who });
    return { ok: isTaken, message: isTaken ? "taken" : "wrong board", effectiveAt: null };
  };
  const port = await web(faceBench(), undefined, receiveImage);
  const image = Buffer.alloc(5 << 20, 7);
  const taken = await signedOn(port, `/cgi-bin/${page}.cgi`, form(image), FORM);
  expect(JSON.parse(taken.body)).toEqual({ stats: "success", code: "U000", msg: "taken" });
  expect(got[0]?.bytes.equals(image)).toBe(true);
  expect(got[0]).toMatchObject({ clears, who: "web user root from 127.0.0.1" });
  isTaken = false;
  const refusedReply = await signedOn(port, `/cgi-bin/${page}.cgi`, form(image), FORM);
  expect(JSON.parse(refusedReply.body)).toEqual({ stats: "error", code: "U001", msg: "wrong board" });
  const noForm = await signedOn(port, `/cgi-bin/${page}.cgi`, image, "application/octet-stream");
  expect(JSON.parse(noForm.body)).toMatchObject({ code: "U001" });
  expect(got).toHaveLength(2);
});

test("a body that is too large elsewhere is 413; without sign-on it is 401", async () => {
  const bench = faceBench();
  const reply = await signedOn(await web(bench), "/cgi-bin/set_miner_conf.cgi", " ".repeat(10 << 20));
  expect(reply.status).toBe(413);
  expect(bench.orders).toEqual([]);
});

test("clients that say nothing, or half a head, are let go", async () => {
  const port = await web(faceBench(), { silentMs: 100, uploadMs: 100 });
  const closed = (text: string): Promise<string> =>
    new Promise((resolve) => {
      const socket = net.connect(port, "127.0.0.1", () => socket.write(text));
      let received = "";
      socket.on("data", (chunk) => (received += chunk.toString()));
      socket.on("error", () => undefined);
      socket.on("close", () => resolve(received));
    });
  expect(await closed("")).not.toContain("200");
  expect(await closed("GET / HTTP/1.1\r\nHost: a")).not.toContain("200");
  expect(await closed("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n12")).not.toContain("200");
  expect(await closed("nonsense\r\n\r\n")).toContain("400");
  expect(await closed(`GET /${"a".repeat(20_000)} HTTP/1.1\r\n\r\n`)).toContain("400");
  expect((await signedOn(port, "/cgi-bin/summary.cgi")).status).toBe(200);
});

test("fifty clients at once are served", async () => {
  const port = await web();
  const replies = await Promise.all(Array.from({ length: 50 }, () => signedOn(port, "/cgi-bin/stats.cgi")));
  expect(replies.map(({ status }) => status)).toEqual(Array(50).fill(200));
});

async function status(bench: FaceBench): Promise<(path: string, method?: string) => Promise<Got>> {
  const server = await startStatusServer({ ...bench, host: "127.0.0.1", port: 0 });
  open.push(server);
  return (path, method = "GET") => send(server.port, { path, method });
}

test("the status port: one code or None, watts after a colon, no sign-on", async () => {
  const bench = faceBench();
  const get = await status(bench);
  expect((await get("/warning")).body).toBe('{"error_message":"None"}');
  expect(Number.parseInt((await get("/miner_power")).body.split(":")[1] ?? "", 10)).toBe(3513);
  expect(await get("/nothing")).toMatchObject({ status: 404, body: "error 6060 cmd" });
  expect((await get("/warning", "POST")).status).toBe(405);
  bench.state.facts = UNKNOWN_FACTS;
  const unknown = await get("/miner_power");
  expect(unknown.status).toBe(404);
  expect(unknown.body).not.toMatch(/\d/);
  bench.state.snapshot = null;
  expect((await get("/warning")).status).toBe(503);
});

test.each([
  ["None", {}],
  ["P:1", { shutdownReason: "board 1 at 81.0 C" }],
  ["J0:6", { shutdownReason: "no sensor of board 1 tells the truth" }],
  ["J0:8", { chains: [chainAt(0), chainAt(1, { state: "absent" as const })] }],
  ["J1:2", { chains: [chainAt(0), chainAt(1, { chips: 100 })] }],
  ["None", { chains: [chainAt(0, { chips: 0, state: "enumerating" as const })] }],
  ["R:1", { truth: truth(79) }],
  ["N:1", { truth: truth(121) }],
  ["None", { truth: truth(81) }],
  ["None", { truth: truth(10), uptimeMs: 60_000 }],
  ["None", { truth: truth(10), pauseReason: "paused by root", isPausedByOwner: true }],
  ["P:1", { shutdownReason: "hot", truth: truth(1), chains: [chainAt(0, { state: "absent" as const })] }],
])("warning %s for %j", async (code, changes) => {
  const get = await status(faceBench(machine(changes)));
  const reply = JSON.parse((await get("/warning")).body) as object;
  expect(reply).toEqual({ error_message: code });
});

function truth(verified: number) {
  return { ...machine().truth, "10m": { expected: 100, reported: 100, verified, submitted: 0, accepted: 0 } };
}

test("no rule has a code that the strictest client does not know", () => {
  const known =
    "R:1 N:1 V:1 V:2 J0:8 P:1 P:2 J1:4 J2:4 J3:4 J4:4 J5:4 J6:4 J7:4 J0:6 M:1 J0:2 J1:2 J2:2 L0:1 L1:1 L2:1 L0:2 L1:2 L2:2 L255:2";
  expect([...ACCEPTED_CODES].sort()).toEqual(known.split(" ").sort());
  expect(WARNING_RULES.map(({ code }) => code).filter((code) => !ACCEPTED_CODES.includes(code))).toEqual([]);
});

test("the address report is ADDRESS,MAC in one datagram; an unknown address is not told", async () => {
  const listener = dgram.createSocket("udp4");
  await new Promise<void>((resolve) => listener.bind(0, "127.0.0.1", resolve));
  const heard = new Promise<string>((resolve) => listener.once("message", (text) => resolve(text.toString())));
  const target = { address: "127.0.0.1", port: listener.address().port };
  expect(await sendIpReport(KNOWN_FACTS, target)).toBe(true);
  expect(await heard).toBe("192.0.2.7,28:E2:97:0A:0B:0C");
  listener.close();
  expect(await sendIpReport(UNKNOWN_FACTS, target)).toBe(false);
  expect(ipReportText(UNKNOWN_FACTS)).toBeNull();
});
