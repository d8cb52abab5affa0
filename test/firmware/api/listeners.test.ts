/** Ports and addresses that cannot be had: what was asked for ends the run, what the settings say is tried again. */
import { EventEmitter } from "node:events";
import fs from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { FACE_NAMES, type FaceName, type FaceOptions, type StartedFaces } from "#firmware/api/face-places.ts";
import { Listeners, type ListenPlaces } from "#firmware/api/listeners.ts";
import type { FromWorker } from "#firmware/api/messages.ts";
import { VirtualClock } from "#hal/emulator/virtual-clock.ts";
import { temporaryFolder } from "../../support/program.ts";

const NO_PLACES = { cgminer: null, stock: null, status: null, metrics: null };

function errno(code: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`listen ${code}`), { code });
}

/** @param taken What cannot be had now: `http`, or a face; by the code that the system gives. */
function listenersWith(taken: Map<string, string>, changes: Partial<ListenPlaces> & { asked?: FaceName } = {}) {
  const { asked, ...places } = changes;
  const told: FromWorker[] = [];
  const tries: string[] = [];
  const clock = new VirtualClock();
  const stop = new AbortController();
  const place = (isAsked: boolean) => ({ host: "192.0.2.9", port: 4028, isPortDefault: false, isAsked });
  const app = {
    listen: ({ host, port }: { host: string; port: number }): Promise<void> => {
      tries.push(`http ${host}:${port}`);
      const code = taken.get("http");
      return code === undefined ? Promise.resolve() : Promise.reject(errno(code));
    },
    server: { address: () => ({ port: 8080 }) },
  };
  const openFaces = (faces: FaceOptions): Promise<StartedFaces> => {
    const wanted = FACE_NAMES.flatMap((face) => {
      const at = faces.places[face];
      return at === null ? [] : [{ face, place: at, code: taken.get(face) ?? "", message: "refused" }];
    });
    tries.push(...wanted.map(({ face }) => face));
    const failures = wanted.filter(({ code }) => code !== "");
    const ports: Record<FaceName, number | null> = { ...NO_PLACES };
    for (const { face, code } of wanted) if (code === "") ports[face] = 4028;
    return Promise.resolve({ ports, failures });
  };
  const local = Object.assign(new EventEmitter(), {
    listen: (file: string): void => {
      tries.push("console");
      const code = taken.get("console");
      if (code !== undefined) return void local.emit("error", errno(code));
      fs.writeFileSync(file, "");
      local.emit("listening");
    },
  });
  const listeners = new Listeners({
    server: { app, local } as never,
    options: {
      host: "192.0.2.9",
      port: 8080,
      isPortDefault: false,
      isAsked: false,
      consolePath: null,
      faces: {
        places: { ...NO_PLACES, cgminer: place(asked === "cgminer"), metrics: place(asked === "metrics") },
        stockLogin: null,
        cgminerAllow: "",
        cgminerGroups: "",
      },
      ...places,
    },
    clock,
    openFaces,
    tell: (message) => told.push(message),
    signal: stop.signal,
  });
  const listening = () => told.filter((message) => message.kind === "listening");
  return { listeners, clock, told, tries, stop, listening, local };
}

test("all that can be had is had at once, and nothing is tried again", async () => {
  const { listeners, clock, tries, listening } = listenersWith(new Map());
  await listeners.open();
  expect(listening()).toMatchObject([{ port: 8080, faces: { ports: { cgminer: 4028, metrics: 4028 } }, problems: [] }]);
  await clock.advance(60_000);
  expect(tries).toEqual(["http 192.0.2.9:8080", "cgminer", "metrics"]);
});

test("an address that comes later is had then; until then the rest listens and the owner is told", async () => {
  const taken = new Map([
    ["http", "EADDRNOTAVAIL"],
    ["metrics", "EADDRINUSE"],
  ]);
  const { listeners, clock, told, tries, listening } = listenersWith(taken);
  await listeners.open();
  const problems = [
    "own API: port 8080 on 192.0.2.9 cannot be had, since this machine has no such address: change network.http",
    "metrics: port 4028 on 192.0.2.9 is in use: change network.metrics",
  ];
  expect(listening()).toMatchObject([{ port: null, faces: { ports: { cgminer: 4028, metrics: null } }, problems }]);
  await clock.advance(20_000);
  expect(tries.filter((what) => what === "cgminer")).toHaveLength(1);
  expect(told.filter(({ kind }) => kind === "say")).toHaveLength(2);
  taken.delete("http");
  await clock.advance(5_000);
  expect(listening().at(-1)).toMatchObject({ port: 8080, problems: problems.slice(1) });
  taken.clear();
  await clock.advance(5_000);
  expect(listening().at(-1)).toMatchObject({ faces: { ports: { cgminer: 4028, metrics: 4028 } }, problems: [] });
  expect(listening()).toHaveLength(3);
  const tried = tries.length;
  await clock.advance(60_000);
  expect(tries).toHaveLength(tried);
});

test("a folder that takes no socket of the console keeps nobody out of the rest", async () => {
  const taken = new Map([["console", "EROFS"]]);
  const consolePath = path.join(temporaryFolder(), "console.sock");
  const { listeners, clock, listening, local } = listenersWith(taken, { consolePath });
  await listeners.open();
  expect(listening()).toMatchObject([
    { port: 8080, problems: [expect.stringMatching(/^console: its socket .* cannot be had \(listen EROFS\)/)] },
  ]);
  await clock.advance(60_000);
  expect([local.listenerCount("error"), local.listenerCount("listening")]).toEqual([0, 0]);
  taken.clear();
  await clock.advance(5_000);
  expect(listening().at(-1)).toMatchObject({ problems: [] });
  expect(fs.statSync(consolePath).mode & 0o777).toBe(0o600);
});

test("what the command line asks for is had or the run ends", async () => {
  const api = listenersWith(new Map([["http", "EADDRINUSE"]]), { isAsked: true });
  await expect(api.listeners.open()).rejects.toMatchObject({ code: "EADDRINUSE" });
  const face = listenersWith(new Map([["cgminer", "EADDRINUSE"]]), { asked: "cgminer" });
  await face.listeners.open();
  expect(face.listening()).toMatchObject([{ faces: { failures: [{ face: "cgminer", code: "EADDRINUSE" }] } }]);
});

test("the end of the run ends the tries", async () => {
  const { listeners, clock, tries, stop } = listenersWith(new Map([["http", "ENOTFOUND"]]));
  await listeners.open();
  stop.abort();
  const before = tries.length;
  await clock.advance(60_000);
  expect(tries).toHaveLength(before);
});
