// `npm run fuzz [-- INPUTS]`: that many made-up inputs (1,000,000) over everything that reads what comes from outside: settings
// files and patches, the cgminer API, digest headers, the stock face's settings, the own API's bodies and addresses. Each
// property tells how many it had, what the slowest took and what was kept. About a quarter of an hour.
import { spawn } from "node:child_process";
import { ensureSetUp, ROOT } from "./setup.mjs";

const FILES = [
  "test/firmware/config/fuzz.test.ts",
  "test/firmware/api/cgminer/fuzz.test.ts",
  "test/firmware/api/stock/fuzz.test.ts",
  "test/firmware/api/stock/digest.test.ts",
  "test/firmware/api/http/fuzz.test.ts",
];
/** Properties with as many inputs each, and one with a third. */
const SHARES = 9 + 1 / 3;

const wanted = Number(process.argv[2] ?? 1_000_000);
if (!(Number.isSafeInteger(wanted) && wanted >= 20_000)) {
  console.error(`INPUTS "${process.argv[2]}" is no whole number from 20000; npm run fuzz -- 1000000`);
  process.exit(2);
}
ensureSetUp();
const args = [
  "node_modules/vitest/vitest.mjs",
  "run",
  ...FILES,
  "--no-file-parallelism",
  "--disable-console-intercept",
];
const env = { ...process.env, FUZZ_RUNS: String(Math.ceil(wanted / SHARES)) };
const child = spawn(process.execPath, args, { cwd: ROOT, env, stdio: ["ignore", "pipe", "inherit"] });
let text = "";
child.stdout.on("data", (chunk) => {
  text += chunk;
  process.stdout.write(chunk);
});
child.on("close", (code) => {
  const inputs = [...text.matchAll(/^fuzz .*: (\d+) inputs/gm)].reduce((sum, [, count]) => sum + Number(count), 0);
  const isWhole = inputs >= wanted;
  console.log(`${isWhole && code === 0 ? "ok" : "FAILED"} ${inputs} inputs of ${wanted}`);
  process.exitCode = code === 0 && isWhole ? 0 : 1;
});
