/** A run without a pool gets its first one over the faces for other people's tools, and begins. */
import { createHash } from "node:crypto";
import fs from "node:fs";
import net from "node:net";
import path from "node:path";
import { expect, test } from "vitest";
import { type Started, startProgram, temporaryFolder } from "../support/program.ts";

const SETTINGS = `settings_version = 2
[network.http]
port = 0
[network.cgminer]
enabled = true
port = 0
[network.stock]
enabled = true
port = 0
password = "secret"
`;

/** Says how a face is asked for a pool; the port of each by name. */
type Ask = (ports: { cgminer: number; stock: number }) => Promise<string>;

const overCgminer: Ask = ({ cgminer }) =>
  new Promise((resolve, reject) => {
    let text = "";
    const request = { command: "addpool", parameter: "stratum+tcp://127.0.0.1:9,alice,x" };
    const socket = net.connect(cgminer, "127.0.0.1", () => socket.write(JSON.stringify(request)));
    socket.on("data", (data) => {
      text += data.toString();
    });
    socket.on("end", () => resolve(text));
    socket.on("error", reject);
  });

const md5 = (text: string): string => createHash("md5").update(text).digest("hex");

const overStock: Ask = async ({ stock }) => {
  const page = "/cgi-bin/set_miner_conf.cgi";
  const url = `http://127.0.0.1:${stock}${page}`;
  const first = await fetch(url);
  const nonce = /nonce="([^"]+)"/.exec(first.headers.get("www-authenticate") ?? "")?.[1] ?? "";
  const realm = /realm="([^"]+)"/.exec(first.headers.get("www-authenticate") ?? "")?.[1] ?? "";
  const response = md5(`${md5(`root:${realm}:secret`)}:${nonce}:00000001:abc:auth:${md5(`POST:${page}`)}`);
  const authorization = `Digest username="root", realm="${realm}", nonce="${nonce}", uri="${page}", qop=auth, nc=00000001, cnonce="abc", response="${response}"`;
  const body = JSON.stringify({ pools: [{ url: "stratum+tcp://127.0.0.1:9", user: "alice", pass: "x" }] });
  return (await fetch(url, { method: "POST", headers: { authorization }, body })).text();
};

async function portsOf(run: Started): Promise<{ cgminer: number; stock: number }> {
  await run.seen(/"faces":\{[^}]*\}/);
  return JSON.parse(/"faces":(\{[^}]*\})/.exec(run.stderr())?.[1] ?? "{}") as { cgminer: number; stock: number };
}

test.concurrent.each([
  ["the socket API", overCgminer, /"STATUS":"S"/],
  ["the pages of a stock machine", overStock, /"stats":"success"/],
] as const)(
  "a pool over %s: what was missing is there, and the run begins",
  { timeout: 150_000 },
  async (_name, ask, good) => {
    const data = temporaryFolder();
    fs.writeFileSync(path.join(data, "settings.toml"), SETTINGS);
    const run = startProgram("run", "--data", data, "--log-level", "info");
    await run.seen(/hashboards stay off: No pool/);
    expect(await ask(await portsOf(run))).toMatch(good);
    await run.seen(/what was missing is there: starting/);
    // This machine is no board: it says so instead of driving anything, and stays where it can be reached.
    await run.seen(/hashboards stay off: No control board was found/);
    process.kill(run.pid, "SIGTERM");
    expect(await run.ended()).toBe(2);
    expect(fs.readFileSync(path.join(data, "settings.toml"), "utf8")).toContain("127.0.0.1:9");
  },
);
