// node browser-tabs.mjs PORT TOKEN TABS [relayed]: that many tabs of the board's page in a Chromium, each signed in with a session
// of its own, as on as many machines; says "open" when all of them show the miner, stays until it is ended, and then says how many
// still show it. Relayed: the same tabs, of which the board sees one.
import fs from "node:fs";
import { chromium } from "playwright-core";
import { startRelay } from "./page-relay.mjs";

const [port, token = "", tabs, relayed] = process.argv.slice(2);
const PROGRAMS = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
const executablePath = process.env["CHROMIUM"] ?? PROGRAMS.find((file) => fs.existsSync(file));
if (executablePath === undefined)
  throw new Error("There is no Chromium here: apt-get install chromium, or name one in CHROMIUM.");
/** They start slowly at the lowest priority, beside a miner. */
const LIMIT_MS = 180_000;

const browser = await chromium.launch({
  executablePath,
  headless: true,
  // The tabs are counted first.
  handleSIGTERM: false,
  args: ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"],
});
const relay = relayed === undefined ? null : await startRelay(Number(port));
/** @type {import("playwright-core").Locator[]} */
const reasons = [];
process.on("SIGTERM", async () => {
  const shown = await Promise.all(reasons.map((reason) => reason.isVisible().catch(() => false)));
  console.log(shown.filter(Boolean).length);
  await browser.close();
  process.exit();
});
for (let tab = 0; tab < Number(tabs); tab++) {
  const context = await browser.newContext();
  const page = await context.newPage();
  page.setDefaultTimeout(LIMIT_MS);
  await page.goto(`http://127.0.0.1:${relay?.port ?? port}/`);
  await page.getByLabel("Token").fill(token);
  await page.keyboard.press("Enter");
  const reason = page.getByTestId("why").filter({ hasText: /Hashing/ });
  await reason.waitFor();
  reasons.push(reason);
}
console.log("open");
