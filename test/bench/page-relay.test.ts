/** What stands between a board and its tabs in the bench: one tab's work for the board, and nothing that goes silent. */
import http from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { startRelay } from "./page-relay.mjs";

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

/** A board that counts what it is asked. */
async function board() {
  const asked: string[] = [];
  const streams: http.ServerResponse[] = [];
  const box = { status: 200 };
  const server = http.createServer((request, response) => {
    asked.push(request.url ?? "");
    response.writeHead(box.status);
    if (request.url !== "/api/v1/events" || box.status !== 200) return void response.end("answer");
    response.write("event 1\n\n");
    streams.push(response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const relay = await startRelay((server.address() as AddressInfo).port);
  closing.push(relay.close, () => {
    server.closeAllConnections();
    server.close();
  });
  const get = (path: string): Promise<Response> =>
    fetch(`http://127.0.0.1:${relay.port}${path}`, { headers: { cookie: "session=1" } });
  return { asked, streams, box, get };
}

test("many tabs ask the board once, and its events come once", async () => {
  const { asked, streams, get } = await board();
  for (let tab = 0; tab < 3; tab++) expect(await (await get("/api/v1/status")).text()).toBe("answer");
  const tabs = [await get("/api/v1/events"), await get("/api/v1/events")];
  await expect.poll(() => streams.length).toBe(1);
  streams[0]?.write("event 2\n\n");
  for (const tab of tabs) {
    const reader = tab.body!.getReader();
    let text = "";
    while (!text.includes("event 2")) text += new TextDecoder().decode((await reader.read()).value);
  }
  expect(asked).toEqual(["/api/v1/status", "/api/v1/events"]);
});

test("events that end, or that the board refuses, end for the tabs as well", async () => {
  const { asked, streams, box, get } = await board();
  const tab = await get("/api/v1/events");
  await expect.poll(() => streams.length).toBe(1);
  streams[0]?.destroy();
  await expect(tab.text()).rejects.toThrow();
  box.status = 401;
  await expect(get("/api/v1/events").then((response) => response.text())).rejects.toThrow();
  expect(asked).toHaveLength(2);
});

test("an answer that is no success is not remembered", async () => {
  const { asked, box, get } = await board();
  box.status = 503;
  await get("/api/v1/status");
  box.status = 200;
  expect((await get("/api/v1/status")).status).toBe(200);
  expect(asked).toHaveLength(2);
});
