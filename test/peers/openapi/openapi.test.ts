/**
 * The OpenAPI document for programs that were not written by us: a validator finds nothing, and a client that was generated
 * from it type-checks, reads and commands the running miner with nothing but fetch.
 */
import { execFileSync, spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { Validator } from "@seriousme/openapi-schema-validator";
import { afterAll, beforeAll, expect, test } from "vitest";
import { FREE_PORTS, ROOT, type Started, startProgram, temporaryFolder, tokenHeader } from "../../support/program.ts";

const folder = temporaryFolder();
const documentFile = path.join(folder, "openapi.json");
let miner: Started;
let base = "";

beforeAll(async () => {
  miner = startProgram("run", "--demo", "--link", "memory", ...FREE_PORTS);
  await miner.seen(/"port":\d+,"msg":"own API listens"/);
  base = `http://127.0.0.1:${/"port":(\d+),"msg":"own API listens"/.exec(miner.stderr())?.[1]}`;
  fs.writeFileSync(documentFile, await (await fetch(`${base}/api/v1/openapi.json`)).text());
  // The first snapshot comes within seconds of the start.
  await miner.seen(/thermal state/);
}, 60_000);

afterAll(async () => {
  miner.child.kill("SIGTERM");
  await miner.ended();
});

test("an outside validator finds nothing in the document, and something in a broken one", async () => {
  const document = JSON.parse(fs.readFileSync(documentFile, "utf8")) as Record<string, unknown>;
  expect(await new Validator().validate(structuredClone(document))).toMatchObject({ valid: true });
  expect(await new Validator().validate({ ...document, paths: { "/x": { get: { responses: 7 } } } })).toMatchObject({
    valid: false,
  });
});

const CLIENT = `
import createClient from "openapi-fetch";
import type { paths } from "./kumpel.d.ts";

const [base, token] = process.argv.slice(2) as [string, string];
const client = createClient<paths>({ baseUrl: base, headers: { authorization: "Bearer " + token } });

const health = await client.GET("/api/v1/health");
const status: "running" | "starting" | "idle" | undefined = health.data?.status;
const chips = await client.GET("/api/v1/chains/{chainIndex}/chips", { params: { path: { chainIndex: 1 } } });
const first: number | undefined = chips.data?.chips[0]?.wantedMhz;
const history = await client.GET("/api/v1/history", { params: { query: { resolution: "10s", fields: "accepted" } } });
const paused = await client.POST("/api/v1/commands", { body: { kind: "pause", reason: "a generated client" } });
// Snapshots are made once a second.
let snapshot = await client.GET("/api/v1/snapshot");
for (let i = 0; i < 40 && snapshot.data?.pauseReason === null; i++) {
  await new Promise((resolve) => setTimeout(resolve, 250));
  snapshot = await client.GET("/api/v1/snapshot");
}
const refused = await client.POST("/api/v1/commands", { body: { kind: "restartChain", chainIndex: 9 } });
const resumed = await client.POST("/api/v1/commands", { body: { kind: "resume" } });
console.log(JSON.stringify({
  status,
  first,
  chips: chips.data?.chips.length,
  periodMs: history.data?.periodMs,
  paused: paused.data,
  pauseReason: snapshot.data?.pauseReason,
  refused: refused.error,
  resumed: resumed.data,
}));
`;

/** As the client's author would: generate, type-check, run. */
test("a generated client type-checks and steers the miner", () => {
  const at = fs.mkdtempSync(path.join(ROOT, "dist/test/client-"));
  try {
    const bin = path.join(ROOT, "node_modules/.bin");
    execFileSync(path.join(bin, "openapi-typescript"), [documentFile, "-o", path.join(at, "kumpel.d.ts")], {
      stdio: "pipe",
    });
    fs.writeFileSync(path.join(at, "client.ts"), CLIENT);
    const flags =
      "--ignoreConfig --noEmit --strict --skipLibCheck --module nodenext --moduleResolution nodenext --target es2022 --types node --allowImportingTsExtensions";
    const check = (file: string) =>
      spawnSync(path.join(bin, "tsc"), [...flags.split(" "), path.join(at, file)], { cwd: ROOT, encoding: "utf8" });
    expect(check("client.ts").stdout).toBe("");
    // The types are no mere any: a wrong field is found.
    fs.writeFileSync(path.join(at, "wrong.ts"), CLIENT.replace("data?.status", "data?.statos"));
    expect(check("wrong.ts").stdout).toMatch(/statos/);
    execFileSync(
      path.join(bin, "esbuild"),
      [path.join(at, "client.ts"), "--bundle", "--platform=node", "--format=esm", `--outfile=${at}/client.mjs`],
      { stdio: "pipe" },
    );
    const token = tokenHeader(miner).authorization.slice("Bearer ".length);
    const run = spawnSync(process.execPath, [path.join(at, "client.mjs"), base, token], { encoding: "utf8" });
    expect(run.stderr).toBe("");
    expect(JSON.parse(run.stdout)).toMatchObject({
      status: "running",
      chips: 108,
      periodMs: 10_000,
      paused: { ok: true, effect: "now" },
      pauseReason: expect.stringContaining("a generated client"),
      refused: { ok: false, message: expect.stringContaining("no chain 9") },
      resumed: { ok: true },
    });
    expect((JSON.parse(run.stdout) as { first: number }).first).toBeGreaterThan(400);
  } finally {
    fs.rmSync(at, { recursive: true, force: true });
  }
}, 120_000);
