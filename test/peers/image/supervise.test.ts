/** The supervisor of the image: whatever becomes of the program, the board is made safe first. */
import { spawn } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { ROOT, temporaryFolder } from "../../support/program.ts";

const SUPERVISE = path.join(ROOT, "buildroot/package/kumpel/kumpel-supervise");

interface Board {
  /** What the program does. */
  readonly program: string;
  /** `update.json`; absent: there is no data folder. */
  readonly update?: object;
  /** The boot loader's environment by name; null: its programs are not there. */
  readonly environment?: Readonly<Record<string, string>> | null;
  /** The program has left a script of its own. */
  readonly hasOwnSafe?: boolean;
  /** Of the boot before. */
  readonly folder?: string;
}

const PATH = process.env["PATH"];
const UPDATE = { form: 1, phase: "installed", toSlot: "B", bootId: "boot-1" };

/** A boot of slot B in which no pause lasts. */
function start({ program, update, environment = {}, hasOwnSafe = false, folder = temporaryFolder() }: Board) {
  const bin = temporaryFolder();
  const journal = path.join(bin, "journal");
  const script = (name: string, text: string): string => {
    const file = path.join(bin, name);
    fs.writeFileSync(file, `#!/bin/sh\n${text}\n`, { mode: 0o755 });
    return file;
  };
  script("sleep", `PATH='${PATH}' exec sleep 0.05`);
  script("logger", `[ $# -lt 3 ] && exec cat > /dev/null; echo "log $3" >> ${journal}`);
  const env = {
    ...process.env,
    PATH: `${bin}:${PATH}`,
    KUMPEL_PROGRAM: script("program", `echo "run $*" >> ${journal}\n${program}`),
    KUMPEL_SAFE: script("safe.sh", `echo safe >> ${journal}`),
    KUMPEL_SAFE_OWN: hasOwnSafe ? script("own-safe.sh", `echo own-safe >> ${journal}`) : path.join(bin, "none"),
    KUMPEL_CMDLINE: script("cmdline", "root=/dev/mmcblk0p3 ro rauc.slot=B quiet"),
    KUMPEL_LOG: path.join(bin, "pipe"),
    // A board that goes down stops the supervisor.
    KUMPEL_REBOOT: script("reboot", `echo reboot >> ${journal}; kill $PPID`),
  };
  if (environment !== null) {
    script("fw_printenv", `[ "$1" = -n ] && cat ${folder}/env-$2`);
    script("fw_setenv", `echo "$2" > ${folder}/env-$1`);
    for (const [name, value] of Object.entries(environment)) fs.writeFileSync(path.join(folder, `env-${name}`), value);
  }
  if (update !== undefined) fs.writeFileSync(path.join(folder, "update.json"), JSON.stringify(update));
  const data = update === undefined ? "/somewhere" : folder;
  const child = spawn("sh", [SUPERVISE, data], { env, stdio: "ignore" });
  const end = new Promise<number | null>((resolve) => child.on("close", resolve));
  const lines = (): string[] => (fs.existsSync(journal) ? fs.readFileSync(journal, "utf8").trim().split("\n") : []);
  const until = async (predicate: () => boolean): Promise<void> => {
    for (let i = 0; i < 3000 && !predicate(); i++) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(lines().length > 0 && predicate()).toBe(true);
  };
  return { child, end, lines, until, folder };
}

const isResting = (line: string): boolean => line.includes("the hashboards stay off");

/** Until the program ended so often, the board is booted, or nothing is started any more. @returns all that was done. */
async function oneBoot(board: Board, ends = 5): Promise<{ lines: string[]; folder: string }> {
  const { child, end, lines, until, folder } = start({ ...board, program: "exit 1" });
  await until(
    () =>
      lines().filter((line) => line === "safe").length >= ends || lines().includes("reboot") || lines().some(isResting),
  );
  // Were anything started after that, it would be by now.
  await new Promise((resolve) => setTimeout(resolve, 300));
  child.kill("SIGTERM");
  await end;
  return { lines: lines(), folder };
}

test("a program that ends is started again after the board was made safe", async () => {
  const { child, end, lines, until } = start({ program: "exit 1" });
  const done = (): string[] => lines().filter((line) => !line.startsWith("log "));
  await until(() => done().length >= 4);
  expect(done().slice(0, 4)).toEqual(["run run --data /somewhere", "safe", "run run --data /somewhere", "safe"]);
  child.kill("SIGTERM");
  expect(await end).toBe(0);
  expect(lines().at(-1)).toBe("safe");
});

test("the script that the program left for this very machine goes before the image's", async () => {
  const { child, end, lines, until } = start({ program: "exit 1", hasOwnSafe: true });
  await until(() => lines().filter((line) => line === "own-safe").length >= 2);
  child.kill("SIGTERM");
  await end;
  expect(lines()).not.toContain("safe");
  expect(lines().at(-1)).toBe("own-safe");
});

test.each([
  ["installed", "B", true],
  ["committed", "B", false],
  ["failed", "B", false],
  ["installing", "B", true],
  // The older version still runs, or again.
  ["installing", "A", false],
  ["installed", "A", false],
])("a version that ends at once and is %s into slot %s: the board is booted: %s", async (phase, toSlot, isBooted) => {
  const { lines } = await oneBoot({ program: "", update: { ...UPDATE, phase, toSlot } });
  expect(lines.includes("reboot")).toBe(isBooted);
});

test.each<[string, object | undefined, string, boolean]>([
  ["is lost", undefined, "B", true],
  ["is lost, and slot A was to be proved", undefined, "A", false],
  ["knows of an earlier update", { ...UPDATE, phase: "committed", bootId: "boot-0" }, "B", true],
  ["knows that it ended", { ...UPDATE, phase: "committed" }, "B", false],
])("one that ends at once where the data partition %s", async (_, update, toSlot, isBooted) => {
  const pledge = JSON.stringify({ ...UPDATE, phase: "installing", toSlot });
  const { lines } = await oneBoot({
    program: "",
    environment: { kumpel_update: pledge },
    ...(update === undefined ? {} : { update }),
  });
  expect(lines.includes("reboot")).toBe(isBooted);
});

test("a version that ends at once is booted a few times, then nothing is started and the log says so", async () => {
  const folder = temporaryFolder();
  const boots: string[][] = [];
  for (let boot = 0; boot < 6; boot++) boots.push((await oneBoot({ program: "", update: UPDATE, folder })).lines);
  expect(boots.map((lines) => lines.includes("reboot"))).toEqual([true, true, true, true, false, false]);
  for (const lines of boots.slice(4)) {
    expect(lines.filter((line) => line.startsWith("run"))).toEqual([]);
    expect(lines[0]).toBe("safe");
    expect(lines.some(isResting)).toBe(true);
  }
  // The next update has boots of its own.
  const next = await oneBoot({ program: "", update: { ...UPDATE, bootId: "boot-9" }, folder });
  expect(next.lines).toContain("reboot");
});

test.each<[string, Board["environment"]]>([
  ["there is no place to count them", null],
  ["what stands there is no count", { kumpel_boots: "boot-1 09" }],
])("no boot is ordered where %s", async (_, environment) => {
  const { lines } = await oneBoot({ program: "", update: UPDATE, environment: environment ?? null });
  expect(lines).not.toContain("reboot");
  expect(lines.some(isResting)).toBe(true);
});

test("a stop is handed on to the program, and the board is made safe after it", async () => {
  const { child, end, lines, until } = start({
    program: `trap 'echo stopped >> "$(dirname "$0")/journal"; exit 0' TERM\nwhile :; do sleep 0.05; done`,
  });
  await until(() => lines().length === 1);
  child.kill("SIGTERM");
  expect(await end).toBe(0);
  expect(lines()).toEqual(["run run --data /somewhere", "stopped", "safe"]);
});
