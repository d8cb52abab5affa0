// Entry of `npm start` and `npm run kumpel`: sets up what is missing, bundles, then becomes the program.
import { createRequire } from "node:module";
import path from "node:path";
import { ensureSetUp, ROOT } from "./setup.mjs";

ensureSetUp();
const { bundle } = await import("./build.mjs");
// One folder for each Node ABI: two demos under different Nodes must not overwrite each other's add-ons.
const outDir = path.join(ROOT, "dist", `dev-${process.versions.modules}`);
await bundle({ outDir });
const program = path.join(outDir, "kumpel.cjs");
process.argv.splice(1, 1, program);
// Not import(): that costs 30 MiB for a CommonJS file.
createRequire(import.meta.url)(program);
