/** The faces for other people's tools in the real program: each listens where the report says, and speaks its language. */
import { createHash } from "node:crypto";
import net from "node:net";
import { expect, test } from "vitest";
import { runProgram, startProgram } from "../support/program.ts";

interface Ports {
  cgminer: number;
  stock: number;
  status: number;
  metrics: number;
}

const FREE = ["http", "cgminer", "stock", "status", "metrics"].flatMap((face) => [`--${face}-port`, "0"]);

function socketApi(port: number, request: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    const socket = net.connect(port, "127.0.0.1", () => socket.write(request));
    socket.on("data", (data) => {
      text += data.toString();
    });
    socket.on("end", () => resolve(text.replace(/\0$/, "")));
    socket.on("error", reject);
  });
}

const md5 = (text: string): string => createHash("md5").update(text).digest("hex");

async function stockPage(port: number, path: string): Promise<unknown> {
  const url = `http://127.0.0.1:${port}${path}`;
  const first = await fetch(url);
  expect(first.status).toBe(401);
  const nonce = /nonce="([^"]+)"/.exec(first.headers.get("www-authenticate") ?? "")?.[1] ?? "";
  const ha1 = md5("root:antMiner Configuration:root");
  const response = md5(`${ha1}:${nonce}:00000001:abc:auth:${md5(`GET:${path}`)}`);
  const authorization = `Digest username="root", realm="antMiner Configuration", nonce="${nonce}", uri="${path}", qop=auth, nc=00000001, cnonce="abc", response="${response}"`;
  return (await fetch(url, { headers: { authorization } })).json();
}

test("a demo shows itself as an S21 to managers, as metrics, and over the socket API", async () => {
  const run = startProgram("run", "--demo", ...FREE, "--log-level", "info");
  await run.seen(/"faces":\{[^}]*\}/);
  const { cgminer, stock, status, metrics } = JSON.parse(
    /"faces":(\{[^}]*\})/.exec(run.stderr())?.[1] ?? "{}",
  ) as Ports;
  // The first snapshot comes with the next second.
  await run.seen(/"to":"enumerating"/);
  const version = JSON.parse(await socketApi(cgminer, '{"command":"version"}')) as { VERSION: { Type: string }[] };
  expect(version.VERSION[0]?.Type).toBe("Antminer S21");
  expect(await socketApi(cgminer, '{"command":"privileged"}')).toContain('"Code":46');
  expect(await stockPage(stock, "/cgi-bin/miner_type.cgi")).toMatchObject({ miner_type: "Antminer S21" });
  expect(await (await fetch(`http://127.0.0.1:${status}/warning`)).text()).toContain("error_message");
  const scraped = await fetch(`http://127.0.0.1:${metrics}/metrics`);
  expect(scraped.headers.get("content-type")).toContain("version=0.0.4");
  expect(await scraped.text()).toMatch(/^kumpel_uptime_seconds \d/m);
  expect((await fetch(`http://127.0.0.1:${metrics}/other`)).status).toBe(404);
  process.kill(run.pid, "SIGTERM");
  expect(await run.ended()).toBe(0);
});

test("a face's port that is asked for and taken ends with 2 and one sentence", async () => {
  const taken = net.createServer();
  await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", () => resolve()));
  const { port } = taken.address() as net.AddressInfo;
  const options = ["run", "--demo", "--machine", "bitaxe-gamma", "--http-port", "0"];
  const { code, stderr } = await runProgram(...options, "--cgminer-port", String(port), "--for", "20s");
  taken.close();
  expect(code).toBe(2);
  expect(stderr).toContain(
    `Port ${port} on 127.0.0.1 (cgminer) is in use: choose another with --cgminer-port or network.cgminer.port.`,
  );
});
