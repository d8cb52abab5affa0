// `npm run bench [-- --json]`: the benches of test/bench, each in a process of its own, beside references that are measured
// in the same run. A table for people, or one JSON array; exit code 1 when a budget does not hold.
import { spawn, spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { ensureSetUp, ROOT } from "./setup.mjs";

/** @typedef {import("../test/bench/bench.ts").Row} Row */

const HELP = `npm run bench [-- OPTIONS]: rates, latencies and memory, with budgets.

  --json         one JSON array on standard output: name, unit, value, reference, ratio, budget, holds, note
  --only NAME    one bench: NAMES

Exit codes: 0 every budget holds, 1 one does not, 2 wrong usage, 3 a bench did not run or its results were wrong. Progress goes to standard error. About 140 s.
`;

const BENCHES = fs
  .readdirSync(path.join(ROOT, "test/bench"))
  .flatMap((file) => /^(.*)\.bench\.ts$/.exec(file)?.[1] ?? [])
  .sort();

/** Minutes each: only by name. */
const SLOW = ["management"];

/** @returns {{ isJson: boolean, names: string[] }} */
function readOptions() {
  try {
    const { values } = parseArgs({
      options: { json: { type: "boolean" }, only: { type: "string" }, help: { type: "boolean" } },
    });
    if (values.help) {
      process.stdout.write(HELP.replace("NAMES", BENCHES.join(" ")));
      process.exit(0);
    }
    if (values.only !== undefined && !BENCHES.includes(values.only)) {
      throw new Error(`--only "${values.only}" is unknown; choose one of: ${BENCHES.join(" ")}`);
    }
    return {
      isJson: values.json ?? false,
      names: values.only === undefined ? BENCHES.filter((name) => !SLOW.includes(name)) : [values.only],
    };
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    process.exit(2);
  }
}

/**
 * Compiles the C reference.
 * @param {string} outDir
 * @returns {string} the program, or "" where it cannot be had
 */
function compileReference(outDir) {
  const source = path.join(ROOT, "test/bench/reference.c");
  const program = path.join(outDir, "reference");
  // Under a new name first: another bench may be running the old one.
  const temporary = `${program}.${process.pid}.tmp`;
  const { error, status, stderr } = spawnSync("cc", ["-O3", "-o", temporary, source], { encoding: "utf8" });
  if (error === undefined && status === 0) {
    fs.renameSync(temporary, program);
    return program;
  }
  console.error(`NO REFERENCE: ${stderr?.trim() || "cc is not there"}; ratios are skipped. Install gcc to have them.`);
  return "";
}

/**
 * Words that put a command on one processor, so that a bench and its reference have the same neighbours; none where that
 * cannot be had.
 * @returns {string[]}
 */
function onOneProcessor() {
  const status = fs.readFileSync("/proc/self/status", "utf8");
  const last = /^Cpus_allowed_list:.*?(\d+)$/m.exec(status)?.[1];
  const words = ["taskset", "-c", String(last)];
  return last !== undefined && spawnSync("taskset", [...words.slice(1), "true"]).status === 0 ? words : [];
}

/** @type {import("node:child_process").ChildProcess | null} */
let running = null;
let isStopped = false;
for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"])) {
  process.on(signal, () => {
    isStopped = true;
    running?.kill(signal);
  });
}

/**
 * Runs one bench; a bench that fails is a row that does not hold.
 * @param {string} name @param {string[]} words the command with its arguments
 * @returns {Promise<Row[]>}
 */
async function runBench(name, words) {
  const [command = "", ...args] = words;
  const child = spawn(command, args, { cwd: ROOT, stdio: ["ignore", "pipe", "inherit"] });
  running = child;
  let text = "";
  child.stdout.on("data", (chunk) => {
    text += chunk;
  });
  const code = await new Promise((resolve) => child.on("close", (status, signal) => resolve(status ?? signal)));
  const rows = text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => /** @type {Row} */ (JSON.parse(line)));
  if (code === 0 && rows.length > 0) return rows;
  const note = `the bench ended with ${code} after ${rows.length} rows: see the lines above`;
  return [...rows, { name, unit: "", value: null, reference: null, ratio: null, budget: "runs", holds: false, note }];
}

/** @param {number | null} figure */
function shown(figure) {
  if (figure === null) return "";
  return Math.abs(figure) >= 1000 ? Math.round(figure).toLocaleString("en-US") : String(figure);
}

/** @param {Row[]} rows */
function table(rows) {
  const verdict = { true: "holds", false: "DOES NOT HOLD", null: "" };
  const head = ["", "value", "reference", "ratio", "unit", "budget", "", ""];
  const lines = rows.map((row) => [
    row.name,
    shown(row.value),
    shown(row.reference),
    shown(row.ratio),
    row.unit,
    row.budget ?? "",
    verdict[/** @type {"true" | "false" | "null"} */ (String(row.holds))],
    row.note,
  ]);
  const widths = head.map((_, i) => Math.max(...[head, ...lines].map((line) => line[i]?.length ?? 0)));
  const isNumber = (/** @type {number} */ i) => i >= 1 && i <= 3;
  return [head, ...lines]
    .map((line) =>
      line
        .map((cell, i) => (isNumber(i) ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0)))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

const { isJson, names } = readOptions();
ensureSetUp();
const { bundle } = await import("./build.mjs");
// Test support finds the checkout from a file that lies two folders deep.
const outDir = path.join(ROOT, "dist", `bench-${process.versions.modules}`);
// As a board gets it: each thread keeps the whole text of the program.
await bundle({ outDir, minify: true });
const reference = compileReference(outDir);
const oneProcessor = onOneProcessor();
/** @type {Row[]} */
const rows = [];
for (const name of names) {
  if (isStopped) break;
  console.error(`${name} ...`);
  await bundle({ outDir, entry: `test/bench/${name}.bench.ts` });
  const words = [process.execPath, path.join(outDir, `${name}.bench.cjs`), path.join(outDir, "kumpel.cjs"), reference];
  // The whole program has threads and a child process: it gets all processors.
  const isWhole = ["program", "flood", "management"].includes(name);
  rows.push(...(await runBench(name, isWhole ? words : [...oneProcessor, ...words])));
}
process.stdout.write(isJson ? `${JSON.stringify(rows, null, 2)}\n` : `${table(rows)}\n`);
const isBroken = isStopped || rows.some((row) => row.budget === "runs");
process.exitCode = isBroken ? 3 : rows.every((row) => row.holds !== false) ? 0 : 1;
