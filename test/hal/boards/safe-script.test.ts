import { spawnSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
import { AMLOGIC } from "#hal/boards/amlogic.ts";
import type { ControlBoardFacts } from "#hal/boards/board-facts.ts";
import { CONTROL_BOARDS } from "#hal/boards/control-boards.ts";
import { type SafeScriptOptions, safeScript } from "#hal/boards/safe-script.ts";

const BASE = 400;

/** A folder with the kernel's files for every pin and fan output of a board; returns what the script left in them. */
function run(facts: ControlBoardFacts, options: SafeScriptOptions, missingPins: readonly number[] = []) {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), "kumpel-safe-"));
  const gpio = path.join(root, "sys/class/gpio");
  const pins = [facts.psuEnable, ...facts.connectors.map(({ reset }) => reset)].filter((pin) => pin !== null);
  const labels = [...new Set(pins.map(({ pin }) => pin.bank.labels[0] ?? ""))];
  labels.forEach((label, i) => {
    const chip = path.join(gpio, `gpiochip${BASE + 1000 * i}`);
    fs.mkdirSync(chip, { recursive: true });
    fs.writeFileSync(path.join(chip, "label"), `${label}\n`);
    fs.writeFileSync(path.join(chip, "base"), `${BASE + 1000 * i}\n`);
  });
  fs.mkdirSync(gpio, { recursive: true });
  fs.writeFileSync(path.join(gpio, "export"), "");
  const folderOf = ({ pin }: (typeof pins)[number]): string =>
    path.join(gpio, `gpio${BASE + 1000 * labels.indexOf(pin.bank.labels[0] ?? "") + pin.line}`);
  for (const pin of pins) if (!missingPins.includes(pin.pin.line)) fs.mkdirSync(folderOf(pin), { recursive: true });
  const channels = facts.fans.kind === "pwm" ? facts.fans.channels : [];
  const pwms = channels.map(({ documentedChip, channel }) =>
    path.join(root, `sys/class/pwm/pwmchip${documentedChip}/pwm${channel}`),
  );
  for (const pwm of pwms) fs.mkdirSync(pwm, { recursive: true });
  const script = path.join(root, "safe.sh");
  fs.writeFileSync(script, safeScript(facts, options));
  const { status, stderr } = spawnSync("sh", [script], { encoding: "utf8", env: { ...process.env, ROOT: root } });
  const read = (file: string): string | null => (fs.existsSync(file) ? fs.readFileSync(file, "utf8").trim() : null);
  const result = {
    status,
    stderr,
    supply: facts.psuEnable === null ? null : read(path.join(folderOf(facts.psuEnable), "direction")),
    resets: facts.connectors.map(({ reset }) =>
      reset === null ? null : read(path.join(folderOf(reset), "direction")),
    ),
    fans: pwms.map((pwm) => [
      read(path.join(pwm, "period")),
      read(path.join(pwm, "duty_cycle")),
      read(path.join(pwm, "enable")),
    ]),
  };
  fs.rmSync(root, { recursive: true });
  return result;
}

test("an Amlogic board: supply off, all chips in reset, both fan outputs full", () => {
  const full = ["100000", "100000", "1"];
  expect(run(AMLOGIC, { machine: "s19kpro" })).toEqual({
    status: 0,
    stderr: "",
    supply: "high",
    resets: ["low", "low", "low"],
    fans: [full, full],
  });
});

test("a supply whose level nobody confirmed is driven only at the owner's word", () => {
  expect(run(AMLOGIC, { machine: "s21" }).supply).toBeNull();
  expect(safeScript(AMLOGIC, { machine: "s21" })).toContain("# The supply is NOT driven: no source says");
  expect(run(AMLOGIC, { machine: "s21", psuEnableActive: "high" }).supply).toBe("low");
});

test("a pin that is missing is told, fails the script, and keeps none of the others from being driven", () => {
  const { status, stderr, resets, supply } = run(AMLOGIC, { machine: "s19kpro" }, [43]);
  expect({ status, resets, supply }).toEqual({ status: 1, resets: [null, "low", "low"], supply: "high" });
  expect(stderr).toBe("NOT DRIVEN, no such pin or no right to it: chips of J1 in reset\n");
});

test.each(Object.values(CONTROL_BOARDS).map((facts) => [facts.name, facts] as const))(
  "%s: every reset pin of its row is driven active, and what is not driven is said",
  (_name, facts) => {
    const { status, resets } = run(facts, { machine: "s19pro", psuEnableActive: "low" });
    expect(status).toBe(0);
    expect(resets).toEqual(facts.connectors.map(({ reset }) => reset?.active ?? null));
    const script = safeScript(facts, { machine: "s19pro" });
    if (facts.connectors.some(({ reset }) => reset === null))
      expect(script).toContain("# Resets are bits of the FPGA here");
  },
);
