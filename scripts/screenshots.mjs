// npm run screenshots: pictures of the last npm run test:web, the ones that the documents show, into docs/screenshots/.
import fs from "node:fs";
import path from "node:path";
import { ROOT } from "./setup.mjs";

const SHOTS = path.join(ROOT, "dist/web-shots");
const DOCUMENTS = path.join(ROOT, "docs/screenshots");
const SHOWN = ["demo-dashboard", "demo-boards", "demo-phone"];

const missing = SHOWN.filter((name) => !fs.existsSync(path.join(SHOTS, `${name}.png`)));
if (missing.length > 0) {
  console.error(`There is no picture of ${missing.join(", ")} in dist/web-shots: npm run test:web makes them.`);
  process.exit(1);
}
fs.mkdirSync(DOCUMENTS, { recursive: true });
for (const name of SHOWN) {
  fs.copyFileSync(path.join(SHOTS, `${name}.png`), path.join(DOCUMENTS, `${name}.png`));
  console.log(`docs/screenshots/${name}.png`);
}
