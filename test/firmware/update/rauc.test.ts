/** The shell of RAUC against a program that only looks like it: what is called, what is read, what a refusal says. */
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, expect, test } from "vitest";
import { RaucUpdater } from "#firmware/update/rauc.ts";
import { runProgram } from "#hal/linux/run-program.ts";
import type { ProgramEnd, RunProgram } from "#hal/run-program.ts";

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "rauc-"));
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

/** As version 1.8 prints it. */
const STATUS =
  '{"compatible":"kumpel-s9","variant":"","booted":"A","boot_primary":"rootfs.0","slots":[{"kernel.0":{"class":"kernel","device":"/dev/k","type":"raw","bootname":null,"state":"active","parent":"rootfs.0","mountpoint":null,"boot_status":null}},{"rootfs.1":{"class":"rootfs","device":"/dev/b","type":"raw","bootname":"B","state":"inactive","parent":null,"mountpoint":null,"boot_status":"bad"}},{"rootfs.0":{"class":"rootfs","device":"/dev/a","type":"raw","bootname":"A","state":"booted","parent":null,"mountpoint":null,"boot_status":"good"}}]}';
const INFO = 'rauc-Message: 10:00:00: Reading bundle: x\n{"compatible":"kumpel-s9","version":"0.2.0","images":[]}\n';

function fake(end: Partial<ProgramEnd>): { rauc: RaucUpdater; calls: string[] } {
  const calls: string[] = [];
  const run: RunProgram = (program, args, { onLine }) => {
    calls.push([program, ...args].join(" "));
    const { code = 0, stdout = "", stderr = "" } = end;
    for (const line of stdout.split("\n")) onLine?.(line);
    return Promise.resolve({ code, stdout, stderr });
  };
  return { rauc: new RaucUpdater(run), calls };
}

test("slots are told by the boot loader's names, whether they are good, and for which board", async () => {
  const { rauc, calls } = fake({ stdout: STATUS });
  expect(await rauc.status()).toEqual({
    compatible: "kumpel-s9",
    booted: { name: "A", isGood: true },
    other: { name: "B", isGood: false },
  });
  expect(calls).toEqual(["rauc status --output-format=json"]);
});

test("a bundle tells board and version; its log before that is no matter", async () => {
  expect(await fake({ stdout: INFO }).rauc.inspect("/data/x.raucb")).toEqual({
    compatible: "kumpel-s9",
    version: "0.2.0",
  });
});

test("an installation shows its progress", async () => {
  const percents: number[] = [];
  const stdout = "installing\n  0% Installing\n 20% Checking bundle\n100% Installing done.\nInstalling `x` succeeded\n";
  await fake({ stdout }).rauc.install("x", (percent) => percents.push(percent));
  expect(percents).toEqual([0, 20, 100]);
});

test("an installation that does not end within two hours is not taken for one that failed", async () => {
  expect(await fake({ code: "late" }).rauc.install("x", () => undefined)).toBe("late");
  await expect(fake({ code: 1, stdout: "LastError: no\n" }).rauc.install("x", () => undefined)).rejects.toThrow("no");
});

test("the pledge is a variable of the boot loader's environment; without such programs there is none", async () => {
  const { rauc, calls } = fake({ stdout: '{"form":1}\n' });
  expect(await rauc.pledge()).toBe('{"form":1}');
  await rauc.keepPledge("x y");
  await rauc.keepPledge(null);
  expect(calls).toEqual(["fw_printenv -n kumpel_update", "fw_setenv kumpel_update x y", "fw_setenv kumpel_update"]);
  for (const code of [1, "missing", "late"] as const) expect(await fake({ code }).rauc.pledge()).toBeNull();
  await fake({ code: "missing" }).rauc.keepPledge("x");
  await expect(fake({ code: 1, stderr: "Cannot write" }).rauc.keepPledge("x")).rejects.toThrow(
    "environment can't be written: Cannot write",
  );
});

test("marks are those of the booted and the other slot", async () => {
  const { rauc, calls } = fake({});
  await rauc.markGood();
  await rauc.markBad();
  await rauc.activateOther();
  expect(calls).toEqual([
    "rauc status mark-good booted",
    "rauc status mark-bad booted",
    "rauc status mark-active other",
  ]);
});

test.each<[string, Partial<ProgramEnd>, string]>([
  ["no program", { code: "missing" }, "the program rauc is not installed"],
  ["a hang", { code: "late" }, 'did not answer "info" within 60 s'],
  [
    "a wrong signature",
    {
      code: 1,
      stderr: "rauc-Message: Verifying\nsignature verification failed: Verify error: self-signed certificate\n",
    },
    "RAUC refuses: signature verification failed: Verify error: self-signed certificate",
  ],
  [
    "an error of the service",
    { code: 1, stdout: "LastError: Installation error: Failed to mount\nInstalling `x` failed\n" },
    "Installing `x` failed",
  ],
  ["no word", { code: 1 }, "no reason"],
  ["another form", { stdout: "version 0.1" }, "use version 1.8 or later"],
])("%s is one sentence", async (_, end, sentence) => {
  await expect(fake(end).rauc.inspect("x")).rejects.toMatchObject({
    code: "UPDATE_FAILED",
    message: expect.stringContaining(sentence),
  });
});

test("a board without a booted slot says where to look", async () => {
  const stdout = STATUS.replace('"booted","parent"', '"inactive","parent"');
  await expect(fake({ stdout }).rauc.status()).rejects.toThrow("which slot is booted");
});

test("a real child process: output by lines, its code, none there, and an end to one that hangs", async () => {
  const program = path.join(folder, "program");
  fs.writeFileSync(
    program,
    '#!/bin/sh\n[ "$1" = hang ] && exec sleep 60\necho one; printf two; echo no >&2; exit 3\n',
    {
      mode: 0o755,
    },
  );
  const lines: string[] = [];
  const end = await runProgram(program, [], { limitMs: 20_000, onLine: (line) => lines.push(line) });
  expect(end).toEqual({ code: 3, stdout: "one\ntwo", stderr: "no\n" });
  expect(lines).toEqual(["one"]);
  expect((await runProgram(path.join(folder, "none"), [], { limitMs: 20_000 })).code).toBe("missing");
  expect((await runProgram(program, ["hang"], { limitMs: 100 })).code).toBe("late");
});
