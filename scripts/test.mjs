// `npm test`: format, lint, types, layers, unit, scenarios. Sets itself up. `npm test -- PATTERN` runs only the test
// files that match, without the checks before them.
import { spawn } from "node:child_process";
import { ensureSetUp, ROOT } from "./setup.mjs";

ensureSetUp();

/** @param {string} name @param {string[]} args */
function run(name, args) {
  return new Promise((resolve) => {
    const started = performance.now();
    const child = spawn(process.execPath, args, {
      cwd: ROOT,
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, NO_COLOR: "1", FORCE_COLOR: undefined },
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
const filters = process.argv.slice(2);
const checks = [
  () => run("format and lint", [bin("@biomejs/biome/bin/biome"), "check", "--error-on-warnings", "."]),
  () => run("types", [bin("typescript/bin/tsc")]),
  () => run("typed lint", [bin("eslint/bin/eslint.js"), "."]),
];

const results = [];
if (filters.length === 0) results.push(...(await Promise.all([checks[0]?.(), checks[1]?.()])), await checks[2]?.());
results.push(await run("tests", [bin("vitest/vitest.mjs"), "run", ...filters]));
const failed = results.filter((r) => !r.isGood);
const counts = /^ *Tests {2}(?:(\d+) failed[^\d]*)?(?:(\d+) passed)?/m.exec(results.at(-1)?.text ?? "");
const passedTests = Number(counts?.[2] ?? 0);
if (passedTests === 0) console.log("no test ran: that counts as a failure");
console.log(failed.length === 0 && passedTests > 0 ? "all good" : `failed: ${failed.map((r) => r.name).join(", ")}`);
process.exitCode = failed.length === 0 && passedTests > 0 ? 0 : 1;
