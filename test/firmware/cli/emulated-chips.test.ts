/** `--emulated-chips`: a real board whose serial devices end in the emulator is scaled, and its shares stay in the house. */
import { describe, expect, test } from "vitest";
import { HASHBOARDS } from "#drivers/hashboards/models.ts";
import { parseHilOptions } from "#firmware/cli/hil-options.ts";
import type { CommandContext } from "#firmware/cli/run-context.ts";
import { scalesOf } from "#firmware/cli/run-machine.ts";
import { parseRunOptions } from "#firmware/cli/run-options.ts";
import { settingsSchema } from "#firmware/config/schema.ts";
import { realScales } from "#firmware/platform/real.ts";

const REAL = ["--hashboard", "bitaxe-gamma", "--board", "bitaxe", "--chain-uarts", "/dev/ttyS1,/dev/ttyS2"];
const context = { realScales, chainCountOf: () => 1 } as Partial<CommandContext> as CommandContext;
const machine = {
  hashboard: HASHBOARDS["bitaxe-gamma"],
  found: { kind: "hobby", board: "bitaxe", why: "test", controlPath: "/a", chipsPath: "/b", style: "v1" },
  settings: {},
} as const;

function scales(...args: string[]) {
  const options = parseRunOptions([...REAL, ...args], false);
  const { target: _, ...rest } = options;
  return scalesOf({ ...rest, hashboard: machine.hashboard, real: machine }, context);
}

test("without the flag a real board has Bitcoin's scale; with it the emulator's, and says so everywhere", () => {
  expect(scales("--pool", "127.0.0.1:3333")).toEqual(realScales());
  const scaled = scales("--emulated-chips");
  expect(scaled.chipScale).toBeGreaterThan(1);
  expect(scaled.poolScale).toBe(scaled.chipScale);
  expect(scaled.label).toMatch(/emulated chips.*nothing is earned/);
  const outside = scales("--emulated-chips", "--pool", "127.0.0.1:3333", "--chip-ticket", "1e-6");
  expect(outside).toMatchObject({ poolScale: 1, suggestDifficulty: 1e-6 });
  expect(outside.label).toMatch(/emulated chips/);
});

test("it is never a settings key", () => {
  const machine = { name: "auto", emulated_chips: true, areChipsEmulated: true };
  const pool_groups = [{ pools: [{ url: "127.0.0.1:3333", user: "a" }] }];
  const settings = settingsSchema.parse({ machine, pool_groups, emulated_chips: true });
  expect(parseRunOptions(REAL, false, settings).areChipsEmulated).toBe(false);
});

describe("pools of emulated chips", () => {
  const parse = (...args: string[]) => parseRunOptions([...REAL, "--emulated-chips", ...args], false);

  test.each([
    "127.0.0.1:3333",
    "localhost:3333",
    "10.1.2.3:1",
    "172.31.0.1:1",
    "192.168.0.1:1",
    "169.254.1.1:1",
    "[::1]:1",
    "[fd00::1]:1",
    "[fe80::1%eth0]:1",
  ])("%s is taken", (pool) => {
    expect(parse("--pool", pool).poolGroups).toHaveLength(1);
  });

  test.each(["pool.example.com:3333", "8.8.8.8:1", "172.32.0.1:1", "[2001:db8::1]:1", "localhost.example.com:1"])(
    "%s is refused",
    (pool) => {
      expect(() => parse("--pool", pool)).toThrow(
        /--emulated-chips: pool ".*" is neither a loopback nor a private address/,
      );
    },
  );

  test("so is a near pool behind a proxy, and a far one among near ones", () => {
    expect(() => parse("--pool", "127.0.0.1:1", "--proxy", "socks5://127.0.0.1:9050")).toThrow(/over a proxy/);
    expect(() => parse("--pool", "127.0.0.1:1", "--pool", "pool.example.com:1")).toThrow(/pool\.example\.com/);
  });
});

test("it belongs to real boards only, in run and in hil", () => {
  expect(() => parseRunOptions(["--machine", "s21", "--pool", "127.0.0.1:1", "--emulated-chips"], false)).toThrow(
    '--emulated-chips is for a real board, but "s21" is emulated as a whole; leave it out.',
  );
  const hil = (...args: string[]) => parseHilOptions(["--suite", "smoke", ...args]);
  expect(() => hil("--target", "emulator:s21", "--emulated-chips")).toThrow(/emulated as a whole/);
  expect(hil("--target", "bench.toml", "--emulated-chips").areChipsEmulated).toBe(true);
  expect(hil("--target", "bench.toml").areChipsEmulated).toBe(false);
});
