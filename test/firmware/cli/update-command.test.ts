/** `kumpel update` against a socket that answers as the firmware does. */
import fs from "node:fs";
import http from "node:http";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeEach, expect, test } from "vitest";
import { updateCommand } from "#firmware/cli/update-command.ts";
import { openBundle } from "#firmware/platform/bundle-file.ts";
import { NO_UPDATER, type UpdateStatus } from "#firmware/update/update-status.ts";
import { SystemClock } from "#hal/linux/system-clock.ts";

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "update-"));
const bundle = path.join(folder, "x.raucb");
fs.writeFileSync(bundle, "bundle");
const READY: UpdateStatus = { ...NO_UPDATER, slot: "A", isUpdatable: true, reason: null };
/** Told one after the other; the last one stays. */
let statuses: UpdateStatus[] = [READY];
let answer = { ok: true, message: "Version 0.2.0 is being installed.", effect: "now" };
const asked: string[] = [];
let [out, err] = ["", ""];

const server = http.createServer((request, response) => {
  let body = "";
  request.on("data", (chunk: Buffer) => (body += chunk.toString()));
  request.on("end", () => {
    asked.push(`${request.method} ${request.url} ${body}`);
    const isStatus = request.method === "GET";
    const status = isStatus && statuses.length > 1 ? statuses.shift() : statuses[0];
    response.statusCode = isStatus || answer.ok ? 200 : 400;
    response.end(JSON.stringify(isStatus ? status : answer));
  });
});
await new Promise<void>((resolve) => server.listen(path.join(folder, "console.sock"), resolve));
afterAll(async () => {
  await new Promise((resolve) => server.close(resolve));
  fs.rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => {
  [out, err] = ["", ""];
  asked.length = 0;
  statuses = [READY];
  answer = { ok: true, message: "Version 0.2.0 is being installed.", effect: "now" };
});

function run(...args: string[]): Promise<number> {
  return updateCommand([...args, "--data", folder], {
    clock: new SystemClock(),
    findSockets: () => Promise.resolve([]),
    openBundle,
    stdout: (text) => (out += text),
    stderr: (text) => (err += text),
  });
}

test("status tells in words and as JSON", async () => {
  expect(await run("status")).toBe(0);
  expect(out).toContain("may update   yes");
  out = "";
  expect(await run("status", "--json")).toBe(0);
  expect(JSON.parse(out)).toEqual(READY);
});

test("install sends the file, shows how it goes on, and ends when the board boots", async () => {
  statuses = [
    { ...READY, state: "installing", progressPercent: 40 },
    { ...READY, state: "pendingReboot", message: "The board boots." },
  ];
  expect(await run("install", bundle, "--force")).toBe(0);
  expect(asked[0]).toBe("POST /api/v1/update?force=true bundle");
  expect(err).toContain("40 %");
  expect(out).toBe("The board boots.\n");
});

test("a refusal, and an installation that fails, end with 1 and their sentence", async () => {
  answer = { ok: false, message: "The bundle is for board s19.", effect: "now" };
  expect(await run("install", bundle)).toBe(1);
  expect(err).toBe("The bundle is for board s19.\n");
  answer = { ok: true, message: "begun", effect: "now" };
  statuses = [{ ...READY, message: "Version 0.2.0 was not installed: no space" }];
  expect(await run("install", bundle)).toBe(1);
  expect(err).toContain("no space");
});

test("back orders the way back", async () => {
  expect(await run("back")).toBe(0);
  expect(asked).toEqual(['POST /api/v1/commands {"kind":"goBack"}']);
});

test.each([
  [["install"], "Say kumpel update"],
  [["status", "x"], "Say kumpel update"],
  [["install", "a", "b"], "Say kumpel update"],
  [["explode"], "Say kumpel update"],
  [["back", "--force"], "--force belongs to"],
  [["install", path.join(folder, "none.raucb")], "cannot be read"],
  [["install", folder], "it is no file"],
  [["status", "--nonsense"], "--nonsense"],
])("%j is wrong usage", async (args, sentence) => {
  await expect(run(...args)).rejects.toMatchObject({ code: "USAGE", message: expect.stringContaining(sentence) });
  expect(asked).toEqual([]);
});

test("where nothing runs it says so", async () => {
  await expect(
    updateCommand(["status"], {
      clock: new SystemClock(),
      findSockets: () => Promise.resolve([]),
      openBundle,
      stdout: () => undefined,
      stderr: () => undefined,
    }),
  ).rejects.toThrow("No running Kumpel was found");
});
