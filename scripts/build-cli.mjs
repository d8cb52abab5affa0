// node scripts/build-cli.mjs FOLDER: the bundle for this machine, unminified, into FOLDER.
import path from "node:path";
import { bundle } from "./build.mjs";
import { ROOT } from "./setup.mjs";

const folder = process.argv[2];
if (folder === undefined) {
  console.error("Name the folder for the bundle: node scripts/build-cli.mjs dist/test");
  process.exit(2);
}
await bundle({ outDir: path.resolve(ROOT, folder) });
