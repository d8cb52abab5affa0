/** Makes the bundle once for all tests that start the program as a process of its own. */
import { execFileSync } from "node:child_process";
import path from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

export default function setup(): void {
  execFileSync(process.execPath, [path.join(ROOT, "scripts/build-cli.mjs"), "dist/test"], {
    cwd: ROOT,
    stdio: "inherit",
  });
}
