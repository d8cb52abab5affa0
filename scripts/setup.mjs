// Installs the packages of the lockfile where they are missing or older than it. Plain JavaScript without imports from
// npm, since it runs before anything is there.
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";

export const ROOT = path.resolve(import.meta.dirname, "..");
const OLDEST_NODE = { major: 20, minor: 19 };

/** Exits with one sentence when something is missing that cannot be installed. */
export function ensureSetUp() {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if (major < OLDEST_NODE.major || (major === OLDEST_NODE.major && minor < OLDEST_NODE.minor)) {
    console.error(
      `Node ${process.versions.node} is too old: install Node ${OLDEST_NODE.major}.${OLDEST_NODE.minor} or later.`,
    );
    process.exit(2);
  }
  const lock = path.join(ROOT, "package-lock.json");
  const stamp = path.join(ROOT, "node_modules/.package-lock.json");
  if (fs.existsSync(stamp) && fs.statSync(stamp).mtimeMs >= fs.statSync(lock).mtimeMs) return;
  // npm would empty the folder behind a link before it installs beside it.
  if (fs.lstatSync(path.join(ROOT, "node_modules"), { throwIfNoEntry: false })?.isSymbolicLink()) return;
  console.error("Installing packages from the lockfile (once, about a minute) ...");
  // Development and optional packages are asked for by name: NODE_ENV=production would leave them out.
  const flags = ["--include=dev", "--include=optional", "--no-audit", "--no-fund", "--loglevel=error"];
  const result = spawnSync("npm", ["ci", ...flags], { cwd: ROOT, stdio: ["ignore", 2, 2] });
  if (result.status !== 0) {
    console.error("The packages could not be installed: see the lines above; check the network and try again.");
    process.exit(3);
  }
  fs.utimesSync(stamp, new Date(), new Date());
}
