/** What happens on the board is on the page within two seconds, as what it is. The board is a recorded one that is bent. */
import type { Locator } from "playwright-core";
import { expect, test } from "vitest";
import { refused } from "#firmware/api/commands.ts";
import type { ChainSnapshot, MinerSnapshot } from "#firmware/api/snapshot.ts";
import { expectAccessible, shoot, signIn, withoutRefusals } from "./support/chromium.ts";
import { board, page, signInBeforeEach, turnTo, watched } from "./support/signed-in.ts";

const SEEN_WITHIN_MS = 2_000;
/** The browser shares its processor with other tests: what it takes itself is not the page's. */
const SLACK_MS = 1_500;

signInBeforeEach();

async function seen(place: Locator, text: string | RegExp): Promise<void> {
  await place.filter({ hasText: text }).waitFor({ timeout: SEEN_WITHIN_MS + SLACK_MS });
}

function withChain(snapshot: MinerSnapshot, index: number, change: Partial<ChainSnapshot>): Partial<MinerSnapshot> {
  return { chains: snapshot.chains.map((chain) => (chain.index === index ? { ...chain, ...change } : chain)) };
}

function quiet(): void {
  expect(withoutRefusals(watched.problems, 401)).toEqual([]);
}

test("a share", async () => {
  const accepted = board.snapshot.pool.shares.accepted + 1_000;
  board.bend(({ pool }) => ({ pool: { ...pool, shares: { ...pool.shares, accepted } } }));
  await seen(page.getByTestId("pool"), accepted.toLocaleString("en-GB"));
  quiet();
});

test("a lost pool: which, why, and that the chips wait", async () => {
  board.bend((before) => ({
    poolReason: "no pool works: connection refused",
    pool: { ...before.pool, isWorking: false, state: "unreachable", reason: "connection refused" },
    pools: before.pools.map((pool) => ({
      ...pool,
      isWorking: false,
      state: "unreachable",
      reason: "connection refused",
    })),
    chains: before.chains.map((chain) => ({ ...chain, feedPeriodMs: null })),
  }));
  await seen(page.getByTestId("why"), /Waiting\. The chips wait for work: no pool works: connection refused/);
  await seen(page.getByTestId("pool"), /unreachable: connection refused/);
  await turnTo("pools");
  await seen(page.getByTestId("pools"), /unreachable connection refused/);
  quiet();
});

test("a fan fault: the fan by its number, and the shutdown that follows with its way out", async () => {
  board.bend(({ thermal }) => ({
    thermal: { ...thermal, fanDutyPct: 100, fansRpm: [0, ...thermal.fansRpm.slice(1)] },
    alarms: ["Fan 0 stands still at 100 % duty."],
  }));
  await seen(page.getByTestId("heat"), "Fan 0: STOPPED (0 rpm)");
  await seen(page.getByTestId("alarms"), "Fan 0 stands still");
  board.bend(({ thermal }) => ({
    shutdownReason: "fan 0 stands still",
    isPowerOn: false,
    thermal: { ...thermal, phase: "shutdown", reason: "fan 0 stands still" },
  }));
  await seen(page.getByTestId("why"), /Shut down\. Power is off: fan 0 stands still/);
  await shoot(page, "fault-fan");
  await page.getByRole("button", { name: "Acknowledge ..." }).click();
  await page.getByRole("dialog").getByText("If the cause is still there").waitFor();
  await page.keyboard.press("Escape");
  expect(board.orders).toEqual([]);
  await page.getByRole("button", { name: "Acknowledge ..." }).click();
  await page.getByRole("button", { name: "Acknowledge and start" }).click();
  await seen(page.getByTestId("answer"), "Accepted: acknowledgeShutdown is done.");
  expect(board.orders).toEqual([{ kind: "acknowledgeShutdown" }]);
  quiet();
});

test("a dead chip: counted with its chain, and named in the map", async () => {
  board.bend((before) => withChain(before, 1, { chips: 107 }));
  await seen(page.getByTestId("chains"), "107 of 108 (1 dead)");
  await turnTo("boards");
  await page.getByRole("button", { name: "Chain 1 (hashing)" }).click();
  await page.getByTestId("chip-map").getByRole("button").first().waitFor();
  board.chips = board.chips.map((answer) => ({
    ...answer,
    chips: answer.chips.map((chip) => (chip.chipIndex === 42 ? { ...chip, relativePct: 0 } : chip)),
  }));
  await seen(page.getByTestId("chip-troubles"), "Chip 42 silent.");
  await page.getByRole("button", { name: /chip 42 ?: silent/ }).click();
  await seen(page.getByTestId("chip-detail"), "It finds next to nothing");
  await shoot(page, "fault-chip");
  quiet();
});

test("a chip's day is the board's: gaps are shaded, unknown stays out, and it is there when the tab is new", async () => {
  await turnTo("boards");
  await page.getByTestId("chip-map").getByRole("button").nth(42).click();
  const day = page.getByTestId("chip-day");
  await seen(day, /Nonce share over the 2 h 0 min that the board keeps: 99 to 101 % .* 1 gap, shaded: .* 20 min/);
  expect(await day.locator("rect.gap").count()).toBe(1);
  // The gap and the unknown slots part the curve.
  expect(await day.locator("polyline").count()).toBe(3);
  await page.getByRole("button", { name: "Temperature", exact: true }).click();
  await seen(day, /Temperature over the 2 h 0 min that the board keeps: unknown, this chip has no sensor/);
  await expectAccessible(page, "a chip's day");
  await page.getByRole("button", { name: "Frequency", exact: true }).click();
  const kept = { chainIndex: 0, chipIndex: 9, periodMs: 300_000, keptMs: 86_400_000, timesMs: [300_000] };
  const figures = { frequencyMhz: [490], errorPct: [null], relativePct: [null], temperatureC: [null] };
  board.chipHistory = () => ({ ok: true, data: { ...kept, ...figures } });
  await page.getByTestId("chip-map").getByRole("button").nth(9).click();
  await seen(day, "Frequency in the last 5 min 0 s that the board keeps: 490 MHz.");
  board.chipHistory = () => ({ ok: false, message: "Chain 0 has no chip 7: chips are 0 to 6." });
  await page.getByTestId("chip-map").getByRole("button").nth(7).click();
  await seen(page.getByTestId("chip-detail"), "Chain 0 has no chip 7");
  expect(withoutRefusals(watched.problems, 401, 400)).toEqual([]);
});

test("a sensor failure: unknown and not a number, with the reason", async () => {
  board.bend((before) => ({
    chains: before.chains.map((chain) => ({ ...chain, temperatureBoardMaxC: null, temperatureChipMaxC: null })),
  }));
  await seen(page.getByTestId("heat"), /Hottest boardunknown no board sensor is believed/);
  await turnTo("cooling");
  board.answers = {
    ...board.answers,
    sensors: {
      ...board.answers.sensors,
      sensors: board.answers.sensors.sensors.map((sensor, i) =>
        i === 0 ? { ...sensor, temperatureC: null, problem: "it does not answer" } : sensor,
      ),
    },
  };
  await seen(page.getByTestId("sensors"), /chain 0 inletunknown.*it does not answer/);
  quiet();
});

test("a line that is cut says so, keeps the last figures, and comes back by itself", async () => {
  await board.unplug();
  await page.getByTestId("connection-lost").waitFor({ timeout: 10_000 });
  expect(await page.getByTestId("hashrate").isVisible()).toBe(true);
  await shoot(page, "connection-lost", false);
  board.bend(({ pool }) => ({ pool: { ...pool, shares: { ...pool.shares, accepted: 77_777 } } }));
  await board.plugIn();
  await page.getByTestId("connection-lost").waitFor({ state: "detached", timeout: 30_000 });
  await seen(page.getByTestId("pool"), "77,777");
  const rest = withoutRefusals(watched.problems, 401).filter((text) => !/ERR_|Failed to load/.test(text));
  expect(rest).toEqual([]);
});

test("a board in safe idle says why nothing is shown", async () => {
  board.state.take({
    kind: "idle",
    reason: "hashboards stay off: settings.toml is broken in line 3",
    lacksPool: false,
    machine: "",
  });
  board.tick = () => {
    (board.state as unknown as { take: (message: unknown) => void }).take({ kind: "snapshot", snapshot: null });
  };
  board.tick();
  await page.reload();
  await page.getByTestId("idle").filter({ hasText: "settings.toml is broken in line 3" }).waitFor();
  expect(withoutRefusals(watched.problems, 401, 503)).toEqual([]);
});

test("a refused change shows its sentence where it was asked", async () => {
  board.answerTo = () => refused("cooling.target_c is 79 C, but must be at least 3 C below cooling.hot_c (80 C).");
  await turnTo("cooling");
  await page.getByLabel(/^Board temperature to aim for/).fill("79");
  await page.getByRole("button", { name: "Save 1 change" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Save" }).click();
  await page.getByTestId("answer").filter({ hasText: "Refused: cooling.target_c is 79 C, but must be" }).waitFor();
  expect(board.orders).toEqual([{ kind: "setSettings", patch: { cooling: { target_c: 79 } } }]);
  expect(await page.getByLabel(/^Board temperature to aim for/).inputValue()).toBe("79");
  expect(withoutRefusals(watched.problems, 401, 400)).toEqual([]);
});

test("a wrong token gets a sentence, a right one the page, and the end of a session asks for it again", async () => {
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByLabel("Token").fill("kmp_00000000_wrong");
  await page.keyboard.press("Enter");
  await page.getByTestId("login-problem").filter({ hasText: "Not signed in: this token is not known." }).waitFor();
  await signIn(page, board.tokens.read);
  await turnTo("cooling");
  await page.getByRole("button", { name: "Pause ..." }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Pause" }).click();
  await page.getByTestId("answer").filter({ hasText: "Refused" }).waitFor();
  board.revokeAll();
  await page.getByRole("button", { name: "Resume ..." }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Resume" }).click();
  await page.getByTestId("expired").filter({ hasText: "The session has ended" }).waitFor();
  expect(withoutRefusals(watched.problems, 401, 403, 400)).toEqual([]);
});

test("a change of clock: limits, one question when it is more, the answer, undo", async () => {
  await turnTo("boards");
  await page.getByTestId("chip-map").getByRole("button").nth(12).click();
  const form = page.getByTestId("tune");
  await form.getByText(/50 to 700 MHz/).waitFor();
  await form.getByLabel("MHz").fill("450");
  await form.getByRole("button", { name: "Set", exact: true }).first().click();
  await seen(form.getByTestId("answer"), "Accepted: tuneFrequency is done.");
  await seen(form.getByTestId("effect"), "before");
  await form.getByLabel("MHz").fill("500");
  await form.getByRole("button", { name: "Set", exact: true }).first().click();
  await page.getByRole("dialog").filter({ hasText: "The machine draws more power" }).waitFor();
  await page.getByRole("button", { name: "Set it" }).click();
  await seen(form.getByTestId("answer"), "Accepted");
  const undo = { isMore: false, text: "chip 12 of chain 0 from 500 to 450 MHz" };
  board.answers = { ...board.answers, tuning: { ...board.answers.tuning, undoSteps: 1, undo } };
  await page.getByRole("button", { name: "Undo the last change (1 can be undone)" }).click();
  await expect.poll(() => board.orders.length).toBe(3);
  expect(board.orders).toEqual([
    { kind: "tuneFrequency", chainIndex: 0, chipIndex: 12, frequencyMhz: 450 },
    { kind: "tuneFrequency", chainIndex: 0, chipIndex: 12, frequencyMhz: 500 },
    { kind: "undoTuning" },
  ]);
  quiet();
});

test("an undo that raises the power asks once and says what will happen; so does another mode of cooling", async () => {
  const undo = { isMore: true, text: "chain 0 from 450 to 490 MHz" };
  board.answers = { ...board.answers, tuning: { ...board.answers.tuning, undoSteps: 1, undo } };
  await turnTo("boards");
  await page.getByRole("button", { name: "Undo the last change (1 can be undone)" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.filter({ hasText: "It raises the power: chain 0 from 450 to 490 MHz." }).waitFor();
  await dialog.getByRole("button", { name: "No, leave it" }).click();
  expect(board.orders).toEqual([]);
  await page.getByRole("button", { name: "Undo the last change (1 can be undone)" }).click();
  await dialog.getByRole("button", { name: "Undo it" }).click();
  await expect.poll(() => board.orders).toEqual([{ kind: "undoTuning" }]);
  await turnTo("cooling");
  await page.getByLabel(/^Who cools/).selectOption("hydro");
  await page.getByRole("button", { name: "Save 1 change" }).click();
  await dialog.filter({ hasText: "what power it draws" }).waitFor();
  await dialog.getByRole("button", { name: "No, leave it" }).click();
  expect(board.orders.length).toBe(1);
  quiet();
});

test("a pool is tried before it is saved: how far it came, and its sentence; receipts and network are told", async () => {
  await turnTo("pools");
  const step = (name: "connect" | "subscribe" | "authorise" | "job", afterMs: number | null) => ({
    step: name,
    afterMs,
  });
  const message = 'Not good: the pool does not take the user "alice"; check user and password.';
  const steps = [step("connect", 12), step("subscribe", 40), step("authorise", null), step("job", null)];
  board.answerTo = () => ({ ok: false, message, poolTest: { isGood: false, message, latencyMs: 14, steps } });
  await page.getByLabel(/^Address of the pool/).fill("stratum+tcp://pool.test:3333");
  await page.getByLabel(/^User/).fill("alice");
  await page.getByRole("button", { name: "Test pool 1" }).click();
  const result = page.getByTestId("pool-test");
  await result.getByText(message).waitFor();
  await result.getByText("subscribed: after 40 ms").waitFor();
  await result.getByText("user taken: no").waitFor();
  expect(board.orders).toEqual([{ kind: "testPool", pool: { url: "stratum+tcp://pool.test:3333", user: "alice" } }]);
  await expectAccessible(page, "a tested pool");
  board.answerTo = () => refused("Another pool is being tested; try again in a few seconds.");
  await page.getByRole("button", { name: "Test pool 1" }).click();
  await result.getByText("Not tested: Another pool is being tested").waitFor();
  const receipts = page.getByTestId("receipts").getByRole("row");
  expect(await receipts.count()).toBeGreaterThan(1);
  await turnTo("system");
  await page.getByTestId("network").getByText("BM1368").waitFor();
  expect(withoutRefusals(watched.problems, 401, 400)).toEqual([]);
});

/** Columns of the first chart's canvas in which most of the height has the colour of incidents. */
function markedColumns(): Promise<number[]> {
  return page.evaluate(() => {
    const chart = document.querySelector<HTMLCanvasElement>(".uplot canvas");
    const canvas = document.createElement("canvas");
    Object.assign(canvas, { width: chart?.width ?? 1, height: chart?.height ?? 1 });
    const copy = canvas.getContext("2d", { willReadFrequently: true });
    if (chart === null || copy === null) return [];
    copy.drawImage(chart, 0, 0);
    const picture = copy.getImageData(0, 0, canvas.width, canvas.height);
    const probe = document.createElement("p");
    probe.style.color = "var(--bad)";
    document.body.append(probe);
    const [red = 0, green = 0, blue = 0] = (getComputedStyle(probe).color.match(/\d+/g) ?? []).map(Number);
    probe.remove();
    const isMark = (at: number): boolean => {
      const [r = 0, g = 0, b = 0, a = 0] = picture.data.subarray(at, at + 4);
      return a > 60 && Math.abs(r - red) + Math.abs(g - green) + Math.abs(b - blue) < 60;
    };
    return Array.from({ length: canvas.width }, (_, x) => x).filter((x) => {
      let count = 0;
      for (let y = 0; y < canvas.height; y++) if (isMark(4 * (y * canvas.width + x))) count++;
      return count > canvas.height / 3;
    });
  });
}

test("an incident is a mark on the charts at its time, and named below them", async () => {
  board.bend(() => ({ recentIncidents: [] }));
  await turnTo("history");
  await page.locator(".uplot canvas").first().waitFor();
  await expect.poll(markedColumns).toEqual([]);
  const incident = (minutesAgo: number, text: string) => ({
    run: 1,
    atWallMs: Date.now() - minutesAgo * 60_000,
    uptimeMs: 1_000,
    kind: "chainRestart" as const,
    chainIndex: 0,
    text,
  });
  board.bend(() => ({ recentIncidents: [incident(25, "chain 0 starts anew"), incident(5, "chain 0 starts again")] }));
  await page.getByRole("listitem").filter({ hasText: "chain 0 starts again" }).waitFor();
  // Two lines, each a pixel or two wide, 20 minutes apart.
  await expect.poll(async () => (await markedColumns()).length).toBeGreaterThanOrEqual(2);
  const columns = await markedColumns();
  expect(columns.length).toBeLessThanOrEqual(6);
  const widthPx = await page.evaluate(() => document.querySelector<HTMLCanvasElement>(".uplot canvas")?.width ?? 0);
  expect((columns.at(-1) ?? 0) - (columns[0] ?? 0)).toBeGreaterThan(widthPx / 6);
  await shoot(page, "history-incidents");
  quiet();
});

test("an update: the reason why not, a bundle with its progress, a refusal in words, the states, the way back", async () => {
  await turnTo("system");
  const card = page.getByTestId("update");
  await card.getByText(/No update may begin now: .+/).waitFor();
  expect(await card.getByRole("button", { name: /^Install/ }).isDisabled()).toBe(true);
  const now = { ...board.snapshot.update, slot: "A", isUpdatable: true, reason: null };
  board.bend(() => ({ update: now }));
  const choose = card.getByLabel("Bundle (.raucb)");
  await expect.poll(() => choose.isEnabled()).toBe(true);
  await choose.setInputFiles({
    name: "kumpel-2.raucb",
    mimeType: "application/octet-stream",
    buffer: Buffer.alloc(3 << 20, 7),
  });
  board.answerTo = () => refused("Refused: the bundle is signed by nobody that this board trusts.");
  await card.getByLabel(/Also a version that is lower/).check();
  await card.getByRole("button", { name: "Install kumpel-2.raucb (3.0 MiB) ..." }).click();
  await page.getByRole("dialog").filter({ hasText: "is taken back by itself" }).waitFor();
  await page.getByRole("dialog").getByRole("button", { name: "Install" }).click();
  await card.getByTestId("answer").filter({ hasText: "signed by nobody that this board trusts" }).first().waitFor();
  expect(board.received).toEqual([{ bytes: 3 << 20, isForced: true }]);
  const going = { ...now, fromVersion: "1.0.0", toVersion: "2.0.0", isUpdatable: false };
  board.bend(() => ({ update: { ...going, state: "installing", progressPercent: 40, message: "writing slot B" } }));
  await seen(card, "Installing: 40 %");
  await expectAccessible(page, "an update under way");
  await shoot(page, "update");
  board.bend(() => ({
    update: { ...going, state: "committed", message: "2.0.0 mines", canGoBack: true, isUpdatable: true },
  }));
  await seen(card, /committed.*2\.0\.0 mines/);
  board.answerTo = ({ kind }) => ({ ok: true, message: `${kind} is done.`, effect: "now" });
  await card.getByRole("button", { name: /^Go back/ }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Go back" }).click();
  await seen(card, "Accepted: goBack is done.");
  expect(board.orders).toEqual([{ kind: "goBack" }]);
  expect(withoutRefusals(watched.problems, 401, 400)).toEqual([]);
});
