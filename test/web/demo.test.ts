/** The page on the real program: shares come in, a pause stops them, settings are taken and refused by the firmware itself. */
import fs from "node:fs";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  expectAccessible,
  launchChromium,
  openPage,
  shoot,
  signIn,
  type Watched,
  withoutRefusals,
} from "./support/chromium.ts";
import { type Demo, startDemo } from "./support/demo.ts";

const SHARE_LIMIT_MS = 120_000;

let browser: Browser;
let demo: Demo;
let watched: Watched;
let page: Page;

beforeAll(async () => {
  [browser, demo] = await Promise.all([launchChromium(), startDemo()]);
  watched = await openPage(browser, demo.url);
  page = watched.page;
  await signIn(page, demo.token);
}, 120_000);
afterAll(async () => {
  await browser.close();
  await demo.stop();
});

async function accepted(): Promise<number> {
  const text = await page
    .getByTestId("pool")
    .getByText(/^[\d,]+(?= |$)/)
    .first()
    .textContent();
  return Number((text ?? "").replace(/[^\d]/g, ""));
}

const turnTo = (id: string): Promise<unknown> => page.goto(`${demo.url}#${id}`);

test("a start is told step by step, then shares are accepted", { timeout: 240_000 }, async () => {
  await page
    .getByTestId("why")
    .filter({ hasText: /Starting\. Chain \d is/ })
    .waitFor();
  await page
    .getByTestId("why")
    .filter({ hasText: /Hashing\. [\d.]+ TH\/s for stratum/ })
    .waitFor({ timeout: SHARE_LIMIT_MS });
  await page.getByTestId("pool").filter({ hasText: "the first after" }).waitFor({ timeout: SHARE_LIMIT_MS });
  const before = await accepted();
  await expect.poll(accepted, { timeout: SHARE_LIMIT_MS }).toBeGreaterThan(before + 5);
  await shoot(page, "demo-dashboard", false);
  await page.emulateMedia({ colorScheme: "dark" });
  await page.setViewportSize({ width: 360, height: 740 });
  await shoot(page, "demo-phone", false);
  await page.setViewportSize({ width: 1440, height: 900 });
  await page.emulateMedia({ colorScheme: "light" });
});

test("every page shows the real machine", { timeout: 240_000 }, async () => {
  await turnTo("boards");
  await page.getByTestId("chip-map").getByRole("button").nth(30).click();
  await page.getByTestId("chip-detail").waitFor();
  await page.getByTestId("chip-map").filter({ hasNotText: "?" }).waitFor({ timeout: SHARE_LIMIT_MS });
  await page.getByTestId("chip-map").scrollIntoViewIfNeeded();
  await shoot(page, "demo-boards", false);
  await turnTo("history");
  await page.locator(".uplot canvas").first().waitFor();
  for (const id of ["pools", "cooling", "incidents", "trace", "system"]) {
    await turnTo(id);
    await page.locator("main .card").first().waitFor();
    expect(await page.locator("main .bad").allTextContents(), id).toEqual([]);
  }
});

test("live traffic is decoded, filtered and held; a recording is saved as a file", { timeout: 180_000 }, async () => {
  await turnTo("trace");
  const traffic = page.getByTestId("traffic");
  await traffic.getByText("Not watched.").waitFor();
  await traffic.getByRole("button", { name: "Watch" }).click();
  const lines = traffic.getByRole("listitem");
  await lines
    .filter({ hasText: /nonce 0x[0-9a-f]{8}, job \d+, chip \d+/ })
    .first()
    .waitFor();
  await lines
    .filter({ hasText: /pool 1.*mining\.submit/ })
    .first()
    .waitFor();
  await traffic.getByLabel("Kind").selectOption("job");
  await lines.filter({ hasText: "nonce" }).first().waitFor({ state: "detached" });
  await lines
    .filter({ hasText: /chain \d →.*job \d+: nbits/ })
    .first()
    .waitFor();
  await traffic.getByLabel("Direction").selectOption("in");
  await traffic.getByText("Nothing that fits has passed yet.").waitFor();
  await traffic.getByLabel("Direction").selectOption("");
  await traffic.getByRole("button", { name: "Pause" }).click();
  const held = await lines.first().textContent();
  await expectAccessible(page, "live traffic");
  await shoot(page, "demo-traffic", false);
  await page.getByRole("button", { name: "Start recording ..." }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Record" }).click();
  await page.getByTestId("trace").getByText("Accepted: Recording into").waitFor();
  const saving = page.waitForEvent("download");
  await page.getByTestId("trace-file").click();
  const text = fs.readFileSync(await (await saving).path(), "utf8");
  expect(text).toMatch(/^# kumpel trace \d/);
  expect(await lines.first().textContent()).toBe(held);
  await page.getByRole("button", { name: "Stop recording" }).click();
});

test("settings: one is taken at once, one is refused in the firmware's own words", { timeout: 120_000 }, async () => {
  await turnTo("cooling");
  const lowest = page.getByLabel(/^Lowest fan duty/);
  await lowest.fill("35");
  await page.getByRole("button", { name: "Save 1 change" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Save" }).click();
  await page.getByTestId("answer").filter({ hasText: "Accepted: Settings written, in force." }).waitFor();
  await lowest.fill("99");
  await page.getByLabel(/^Highest fan duty/).fill("50");
  await page.getByRole("button", { name: "Save 2 changes" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Save" }).click();
  await page
    .getByTestId("answer")
    .filter({ hasText: /Refused: .*must not be above cooling\.fan_max_pct/ })
    .waitFor();
});

test("a pause stops hashing with one question, and resume brings it back", { timeout: 240_000 }, async () => {
  await turnTo("cooling");
  await page.getByRole("button", { name: "Pause ..." }).click();
  await page.getByRole("dialog").filter({ hasText: "the hashboards lose their power" }).waitFor();
  await page.getByRole("dialog").getByRole("button", { name: "Pause" }).click();
  await page.getByTestId("answer").filter({ hasText: "Accepted" }).waitFor();
  await turnTo("dashboard");
  await page.getByTestId("why").filter({ hasText: "Paused. Hashboards are off" }).waitFor();
  await page.getByRole("button", { name: "Resume ..." }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Resume" }).click();
  await page
    .getByTestId("why")
    .filter({ hasText: /Starting|Hashing/ })
    .waitFor({ timeout: SHARE_LIMIT_MS });
});

test("tokens: one is made, shown once and revoked; a restart throws nobody out", {
  timeout: 240_000,
}, async () => {
  await turnTo("system");
  const tokens = page.getByTestId("tokens");
  await tokens.getByLabel("Name").fill("phone");
  await tokens.getByRole("button", { name: "Make a token" }).click();
  expect(await tokens.getByLabel(/Note it now/).inputValue()).toMatch(/^kmp_/);
  await tokens.getByRole("button", { name: "Revoke phone ..." }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Revoke" }).click();
  await tokens.getByText("phone", { exact: true }).waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Restart ..." }).click();
  // The notice of the cut may stand for less than a look at the page takes: the stream that is opened anew tells for certain.
  const isBack = page.waitForRequest((request) => request.url().endsWith("/api/v1/events"), { timeout: 120_000 });
  await page.getByRole("dialog").getByRole("button", { name: "Restart" }).click();
  await isBack;
  await page.getByTestId("connection-lost").waitFor({ state: "detached", timeout: 60_000 });
  expect(await page.getByTestId("expired").count()).toBe(0);
  await page.getByTestId("about").waitFor();
  // Another tab that had it is in, too.
  await page.reload();
  await page.getByTestId("about").waitFor();
  const rest = withoutRefusals(watched.problems, 400, 401, 503).filter((text) => !/ERR_/.test(text));
  expect(rest).toEqual([]);
});
