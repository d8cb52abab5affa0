// `npm run mutations`: plants defects one at a time into a copy of the project and shows which named test catches each. A
// defect that no test notices is a hole in the tests, and fails the run. The tests pass without any defect first.
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { ensureSetUp, ROOT } from "./setup.mjs";

/**
 * @typedef {object} Defect
 * @property {string} name what a careless change would have done
 * @property {string} file
 * @property {string} find text that has to be there exactly once
 * @property {string} put what stands there instead
 * @property {string} test file of the test that has to notice
 * @property {string} title part of its title
 */

/** @type {readonly Defect[]} */
const DEFECTS = [
  {
    name: "late nonces count for whatever work has their id now",
    file: "firmware/share/nonce-validator.ts",
    find: 'if (work.isRetired) return "stale";',
    put: "",
    test: "test/scenarios/feeding.test.ts",
    title: "late nonces of the old work are stale",
  },
  {
    name: "an I2C error of a sensor reads as zero degrees",
    file: "drivers/sensor/reading.ts",
    find: 'if (isKumpelError(error, "I2C_NACK")) return failed(',
    put: 'if (isKumpelError(error, "I2C_NACK")) return { kind: "bytes", bytes: new Uint8Array(readLength) }; failed(',
    test: "test/drivers/sensor/lm75.test.ts",
    title: "a silent sensor",
  },
  {
    name: "a sensor may freeze",
    file: "firmware/control/sensor-judgement.ts",
    find: "const isFrozen = isUnmovedByLoad || isUnmovedByNeighbour || isUnmovedByAir;",
    put: "const isFrozen = false && (isUnmovedByLoad || isUnmovedByNeighbour || isUnmovedByAir);",
    test: "test/faults/heat.test.ts",
    title: "board-frozen-start",
  },
  {
    name: "one bit of the CRC polynomial is turned over",
    file: "drivers/bm13xx/crc.ts",
    find: "const CRC5_POLYNOMIAL = 0x05;",
    put: "const CRC5_POLYNOMIAL = 0x15;",
    test: "test/drivers/bm13xx/vectors.test.ts",
    title: "",
  },
  {
    name: "a version is marked good without its proof where the data partition is lost",
    file: "firmware/update/after-boot.ts",
    find: "const isLost = pledge.toSlot === board.slot && !knows(record, pledge);",
    put: "const isLost = pledge.toSlot !== board.slot && !knows(record, pledge);",
    test: "test/firmware/update/update-desk.test.ts",
    title: "lets no version through",
  },
  {
    name: "the watchdog is fed whatever the loops do",
    file: "firmware/control/heartbeats.ts",
    find: "if (hung === undefined) return",
    put: "if (hung === undefined || nowMs > 0) return",
    test: "test/firmware/control/watchdog.test.ts",
    title: "a loop that hangs starves it",
  },
  {
    name: "a board may be twenty degrees above its limit",
    file: "firmware/control/thermal-types.ts",
    find: "dangerousC: boardMaxC,",
    put: "dangerousC: boardMaxC + 20,",
    test: "test/faults/heat.test.ts",
    title: "board-heats-up",
  },
  {
    name: "a fan that cannot be read counts as turning",
    file: "firmware/control/fan-judgement.ts",
    find: "const isTurning = rpm !== null && rpm >= FAN_MIN_RPM;",
    put: "const isTurning = rpm === null || rpm >= FAN_MIN_RPM;",
    test: "test/faults/fans.test.ts",
    title: "fan-unreadable",
  },
  {
    name: "power goes on without permission",
    file: "firmware/control/power-line.ts",
    find: "|| !this.#isPermitted || this.#isHeld ||",
    put: "|| this.#isHeld ||",
    test: "test/faults/fans.test.ts",
    title: "fan-missing",
  },
  {
    name: "a shutdown is forgotten at a restart",
    file: "firmware/incidents/shutdown-latch.ts",
    find: "await store.write(LATCH_FILE, JSON.stringify({ reason, atWallMs: clock.wallTimeMs() }));",
    put: "void [LATCH_FILE, clock, store];",
    test: "test/faults/heat.test.ts",
    title: "latched-restart",
  },
  {
    name: "a stop leaves the supply on",
    file: "firmware/miner.ts",
    find: 'this.#power.end("stopped"), ...',
    put: "Promise.resolve(), ...",
    test: "test/faults/program.test.ts",
    title: "stop-signal",
  },
  {
    name: "shares of one session go out in the next one",
    file: "firmware/share/share-queue.ts",
    find: "(fits(share) ? fitting : lost).push(share);",
    put: "(fits(share) || share !== null ? fitting : lost).push(share);",
    test: "test/firmware/share/share-queue.test.ts",
    title: "a queue gives what fits",
  },
  {
    name: "passwords stand in what is kept of pool lines",
    file: "firmware/stratum/hide-secret.ts",
    find: 'text.replaceAll(secret, "...")',
    put: "text",
    test: "test/scenarios/secrets.test.ts",
    title: "",
  },
];

const LIMIT_MS = 180_000;

/** @param {string} folder @param {readonly Defect[]} defects */
function runTests(folder, defects) {
  const files = [...new Set(defects.map(({ test }) => test))];
  const [only] = defects;
  const title = defects.length === 1 && only !== undefined && only.title !== "" ? ["-t", only.title] : [];
  const args = ["node_modules/vitest/vitest.mjs", "run", ...files, ...title];
  const env = { ...process.env, NO_COLOR: "1", FORCE_COLOR: undefined };
  const { stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: folder,
    encoding: "utf8",
    timeout: LIMIT_MS,
    env,
  });
  const counts = /^ *Tests {2}(?:(\d+) failed[^\d]*)?(?:(\d+) passed)?/m.exec(stdout);
  return { failed: Number(counts?.[1] ?? 0), passed: Number(counts?.[2] ?? 0), text: `${stdout}${stderr}` };
}

/** A copy of what is under version control, with the same packages. */
function copyProject() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "kumpel-mutations-"));
  const listed = spawnSync("git", ["ls-files", "-z"], { cwd: ROOT, encoding: "utf8" }).stdout;
  for (const file of listed.split("\0").filter((name) => name !== "" && fs.existsSync(path.join(ROOT, name)))) {
    fs.mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
    fs.copyFileSync(path.join(ROOT, file), path.join(folder, file));
  }
  fs.symlinkSync(path.join(ROOT, "node_modules"), path.join(folder, "node_modules"));
  return folder;
}

/** @param {string} folder @param {Defect} defect */
function plant(folder, defect) {
  const file = path.join(folder, defect.file);
  const text = fs.readFileSync(file, "utf8");
  if (text.split(defect.find).length !== 2) {
    throw new Error(
      `${defect.file} does not hold "${defect.find}" exactly once: bring scripts/mutations.mjs up to date.`,
    );
  }
  fs.writeFileSync(
    file,
    text.replace(defect.find, () => defect.put),
  );
  return () => fs.writeFileSync(file, text);
}

ensureSetUp();
const folder = copyProject();
let missed = 0;
try {
  const sound = runTests(folder, DEFECTS);
  if (sound.failed > 0 || sound.passed === 0) {
    console.error(sound.text);
    throw new Error("without any defect the tests have to pass");
  }
  console.log(`without a defect: ${sound.passed} tests pass`);
  for (const defect of DEFECTS) {
    const restore = plant(folder, defect);
    const { failed } = runTests(folder, [defect]);
    restore();
    const isCaught = failed > 0;
    if (!isCaught) missed++;
    const test = `${path.basename(defect.test)}${defect.title === "" ? "" : `: ${defect.title}`}`;
    console.log(`${isCaught ? "caught" : "MISSED"}  ${defect.name.padEnd(62)} ${test}`);
  }
} finally {
  fs.rmSync(folder, { recursive: true, force: true });
}
console.log(`${DEFECTS.length - missed} of ${DEFECTS.length} defects caught`);
process.exitCode = missed === 0 ? 0 : 1;
