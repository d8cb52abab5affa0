/** Whatever stands in a settings file or a patch is taken or refused: no crash, no hang. `npm run fuzz` is the long run. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { checkText, TEXT_MAX } from "#firmware/config/check.ts";
import { changed } from "#firmware/config/patch.ts";
import { isKumpelError } from "#hal/errors.ts";
import { Fuzzed, fuzzRuns, fuzzTimeoutMs } from "../../support/fuzz.ts";
import { heldAfterBytes } from "../../support/heap.ts";

const NUM_RUNS = fuzzRuns(2_000);
const TIMEOUT_MS = fuzzTimeoutMs(NUM_RUNS);
const runs = { numRuns: NUM_RUNS, seed: 20_261_128 };

const GOOD = `settings_version = 2
[[pool_groups]]
quota = 1.5
[[pool_groups.pools]]
url = "pool.test:3333"
user = 'me'
[cooling]
mode = "air"
target_c = 55 # cellar
`;

const piece = fc.constantFrom(
  ...GOOD.split(/(?<=\s|=)/),
  "[",
  "]",
  "{",
  "}",
  '"""',
  "'",
  "\\",
  "1e999",
  "-inf",
  "\u0000",
  ".",
  ",",
);
const mutated = fc
  .tuple(fc.nat(GOOD.length), fc.nat(20), fc.string({ maxLength: 20 }))
  .map(([at, cut, put]) => GOOD.slice(0, at) + put + GOOD.slice(at + cut));
const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 200 }),
  fc.array(piece, { maxLength: 60 }).map((parts) => parts.join("")),
  mutated,
);

function check(input: string): void {
  const { settings, problems } = checkText(input, "settings.toml");
  if (settings === null) expect(problems.length).toBeGreaterThan(0);
  for (const { sentence, line } of problems) {
    expect(sentence.startsWith("settings.toml ")).toBe(true);
    expect(sentence.length).toBeLessThan(1_000);
    if (line !== null) expect(line).toBeLessThanOrEqual(input.split("\n").length);
  }
}

test("any text gives settings or sentences of bounded length", { timeout: TIMEOUT_MS }, () => {
  const fuzzed = new Fuzzed("settings file");
  fc.assert(fc.property(text, fuzzed.watch(check)), runs);
  fuzzed.tell();
});

test("any patch is merged or refused, and never reaches what all objects share", { timeout: TIMEOUT_MS }, () => {
  const key = fc.constantFrom("cooling", "target_c", "pool_groups", "pools", "__proto__", "constructor", "x");
  const patch = fc.oneof(fc.object({ key, maxDepth: 5 }), fc.dictionary(key, fc.jsonValue()));
  const fuzzed = new Fuzzed("settings patch");
  const act = fuzzed.watch((wish: Readonly<Record<string, unknown>>) => {
    try {
      changed({ cooling: { target_c: 55 } }, wish);
    } catch (error) {
      if (!isKumpelError(error, "SETTINGS_INVALID")) throw error;
    }
    expect(Object.keys(Object.prototype)).toEqual([]);
  });
  fc.assert(fc.property(patch, act), runs);
  fuzzed.tell();
});

test("nothing of a refused text is kept", () => {
  const inputs = fc.sample(text, { numRuns: 300, seed: runs.seed });
  const heldBytes = heldAfterBytes(() => {
    for (const input of inputs) checkText(input, "settings.toml");
  });
  expect(heldBytes).toBeLessThan(128 * 1024);
});

const N = TEXT_MAX - 100;
/** Small files that keep a careless parser busy for minutes; a hang here ends in the time-out of the test. */
const HOSTILE = {
  "a key of very many parts": `${"a.".repeat(N / 2)}a = 1\n`,
  "a header of very many parts": `[${"a.".repeat(N / 2)}a]\n`,
  "quoted parts": `${'"a" . '.repeat(N / 6)}a = 1\n`,
  "nested lists": `a = ${"[".repeat(N / 2)}${"]".repeat(N / 2)}\n`,
  "nested lists over lines": `a = ${"[\n".repeat(N / 4)}${"]\n".repeat(N / 4)}\n`,
  "nested inline tables": `a = ${"{a=".repeat(N / 5)}1${"}".repeat(N / 5)}\n`,
  "brackets alone": "[".repeat(N),
  "quotes alone": '"'.repeat(N),
  backslashes: `a = "${"\\".repeat(N)}`,
  "very many tables": "[[a]]\n[[a.b]]\n".repeat(N / 15),
  "very many keys": Array.from({ length: N / 12 }, (_, i) => `k${i} = 1`).join("\n"),
  "very many keys in one line": `a = {${Array.from({ length: N / 12 }, (_, i) => `k${i} = 1`).join(",")}}`,
  underscores: `a = ${"1_".repeat(N / 2)}1`,
} as const;

describe("hostile texts", () => {
  test.each(Object.entries(HOSTILE))("%s", (_name, input) => {
    expect(input.length).toBeLessThanOrEqual(TEXT_MAX);
    check(input);
  });
});
