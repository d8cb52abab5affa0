/** The supervisor of the image: whatever becomes of the program, the board is made safe first. */
import { spawn } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { ROOT, temporaryFolder } from "../../support/program.ts";

const SUPERVISE = path.join(ROOT, "buildroot/package/kumpel/kumpel-supervise");

/** @param environment what the boot loader knows of an update; null = its programs are not there. */
function start(program: string, update: string | null = null, environment: string | null = null) {
  const folder = temporaryFolder();
  const journal = path.join(folder, "journal");
  const script = (name: string, text: string): string => {
    const file = path.join(folder, name);
    fs.writeFileSync(file, `#!/bin/sh\n${text}\n`, { mode: 0o755 });
    return file;
  };
  const env = {
    ...process.env,
    KUMPEL_PROGRAM: script("program", `echo "run $*" >> ${journal}\n${program}`),
    KUMPEL_SAFE: script("safe.sh", `echo safe >> ${journal}`),
    KUMPEL_CMDLINE: script("cmdline", "root=/dev/mmcblk0p3 ro rauc.slot=B quiet"),
    KUMPEL_REBOOT: script("reboot", `echo reboot >> ${journal}`),
  };
  if (environment !== null) {
    script("fw_printenv", `[ "$*" = "-n kumpel_update" ] && echo '${environment}'`);
    Object.assign(env, { PATH: `${folder}:${process.env["PATH"]}` });
  }
  if (update !== null) fs.writeFileSync(path.join(folder, "update.json"), update);
  const data = update === null ? "/somewhere" : folder;
  const child = spawn("sh", [SUPERVISE, data], { env, stdio: "ignore" });
  const end = new Promise<number | null>((resolve) => child.on("close", resolve));
  const lines = (): string[] => (fs.existsSync(journal) ? fs.readFileSync(journal, "utf8").trim().split("\n") : []);
  const until = async (predicate: () => boolean): Promise<void> => {
    for (let i = 0; i < 3000 && !predicate(); i++) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(lines().length > 0 && predicate()).toBe(true);
  };
  return { child, end, lines, until };
}

test("a program that ends is started again after the board was made safe", async () => {
  const { child, end, lines, until } = start("exit 1");
  await until(() => lines().length >= 4);
  expect(lines().slice(0, 4)).toEqual(["run run --data /somewhere", "safe", "run run --data /somewhere", "safe"]);
  child.kill("SIGTERM");
  expect(await end).toBe(0);
  expect(lines().at(-1)).toBe("safe");
});

test.each([
  ["installed", "B", true],
  ["committed", "B", false],
  ["installing", "B", true],
  // The older version still runs.
  ["installing", "A", false],
])("a version that ends at once and is %s into slot %s: the board is booted: %s", async (phase, toSlot, isBooted) => {
  const { child, end, lines, until } = start("exit 1", JSON.stringify({ form: 1, phase, toSlot }));
  const ends = (): number => lines().filter((line) => line === "safe").length;
  await until(() => ends() >= 3 && (!isBooted || lines().includes("reboot")));
  child.kill("SIGTERM");
  await end;
  expect(lines().includes("reboot")).toBe(isBooted);
});

test.each([
  ["B", true],
  ["A", false],
])(
  "one that ends at once where the data partition is lost, and the boot loader knows of slot %s: %s",
  async (toSlot, isBooted) => {
    const record = JSON.stringify({ form: 1, phase: "installing", toSlot });
    const { child, end, lines, until } = start("exit 1", null, record);
    await until(
      () => lines().filter((line) => line === "safe").length >= 3 && (!isBooted || lines().includes("reboot")),
    );
    child.kill("SIGTERM");
    await end;
    expect(lines().includes("reboot")).toBe(isBooted);
  },
);

test("a stop is handed on to the program, and the board is made safe after it", async () => {
  const { child, end, lines, until } = start(
    `trap 'echo stopped >> "$(dirname "$0")/journal"; exit 0' TERM\nwhile :; do sleep 0.05; done`,
  );
  await until(() => lines().length === 1);
  child.kill("SIGTERM");
  expect(await end).toBe(0);
  expect(lines()).toEqual(["run run --data /somewhere", "stopped", "safe"]);
});
