/** What goes out to others, from the real program: a test alert to a webhook, and the announcement on the network. */
import fs from "node:fs";
import http from "node:http";
import type net from "node:net";
import path from "node:path";
import multicastDns from "multicast-dns";
import { expect, test } from "vitest";
import { type Started, startProgram, temporaryFolder, tokenHeader } from "../support/program.ts";

const FREE = ["http", "cgminer", "stock", "status", "metrics"].flatMap((face) => [`--${face}-port`, "0"]);

function startWith(settings: string): Started {
  const folder = temporaryFolder();
  fs.writeFileSync(path.join(folder, "settings.toml"), `settings_version = 2\n${settings}`);
  const options = ["run", "--demo", "--machine", "bitaxe-gamma", ...FREE, "--data", folder, "--log-level", "info"];
  return startProgram(...options);
}

async function apiOf(run: Started): Promise<string> {
  await run.seen(/"port":\d+[^\n]*own API listens/);
  return `http://127.0.0.1:${/"port":(\d+)[^\n]*own API listens/.exec(run.stderr())?.[1]}/api/v1`;
}

async function testAlert(run: Started): Promise<{ ok: boolean; message: string }> {
  // The first snapshot comes with the first second.
  await run.seen(/"to":"enumerating"/);
  const response = await fetch(`${await apiOf(run)}/commands`, {
    method: "POST",
    headers: { ...tokenHeader(run), "content-type": "application/json" },
    body: JSON.stringify({ kind: "testAlert" }),
  });
  return (await response.json()) as { ok: boolean; message: string };
}

async function stopped(run: Started): Promise<void> {
  process.kill(run.pid, "SIGTERM");
  expect(await run.ended()).toBe(0);
}

test("a test alert arrives at the webhook, and neither its address nor its token is in the log", async () => {
  const bodies: unknown[] = [];
  const server = http.createServer((request, response) => {
    let text = "";
    request.on("data", (chunk: Buffer) => {
      text += chunk.toString();
    });
    request.on("end", () => {
      bodies.push([request.headers.authorization, JSON.parse(text)]);
      response.writeHead(200).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  const { port } = server.address() as net.AddressInfo;
  const run = startWith(
    `[alerts]\nwebhook_url = "http://127.0.0.1:${port}/secret-path"\nwebhook_token = "secret-token"\n`,
  );
  const answer = await testAlert(run);
  expect(answer).toMatchObject({ ok: true, message: `Test alert: the webhook on 127.0.0.1:${port} took it.` });
  expect(bodies).toMatchObject([
    ["Bearer secret-token", { version: 1, kind: "test", machine: { model: expect.any(String) as string } }],
  ]);
  server.close();
  server.closeAllConnections();
  expect((await testAlert(run)).ok).toBe(false);
  await stopped(run);
  expect(run.stderr()).not.toMatch(/secret-(path|token)/);
});

test("where no alert goes anywhere, the test says so", async () => {
  const run = startWith("");
  expect(await testAlert(run)).toEqual({
    ok: false,
    message:
      "No alert goes anywhere: set alerts.webhook_url or network.mqtt.url, then restart (over MQTT only while a machine runs).",
  });
  await stopped(run);
});

test("the machine is found by its name on the network, and says goodbye", async () => {
  // Others on this network may run the same test.
  const name = `kumpel-test-${process.pid}`;
  const service = `Kumpel ${name}._kumpel._tcp.local`;
  const run = startWith(`[network.mdns]\nenabled = true\nhostname = "${name}"\n`);
  await run.seen(/announced as kumpel-test-\d+\.local/);
  const asker = multicastDns();
  const heard = (isIt: (record: { name: string; ttl?: number }) => boolean): Promise<void> =>
    new Promise((resolve) => {
      asker.on("response", ({ answers }) => {
        if ((answers ?? []).some((record) => isIt(record as { name: string; ttl?: number }))) resolve();
      });
    });
  const found = heard((record) => record.name === service && record.ttl !== 0);
  const gone = heard((record) => record.name === service && record.ttl === 0);
  asker.query([{ name: service, type: "SRV" }]);
  await found;
  await stopped(run);
  await gone;
  await new Promise<void>((resolve) => asker.destroy(() => resolve()));
});
