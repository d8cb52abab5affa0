// `npm test`: format, lint, types, layers, unit, scenarios, a few seeds. Sets itself up. `npm test -- PATTERN` runs only the
// test files that match, without the checks before them. `npm run test:long`: real processes and the fault table.
// `npm run test:peers`: against other people's programs, which must be installed; `npm run test:web`: the page in Chromium.
import { spawn } from "node:child_process";
import { ensureSetUp, ROOT } from "./setup.mjs";

ensureSetUp();

/** @param {string} name @param {string[]} args @param {Record<string, string>} [more] environment */
function run(name, args, more = {}) {
  return new Promise((resolve) => {
    const started = performance.now();
    const child = spawn(process.execPath, args, {
      cwd: ROOT,
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, NO_COLOR: "1", FORCE_COLOR: undefined, ...more },
    });
    let text = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (text += chunk));
    child.on("close", (code) => {
      const isGood = code === 0;
      console.log(`${isGood ? "ok    " : "FAILED"} ${name} (${((performance.now() - started) / 1000).toFixed(1)} s)`);
      if (!isGood || name === "tests") console.log(text.trimEnd());
      resolve({ name, isGood, text });
    });
  });
}

const bin = (/** @type {string} */ file) => `node_modules/${file}`;
/** Sets with a command of their own; without one of them: what is left, or the files that are named. */
const SETS = ["long", "peers", "web"];
const named = SETS.find((set) => process.argv[2] === `--${set}`);
const filters = named === "long" ? [] : process.argv.slice(named === undefined ? 2 : 3);
const isShort = named === undefined && filters.length === 0;
/** Side by side with the tests, which leave a processor now and then. */
const checks = () => [
  run("format and lint", [bin("@biomejs/biome/bin/biome"), "check", "--error-on-warnings", "."]),
  run("types and typed lint", ["scripts/check-code.mjs"]),
];

const set = named ?? (isShort ? "short" : null);
const tests = () => run("tests", [bin("vitest/vitest.mjs"), "run", ...filters], set === null ? {} : { TEST_SET: set });
const results = await Promise.all([...(isShort ? checks() : []), tests()]);
if (isShort)
  console.log(
    "not run here: real processes, kill -9 and the fault table; npm run test:long runs them; test:peers and test:web the rest",
  );
const failed = results.filter((r) => !r.isGood);
const counts = /^ *Tests {2}(?:(\d+) failed[^\d]*)?(?:(\d+) passed)?/m.exec(results.at(-1)?.text ?? "");
const passedTests = Number(counts?.[2] ?? 0);
if (passedTests === 0) console.log("no test ran: that counts as a failure");
console.log(failed.length === 0 && passedTests > 0 ? "all good" : `failed: ${failed.map((r) => r.name).join(", ")}`);
process.exitCode = failed.length === 0 && passedTests > 0 ? 0 : 1;
