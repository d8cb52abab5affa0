/** A run without a pool waits with everything off; a pool lets it begin, and a real board still wants the owner's words. */
import { expect, test } from "vitest";
import { startProgram, temporaryFolder, tokenHeader } from "../support/program.ts";

const POOL = { url: "stratum+tcp://127.0.0.1:9", user: "alice" };

test("without a pool nothing is opened; a pool lets it begin, and alone energises nothing", async () => {
  const run = startProgram("run", "--data", temporaryFolder(), "--http-port", "0", "--log-level", "info");
  await run.seen(/hashboards stay off: No pool/);
  await run.seen(/own API listens/);
  const port = /"port":(\d+)/.exec(run.stderr())?.[1] ?? "";
  const url = `http://127.0.0.1:${port}/api/v1`;
  const ask = (path: string, init: RequestInit = {}): Promise<Response> =>
    fetch(url + path, {
      ...init,
      headers: { ...tokenHeader(run), "content-type": "application/json", connection: "close" },
    });
  expect(await (await ask("/health")).json()).toMatchObject({ status: "idle" });
  const body = JSON.stringify({ kind: "setPools", pools: [{ ...POOL, password: "x" }] });
  const answer = await (await ask("/commands", { method: "POST", body })).json();
  expect(answer).toMatchObject({ ok: true, effect: "now" });
  await run.seen(/what was missing is there: starting/);
  // This machine is no board: it says so instead of driving anything, and the page stays.
  await run.seen(/hashboards stay off: No control board was found[\s\S]*own API listens/);
  expect(await (await ask("/health")).json()).toMatchObject({ status: "idle" });
  process.kill(run.pid, "SIGTERM");
  expect(await run.ended()).toBe(2);
});
