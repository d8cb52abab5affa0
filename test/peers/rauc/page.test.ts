/**
 * An update as an owner makes it: Chromium uploads a bundle to the own API, its intake hands it to the updater, and that to
 * the RAUC that Debian ships. What is not real: the miner, which is a recorded one that hashes, and the boots.
 */
import fs from "node:fs";
import path from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { UpdateIntake } from "#firmware/api/update-intake.ts";
import { isUpdateCommand, orderUpdate } from "#firmware/api/update-orders.ts";
import { HOLD_MS } from "#firmware/update/update-machine.ts";
import { temporaryFolder } from "../../support/program.ts";
import { launchChromium, openPage, signIn, withoutRefusals } from "../../web/support/chromium.ts";
import { recordS21 } from "../../web/support/recorded.ts";
import { StubBoard } from "../../web/support/stub-board.ts";
import { assertInstalled, RaucBoard, until } from "./board.ts";

const LOOK_MS = 20;

let browser: Browser;
let rauc: RaucBoard;
let board: StubBoard;
let looking: NodeJS.Timeout;

beforeAll(async () => {
  assertInstalled();
  browser = await launchChromium();
  rauc = new RaucBoard(temporaryFolder());
  await rauc.begin();
  board = await StubBoard.start(await recordS21());
  const order: ConstructorParameters<typeof UpdateIntake>[1] = (command) => {
    if (!isUpdateCommand(command)) throw new Error(`${command.kind} is no part of this test`);
    return orderUpdate(command, rauc.desk);
  };
  const intake = new UpdateIntake(rauc.data, order);
  const origin = { face: "http", who: "owner" } as const;
  board.receive = (upload, wish) => intake.receive(upload, wish, { ...origin, scope: "admin" });
  board.obey = (command) => order(command, origin, "admin");
  looking = setInterval(look, LOOK_MS);
}, 120_000);

afterAll(async () => {
  clearInterval(looking);
  await browser.close();
  await board.stop();
  await rauc.stop();
});

/** As the miner does each second, and each new state at once, so that none is missed. */
function look(): void {
  rauc.desk.look({ snapshot: board.snapshot, isPausedByOwner: false, isManagementAnswering: true });
  const { status } = rauc.desk;
  if (status === board.snapshot.update) return;
  board.bend(() => ({ update: status }));
  board.tick();
}

/** All that the card ever says from now on, also between two looks of the test. */
async function writeDown(page: Page): Promise<readonly string[]> {
  const texts: string[] = [];
  await page.exposeFunction("noteCard", (text: string) => void texts.push(text));
  await page.evaluate(`new MutationObserver(() => {
    const card = document.querySelector('[data-testid="update"]');
    if (card !== null) noteCard(card.textContent);
  }).observe(document.body, { subtree: true, childList: true, characterData: true })`);
  return texts;
}

/** The board goes down and comes back; the page says so and finds it again. */
async function bootsWith(page: Page, count: number): Promise<void> {
  await until("the order to boot", () => rauc.reboots.length === count);
  await board.unplug();
  await page.getByTestId("connection-lost").waitFor();
  await rauc.boot();
  look();
  await board.plugIn();
  await page.getByTestId("connection-lost").waitFor({ state: "detached", timeout: 30_000 });
}

test("the page, its API, the updater and RAUC: a wrong signature, progress, the proof, and the way back", async () => {
  const strange = path.join(rauc.folder, "strange.raucb");
  const good = path.join(rauc.folder, "kumpel-0.2.0.raucb");
  rauc.makeBundle("0.2.0", strange, { key: "stranger" });
  rauc.makeBundle("0.2.0", good);
  const { page, context, problems } = await openPage(browser, board.url);
  await signIn(page, board.tokens.admin);
  await page.goto(`${board.url}#system`);
  const card = page.getByTestId("update");
  const said = await writeDown(page);
  const install = async (file: string): Promise<void> => {
    await card.getByLabel("Bundle (.raucb)").setInputFiles(file);
    await card.getByRole("button", { name: `Install ${path.basename(file)}` }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Install" }).click();
  };

  const before = fs.readFileSync(path.join(rauc.folder, "root-B.img"));
  await install(strange);
  await card.getByTestId("answer").filter({ hasText: "RAUC refuses: signature verification failed" }).waitFor();
  expect(fs.readFileSync(path.join(rauc.folder, "root-B.img")).equals(before)).toBe(true);

  await install(good);
  await card.getByTestId("answer").filter({ hasText: "Accepted" }).waitFor();
  await bootsWith(page, 1);
  expect([rauc.slot, rauc.version]).toEqual(["B", "0.2.0"]);
  expect(said.some((text) => /Installing: \d+ %/.test(text))).toBe(true);
  await card.getByText(/^Last update/).waitFor();
  await card
    .filter({ hasText: /proving itself/ })
    .filter({ hasText: "0.1.0 to 0.2.0" })
    .waitFor();
  expect(await card.getByRole("button", { name: "Install" }).isDisabled()).toBe(true);

  rauc.uptimeMs += HOLD_MS;
  await card.filter({ hasText: /Statecommitted/ }).waitFor();
  expect(rauc.state("B")).toBe("good");

  await card.getByRole("button", { name: /^Go back/ }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Go back" }).click();
  await card.getByTestId("answer").filter({ hasText: "Accepted" }).last().waitFor();
  await bootsWith(page, 2);
  await card
    .filter({ hasText: /Staterolled back/ })
    .filter({ hasText: "Runs from slotA" })
    .waitFor();
  expect([rauc.slot, rauc.version]).toEqual(["A", "0.1.0"]);
  expect(withoutRefusals(problems, 401, 400).filter((text) => !/ERR_|Failed to load/.test(text))).toEqual([]);
  await context.close();
}, 180_000);
