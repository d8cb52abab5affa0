// When this program was made, as it tells its managers. The same source must give the same bytes: the time is that of the
// source, not of the build, wherever that is known.
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { ROOT } from "./setup.mjs";

/**
 * SOURCE_DATE_EPOCH (reproducible-builds.org) if it is set, else the time of the commit that is checked out, else now.
 * @param {Readonly<Record<string, string | undefined>>} environment
 * @param {string} folder of the source @param {number} nowMs
 * @returns {number} Unix ms
 */
export function buildWallMs(environment = process.env, folder = ROOT, nowMs = Date.now()) {
  const given = environment["SOURCE_DATE_EPOCH"];
  if (given !== undefined && given !== "") {
    if (!/^\d{1,11}$/.test(given))
      throw new Error(`SOURCE_DATE_EPOCH is ${JSON.stringify(given)}: must be whole seconds since 1970`);
    return Number(given) * 1000;
  }
  // Unpacked within somebody else's repository, the time of his commit says nothing of ours.
  if (!fs.existsSync(path.join(folder, ".git"))) return nowMs;
  const { status, stdout } = spawnSync("git", ["-C", folder, "log", "-1", "--format=%ct"], { encoding: "utf8" });
  return status === 0 && /^\d+\n$/.test(stdout) ? Number(stdout) * 1000 : nowMs;
}
