/** Public bug case H23: a settings file with keys of another version, a wrong type, cut short, or empty. */
import fs from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import type { RunReport } from "#firmware/cli/run-report.ts";
import { startProgram, temporaryFolder } from "../../support/program.ts";

const GOOD = `settings_version = 2

[[pool_groups]]
[[pool_groups.pools]]
url = "stratum+tcp://127.0.0.1:1"
user = "me.1"

[cooling]
fan_max_pct = 80

[tuning]
work_voltage_mv = 1100
frequency_mhz = 300
`;

const CASES = [
  {
    name: "keys of another version",
    text: `${GOOD}mode = "future"\npower_target = 500\n`,
    sentence: "settings.toml line 14: tuning.mode is not known; it is kept and has no effect",
    isKeptAside: false,
  },
  {
    name: "a number as text",
    text: GOOD.replace("= 300", '= "300"'),
    sentence: 'settings.toml line 13: tuning.frequency_mhz is "300": must be 50..1000 MHz',
    isKeptAside: true,
  },
  {
    name: "cut within a line",
    text: GOOD.slice(0, GOOD.indexOf("_mhz")),
    sentence: "settings.toml line 13 is no valid TOML (Expected equal (=) token)",
    isKeptAside: true,
  },
  {
    name: "cut where the rest is valid, but without the limit",
    text: GOOD.slice(0, GOOD.indexOf("frequency_mhz")),
    sentence: "settings.toml line 12 ends where the last good settings go on",
    isKeptAside: true,
  },
  { name: "empty", text: "", sentence: "settings.toml is empty", isKeptAside: true },
];

async function run(data: string): Promise<{ stderr: string; report: RunReport }> {
  const report = path.join(data, "..", "report.json");
  const options = ["--demo", "--machine", "bitaxe-gamma", "--link", "memory", "--http-port", "0"];
  const program = startProgram("run", ...options, "--data", data, "--report", report, "--log-level", "info");
  await program.seen(/"to":"hashing"[\s\S]*working voltage reached/, 120_000);
  process.kill(program.pid, "SIGTERM");
  await program.ended();
  return { stderr: program.stderr(), report: JSON.parse(fs.readFileSync(report, "utf8")) as RunReport };
}

describe.concurrent("H23: a settings file that is not as it should be", () => {
  test.each(CASES)(
    "H23: $name: the last good settings, no more power than before",
    { timeout: 180_000 },
    async ({ text, sentence, isKeptAside }) => {
      const data = path.join(temporaryFolder(), "data");
      fs.mkdirSync(data);
      fs.writeFileSync(path.join(data, "settings.toml"), text);
      fs.writeFileSync(path.join(data, "settings.toml.good"), GOOD);
      const { stderr, report } = await run(data);
      expect(stderr).toContain(`kumpel: ${sentence}`);
      expect(report.pool.url).toBe("stratum+tcp://127.0.0.1:1");
      expect(report.chains).toMatchObject([{ frequency_mhz: 300, voltage_v: 1.1 }]);
      expect(report.alarms.some((alarm) => alarm.startsWith(sentence))).toBe(true);
      expect(fs.readFileSync(path.join(data, "settings.toml"), "utf8")).toBe(text);
      const aside = path.join(data, "settings.toml.bad-1");
      expect(fs.existsSync(aside) ? fs.readFileSync(aside, "utf8") : null).toBe(isKeptAside ? text : null);
    },
  );
});
