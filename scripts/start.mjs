// Entry of `npm start` and `npm run kumpel`: sets up what is missing, bundles, then becomes the program.
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import path from "node:path";
import { ensureSetUp, ROOT } from "./setup.mjs";

ensureSetUp();
// One folder for each Node ABI: two demos under different Nodes must not overwrite each other's add-ons.
const outDir = path.join(ROOT, "dist", `dev-${process.versions.modules}`);
// In a process of its own: the bundler's memory and its service process must not stay in the miner's.
const built = spawnSync(process.execPath, [path.join(import.meta.dirname, "build-cli.mjs"), outDir], {
  stdio: ["ignore", 2, 2],
});
if (built.status !== 0) {
  console.error("The program could not be bundled: see the lines above.");
  process.exit(1);
}
const program = path.join(outDir, "kumpel.cjs");
process.argv.splice(1, 1, program);
// Not import(): that costs 30 MiB for a CommonJS file.
createRequire(import.meta.url)(program);
