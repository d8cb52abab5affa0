// Files of Debian packages of other processors, unpacked into dist/packages/: nothing is installed and this machine's own
// package state is left alone. Only the main suites are asked: they hold all that is needed.
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { ROOT } from "../../scripts/setup.mjs";

/**
 * @param {string} architecture @param {string} name
 * @param {RegExp} [real] of a package that only depends on the one wanted: what that one is called
 * @returns {Promise<string>} the folder with its files
 */
export async function foreignPackage(architecture, name, real) {
  const state = path.join(ROOT, "dist/packages", `apt-${architecture}`);
  const options = prepare(state, architecture);
  const wanted = real === undefined ? name : dependency(options, name, real);
  const folder = path.join(ROOT, "dist/packages", `${wanted}-${architecture}`);
  if (fs.existsSync(folder)) return folder;
  // A name of its own: another run may want the same package at this moment.
  const unfinished = fs.mkdtempSync(`${folder}.new-`);
  execFileSync("apt-get", [...options, "-q", "download", wanted], { cwd: unfinished, stdio: "pipe" });
  const file = fs.readdirSync(unfinished).find((one) => one.endsWith(".deb")) ?? "";
  execFileSync("dpkg", ["-x", file, "."], { cwd: unfinished });
  try {
    fs.renameSync(unfinished, folder);
  } catch (error) {
    if (!fs.existsSync(folder)) throw error;
    fs.rmSync(unfinished, { recursive: true });
  }
  return folder;
}

/** @param {string} state @param {string} architecture */
function prepare(state, architecture) {
  const options = [
    "Dir::State",
    "state",
    "Dir::State::status",
    "status",
    "Dir::Cache",
    "cache",
    "Dir::Etc::sourceparts",
    "etc",
  ];
  for (const folder of ["state/lists/partial", "cache/archives/partial", "etc"])
    fs.mkdirSync(path.join(state, folder), { recursive: true });
  fs.writeFileSync(path.join(state, "status"), "");
  const sources = fs.readFileSync("/etc/apt/sources.list.d/debian.sources", "utf8").split(/\n\n+/);
  fs.writeFileSync(
    path.join(state, "etc/debian.sources"),
    sources.filter((part) => !/-security/.test(part)).join("\n\n"),
  );
  /** @type {string[]} */
  const words = [
    "-o",
    "Dir::Etc::sourcelist=/dev/null",
    "-o",
    `APT::Architecture=${architecture}`,
    "-o",
    `APT::Architectures=${architecture}`,
    "-o",
    "APT::Sandbox::User=root",
  ];
  for (let i = 0; i < options.length; i += 2)
    words.push("-o", `${options[i]}=${path.join(state, options[i + 1] ?? "")}`);
  const lists = path.join(state, "state/lists");
  if (!fs.readdirSync(lists).some((name) => name.includes("Packages")))
    execFileSync("apt-get", [...words, "-q", "update"], { stdio: "pipe" });
  return words;
}

/** @param {string[]} options @param {string} name @param {RegExp} real */
function dependency(options, name, real) {
  const text = execFileSync("apt-cache", [...options, "depends", name], { encoding: "utf8" });
  const found = [...text.matchAll(/Depends: (\S+)/g)].map(([, one = ""]) => one).find((one) => real.test(one));
  if (found === undefined) throw new Error(`${name} depends on nothing like ${real}`);
  return found;
}
