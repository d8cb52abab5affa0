/** Each page, narrow and wide, dark and light: a picture, no finding of axe-core, no error, nothing asked off the board. */
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { expectAccessible, launchChromium, openPage, shoot, signIn } from "./support/chromium.ts";
import { recordS21 } from "./support/recorded.ts";
import { StubBoard } from "./support/stub-board.ts";

const PAGES = ["dashboard", "boards", "pools", "cooling", "history", "incidents", "trace", "system", "first-run"];
const WIDTHS = [360, 1440];
const SCHEMES = ["light", "dark"] as const;

let browser: Browser;
let board: StubBoard;

beforeAll(async () => {
  browser = await launchChromium();
  board = await StubBoard.start(await recordS21());
}, 120_000);

afterAll(async () => {
  await browser.close();
  await board.stop();
});

for (const width of WIDTHS) {
  for (const scheme of SCHEMES) {
    test(`all pages at ${width} px, ${scheme}`, { timeout: 240_000 }, async () => {
      const { page, context, problems } = await openPage(browser, board.url, { width, scheme });
      await page.getByLabel("Token").waitFor();
      await expectAccessible(page, "sign-in");
      await shoot(page, `sign-in-${width}-${scheme}`);
      await signIn(page, board.tokens.admin);
      // The one refusal before somebody signed in.
      expect(problems.splice(0)).toEqual([expect.stringContaining("status of 401")]);
      for (const id of PAGES) {
        await page.goto(`${board.url}#${id}`);
        await page.locator("main h1").waitFor();
        await page.locator("main .card").first().waitFor();
        if (id === "boards") await page.getByTestId("chip-map").getByRole("button").nth(5).click();
        if (id === "history") await page.locator(".uplot canvas").first().waitFor();
        if (id === "system")
          for (const details of await page.locator("main details summary").all()) await details.click();
        await page.waitForLoadState("networkidle", { timeout: 1_000 }).catch(() => undefined);
        await expectAccessible(page, `${id} at ${width} px, ${scheme}`);
        await shoot(page, `${id}-${width}-${scheme}`);
        const overhang = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
        expect(overhang, `${id} is wider than ${width} px`).toBeLessThanOrEqual(0);
      }
      expect(problems).toEqual([]);
      await context.close();
    });
  }
}
