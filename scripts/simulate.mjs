// `npm run simulate`: bundles the simulator of test/simulation and runs it in this process, so that signals and the exit
// code are its own. Virtual time needs no native package.
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import path from "node:path";
import { ensureSetUp, ROOT } from "./setup.mjs";

ensureSetUp();
const outDir = path.join(ROOT, "dist", `simulate-${process.versions.modules}`);
const entry = "test/simulation/simulate.ts";
// In a process of its own: the bundler's memory must not stay beside a measured heap.
const make = `import { bundle } from ${JSON.stringify(path.join(import.meta.dirname, "build.mjs"))};
await bundle(${JSON.stringify({ outDir, entry })});`;
const built = spawnSync(process.execPath, ["--input-type=module", "-e", make], { cwd: ROOT, stdio: ["ignore", 2, 2] });
if (built.status !== 0) {
  console.error("The simulator could not be bundled: see the lines above.");
  process.exit(3);
}
const program = path.join(outDir, "simulate.cjs");
process.argv.splice(1, 1, program);
createRequire(import.meta.url)(program);
