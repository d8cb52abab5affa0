import { getEventListeners } from "node:events";
import fs from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { ManagementHost } from "#firmware/api/management-host.ts";
import { NOTHING_OUTWARD } from "#firmware/api/outward-options.ts";
import { createLog } from "#firmware/log.ts";
import { VirtualClock } from "#hal/emulator/virtual-clock.ts";
import { temporaryFolder } from "../../support/program.ts";

function hostFor(source: string) {
  const folder = temporaryFolder();
  const programPath = path.join(folder, "worker.cjs");
  fs.writeFileSync(programPath, source.replaceAll("FOLDER", folder));
  const clock = new VirtualClock();
  const worker = {
    role: "management",
    host: "127.0.0.1",
    port: 8080,
    isPortDefault: false,
    isAsked: true,
    version: "0",
    readsNeedToken: true,
    sessionMs: 1,
    faces: {
      places: { cgminer: null, stock: null, status: null, metrics: null },
      stockLogin: null,
      cgminerAllow: "",
      cgminerGroups: "",
    },
    dataPath: "",
    tls: null,
    webFolder: null,
    consolePath: null,
    outward: NOTHING_OUTWARD,
  } as const;
  const nothing = {
    greeting: () => [],
    onCommand: () => undefined,
    onQuery: () => undefined,
    onSessions: () => undefined,
    onTested: () => undefined,
  };
  return {
    host: new ManagementHost({ log: createLog("silent"), clock, programPath, worker, ...nothing }),
    clock,
    folder,
  };
}

async function until(predicate: () => boolean): Promise<void> {
  for (let i = 0; i < 1000 && !predicate(); i++) await new Promise((resolve) => setTimeout(resolve, 10));
  expect(predicate()).toBe(true);
}

test("a management worker that dies is started again after a pause, and stops with the miner", async () => {
  const { host, clock, folder } = hostFor(`
    const fs = require("node:fs");
    fs.appendFileSync("FOLDER/starts", "x");
    require("node:worker_threads").parentPort.postMessage({ kind: "listening", port: 1234, faces: { ports: {}, failures: [] }, problems: [] });
    const { parentPort } = require("node:worker_threads");
    parentPort.on("message", ({ kind }) => kind === "close" && parentPort.postMessage({ kind: "closed" }));
    if (fs.readFileSync("FOLDER/starts").length < 2) setTimeout(() => { throw new Error("gone"); }, 50);
    else setInterval(() => undefined, 1000);
  `);
  const stop = new AbortController();
  const run = host.run(stop.signal);
  const starts = (): number => (fs.existsSync(`${folder}/starts`) ? fs.readFileSync(`${folder}/starts`).length : 0);
  await until(() => starts() === 1 && clock.pendingTimers > 0);
  await clock.advance(5_000);
  await until(() => starts() === 2 && host.port === 1234);
  // The worker that died is not kept by what the miner's end is listened for with.
  expect(getEventListeners(stop.signal, "abort")).toHaveLength(1);
  stop.abort();
  await run;
});

test("a port that is taken ends the run with a sentence; nothing else does", async () => {
  const message = JSON.stringify({ kind: "failed", code: "EADDRINUSE", message: "listen EADDRINUSE" });
  const { host } = hostFor(
    `require("node:worker_threads").parentPort.postMessage(${message}); setInterval(() => undefined, 1000);`,
  );
  await expect(host.run(new AbortController().signal)).rejects.toMatchObject({
    code: "PORT_IN_USE",
    message:
      "Port 8080 on 127.0.0.1 is in use: end the program that has it, or choose another with --http-port or network.http.port.",
  });
});

test("a worker that hangs is ended and started again; one that answers is left alone", async () => {
  const { host, clock, folder } = hostFor(`
    const fs = require("node:fs");
    const { parentPort } = require("node:worker_threads");
    fs.appendFileSync("FOLDER/starts", "x");
    const hangs = fs.readFileSync("FOLDER/starts").length < 2;
    parentPort.on("message", ({ kind }) => {
      if (kind === "ping") fs.appendFileSync("FOLDER/pings", "x");
      if (kind === "ping" && hangs) for (;;);
      if (kind === "ping") parentPort.postMessage({ kind: "alive" });
      if (kind === "close") parentPort.postMessage({ kind: "closed" });
    });
    parentPort.postMessage({ kind: "listening", port: 1234, faces: { ports: {}, failures: [] }, problems: [] });
  `);
  const stop = new AbortController();
  const run = host.run(stop.signal);
  const length = (file: string): number =>
    fs.existsSync(`${folder}/${file}`) ? fs.readFileSync(`${folder}/${file}`).length : 0;
  await until(() => length("starts") === 1 && host.port === 1234);
  for (let second = 0; second < 22; second++) {
    host.ping();
    await clock.advance(1_000);
  }
  await until(() => clock.pendingTimers > 0);
  await clock.advance(5_000);
  await until(() => length("starts") === 2 && host.port === 1234);
  for (let second = 0; second < 60; second++) {
    const before = length("pings");
    host.ping();
    await until(() => length("pings") > before);
    // Its answer is on its way.
    await new Promise((resolve) => setTimeout(resolve, 5));
    await clock.advance(1_000);
  }
  expect(length("starts")).toBe(2);
  stop.abort();
  await run;
});
