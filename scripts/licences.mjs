// What other people's work a bundle holds, and on which terms: read off what the bundler took, so that nothing is forgotten.
import fs from "node:fs";
import path from "node:path";
import { ROOT } from "./setup.mjs";

const HEAD = `Kumpel is licensed under Apache-2.0. Packages of other people in this program, its add-ons and its page:
`;
const LICENCE_FILE = /^licen[cs]e(-mit)?(\.(md|txt|markdown))?$/i;
/** Apache-2.0 wants such a text handed on beside the licence. */
const NOTICE_FILE = /^(copyright)?notice(\.(md|txt))?$/i;

/** @typedef {{ name: string, version: string, licence: string, text: string }} Package */

/** @param {string} folder a package's @returns {Package} */
function readPackage(folder) {
  const { name, version, license, author } = JSON.parse(fs.readFileSync(path.join(folder, "package.json"), "utf8"));
  if (typeof license !== "string") throw new Error(`package ${name} does not say its licence`);
  const files = fs.readdirSync(folder);
  const file = files.find((one) => LICENCE_FILE.test(one));
  const whose = typeof author === "object" ? author?.name : author;
  const text =
    file === undefined
      ? `No licence text comes with this package; its terms are ${license}, by ${whose ?? `the authors of ${name}`}.`
      : textOf(path.join(folder, file));
  const notices = files.filter((one) => NOTICE_FILE.test(one)).map((one) => textOf(path.join(folder, one)));
  return { name, version, licence: license, text: [text, ...notices].join("\n\n") };
}

/** @param {string} file */
function textOf(file) {
  return fs.readFileSync(file, "utf8").replaceAll("\r\n", "\n").trim();
}

/** The innermost package that a file belongs to, null for our own. @param {string} input */
function folderOf(input) {
  const found = /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input.replace(/^[\w-]+:/, ""));
  return found === null ? null : path.join(ROOT, found[0]);
}

/** @param {readonly string[]} inputs files that went into bundles @param {readonly string[]} addons packages of add-ons */
export function licencesOf(inputs, addons) {
  const folders = new Set(
    addons.map((name) => path.join(ROOT, "node_modules", name)).filter((one) => fs.existsSync(one)),
  );
  for (const input of inputs) {
    const folder = folderOf(input);
    if (folder !== null) folders.add(folder);
  }
  const packages = [...folders].map(readPackage).sort((a, b) => a.name.localeCompare(b.name, "en"));
  const lines = packages.map(({ name, version, licence }) => `${name} ${version}  ${licence}`);
  const texts = packages.map(({ name, version, text }) => `${"=".repeat(80)}\n${name} ${version}\n\n${text}\n`);
  return `${HEAD}\n${[...new Set(lines)].join("\n")}\n\n${texts.join("\n")}`;
}
