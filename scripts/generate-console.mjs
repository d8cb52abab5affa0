// node scripts/generate-console.mjs: writes docs/CONSOLE.md from the table of console commands. A test compares the two.
import fs from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import { ensureSetUp, ROOT } from "./setup.mjs";

ensureSetUp();
const outfile = path.join(ROOT, "dist/generate/console-page.mjs");
await build({
  entryPoints: [path.join(ROOT, "firmware/console/reference-page.ts")],
  outfile,
  bundle: true,
  platform: "node",
  format: "esm",
  // Packages inside may ask for Node's own parts the old way.
  banner: { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' },
});
const { consolePage } = await import(pathToFileURL(outfile).href);
fs.writeFileSync(path.join(ROOT, "docs/CONSOLE.md"), consolePage());
