// `npm run faults`: plays every row of the fault table and writes what was measured into docs/SAFETY.md. One file after the
// other, since each writes its own part of the page.
import { spawnSync } from "node:child_process";
import { ensureSetUp, ROOT } from "./setup.mjs";

ensureSetUp();
const args = ["node_modules/vitest/vitest.mjs", "run", "test/faults", "--no-file-parallelism"];
const { status } = spawnSync(process.execPath, args, {
  cwd: ROOT,
  stdio: "inherit",
  env: { ...process.env, UPDATE_SAFETY: "1" },
});
process.exitCode = status ?? 1;
