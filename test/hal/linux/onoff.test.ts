/**
 * The real onoff, which knows no other folder than /sys: in a mount namespace whose /sys is a folder of plain files. Edges
 * need a kernel's GPIO driver and are the board images' business.
 */
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { build } from "esbuild";
import { expect, test } from "vitest";

const PROGRAM = path.resolve("dist/test/onoff-program.cjs");

/** Pins that are exported already, since no plain file makes another one appear; inverted, as an earlier program left them. */
const TREE = `
mount -t tmpfs none /sys && mkdir -p /sys/class/gpio/gpiochip411 && cd /sys/class/gpio || exit 77
echo periphs-banks > gpiochip411/label; echo 411 > gpiochip411/base; echo 86 > gpiochip411/ngpio
for n in 437 439; do mkdir gpio$n; echo 0 > gpio$n/value; echo in > gpio$n/direction; echo 1 > gpio$n/active_low; done
echo 1 > gpio439/value
"$0" "$1" && echo && cat gpio437/direction gpio437/active_low gpio437/value gpio439/direction gpio439/active_low
`;

test("an output is set by one write, an input needs no interrupts, and both lose their inversion", async ({ skip }) => {
  const isPossible = spawnSync("unshare", ["-m", "true"]).status === 0;
  const hasOnoff = fs.existsSync("node_modules/epoll/build/Release/epoll.node");
  if (!isPossible || !hasOnoff) {
    const why = isPossible ? "onoff was not built here" : "this user may not make a mount namespace (unshare -m)";
    console.warn(`SKIPPED: ${why}, so nothing of the real onoff was looked at`);
    skip();
  }
  await build({
    entryPoints: ["test/hal/linux/onoff-program.ts"],
    outfile: PROGRAM,
    bundle: true,
    platform: "node",
    format: "cjs",
    external: ["onoff"],
    logLevel: "error",
  });
  const run = spawnSync("unshare", ["-m", "bash", "-c", TREE, process.execPath, PROGRAM], { encoding: "utf8" });
  expect(run.stderr).toBe("");
  const [said, ...files] = run.stdout.trim().split("\n");
  expect(JSON.parse(said ?? "")).toEqual({ isPlugged: true });
  // onoff writes no line ends of its own, so that some files run together.
  expect(files.join("")).toMatch(/^high01\s*in0\s*$/);
});
