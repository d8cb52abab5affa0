/** A real Chromium, and what no page may do in it: errors on the console, requests off the board, breaches of its policy. */
import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { expect } from "vitest";
import { ROOT } from "../../support/program.ts";

const PROGRAMS = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
const QUIET = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
/** Pictures of the run; npm run screenshots copies some of them into the documents. */
export const SHOTS = path.join(ROOT, "dist/web-shots");

export function launchChromium(more: readonly string[] = []): Promise<Browser> {
  const executablePath = process.env["CHROMIUM"] ?? PROGRAMS.find((file) => fs.existsSync(file));
  if (executablePath === undefined)
    throw new Error("There is no Chromium here: apt-get install chromium, or name one in CHROMIUM.");
  return chromium.launch({ executablePath, headless: true, args: [...QUIET, ...more] });
}

export interface Look {
  readonly width?: number;
  readonly scheme?: "light" | "dark";
}

export interface Watched {
  readonly page: Page;
  readonly context: BrowserContext;
  /** What it did that it may not do. A refusal of the board is told on the console, too: tests that cause one expect it. */
  readonly problems: string[];
}

export async function openPage(
  browser: Browser,
  url: string,
  { width = 1440, scheme = "light" }: Look = {},
): Promise<Watched> {
  const context = await browser.newContext({
    viewport: { width, height: width < 800 ? 740 : 900 },
    colorScheme: scheme,
    acceptDownloads: true,
    // A certificate that the board made for itself proves nothing; an owner says so once, too.
    ignoreHTTPSErrors: url.startsWith("https:"),
  });
  const page = await context.newPage();
  const problems: string[] = [];
  const { origin } = new URL(url);
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") problems.push(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => problems.push(`thrown: ${error.message}`));
  page.on("request", (request) => {
    const address = request.url();
    if (!/^(data|blob):/.test(address) && new URL(address).origin !== origin)
      problems.push(`asked elsewhere: ${address}`);
  });
  await page.exposeFunction("tellTest", (text: string) => void problems.push(text));
  await page.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) => {
      (window as unknown as { tellTest: (text: string) => void }).tellTest(
        `policy: ${violatedDirective} ${blockedURI}`,
      );
    });
  });
  await page.goto(url);
  return { page, context, problems };
}

/** Refusals of the board, which Chromium tells as errors of its own. */
export function withoutRefusals(problems: readonly string[], ...statuses: number[]): string[] {
  return problems.filter((text) => !statuses.some((status) => text.includes(`responded with a status of ${status}`)));
}

export async function signIn(page: Page, token: string): Promise<void> {
  await page.getByLabel("Token").fill(token);
  await page.keyboard.press("Enter");
  await page.getByRole("navigation", { name: "Pages" }).waitFor();
}

const axeSource = fs.readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

interface AxeFinding {
  readonly id: string;
  readonly impact: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
}

/** What keeps people from using the page: serious and critical findings of axe-core. */
export async function expectAccessible(page: Page, where: string): Promise<void> {
  await page.evaluate(axeSource);
  const findings = (await page.evaluate(
    "axe.run(document, { resultTypes: ['violations'] }).then((result) => result.violations)",
  )) as AxeFinding[];
  const grave = findings.filter(({ impact }) => impact === "serious" || impact === "critical");
  const told = grave.map(
    ({ id, nodes }) =>
      `${id}: ${nodes
        .slice(0, 3)
        .map((n) => `${n.html} ${n.failureSummary}`)
        .join(" | ")}`,
  );
  expect(told, where).toEqual([]);
}

export async function shoot(page: Page, name: string, isWhole = true): Promise<void> {
  fs.mkdirSync(SHOTS, { recursive: true });
  await page.screenshot({ path: path.join(SHOTS, `${name}.png`), fullPage: isWhole });
}
