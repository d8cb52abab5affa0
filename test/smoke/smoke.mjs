// The released bundle of one target away from its checkout: do all add-ons load, do bytes go over a serial link, does the
// demo mine? Other processors than this machine's are emulated by QEMU's user mode. Run: npm run build -- --target TARGET,
// then node test/smoke/smoke.mjs TARGET [ABI [quick]], where ABI is 115 (Node 20) or 127 (Node 22); quick leaves the demo
// out.
import { spawn } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { bundle, HOST_TARGET, TARGETS } from "../../scripts/build.mjs";
import { nodeProgram } from "../../scripts/packages.mjs";
import { ROOT } from "../../scripts/setup.mjs";
import { problemsOf } from "./check-report.mjs";

/**
 * QEMU's program and the folder with the C and C++ libraries of the processor, both of Debian.
 * @type {Record<string, { qemu: string, libraries: string }>}
 */
const EMULATION = {
  armv7: { qemu: "qemu-arm-static", libraries: "/usr/arm-linux-gnueabihf" },
  arm64: { qemu: "qemu-aarch64-static", libraries: "/usr/aarch64-linux-gnu" },
};
const TIMEOUT_MS = 240_000;
const START_UPS = 3;

const [target = HOST_TARGET, abi = process.versions.modules, extent = "full"] = process.argv.slice(2);
const released = path.join(ROOT, "dist", target);
if (TARGETS[target] === undefined || !fs.existsSync(path.join(released, "kumpel.cjs"))) {
  console.error(`There is no bundle for "${target}": npm run build -- --target ${Object.keys(TARGETS).join("|")}`);
  process.exit(2);
}
const isNative = target === HOST_TARGET;
const temporary = fs.mkdtempSync(path.join(os.tmpdir(), "kumpel-smoke-"));

/** The words before the program's name: a Node, on another processor within QEMU. */
async function runner() {
  if (isNative && abi === process.versions.modules) return [process.execPath];
  const node = await nodeProgram(target, abi);
  if (isNative) return [node];
  const { qemu, libraries } = EMULATION[target] ?? { qemu: "", libraries: "" };
  return [qemu, "-L", libraries, node];
}

/**
 * @param {string[]} command
 * @returns {Promise<string>} standard output; rejects on an exit code other than 0
 */
function outputOf(command) {
  return new Promise((resolve, reject) => {
    // No module may be found by accident, and no setting of the caller's npm or Node may help.
    const env = { PATH: process.env["PATH"], HOME: temporary };
    const child = spawn(command[0] ?? "", command.slice(1), { cwd: temporary, env, stdio: ["ignore", "pipe", "pipe"] });
    const timer = setTimeout(() => child.kill("SIGKILL"), TIMEOUT_MS);
    let out = "";
    let err = "";
    child.stdout.on("data", (chunk) => (out += chunk));
    child.stderr.on("data", (chunk) => (err += chunk));
    child.on("error", reject);
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      if (code === 0) resolve(out);
      else reject(new Error(`${command.join(" ")} ended with ${code ?? signal}\n${err}${out}`));
    });
  });
}

/** @param {string[]} node */
async function checkAddons(node) {
  const facts = JSON.parse(await outputOf([...node, "app/kumpel.cjs", "version", "--json"]));
  const broken = facts.addons.filter((/** @type {{ loads: boolean }} */ addon) => !addon.loads);
  if (facts.abi !== abi) throw new Error(`this Node has ABI ${facts.abi}, not ${abi}`);
  if (facts.addons.length !== 4 || broken.length > 0) throw new Error(`add-ons: ${JSON.stringify(facts.addons)}`);
  return `${facts.addons.length} add-ons load, Node ${facts.node} on ${facts.arch}`;
}

/** @param {string[]} node */
async function checkSerial(node) {
  // QEMU's user mode knows the rates of the C library's table only, and cannot read a rate back.
  const rates = isNative ? [115_200, 1_562_500, 3_125_000] : [115_200, 1_000_000, 3_000_000];
  const { bytes, seen } = JSON.parse(await outputOf([...node, "echo/serial-echo.cjs", ...rates.map(String)]));
  if (isNative && String(seen) !== String(rates)) throw new Error(`the other end saw the rates ${seen}`);
  return `${bytes} bytes came back at ${rates.join(", ")} baud`;
}

/** @param {string[]} node */
async function checkDemo(node) {
  // On another processor a program cannot start itself as a child, so everything is in one process; and it is slow.
  const pace = isNative ? ["--link", "pty", "--for", "45s"] : ["--link", "memory", "--for", "90s"];
  const args = ["run", "--demo", ...pace, "--http-port", "0", "--report", "-"];
  const report = JSON.parse(await outputOf([...node, "app/kumpel.cjs", ...args]));
  const problems = problemsOf(report, { isFullSpeed: isNative });
  if (problems.length > 0) throw new Error(`${problems.join("\n")}\n${JSON.stringify(report, null, 2)}`);
  const { shares, hashrate, first_accepted_share_s, process: figures } = report;
  return `${shares.accepted} shares accepted, the first after ${first_accepted_share_s} s; ${hashrate.measured_ths} of ${hashrate.expected_ths} TH/s; ${figures.rss_mib} MiB, ${figures.cpu_pct_of_core} % of a core`;
}

/**
 * @param {string[]} command @param {RegExp} line
 * @returns {Promise<number>} ms from the start to that line; the program is stopped then
 */
function timeToLine(command, line) {
  return new Promise((resolve, reject) => {
    const env = { PATH: process.env["PATH"], HOME: temporary };
    const started = performance.now();
    const child = spawn(command[0] ?? "", command.slice(1), { cwd: temporary, env, stdio: ["ignore", "pipe", "pipe"] });
    const timer = setTimeout(() => child.kill("SIGKILL"), TIMEOUT_MS);
    let text = "";
    let seenMs = Number.NaN;
    const look = (/** @type {Buffer} */ chunk) => {
      text += chunk;
      if (!Number.isNaN(seenMs) || !line.test(text)) return;
      seenMs = performance.now() - started;
      child.kill("SIGTERM");
    };
    child.stdout.on("data", look);
    child.stderr.on("data", look);
    child.on("error", reject);
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      if (!Number.isNaN(seenMs)) resolve(seenMs);
      else reject(new Error(`${command.join(" ")} ended with ${code ?? signal} and never said ${line}\n${text}`));
    });
  });
}

/** Told, never judged: this machine has other work as well. @param {string[]} node */
async function checkStartUp(node) {
  /** @param {string[]} args @param {RegExp} line */
  const median = async (args, line) => {
    const times = [];
    for (let i = 0; i < START_UPS; i++) times.push(await timeToLine([...node, "app/kumpel.cjs", ...args], line));
    return Math.round(times.sort((a, b) => a - b)[START_UPS >> 1] ?? Number.NaN);
  };
  const version = await median(["version"], /^kumpel \S+, Node/m);
  const listens = await median(["run", "--demo", "--link", "pty", "--http-port", "0"], /own API listens/);
  return `start-up: version line after ${version} ms, own API listens after ${listens} ms (median of ${START_UPS})`;
}

try {
  const node = await runner();
  fs.cpSync(released, path.join(temporary, "app"), { recursive: true });
  await bundle({ outDir: path.join(temporary, "echo"), entry: "test/smoke/serial-echo.ts", target });
  fs.cpSync(path.join(released, "native"), path.join(temporary, "echo/native"), { recursive: true });
  const checks = [checkAddons, checkSerial, ...(isNative ? [checkStartUp] : [])];
  if (extent !== "quick") checks.push(checkDemo);
  for (const check of checks) {
    const started = performance.now();
    const text = await check(node);
    console.log(`ok  ${target}: ${text} (${((performance.now() - started) / 1000).toFixed(1)} s)`);
  }
} catch (error) {
  console.log(`FAILED  ${target}: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
} finally {
  fs.rmSync(temporary, { recursive: true, force: true });
}
