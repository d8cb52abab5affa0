import fs from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import { done } from "#firmware/api/commands.ts";
import { parseConsoleOptions } from "#firmware/cli/console-command.ts";
import type { ConsoleClient } from "#firmware/console/client.ts";
import { type ConsoleContext, numberOf, placeOf, sizeOf } from "#firmware/console/command.ts";
import { consolePage } from "#firmware/console/reference-page.ts";
import { completions, runLine } from "#firmware/console/shell.ts";
import { pairs, table, wrap } from "#firmware/console/table.ts";
import { splitWords } from "#firmware/console/words.ts";
import { VirtualClock } from "#hal/emulator/virtual-clock.ts";

interface Stub {
  readonly context: ConsoleContext;
  readonly orders: object[];
  text(): string;
}

/** A firmware whose chain 0 makes more errors the faster it is. */
function stub(errorsAt: (mhz: number) => number, isJson = false): Stub {
  const clock = new VirtualClock();
  const orders: object[] = [];
  const past: number[] = [];
  let mhz = 400;
  let good = 0;
  let bad = 0;
  let text = "";
  const chips = (): object[] => {
    good += 1000;
    bad += errorsAt(mhz);
    return [{ chipIndex: 0, frequencyMhz: mhz, nonces: { good, hardwareErrors: bad } }];
  };
  const chain = { index: 0, frequencyMhz: 400, voltageV: null, temperatureChipMaxC: null, hashrate: {} };
  const client: ConsoleClient = {
    get: (path) => {
      const limits = { frequencyMhz: { min: 50, max: 600, reason: "what the chips were made for" } };
      if (path === "/tuning")
        return Promise.resolve({ limits, chains: [{ chainIndex: 0 }, { chainIndex: 1 }] } as never);
      const chainNow = {
        ...chain,
        frequencyMhz: mhz,
        hashrate: { recentMeasuredThs: mhz / 10, expectedThs: mhz / 10 },
      };
      return Promise.resolve((path === "/snapshot" ? { chains: [chainNow] } : { chips: chips() }) as never);
    },
    order: (command) => {
      orders.push(command);
      if ("frequencyMhz" in command) {
        past.push(mhz);
        mhz = Number(command.frequencyMhz);
      } else if ("kind" in command && command.kind === "undoTuning") mhz = past.pop() ?? mhz;
      return Promise.resolve(done("Done."));
    },
    logIn: () => Promise.resolve(null),
    watch: () => Promise.resolve("lost"),
  };
  const write = (more: string): void => {
    text += more;
  };
  const screen = { width: () => 80, rows: () => 24, isTerminal: false, write };
  const context = {
    client,
    clock,
    screen,
    isJson,
    signal: new AbortController().signal,
    effectMs: 0,
    confirm: () => Promise.resolve(false),
    later: () => undefined,
  };
  return { context, orders, text: () => text };
}

async function inTime(stubbed: Stub, line: string): Promise<number> {
  const ended = new AbortController();
  const run = runLine(line, stubbed.context).finally(() => ended.abort());
  for (let i = 0; i < 200 && !ended.signal.aborted; i++) await (stubbed.context.clock as VirtualClock).advance(1_000);
  return await run;
}

test("words: quotes, blanks, remarks, and a quote that is open", () => {
  expect(splitWords(`  freq 0.12   "a b"  'c"d' # rest`)).toEqual({
    words: ["freq", "0.12", "a b", 'c"d'],
    isOpen: false,
  });
  expect(splitWords("# all of it").words).toEqual([]);
  expect(splitWords("pause no#remark").words).toEqual(["pause", "no#remark"]);
  expect(splitWords('pause "half').isOpen).toBe(true);
});

test.each([
  ["525", 525],
  ["+6.25", 6.25],
  ["-12.5", -12.5],
  ["0x1F", 31],
  ["1e3", null],
  ["", null],
  ["0x", null],
  ["Infinity", null],
])("number %s", (text, value) => {
  expect(numberOf(text)).toBe(value);
});

test("places", () => {
  expect(placeOf("all")).toEqual({ chainIndex: null, domainIndex: null, chipIndex: null });
  expect(placeOf("2.107")).toEqual({ chainIndex: 2, domainIndex: null, chipIndex: 107 });
  expect(placeOf("0.d3")).toEqual({ chainIndex: 0, domainIndex: 3, chipIndex: null });
  for (const wrong of [undefined, "", "x", "0.", "0.d", "-1", "0.1.2", "999"]) expect(placeOf(wrong)).toBeNull();
});

test("whatever stands in a table: no line is wider than the screen, and nothing moves the cursor", () => {
  const text = fc.string({ unit: "grapheme", maxLength: 60 });
  fc.assert(
    fc.property(fc.array(fc.tuple(text, text)), fc.integer({ min: 12, max: 120 }), (rows, width) => {
      const shown = [
        ...table(
          [
            { title: "a", cell: ([a]) => a },
            { title: "b", cell: ([, b]) => b, isNumber: true },
          ],
          rows,
          width,
        ),
        ...pairs(
          rows.map(([, b]) => ["name", b] as const),
          width + 20,
        ),
      ];
      for (const line of shown) {
        expect(line.length).toBeLessThanOrEqual(width + 20);
        expect(line).not.toMatch(/\p{Cc}/u);
      }
      for (const line of rows.flatMap(([a]) => wrap(a, width))) expect(line.length).toBeLessThanOrEqual(width);
    }),
  );
});

test("completion: commands, their words, chains of the machine; nothing for what is unknown", async () => {
  const { context } = stub(() => 0);
  expect(await completions("ch", context)).toEqual([["chains ", "chips ", "chip "], "ch"]);
  expect(await completions("chips ", context)).toEqual([["0 ", "1 "], ""]);
  expect(await completions("chips 0 n", context)).toEqual([["nonces "], "n"]);
  expect(await completions("help sa", context)).toEqual([["safe "], "sa"]);
  expect(await completions("nothing ", context)).toEqual([[], ""]);
  const away = { ...context, client: { ...context.client, get: () => Promise.reject(new Error("away")) } };
  expect(await completions("chips ", away)).toEqual([[], ""]);
});

test("a ramp goes on while errors are few, and one step back where they are not", async () => {
  const calm = stub(() => 0);
  expect(await inTime(calm, "ramp 0 430 12.5 1")).toBe(0);
  expect(calm.orders.map((order) => "frequencyMhz" in order && order.frequencyMhz)).toEqual([412.5, 425, 430]);
  const hot = stub((mhz) => (mhz > 415 ? 100 : 0), true);
  expect(await inTime(hot, "ramp 0 450 12.5 1")).toBe(1);
  const result = JSON.parse(hot.text()) as { end: string; message: string; steps: { errorPct: number }[] };
  expect(result.end).toBe("errors");
  expect(result.message).toMatch(/^Hardware errors of 9\.1 % at 425\.00 MHz: back at 412\.50 MHz\.$/);
  expect(hot.orders.at(-1)).toEqual({ kind: "undoTuning" });
});

test.each([40, 9000])("a ramp to %d MHz, outside of the limits, is refused before its first step", async (goal) => {
  const stubbed = stub(() => 0);
  expect(await inTime(stubbed, `ramp 0 ${goal}`)).toBe(1);
  expect(stubbed.text()).toBe(`Refused: ${goal} MHz is outside of 50 to 600 MHz (what the chips were made for).\n`);
  expect(stubbed.orders).toEqual([]);
});

test("a terminal without a size has 80 columns and 24 rows; no width keeps a text from ending", () => {
  expect(sizeOf({ columns: 0, rows: 0 })).toEqual({ columns: 80, rows: 24 });
  expect(sizeOf({})).toEqual({ columns: 80, rows: 24 });
  expect(sizeOf({ columns: 40, rows: 12 })).toEqual({ columns: 40, rows: 12 });
  for (const width of [0, -3]) expect(wrap("ab c", width)).toEqual(["a", "b", "c"]);
});

test("wrong words end with one sentence and code 2, and order nothing", async () => {
  for (const line of [
    "freq",
    "freq 0 x",
    "freq x 5",
    "volt 0.1 3",
    "volt 0 ?",
    "chips",
    "chips 0 all",
    "chip 0",
    "why 0",
    "fans",
    "fans 101",
    "locate",
    "loglevel loud",
    "reg",
    "reg read 0 1",
    "reg read 0.1 256",
    "reg write 0.1 1",
    "reg write 0.1 1 2",
    "ramp 0",
    "ramp 0 5 0",
    "trace",
    "trace on x.trace y",
    "restart x",
    "watch 0",
    "nonsense",
  ]) {
    const stubbed = stub(() => 0);
    expect(await inTime(stubbed, line), line).toBe(2);
    expect(stubbed.text().trim().split("\n"), line).toHaveLength(1);
    expect(stubbed.orders, line).toEqual([]);
  }
});

test("options stand before the words, which may look like options", () => {
  expect(parseConsoleOptions(["--json", "--effect=3", "freq", "0", "-12.5"])).toMatchObject({
    isJson: true,
    effectS: 3,
    words: ["freq", "0", "-12.5"],
  });
  for (const wrong of [["--baud", "x"], ["--effect"], ["--colour"], ["--on", "/dev/null", "status"], ["--data="]])
    expect(() => parseConsoleOptions(wrong)).toThrow(/[.]$/);
});

test("docs/CONSOLE.md is what the table of commands says", () => {
  expect(fs.readFileSync("docs/CONSOLE.md", "utf8"), "run node scripts/generate-console.mjs").toBe(consolePage());
});
