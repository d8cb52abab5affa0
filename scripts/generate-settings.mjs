// node scripts/generate-settings.mjs: writes docs/SETTINGS.md from the settings schema. A test compares the two.
import fs from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import { ensureSetUp, ROOT } from "./setup.mjs";

ensureSetUp();
const outfile = path.join(ROOT, "dist/generate/reference-page.mjs");
await build({
  entryPoints: [path.join(ROOT, "firmware/config/reference-page.ts")],
  outfile,
  bundle: true,
  platform: "node",
  format: "esm",
  // Packages inside may ask for Node's own parts the old way.
  banner: { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' },
});
const { referencePage } = await import(pathToFileURL(outfile).href);
fs.writeFileSync(path.join(ROOT, "docs/SETTINGS.md"), referencePage());
