/** What the main thread's side of the management plane does for the workers that come and go. */
import { randomBytes } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { LogRing } from "#firmware/api/log-ring.ts";
import { ManagementPlane } from "#firmware/api/management-plane.ts";
import { NOTHING_OUTWARD } from "#firmware/api/outward-options.ts";
import { SessionMemory } from "#firmware/api/session-memory.ts";
import { NO_UPDATES, type UpdateOrders } from "#firmware/api/update-orders.ts";
import { SettingsStore } from "#firmware/config/settings-store.ts";
import { createLog } from "#firmware/log.ts";
import { NO_UPDATER, type UpdateStatus } from "#firmware/update/update-status.ts";
import { MemoryStore } from "#hal/emulator/memory-store.ts";
import { VirtualClock } from "#hal/emulator/virtual-clock.ts";
import { temporaryFolder } from "../../support/program.ts";

const WORKER = `const { parentPort } = require("node:worker_threads");
parentPort.on("message", ({ kind }) => kind === "close" && parentPort.postMessage({ kind: "closed" }));
parentPort.postMessage({ kind: "listening", port: 1, faces: { ports: {}, failures: [] }, problems: [] });`;

/** One worker's life, until it listens. @returns what was dropped. */
async function dropsWith(state: UpdateStatus["state"]): Promise<string[]> {
  const programPath = path.join(temporaryFolder(), "worker.cjs");
  fs.writeFileSync(programPath, WORKER);
  const [clock, store] = [new VirtualClock(), new MemoryStore()];
  const settings = new SettingsStore(store);
  await settings.load();
  const drops: string[] = [];
  const update: UpdateOrders = {
    ...NO_UPDATES,
    status: { ...NO_UPDATER, state },
    drop: (reason) => {
      drops.push(reason);
      return { ok: true, message: "" };
    },
  };
  const plane = new ManagementPlane({
    log: createLog("silent"),
    clock,
    store,
    settings,
    randomBytes,
    programPath,
    version: "0",
    logRing: new LogRing(),
    machine: null,
    idleReason: "no pool",
    machineName: "s21",
    wakes: () => false,
    poolOf: () => {
      throw new RangeError("no pool is tried here");
    },
    sessions: new SessionMemory(clock),
    restart: () => undefined,
    update,
    overriddenKeys: [],
    worker: {
      dataPath: "",
      tls: null,
      webFolder: null,
      consolePath: null,
      host: "127.0.0.1",
      port: 8080,
      isPortDefault: false,
      isAsked: true,
      readsNeedToken: true,
      sessionMs: 1,
      faces: {
        places: { cgminer: null, stock: null, status: null, metrics: null },
        stockLogin: null,
        cgminerAllow: "",
        cgminerGroups: "",
      },
      outward: NOTHING_OUTWARD,
    },
  });
  await plane.open();
  const life = new AbortController();
  const end = plane.run(life.signal);
  while (plane.port === null) await new Promise((resolve) => setTimeout(resolve, 5));
  life.abort();
  await end;
  return drops;
}

test("a bundle that the worker before was receiving is dropped; whatever else is under way goes on", async () => {
  expect(await dropsWith("staging")).toHaveLength(1);
  expect(await dropsWith("verifying")).toEqual([]);
  expect(await dropsWith("idle")).toEqual([]);
});
