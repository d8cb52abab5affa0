// `npm run build`: the minified bundle with its native add-ons, ready to be copied to a board, into dist/TARGET/.
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { ensureSetUp, ROOT } from "./setup.mjs";

ensureSetUp();
const { bundle, HOST_TARGET, TARGETS } = await import("./build.mjs");
const { prepareAddons, whyNotCompiled } = await import("./cross-addons.mjs");

const NAMES = Object.keys(TARGETS);
const HELP = `npm run build [-- --target ${NAMES.join("|")}|all] [--json]

Makes dist/TARGET/ with kumpel.cjs, its source map, its page, LICENCES.txt, and native/*.node for Node 20 and 22: copy the folder to a machine
with Node and run node kumpel.cjs.

  --target NAME  one target, or all; without it this machine's (${HOST_TARGET}) and every other whose compiler is there
  --json         sizes in bytes and the start-up time in ms as JSON on standard output

Exit codes: 0 done, 1 something could not be built, 2 wrong usage.
`;
const START_UPS = 7;

/** @typedef {{ target: string, bundle_bytes: number, addons: { name: string, bytes: number }[],
 *   web_bytes: number, missing: { name: string, reason: string }[], startup_ms: number | null }} Built */

/** @param {string} message @param {number} code @returns {never} */
function fail(message, code) {
  console.error(message);
  process.exit(code);
}

function readOptions() {
  try {
    return parseArgs({
      options: { target: { type: "string" }, json: { type: "boolean" }, help: { type: "boolean" } },
      allowPositionals: false,
    }).values;
  } catch (error) {
    const why = error instanceof Error ? (error.message.split(/\. |\n/)[0] ?? "") : String(error);
    return fail(`${why}; see npm run build -- --help.`, 2);
  }
}

/** @param {string | undefined} wanted @returns {string[]} */
function chooseTargets(wanted) {
  if (wanted !== undefined && wanted !== "all" && !NAMES.includes(wanted))
    fail(`Target "${wanted}" is unknown; choose one of: ${NAMES.join(" ")} all.`, 2);
  if (!NAMES.includes(HOST_TARGET) && wanted === undefined)
    fail(`This machine's processor (${HOST_TARGET}) is no target; choose one of: ${NAMES.join(" ")} all.`, 2);
  if (wanted === HOST_TARGET) return [wanted];
  const asked = wanted === undefined || wanted === "all" ? NAMES : [wanted];
  return asked.filter((target) => {
    const problem = target === HOST_TARGET ? null : whyNotCompiled(target);
    if (problem !== null && wanted !== undefined) fail(`Target ${target} cannot be built: ${problem}.`, 1);
    if (problem !== null) console.error(`skipped ${target}: ${problem}`);
    return problem === null;
  });
}

/** @param {string} target @returns {Promise<Built>} */
async function release(target) {
  const outDir = path.join(ROOT, "dist", target);
  const { folder, missing } = await prepareAddons(target);
  fs.rmSync(outDir, { recursive: true, force: true });
  const { bytes, addons, web } = await bundle({ outDir, minify: true, target, addons: folder });
  fs.copyFileSync(path.join(ROOT, "LICENSE"), path.join(outDir, "LICENSE"));
  return {
    target,
    bundle_bytes: bytes,
    addons: addons.map((name) => ({ name, bytes: fs.statSync(path.join(outDir, "native", name)).size })),
    web_bytes: web.reduce((sum, file) => sum + file.bytes, 0),
    missing,
    startup_ms: target === HOST_TARGET ? startUpMs(path.join(outDir, "kumpel.cjs")) : null,
  };
}

/** Median time of `kumpel version`, which also loads every add-on. @param {string} program */
function startUpMs(program) {
  const times = Array.from({ length: START_UPS }, () => {
    const started = performance.now();
    const { status, stderr } = spawnSync(process.execPath, [program, "version"], { encoding: "utf8" });
    if (status !== 0) throw new Error(`the new bundle does not start: ${stderr}`);
    return performance.now() - started;
  }).sort((a, b) => a - b);
  return Math.round(times[START_UPS >> 1] ?? 0);
}

/** @param {Built} built */
function print(built) {
  const kib = (/** @type {number} */ bytes) => `${(bytes / 1024).toFixed(0).padStart(7)} KiB`;
  console.log(`dist/${built.target}/`);
  console.log(`  ${kib(built.bundle_bytes)}  kumpel.cjs`);
  for (const { name, bytes } of built.addons) console.log(`  ${kib(bytes)}  native/${name}`);
  console.log(`  ${kib(built.web_bytes)}  web/, packed`);
  for (const { name, reason } of built.missing) console.log(`  missing      native/${name}: ${reason}`);
  if (built.startup_ms !== null)
    console.log(
      `  ${String(built.startup_ms).padStart(7)} ms   kumpel version (median of ${START_UPS}, all add-ons loaded)`,
    );
}

const options = readOptions();
if (options.help) {
  console.log(HELP.trimEnd());
} else {
  try {
    const results = [];
    for (const target of chooseTargets(options.target)) {
      const built = await release(target);
      results.push(built);
      if (!options.json) print(built);
    }
    if (options.json) console.log(JSON.stringify(results, null, 2));
  } catch (error) {
    fail(`Build failed: ${error instanceof Error ? error.message : String(error)}.`, 1);
  }
}
