/** A page that is signed in to a board of a test's own, anew for each test; the browser and what the board shows are the file's. */
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach } from "vitest";
import { launchChromium, openPage, signIn, type Watched } from "./chromium.ts";
import { type Recorded, recordS21 } from "./recorded.ts";
import { StubBoard } from "./stub-board.ts";

export let browser: Browser;
export let recorded: Recorded;
export let board: StubBoard;
export let watched: Watched;
export let page: Page;

/** Once at the head of a file. */
export function signInBeforeEach(): void {
  beforeAll(async () => {
    [browser, recorded] = await Promise.all([launchChromium(), recordS21()]);
  }, 120_000);
  afterAll(() => browser.close());

  beforeEach(async () => {
    board = await StubBoard.start(recorded);
    watched = await openPage(browser, board.url);
    page = watched.page;
    await signIn(page, board.tokens.admin);
    await page.getByTestId("hashrate").waitFor();
  });
  afterEach(async () => {
    await watched.context.close();
    await board.stop();
  });
}

export async function turnTo(id: string): Promise<void> {
  await page.goto(`${board.url}#${id}`);
  await page.locator("main .card").first().waitFor();
}
