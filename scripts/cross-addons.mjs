// Native add-ons of one target in a folder: koffi.node, and i2c and epoll once per Node ABI as NAME-ABI.node (they are
// bound to an ABI; koffi and serialport are not). What npm built here is taken, the rest is compiled by node-gyp.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { HOST_TARGET, TARGETS } from "./build.mjs";
import { nodeHeaders, run, unpackPackage } from "./packages.mjs";
import { ROOT } from "./setup.mjs";

/** Node 20 and 22. */
const ABIS = ["115", "127"];
const MODULES = path.join(ROOT, "node_modules");
/** Package and name of its add-on; epoll is what onoff needs. */
const SOURCES = [
  { name: "i2c-bus", addon: "i2c" },
  { name: "epoll", addon: "epoll" },
];
/** @type {Record<string, { gypArch: string, prefix: string, debian: string }>} */
const TOOLS = {
  x64: { gypArch: "x64", prefix: "x86_64-linux-gnu-", debian: "crossbuild-essential-amd64" },
  armv7: { gypArch: "arm", prefix: "arm-linux-gnueabihf-", debian: "crossbuild-essential-armhf" },
  arm64: { gypArch: "arm64", prefix: "aarch64-linux-gnu-", debian: "crossbuild-essential-arm64" },
};

/** @param {string} target */
function toolsOf(target) {
  const tools = TOOLS[target];
  if (tools === undefined) throw new Error(`target "${target}" is unknown`);
  return target === HOST_TARGET ? { ...tools, prefix: "", debian: "g++" } : tools;
}

/** @param {string} program */
function isThere(program) {
  return spawnSync(program, ["--version"], { stdio: "ignore" }).status === 0;
}

/** @param {string} name */
function installedVersion(name) {
  const file = path.join(MODULES, name, "package.json");
  return fs.existsSync(file) ? String(JSON.parse(fs.readFileSync(file, "utf8")).version) : null;
}

/**
 * @param {string} target
 * @returns {string | null} why its add-ons cannot be compiled here, in words, or null
 */
export function whyNotCompiled(target) {
  const { prefix, debian } = toolsOf(target);
  const absent = SOURCES.filter(({ name }) => installedVersion(name) === null).map(({ name }) => name);
  if (absent.length > 0)
    return `${absent.join(" and ")} could not be installed here: install g++, make and python3, then run npm ci`;
  for (const [program, wanted] of [
    [`${prefix}g++`, debian],
    ["make", "make"],
    ["python3", "python3"],
  ]) {
    if (!isThere(program ?? "")) return `${program} is not there: install the Debian package ${wanted}`;
  }
  return null;
}

/**
 * @param {string} target
 * @returns {Promise<{ folder: string, missing: { name: string, reason: string }[] }>} `missing` is empty for targets
 * other than this machine's: there it throws.
 */
export async function prepareAddons(target) {
  const folder = path.join(ROOT, "dist/addons", `${target}-${await keyOf(target)}`);
  fs.mkdirSync(folder, { recursive: true });
  /** @type {{ name: string, reason: string }[]} */
  const missing = [];
  const isHost = target === HOST_TARGET;
  const abis = isHost ? [...new Set([...ABIS, process.versions.modules])] : ABIS;
  /** @type {(name: string, task: () => Promise<void>) => Promise<void>} */
  const attempt = async (name, task) => {
    try {
      await task();
    } catch (error) {
      if (!isHost) throw error;
      missing.push({ name, reason: error instanceof Error ? error.message : String(error) });
    }
  };
  await attempt("koffi.node", () => copyKoffi(target, folder));
  // Both at a time: a machine that builds has two cores.
  for (const abi of abis) {
    await Promise.all(
      SOURCES.map(({ name, addon }) => {
        const file = path.join(folder, `${addon}-${abi}.node`);
        return attempt(path.basename(file), () => addonFor({ target, abi, name, addon, file }));
      }),
    );
  }
  return { folder, missing };
}

/** Versions of everything that goes in: other versions, other folder. @param {string} target */
async function keyOf(target) {
  const versions = ["koffi", ...SOURCES.map(({ name }) => name), "nan"].map(installedVersion);
  const script = fs.readFileSync(path.join(import.meta.dirname, "packages.mjs"));
  return createHash("sha256")
    .update(JSON.stringify([target, versions]))
    .update(script)
    .digest("hex")
    .slice(0, 12);
}

/** @param {string} target @param {string} folder */
async function copyKoffi(target, folder) {
  const [name = "", subfolder = ""] = (TARGETS[target]?.koffi ?? "").split("/");
  const platformPackage = `@koromix/koffi-${name}`;
  const installed = path.join(MODULES, platformPackage);
  const source = fs.existsSync(installed)
    ? installed
    : await unpackPackage(`${platformPackage}@${installedVersion("koffi")}`);
  fs.copyFileSync(path.join(source, subfolder, "koffi.node"), path.join(folder, "koffi.node"));
}

/** @typedef {{ target: string, abi: string, name: string, addon: string, file: string }} Addon */

/** @param {Addon} options */
async function addonFor({ target, abi, name, addon, file }) {
  if (fs.existsSync(file)) return;
  const { prefix } = toolsOf(target);
  const built = path.join(MODULES, name, "build/Release", `${addon}.node`);
  const isHere = target === HOST_TARGET && abi === process.versions.modules && loads(built);
  const problem = isHere ? null : whyNotCompiled(target);
  if (problem !== null) throw new Error(problem);
  const temporary = `${file}.${process.pid}.tmp`;
  fs.copyFileSync(isHere ? built : await compile({ target, abi, name, addon, file }), temporary);
  if (isThere(`${prefix}strip`)) await run(`${prefix}strip`, [temporary]);
  fs.renameSync(temporary, file);
}

/** An add-on that npm built under another Node is refused here. @param {string} file */
function loads(file) {
  try {
    process.dlopen({ exports: {} }, file);
    return true;
  } catch {
    return false;
  }
}

/**
 * @param {Addon} options
 * @returns {Promise<string>} the file that node-gyp made
 */
async function compile({ target, abi, name, addon }) {
  const { gypArch, prefix } = toolsOf(target);
  const headers = await nodeHeaders(target, abi);
  const folder = path.join(ROOT, "dist/addons/build", `${target}-${abi}-${name}`);
  fs.rmSync(folder, { recursive: true, force: true });
  const isSource = (/** @type {string} */ file) => path.basename(file) !== "build";
  fs.cpSync(path.join(MODULES, name), folder, { recursive: true, filter: isSource });
  // Settings of the npm that started this would win over the arguments below.
  const env = Object.fromEntries(Object.entries(process.env).filter(([key]) => !/^npm_/i.test(key)));
  const tools = { CC: `${prefix}gcc`, CXX: `${prefix}g++`, AR: `${prefix}ar`, LINK: `${prefix}g++` };
  const args = [await nodeGyp(), "rebuild", `--arch=${gypArch}`, `--nodedir=${headers}`];
  try {
    await run(process.execPath, args, { cwd: folder, env: { ...env, ...tools }, maxBuffer: 64 << 20 });
  } catch (cause) {
    const log = path.join(folder, "node-gyp.log");
    const { stdout = "", stderr = "" } = /** @type {{ stdout?: string, stderr?: string }} */ (cause);
    fs.writeFileSync(log, stdout + stderr);
    throw new Error(`${name} could not be compiled for ${target}, Node ABI ${abi}: see ${path.relative(ROOT, log)}`, {
      cause,
    });
  }
  return path.join(folder, "build/Release", `${addon}.node`);
}

/** npm brings node-gyp and tells its scripts where it is. */
async function nodeGyp() {
  const told = process.env["npm_config_node_gyp"];
  if (told !== undefined && fs.existsSync(told)) return told;
  const { stdout } = await run("npm", ["root", "--global"]);
  const file = path.join(stdout.trim(), "npm/node_modules/node-gyp/bin/node-gyp.js");
  if (!fs.existsSync(file)) throw new Error("node-gyp was not found: start this by npm run build");
  return file;
}
