/** What the page weighs, how soon it is there on a slow processor, and whether a day in a tab makes it grow. */
import fs from "node:fs";
import path from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { build } from "esbuild";
import type { Browser, BrowserContext } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { PROGRAM, ROOT, temporaryFolder } from "../support/program.ts";
import { launchChromium, openPage, signIn } from "./support/chromium.ts";
import { type Recorded, recordS21 } from "./support/recorded.ts";
import { StubBoard } from "./support/stub-board.ts";

const WEB = path.join(path.dirname(PROGRAM), "web");
const SIZE_MAX_BYTES = 120_000;
const FIRST_MAX_BYTES = 25_000;
const DAY_S = 86_400;
/** Snapshots of that many seconds are handed to the page at once, so that a day passes in a minute or so. */
const BATCH = 800;
const ROUNDS = 5;
const INTERACTIVE_MAX_MS = 1_000;
const EMPTY_TIMES_MAX = 2.5;
const GROWTH_MAX_BYTES = 3_000_000;

let browser: Browser;
let board: StubBoard;
let recorded: Recorded;

beforeAll(async () => {
  browser = await launchChromium(["--js-flags=--expose-gc"]);
  recorded = await recordS21();
  board = await StubBoard.start(recorded);
}, 120_000);
afterAll(async () => {
  await browser.close();
  await board.stop();
});

test("the whole page is small, and no schema library is in it", () => {
  const files = fs.readdirSync(WEB).map((name) => ({ name, bytes: fs.statSync(path.join(WEB, name)).size }));
  const total = files.reduce((sum, { bytes }) => sum + bytes, 0);
  console.log(`page: ${total} bytes packed: ${files.map(({ name, bytes }) => `${name} ${bytes}`).join(", ")}`);
  expect(files.length).toBeGreaterThanOrEqual(4);
  expect(total).toBeLessThanOrEqual(SIZE_MAX_BYTES);
  // What the head names is all that the first page waits for: neither charts nor other pages are in it.
  const page = gunzipSync(fs.readFileSync(path.join(WEB, "page.html.gz"))).toString();
  const named = [...page.matchAll(/(?:href|src)="\/([\w.-]+)"/g)].map(([, name]) => `${name}.gz`);
  expect(named).toContain("app.js.gz");
  expect(page).toContain('rel="modulepreload"');
  const firstBytes = files.filter(({ name }) => named.includes(name)).reduce((sum, { bytes }) => sum + bytes, 0);
  console.log(`first page: ${firstBytes} bytes in ${named.join(", ")}`);
  expect(firstBytes).toBeLessThanOrEqual(FIRST_MAX_BYTES);
  expect(files.map(({ name }) => name)).toEqual(expect.arrayContaining(named));
});

test("it is there soon on a processor that is four times slower", { timeout: 240_000 }, async () => {
  const emptyFolder = temporaryFolder();
  await buildEmptyPage(emptyFolder);
  const empty = await StubBoard.start(recorded, { readsNeedToken: false, webFolder: emptyFolder });
  const first = await openPage(browser, board.url);
  await signIn(first.page, board.tokens.admin);
  const times: Record<"page" | "empty", number[]> = { page: [], empty: [] };
  // By turns: both have the same neighbours on this processor.
  for (let round = 0; round < ROUNDS; round++) {
    times.page.push(await interactiveAfterMs(first.context, board.url));
    times.empty.push(await interactiveAfterMs(first.context, empty.url));
  }
  await first.context.close();
  await empty.stop();
  const [page, floor] = [median(times.page), median(times.empty)];
  console.log(
    `interactive after ${page} ms (${times.page.join(", ")}); an empty page with one figure of the same board after ${floor} ms (${times.empty.join(", ")}); processor slowed down 4 times`,
  );
  // Medians are told; judged are the rounds that others disturbed least, since on a shared processor even an empty page may
  // take a second.
  const limitMs = Math.max(INTERACTIVE_MAX_MS, EMPTY_TIMES_MAX * Math.min(...times.empty));
  expect(Math.min(...times.page)).toBeLessThanOrEqual(limitMs);
});

/** From the navigation to the second frame after the figures are in the document: then they are seen, and a click is heard. */
async function interactiveAfterMs(context: BrowserContext, url: string): Promise<number> {
  const page = await context.newPage();
  const session = await context.newCDPSession(page);
  await page.addInitScript(() => {
    const watcher = new MutationObserver(() => {
      if (document.querySelector('[data-testid="hashrate"]') === null) return;
      watcher.disconnect();
      requestAnimationFrame(() =>
        requestAnimationFrame(() => Object.assign(window, { interactiveAtMs: performance.now() })),
      );
    });
    watcher.observe(document, { childList: true, subtree: true });
  });
  await session.send("Emulation.setCPUThrottlingRate", { rate: 4 });
  await page.goto(url);
  // Asked seldom: the questions themselves are slowed down, too.
  const found = await page.waitForFunction(() => (window as { interactiveAtMs?: number }).interactiveAtMs, null, {
    polling: 500,
    timeout: 60_000,
  });
  const ms = Math.round((await found.jsonValue()) ?? -1);
  await page.close();
  return ms;
}

/** The same framework, the same board, one figure: what any page costs here. */
async function buildEmptyPage(folder: string): Promise<void> {
  const contents = `
    import { h, render } from "preact";
    const snapshot = await (await fetch("/api/v1/snapshot")).json();
    render(h("p", { "data-testid": "hashrate" }, String(snapshot.uptimeMs)), document.getElementById("app"));
  `;
  const { outputFiles } = await build({
    write: false,
    bundle: true,
    minify: true,
    format: "esm",
    stdin: { contents, resolveDir: ROOT },
  });
  const page =
    '<!doctype html><html lang="en"><title>.</title><script type="module" src="/app.js"></script><div id="app"></div>';
  fs.writeFileSync(path.join(folder, "app.js.gz"), gzipSync(outputFiles[0]?.contents ?? ""));
  fs.writeFileSync(path.join(folder, "page.html.gz"), gzipSync(page));
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

test("a day of snapshots does not make the tab grow", { timeout: 400_000 }, async () => {
  const { page, context, problems } = await openPage(browser, board.url);
  await page.addInitScript(() => {
    // The stream of the page, fed by the test.
    class FedStream extends EventTarget {
      static last: FedStream | null = null;
      onerror: (() => void) | null = null;
      constructor() {
        super();
        FedStream.last = this;
      }
      close(): void {}
    }
    Object.assign(window, { EventSource: FedStream, FedStream });
  });
  await page.reload();
  await signIn(page, board.tokens.admin);
  await page.getByTestId("hashrate").waitFor();
  const session = await context.newCDPSession(page);
  const feed = (fromS: number): Promise<void> =>
    page.evaluate(
      async ({ fromS, batch, snapshot }) => {
        const { FedStream } = window as unknown as { FedStream: { last: EventTarget | null } };
        for (let i = 0; i < batch; i++) {
          const accepted = fromS + i;
          const pool = { ...snapshot.pool, shares: { ...snapshot.pool.shares, accepted } };
          const data = JSON.stringify({ ...snapshot, uptimeMs: accepted * 1000, pool });
          FedStream.last?.dispatchEvent(new MessageEvent("snapshot", { data }));
          if (i % 20 === 0) await new Promise((resolve) => setTimeout(resolve, 0));
        }
      },
      { fromS, batch: BATCH, snapshot: board.snapshot },
    );
  const heapBytes = async (): Promise<number> => {
    await session.send("HeapProfiler.collectGarbage");
    return (await session.send("Runtime.getHeapUsage")).usedSize;
  };
  await feed(0);
  const before = await heapBytes();
  for (let fromS = BATCH; fromS < DAY_S; fromS += BATCH) await feed(fromS);
  const after = await heapBytes();
  console.log(`heap of the tab: ${before} bytes after ${BATCH} snapshots, ${after} after ${DAY_S}`);
  expect(after - before).toBeLessThan(GROWTH_MAX_BYTES);
  await page.getByTestId("pool").filter({ hasText: "86,399" }).waitFor();
  expect(problems.filter((text) => !/status of 401/.test(text))).toEqual([]);
  await context.close();
});
