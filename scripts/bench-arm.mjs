// `npm run bench:arm`: how many instructions of a 32-bit ARM one nonce check and one work cost, counted by QEMU's user mode.
// Needs Debian's qemu-user, gcc and crossbuild-essential-armhf. Counts are the same on every machine, within a few in a hundred;
// what they mean on a board: a Cortex-A9 at 667 MHz is planned with 333 million a second.
import { execFileSync, spawnSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { ensureSetUp, ROOT } from "./setup.mjs";

const PLANNED_PER_S = 333e6;
/** Two run lengths: what the start costs falls out of their difference. Long enough for the compiler to have done its work. */
const LOOPS = [
  { name: "nonceChecks", title: "nonce check", short: 20_000, long: 60_000, atMost: 8_000 },
  { name: "fullHeaderWorks", title: "full-header work, 12 branches", short: 2_000, long: 6_000, atMost: null },
  { name: "midstateWorks", title: "work of 4 midstates, version first", short: 8_000, long: 24_000, atMost: null },
];

ensureSetUp();
const { bundle } = await import("./build.mjs");
const { nodeProgram } = await import("./packages.mjs");
const folder = fs.mkdtempSync(path.join(os.tmpdir(), "kumpel-bench-arm-"));

/** @param {string} node @param {string} loop @param {number} count @returns {number} instructions */
function instructionsOf(node, loop, count) {
  const plugin = ["-plugin", path.join(folder, "count.so")];
  // One thread, so that the compiler's own work is the same in every run and nothing waits in a loop.
  const program = [node, "--single-threaded", path.join(folder, "instructions.cjs"), loop, String(count)];
  const { status, stderr, error } = spawnSync("qemu-arm", [...plugin, "-L", "/usr/arm-linux-gnueabihf", ...program], {
    encoding: "utf8",
  });
  if (error !== undefined) throw new Error(`qemu-arm does not start (${error.message}): install qemu-user`);
  const found = /INSTRUCTIONS (\d+)/.exec(stderr);
  if (status !== 0 || found === null) throw new Error(`${loop} ${count} ended with ${status}\n${stderr}`);
  return Number(found[1]);
}

try {
  await bundle({ outDir: folder, entry: "test/bench-arm/instructions.ts" });
  const source = path.join(ROOT, "test/bench-arm/count-instructions.c");
  execFileSync("gcc", ["-O2", "-shared", "-fPIC", "-o", path.join(folder, "count.so"), source]);
  const node = await nodeProgram("armv7", "115");
  let isWithin = true;
  for (const { name, title, short, long, atMost } of LOOPS) {
    const each = (instructionsOf(node, name, long) - instructionsOf(node, name, short)) / (long - short);
    const holds = atMost === null || each <= atMost;
    isWithin &&= holds;
    const limit = atMost === null ? "" : `, at most ${atMost}: ${holds ? "holds" : "DOES NOT HOLD"}`;
    console.log(
      `ok ${title}: ${Math.round(each)} instructions${limit}; ${Math.round(PLANNED_PER_S / each)} a second planned on a Cortex-A9`,
    );
  }
  process.exitCode = isWithin ? 0 : 1;
} catch (error) {
  // 1 is a budget that does not hold; this is a bench that did not run.
  console.error(error);
  process.exitCode = 3;
} finally {
  fs.rmSync(folder, { recursive: true, force: true });
}
