/** The page behind the board's own certificate: it works as without, says that it is encrypted, and shows what to compare. */
import fs from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { FREE_PORTS, startProgram, temporaryFolder, tokenHeader } from "../support/program.ts";
import { launchChromium, openPage, signIn, withoutRefusals } from "./support/chromium.ts";

test("HTTPS with a self-made certificate, in the browser", { timeout: 240_000 }, async () => {
  const data = temporaryFolder();
  fs.writeFileSync(path.join(data, "settings.toml"), 'settings_version = 2\n[network.http]\ntls = "self_made"\n');
  const run = startProgram("run", "--demo", "--link", "memory", "--data", data, "--log-level", "info", ...FREE_PORTS);
  await run.seen(/"port":\d+,"msg":"own API listens"/);
  const port = /"port":(\d+),"msg":"own API listens"/.exec(run.stderr())?.[1] ?? "";
  const browser = await launchChromium();
  const { page, context, problems } = await openPage(browser, `https://127.0.0.1:${port}/`);
  await signIn(page, tokenHeader(run).authorization.replace("Bearer ", ""));
  // The stream is live behind TLS, too.
  await page.getByTestId("why").filter({ hasText: "Hashing" }).waitFor({ timeout: 120_000 });
  const cookies = await context.cookies();
  expect(cookies).toMatchObject([{ secure: true, httpOnly: true, sameSite: "Strict" }]);
  await page.goto(`https://127.0.0.1:${port}/#system`);
  await page.getByTestId("about").getByText("encrypted (TLS)").waitFor();
  const logged = /SHA-256 of its certificate ([0-9a-f]{64})/.exec(run.stderr())?.[1] ?? "none";
  const shown = await page
    .getByTestId("network")
    .getByText(/^([0-9a-f]{8} ){7}[0-9a-f]{8}$/)
    .textContent();
  expect(shown?.replaceAll(" ", "")).toBe(logged);
  expect(withoutRefusals(problems, 401, 503)).toEqual([]);
  await browser.close();
  process.kill(run.pid, "SIGTERM");
  await run.ended();
});
