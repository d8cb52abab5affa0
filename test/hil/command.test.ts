/** `kumpel hil` from its words to its exit code; the emulator stands for the bench. */
import fs from "node:fs";
import { describe, expect, test } from "vitest";
import { type HilContext, hilCommand } from "#firmware/cli/hil-command.ts";
import { parseHilOptions } from "#firmware/cli/hil-options.ts";
import { decideStep, verdictOf } from "#firmware/hil/decide.ts";
import { junitXml } from "#firmware/hil/junit.ts";
import { type HilReport, hilReportSchema } from "#firmware/hil/report.ts";
import { STEP_NAMES, VERDICTS } from "#firmware/hil/step.ts";
import { STEPS, stepsOf } from "#firmware/hil/suite.ts";
import { parseTargetFile, targetSchema } from "#firmware/hil/target-file.ts";
import { openVirtualTarget } from "#firmware/platform/hil-target.ts";
import type { EmulatedWorld } from "#hal/emulator/emulated-world.ts";
import { KumpelError } from "#hal/errors.ts";

const TARGET = `
[machine]
hashboard = "s21"
accept_experimental = true
`;

function rig(files: Readonly<Record<string, string>> = {}, more: Partial<HilContext> = {}) {
  const out: string[] = [];
  const err: string[] = [];
  const written = new Map<string, string>();
  const worlds: EmulatedWorld[] = [];
  const openVirtual: HilContext["openVirtual"] = (machine, { seed }) =>
    openVirtualTarget(machine, { seed, prepare: (world) => worlds.push(world) });
  const context: HilContext = {
    openVirtual,
    openRealTime: () => Promise.reject(new Error("not in this test")),
    findMachine: ({ hashboard, settings }) => {
      if (hashboard === null) return Promise.reject(new Error("no hashboard"));
      const found = { kind: "board", board: "amlogic-a113d", why: "the test says so", family: null } as const;
      return Promise.resolve({ hashboard, found, settings });
    },
    openBench: ({ hashboard }) => openVirtual(hashboard.model, { seed: 1 }),
    openData: () => Promise.reject(new Error("not in this test")),
    readText: (path) => {
      const text = files[path];
      return text === undefined ? Promise.reject(new KumpelError("USAGE", `no ${path}`)) : Promise.resolve(text);
    },
    writeText: (file, text) => {
      written.set(file, text);
      return Promise.resolve();
    },
    onStopSignal: () => undefined,
    stdout: (text) => out.push(text),
    stderr: (text) => err.push(text),
    ...more,
  };
  return { context, out, err, written, worlds };
}

describe("an emulated target", () => {
  test("a smoke suite: lines for people, JSON and JUnit for programs, exit code 0", async () => {
    const { context, out, written, worlds } = rig();
    const args = ["--target", "emulator:bitaxe-gamma", "--suite", "smoke", "--json", "r.json", "--junit", "r.xml"];
    expect(await hilCommand(args, context)).toBe(0);
    const report = hilReportSchema.parse(JSON.parse(written.get("r.json") ?? ""));
    expect(report).toMatchObject({ machine: "bitaxe-gamma", suite: "smoke", verdict: "passed" });
    expect(report.steps.map(({ name }) => name)).toEqual(stepsOf("smoke").map(({ name }) => name));
    expect(written.get("r.xml")).toContain('tests="8" failures="0"');
    expect(out.join("")).toMatch(/^ok {6}plug .*\n/);
    expect(out.join("")).toMatch(/smoke on emulator:bitaxe-gamma: passed; 8 passed; power is off\n$/);
    expect(worlds[0]?.powerIsOn).toBe(false);
  });

  test("--json - leaves standard output to the report; the same seed gives the same run", async () => {
    const [first, second] = [rig(), rig()];
    const args = ["--target", "emulator:bitaxe-gamma", "--suite", "smoke", "--json", "-", "--seed", "7"];
    expect(await hilCommand(args, first.context)).toBe(0);
    expect(await hilCommand(args, second.context)).toBe(0);
    expect(hilReportSchema.parse(JSON.parse(first.out.join("")))).toMatchObject({ verdict: "passed" });
    expect(second.out).toEqual(first.out);
    expect(first.err.join("")).toContain("passed");
  });
});

describe("a bench", () => {
  test("a target file that does not allow it: no step energises, exit code 1", async () => {
    const { context, worlds, written } = rig({ "bench.toml": TARGET });
    const args = ["--target", "bench.toml", "--suite", "full", "--json", "r.json"];
    expect(await hilCommand(args, context)).toBe(1);
    const report = hilReportSchema.parse(JSON.parse(written.get("r.json") ?? ""));
    expect(report).toMatchObject({ verdict: "refused", power_off_confirmed: true });
    const verdicts = report.steps.map(({ verdict }) => verdict);
    expect(verdicts).toEqual([...Array<string>(3).fill("passed"), ...Array<string>(8).fill("refused")]);
    expect(report.steps[3]?.messages).toEqual(["the target file does not allow it (allow_energising = true would)"]);
    expect(worlds[0]?.powerTransitions).toEqual([]);
    expect(worlds[0]?.chains.some(({ model }) => model.isRunning)).toBe(false);
  });

  test("a target file that allows it runs everything, with its expectations", async () => {
    const text = `allow_energising = true\n${TARGET}[expect]\nchains = [0, 1, 2]\nfans = 4\nboard_name = "BHB68"\n`;
    const { context, written } = rig({ "bench.toml": text });
    expect(await hilCommand(["--target", "bench.toml", "--suite", "smoke", "--json", "r.json"], context)).toBe(0);
    expect(JSON.parse(written.get("r.json") ?? "")).toMatchObject({ target: "bench.toml", verdict: "passed" });
  });

  test("a board of another name than the file says fails by name", async () => {
    const text = `allow_energising = true\n${TARGET}[expect]\nboard_name = "BHB56"\n`;
    const { context, out } = rig({ "bench.toml": text });
    expect(await hilCommand(["--target", "bench.toml", "--suite", "smoke"], context)).toBe(1);
    expect(out.join("")).toContain(
      "chain 0 EEPROM is of another board: it says BHB68606, the target file expects BHB56",
    );
  });

  test("a board that is not there is told by its own error", async () => {
    const gone = new KumpelError("BOARD_UNKNOWN", "No control board was found.");
    const { context } = rig({ "bench.toml": TARGET }, { findMachine: () => Promise.reject(gone) });
    await expect(hilCommand(["--target", "bench.toml", "--suite", "smoke"], context)).rejects.toBe(gone);
  });
});

describe("wrong words", () => {
  test.each([
    [["--suite", "full"], /--target is missing/],
    [["--target", "emulator:s21"], /--suite is missing: choose smoke or full/],
    [["--target", "emulator:s21", "--suite", "most"], /--suite "most" is unknown/],
    [["--target", "emulator:s21", "--suite", "full", "--seed", "-1"], /--seed/],
    [["--target", "a.toml", "--suite", "full", "--real-time"], /--real-time is for emulated machines/],
    [["--target", "emulator:s21", "--suite", "full", "--json", "-", "--junit", "-"], /cannot both go/],
    [["--target", "emulator:s21", "--suite", "full", "--fast"], /Unknown option '--fast'/],
  ])("%j", (args, says) => {
    expect(() => parseHilOptions(args)).toThrow(says);
  });

  test("a machine that the emulator does not have", async () => {
    const { context } = rig();
    await expect(hilCommand(["--target", "emulator:s99", "--suite", "full"], context)).rejects.toThrow(
      /"emulator:s99" is unknown; choose one of: s21 /,
    );
  });

  test.each([
    ["", /machine.hashboard is missing/],
    ['[machine]\nhashboard = "s99"\n', /line 2 machine.hashboard: /],
    ["[machine\n", /line 2 is no TOML/],
    [`${TARGET}\n[limits]\nmining_s = 5\n`, /line 7 limits.mining_s: /],
    [`alow_energising = true\n${TARGET}`, /line 1 the file: Unrecognized key: "alow_energising"/],
    ['[machine]\nname = "s21"\n', /say --target emulator:s21/],
  ])("target file %j", (text, says) => {
    expect(() => parseTargetFile(text, "bench.toml")).toThrow(says);
  });
});

describe("reports", () => {
  const step = (verdict: HilReport["steps"][number]["verdict"], messages: string[]): HilReport["steps"][number] => {
    return { name: "plug", title: "t", energising: false, verdict, seconds: 1.5, messages };
  };
  const report: HilReport = {
    version: "1",
    target: 'a "target" <1> & more',
    machine: "s21",
    control_board: "b",
    suite: "full",
    emulated: null,
    started_at: "2026-01-01T00:00:00.000Z",
    seconds: 3,
    verdict: "failed",
    stopped: null,
    power_off_confirmed: true,
    counts: { passed: 1, failed: 1, refused: 1, skipped: 0, not_applicable: 1 },
    steps: [
      step("passed", ["seen \u0001 <x>"]),
      step("failed", ['chip "7" & <8>', "second line"]),
      step("refused", ["no"]),
      step("not_applicable", ["nothing"]),
    ],
  };

  test("JUnit XML is well-formed whatever the messages hold", () => {
    const xml = junitXml(report);
    expect(openTags(xml)).toEqual([]);
    expect(xml).toContain('tests="4" failures="1" errors="0" skipped="2"');
    expect(xml).toContain('<failure message="chip &quot;7&quot; &amp; &lt;8&gt;" type="plug">');
    expect(Array.from(xml).every((sign) => sign >= " " || sign === "\n")).toBe(true);
  });

  test("the schema takes nothing that is not documented", () => {
    expect(hilReportSchema.parse(report)).toEqual(report);
    expect(hilReportSchema.safeParse({ ...report, more: 1 }).success).toBe(false);
    expect(hilReportSchema.safeParse({ ...report, verdict: "perhaps" }).success).toBe(false);
  });
});

test("docs/HIL.md names every field of the report, every step, and every key of a target file of its own", () => {
  const text = fs.readFileSync("docs/HIL.md", "utf8");
  const { expect: expected, limits } = targetSchema.shape;
  const keys = [
    ...Object.keys(hilReportSchema.shape),
    ...Object.keys(hilReportSchema.shape.steps.element.shape),
    ...VERDICTS,
    ...STEP_NAMES,
    ...Object.keys(expected.unwrap().shape).map((key) => `expect.${key}`),
    ...Object.keys(limits.unwrap().shape).map((key) => `limits.${key}`),
  ];
  expect(keys.length).toBeGreaterThan(40);
  expect(keys.filter((key) => !text.includes(`\`${key}\``))).toEqual([]);
});

/** Elements left open or closed out of turn, and anything that is neither a tag nor plain text. */
function openTags(xml: string): string[] {
  const open: string[] = [];
  const left = xml
    .replace(/<\?xml [^>]*\?>/, "")
    .replace(/<(\/?)([\w-]+)((?: [\w-]+="[^"<&]*(?:&\w+;|&#\d+;|[^"<&])*")*)(\/?)>/g, (_, close, name, _a, empty) => {
      if (close === "/") {
        if (open.pop() !== name) open.push(`/${String(name)}`);
      } else if (empty !== "/") open.push(String(name));
      return "";
    });
  return left.includes("<") ? [...open, left] : open;
}

describe("what runs after what", () => {
  const passed = (name: (typeof STEPS)[number]["name"]) => {
    const { title, isEnergising } = STEPS.find((one) => one.name === name) ?? { title: "", isEnergising: false };
    return { name, title, isEnergising, verdict: "passed", seconds: 0, messages: [] } as const;
  };
  const state = { mayEnergise: true, wasEnergised: true, stopReason: null };

  test("a step whose need failed is skipped, one that nobody needs runs", () => {
    const results = [passed("plug"), { ...passed("devices"), verdict: "failed" } as const];
    const [, , fans, powerUp] = STEPS;
    if (fans === undefined || powerUp === undefined) throw new Error("the suite is too short");
    expect(decideStep(fans, { ...state, results })).toEqual({ kind: "run" });
    expect(decideStep(powerUp, { ...state, results })).toMatchObject({
      verdict: "skipped",
      reason: "it needs devices",
    });
  });

  test("nothing is worth a pass that was not tried", () => {
    expect(verdictOf([passed("plug")], null)).toBe("passed");
    expect(verdictOf([passed("plug"), { ...passed("fans"), verdict: "not_applicable" }], null)).toBe("passed");
    expect(verdictOf([passed("plug"), { ...passed("ramp"), verdict: "refused" }], null)).toBe("refused");
    expect(verdictOf([{ ...passed("ramp"), verdict: "skipped" }], null)).toBe("failed");
    expect(verdictOf([passed("plug")], "stopped by SIGINT")).toBe("failed");
  });

  test("every need is a step that comes before, and the suites end with power down", () => {
    for (const suite of ["smoke", "full"] as const) {
      const names = stepsOf(suite).map(({ name }) => name);
      expect(names.at(-1)).toBe("power-down");
      for (const { name, needs } of stepsOf(suite))
        for (const need of needs)
          expect(STEPS.findIndex((s) => s.name === need)).toBeLessThan(STEPS.findIndex((s) => s.name === name));
    }
  });
});
