/** What an owner meets on a bad day: names that break pages, lines that swallow everything, two tabs, a page that is left. */
import { expect, test } from "vitest";
import { DEFAULT_SETTINGS, type Settings } from "#firmware/config/schema.ts";
import { expectAccessible, signIn, withoutRefusals } from "./support/chromium.ts";
import { board, page, signInBeforeEach, turnTo, watched } from "./support/signed-in.ts";

const PAGES = ["dashboard", "boards", "pools", "cooling", "history", "incidents", "trace", "system", "first-run"];
/** A phone, and 1440 px at twice the size. */
const WIDTHS = [360, 720];
const NASTY = `<img src=x onerror=alert(1)>\u{1f4a5}${"W".repeat(270)}`;
/** An answer takes the board ten seconds at most, so the page gives up later. */
const GIVEN_UP_MS = 20_000;

signInBeforeEach();

const dialog = () => page.getByRole("dialog");

async function orderPause(): Promise<void> {
  await turnTo("cooling");
  await page.getByRole("button", { name: "Pause ..." }).click();
  await dialog().getByRole("button", { name: "Pause" }).click();
}

const pausing = () => page.getByTestId("pause");

function bendNasty(): void {
  const when = { run: 1, atWallMs: Date.now(), uptimeMs: 5, chainIndex: 0 };
  board.bend(({ pool, pools, thermal, update, chains }) => {
    const shares = { ...pool.shares, lastRejectText: NASTY };
    return {
      ...{ poolReason: NASTY, alarms: [NASTY], shutdownReason: NASTY, pauseReason: NASTY, whyRestarted: NASTY },
      experimental: [NASTY],
      pool: { ...pool, url: `stratum+tcp://${NASTY}`, user: NASTY, reason: NASTY, shares },
      pools: pools.map((one) => ({ ...one, url: NASTY, user: NASTY, reason: NASTY, warnings: [NASTY], shares })),
      thermal: { ...thermal, reason: NASTY, fansRpm: [] },
      chains: chains.map((chain) => ({ ...chain, temperatureBoardMaxC: null, temperatureChipMaxC: null })),
      update: { ...update, message: NASTY, reason: NASTY, toVersion: NASTY, fromVersion: NASTY },
      recentIncidents: [{ ...when, kind: "hang" as const, text: NASTY }],
    };
  });
  const line = JSON.stringify({ level: 40, time: "t", part: NASTY, msg: NASTY });
  board.state.take({ kind: "log", lines: Array.from({ length: 500 }, () => line) });
}

test("long names, markup and emoji widen no page, become no markup, and break no word that is short", {
  timeout: 120_000,
}, async () => {
  bendNasty();
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: 740 });
    for (const id of PAGES) {
      await turnTo(id);
      if (id === "dashboard") await page.getByTestId("alarms").filter({ hasText: NASTY }).waitFor();
      const overhang = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      expect(overhang, `${id} is wider than ${width} px`).toBeLessThanOrEqual(0);
      expect(await page.locator("img").count(), id).toBe(0);
    }
  }
  await page.setViewportSize({ width: 360, height: 740 });
  await turnTo("boards");
  const lines = await page.evaluate(() => {
    const cells = [...document.querySelectorAll("main td")].filter(({ textContent }) => textContent === "hashing");
    return cells.map(({ firstChild }) => {
      const range = document.createRange();
      range.selectNodeContents(firstChild!);
      return range.getClientRects().length;
    });
  });
  expect(lines).toEqual([1, 1, 1]);
});

test("a line that is cut in the middle of an order: not known, and not called a refusal", async () => {
  board.obey = () => new Promise(() => undefined);
  await orderPause();
  await page.getByRole("button", { name: "Pause ..." }).and(page.locator(":disabled")).waitFor();
  await board.unplug();
  await pausing().getByText("Not known whether it was done: The miner does not answer").waitFor();
  await board.plugIn();
});

test("a line that swallows everything: the order is given up in time, and the page asks again", async () => {
  await turnTo("cooling");
  await page.clock.install();
  board.stall();
  await page.getByRole("button", { name: "Pause ..." }).click();
  await dialog().getByRole("button", { name: "Pause" }).click();
  await page.getByRole("button", { name: "Pause ..." }).and(page.locator(":disabled")).waitFor();
  await page.clock.fastForward(GIVEN_UP_MS);
  await pausing().getByText("Not known whether it was done").waitFor();
  expect(await page.getByRole("button", { name: "Pause ..." }).isEnabled()).toBe(true);
  await board.unplug();
  await board.plugIn();
});

test("a question goes with the page that it belongs to, and with the session", async () => {
  await turnTo("boards");
  await turnTo("cooling");
  await page.getByRole("button", { name: "Pause ..." }).click();
  await dialog().waitFor();
  await page.goBack();
  await page.getByRole("heading", { name: "Boards", level: 1 }).waitFor();
  expect(await dialog().count()).toBe(0);
  await page.goForward();
  await page.getByRole("button", { name: "Pause ..." }).click();
  await dialog().waitFor();
  board.revokeAll();
  await page.getByLabel("Token").waitFor();
  expect(await dialog().count()).toBe(0);
  expect(board.orders).toEqual([]);
});

test("a tab that was opened in the background asks when it is looked at", async () => {
  const other = await watched.context.newPage();
  await other.addInitScript(`
    window.isHidden = true;
    Object.defineProperty(document, "visibilityState", { get: () => (window.isHidden ? "hidden" : "visible") });
  `);
  await other.goto(`${board.url}#system`);
  await other.getByTestId("about").waitFor();
  expect(await other.getByTestId("tokens").getByRole("listitem").count()).toBe(0);
  await other.evaluate("window.isHidden = false; document.dispatchEvent(new Event('visibilitychange'))");
  await other.getByTestId("tokens").getByRole("listitem").first().waitFor();
  await other.getByTestId("about").getByText("Kumpel 0.0.0").waitFor();
  await other.close();
});

test("charts that found no board come by themselves when it is there again", async () => {
  await turnTo("history");
  await page.getByTestId("chart").first().waitFor();
  await board.unplug();
  await page.getByRole("button", { name: "6 h" }).click();
  await page.locator("main").getByText("The miner does not answer").first().waitFor();
  await board.plugIn();
  await page.getByTestId("chart").first().waitFor({ timeout: 30_000 });
});

test("what is no number goes to the board, whose sentence is shown; an empty fan duty is no duty of zero", async () => {
  await turnTo("cooling");
  await page.getByLabel(/^Board temperature to aim for/).fill("warm");
  await page.getByRole("button", { name: "Save 1 change" }).click();
  await dialog().getByRole("button", { name: "Save" }).click();
  await expect.poll(() => board.orders).toEqual([{ kind: "setSettings", patch: { cooling: { target_c: "warm" } } }]);
  await page.getByLabel("Duty in %").fill("");
  expect(await page.getByRole("button", { name: "Fix this duty" }).isDisabled()).toBe(true);
  await page.getByLabel("Duty in %").fill("80");
  expect(await page.getByRole("button", { name: "Fix this duty" }).isEnabled()).toBe(true);
});

test("a chain that is looked at and vanishes is told", async () => {
  await turnTo("boards");
  await page.getByRole("button", { name: "Chain 2 (hashing)" }).click();
  await page.getByTestId("chip-map").waitFor();
  board.bend(({ chains }) => ({ chains: chains.slice(0, 2) }));
  await page.getByTestId("chain-gone").getByText("Chain 2 is not there: the miner tells of 2 chains.").waitFor();
  await expectAccessible(page, "a chain that vanished");
  await page.getByRole("button", { name: "Chain 1 (hashing)" }).click();
  await page.getByTestId("chip-map").waitFor();
});

test("a number that was typed for one chip is not offered for the next", async () => {
  await turnTo("boards");
  await page.getByTestId("chip-map").getByRole("button").nth(3).click();
  const mhz = page.getByTestId("tune").getByLabel("MHz");
  const now = await mhz.inputValue();
  await mhz.fill("600");
  await page.getByTestId("chip-map").getByRole("button").nth(4).click();
  await expect.poll(() => mhz.inputValue()).toBe(now);
});

const poolSettings = (user: string): Settings =>
  ({
    ...DEFAULT_SETTINGS,
    pool_groups: [{ quota: 1, pools: [{ url: "stratum+tcp://a.test:3333", user }] }],
  }) as unknown as Settings;

test("pools that another tab saved meanwhile are not replaced unasked", async () => {
  board.setSettings(poolSettings("first"));
  await turnTo("pools");
  const user = page.getByTestId("pool-editor").getByLabel(/^User/);
  await expect.poll(() => user.inputValue()).toBe("first");
  await user.fill("mine");
  board.setSettings(poolSettings("theirs"));
  await page.getByRole("button", { name: "Save pools" }).click();
  await dialog().getByText("Replace pools that were saved elsewhere?").waitFor();
  await dialog().getByRole("button", { name: "No, leave it" }).click();
  expect(board.orders).toEqual([]);
  await page
    .getByTestId("pool-editor")
    .getByText("Other pools were saved since you began")
    .waitFor({ timeout: 20_000 });
  await page.getByRole("button", { name: "Discard" }).click();
  await expect.poll(() => user.inputValue()).toBe("theirs");
  await user.fill("mine");
  await page.getByRole("button", { name: "Save pools" }).click();
  await page.getByTestId("pool-editor").getByTestId("answer").filter({ hasText: "Accepted" }).waitFor();
});

test("what was typed stays while pages are turned, and goes with the session; each field is named in words", async () => {
  board.setSettings(poolSettings("first"));
  await turnTo("cooling");
  const target = page.getByLabel("Board temperature to aim for (°C)");
  await target.fill("55");
  await page.getByLabel("Duty in %").fill("81");
  await page.getByText("cooling.target_c", { exact: true }).waitFor();
  await turnTo("pools");
  const user = page.getByTestId("pool-editor").getByLabel(/^User/);
  await expect.poll(() => user.inputValue()).toBe("first");
  await user.fill("mine");
  await turnTo("cooling");
  expect(await target.inputValue()).toBe("55");
  expect(await page.getByLabel("Duty in %").inputValue()).toBe("81");
  await page.getByRole("button", { name: "Save 1 change" }).waitFor();
  await turnTo("pools");
  expect(await user.inputValue()).toBe("mine");
  await expectAccessible(page, "a draft that was kept");
  // Closing the page would lose it: the browser asks.
  const asked = page.waitForEvent("dialog");
  const leaving = page.close({ runBeforeUnload: true });
  const question = await asked;
  expect(question.type()).toBe("beforeunload");
  await question.dismiss();
  await leaving;
  await page.getByRole("button", { name: "Sign out" }).click();
  await signIn(page, board.tokens.admin);
  await turnTo("cooling");
  expect(await target.inputValue()).toBe("");
});

test("a new token is shown until it was noted, though the page is turned", async () => {
  board.answerTo = () => ({ ok: true, message: "It is made.", effect: "now", token: "kmp_new" });
  await turnTo("system");
  const tokens = page.getByTestId("tokens");
  await tokens.getByLabel("Name").fill("phone");
  await tokens.getByRole("button", { name: "Make a token" }).click();
  await tokens.getByLabel(/Note it now/).waitFor();
  await turnTo("boards");
  await turnTo("system");
  expect(await tokens.getByLabel(/Note it now/).inputValue()).toBe("kmp_new");
  await tokens.getByRole("button", { name: "I have noted it" }).click();
  expect(await tokens.getByLabel(/Note it now/).count()).toBe(0);
});

test("a revoked token goes, the board's answer stays", async () => {
  await turnTo("system");
  board.answerTo = ({ kind }) => {
    board.revoke("read");
    return { ok: true, message: `${kind} is done.`, effect: "now" };
  };
  const tokens = page.getByTestId("tokens");
  await tokens.getByRole("button", { name: "Revoke read ..." }).click();
  await dialog().getByRole("button", { name: "Revoke" }).click();
  await tokens.getByRole("button", { name: "Revoke read ..." }).waitFor({ state: "detached" });
  await tokens.getByText("Accepted: revokeToken is done.").waitFor();
  expect(withoutRefusals(watched.problems, 401)).toEqual([]);
});

test("a board that is away at the sign-in is told in one sentence", async () => {
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByLabel("Token").fill("kmp_00000000_x");
  await board.unplug();
  await page.keyboard.press("Enter");
  const problem = page.getByTestId("login-problem").filter({ hasText: "does not answer" });
  await problem.waitFor();
  expect(await problem.textContent()).toMatch(/it starts again\.$/);
  await board.plugIn();
});
