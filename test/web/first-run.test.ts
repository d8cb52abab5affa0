/** From an empty folder to the first accepted share, by keyboard alone; on the real program and a pool on the network. */
import fs from "node:fs";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { LocalPool } from "#hal/emulator/local-pool.ts";
import { SocketNetwork } from "#hal/linux/socket-network.ts";
import { SystemClock } from "#hal/linux/system-clock.ts";
import { SystemRandom } from "#hal/linux/system-random.ts";
import { type Started, startProgram, temporaryFolder, tokenHeader } from "../support/program.ts";
import { launchChromium, openPage, shoot, withoutRefusals } from "./support/chromium.ts";
import { freePort } from "./support/demo.ts";

const STOPS_MAX = 150;

let browser: Browser;
let pool: LocalPool;
let run: Started;
let url = "";
let poolPort = 0;
const data = temporaryFolder();

beforeAll(async () => {
  browser = await launchChromium();
  pool = new LocalPool({
    network: new SocketNetwork(),
    clock: new SystemClock(),
    random: new SystemRandom(),
    host: "127.0.0.1",
    port: 0,
    scale: 1,
    sharesPerSecond: 0,
    startDifficulty: 16_384,
  });
  poolPort = await pool.start();
  const port = await freePort();
  const machine = ["--machine", "s21", "--link", "memory", "--chip-ticket", "0.00001"];
  run = startProgram("run", ...machine, "--data", data, "--http-port", String(port), "--log-level", "info");
  await run.seen(/own API listens/);
  url = `http://127.0.0.1:${port}/`;
}, 120_000);
afterAll(async () => {
  await browser.close();
  process.kill(run.pid, "SIGTERM");
  await run.ended();
  await pool.stop();
});

/** Name or text of what has the focus. */
function focused(page: Page): Promise<string> {
  return page.evaluate(() => {
    const at = document.activeElement as HTMLInputElement | null;
    // Links have no labels, whatever the type says.
    return at === null
      ? ""
      : ((at.labels as NodeListOf<HTMLLabelElement> | undefined)?.[0]?.textContent ?? at.textContent);
  });
}

async function tabTo(page: Page, name: RegExp): Promise<void> {
  const passed: string[] = [];
  for (let stop = 0; stop < STOPS_MAX; stop++) {
    await page.keyboard.press("Tab");
    const text = await focused(page);
    if (name.test(text)) return;
    passed.push(text);
  }
  throw new Error(`the tab key never came to ${name}; it came to: ${passed.join(" | ")}`);
}

async function press(page: Page, name: RegExp): Promise<void> {
  await tabTo(page, name);
  await page.keyboard.press("Enter");
}

async function signInByKeyboard(page: Page): Promise<void> {
  await page.getByLabel("Token").waitFor();
  await expect.poll(() => focused(page)).toBe("Token");
  await page.keyboard.type(tokenHeader(run).authorization.replace("Bearer ", ""));
  await page.keyboard.press("Enter");
  await page.getByRole("navigation", { name: "Pages" }).waitFor();
}

test("from an empty folder: four steps, no mouse, no restart, one sign-in", { timeout: 300_000 }, async () => {
  expect(fs.readdirSync(data)).not.toContain("settings.toml");
  expect(run.stderr()).toContain("hashboards stay off: No pool");
  const { page, context, problems } = await openPage(browser, url);
  await signInByKeyboard(page);
  await page.getByTestId("idle").filter({ hasText: "No pool" }).waitFor();
  await page.getByRole("link", { name: /Four steps/ }).waitFor();
  await press(page, /^Four steps/);
  const card = page.getByTestId("first-run");
  await card.getByText("Step 1 of 4").waitFor();
  await press(page, /^I have noted it/);
  await card.getByText("Step 2 of 4").waitFor();
  await press(page, /^Go on without a name/);
  await card.getByText("Step 3 of 4").waitFor();
  await shoot(page, "first-run-pool");
  // Resumable: what was done stays done.
  await page.reload();
  await card.getByText("Step 3 of 4").waitFor();
  const editor = page.getByTestId("pool-editor");
  expect(await editor.getByLabel(/^Address of the pool/).getAttribute("placeholder")).toBeNull();
  expect(await editor.getByText("after a restart").count()).toBe(0);
  await tabTo(page, /^Address of the pool/);
  await page.keyboard.type(`stratum+tcp://127.0.0.1:${poolPort}`);
  await tabTo(page, /^User/);
  await page.keyboard.type("alice.rig");
  await press(page, /^Test pool 1/);
  await page.getByTestId("pool-test").getByText("The pool takes this user and gives work").waitFor({ timeout: 20_000 });
  await shoot(page, "first-run-tested");
  await press(page, /^Save pools/);
  await page.getByRole("dialog").filter({ hasText: "the hashboards get power" }).waitFor();
  await press(page, /^Save and start/);
  await card.getByText("Step 4 of 4").waitFor();
  await page.getByTestId("first-share").waitFor({ timeout: 180_000 });
  expect(pool.counts().accepted).toBeGreaterThan(0);
  expect(await page.getByTestId("expired").count()).toBe(0);
  const rest = withoutRefusals(problems, 401, 503).filter((text) => !/ERR_/.test(text));
  expect(rest).toEqual([]);
  await context.close();
});
