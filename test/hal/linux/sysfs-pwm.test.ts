/** Fans' outputs against folders of plain files that refuse what the kernel refuses. */
import { expect, test } from "vitest";
import { openSysfsPwm } from "#hal/linux/sysfs-pwm.ts";
import { SystemFiles } from "#hal/linux/system-files.ts";
import { fakeRoot } from "../../support/fake-root.ts";

const CHIP = "sys/class/pwm/pwmchip0";

/** Keeps the order of the writes, and the kernel's rules. */
class PwmFiles extends SystemFiles {
  readonly writes: string[] = [];

  override async write(name: string, text: string): Promise<void> {
    const attribute = name.split("/").at(-1) ?? "";
    const now = async (other: string): Promise<number> => Number(await this.read(name.replace(/[^/]+$/, other)));
    const isRefused =
      (attribute === "period" && Number(text) < (await now("duty_cycle"))) ||
      (attribute === "duty_cycle" && Number(text) > (await now("period"))) ||
      (attribute === "polarity" && (await now("enable")) === 1);
    if (isRefused) throw new Error(`EINVAL: ${attribute} ${text}`);
    this.writes.push(`${attribute} ${text}`);
    await super.write(name, text);
  }
}

function channel(state: { period: string; duty_cycle: string; polarity?: string; enable: string }) {
  const entries = Object.entries(state).map(([name, text]) => [`${CHIP}/pwm1/${name}`, `${text}\n`]);
  return new PwmFiles(fakeRoot({ ...Object.fromEntries(entries), [`${CHIP}/export`]: "" }));
}

const FRONT = { match: [], documentedChip: 0, channel: 1 };

test("a fresh output: period, duty, enable, and then only what changes", async () => {
  const files = channel({ period: "0", duty_cycle: "0", polarity: "normal", enable: "0" });
  const pwm = await openSysfsPwm(files, FRONT);
  await pwm.apply({ periodNs: 100_000, dutyNs: 60_000 });
  expect(files.writes).toEqual(["period 100000", "duty_cycle 60000", "enable 1"]);
  expect(await pwm.readPeriodNs()).toBe(100_000);
  files.writes.length = 0;
  await pwm.apply({ periodNs: 100_000, dutyNs: 100_000 });
  expect(files.writes).toEqual(["duty_cycle 100000"]);
});

test("a shorter period than the duty goes by way of duty 0; polarity changes while it is off", async () => {
  const files = channel({ period: "1000000", duty_cycle: "900000", polarity: "inversed", enable: "1" });
  const pwm = await openSysfsPwm(files, FRONT);
  await pwm.apply({ periodNs: 100_000, dutyNs: 50_000 });
  expect(files.writes).toEqual([
    "duty_cycle 0",
    "period 100000",
    "duty_cycle 50000",
    "enable 0",
    "polarity normal",
    "enable 1",
  ]);
});

test("a driver without polarity works, and a duty beyond the period never reaches it", async () => {
  const files = channel({ period: "100000", duty_cycle: "0", enable: "1" });
  const pwm = await openSysfsPwm(files, FRONT);
  await pwm.apply({ periodNs: 100_000, dutyNs: 1 });
  await expect(pwm.apply({ periodNs: 100_000, dutyNs: 100_001 })).rejects.toMatchObject({ code: "PWM_FAILED" });
  expect(files.writes).toEqual(["duty_cycle 1"]);
});

test("the chip goes by its place before its number; a missing one is named with what is there", async () => {
  const files = new PwmFiles(
    fakeRoot({
      "sys/devices/platform/ffd1a000.pwm/pwm/pwmchip4/pwm0/period": "0\n",
      "sys/class/pwm/pwmchip4": { link: "sys/devices/platform/ffd1a000.pwm/pwm/pwmchip4" },
      [`${CHIP}/pwm0/period`]: "7\n",
    }),
  );
  const found = await openSysfsPwm(files, { match: ["ffd1a000.pwm"], documentedChip: 0, channel: 0 });
  expect(await found.readPeriodNs()).toBe(0);
  expect(await (await openSysfsPwm(files, { match: ["x"], documentedChip: 0, channel: 0 })).readPeriodNs()).toBe(7);
  await expect(openSysfsPwm(files, { match: [], documentedChip: 8, channel: 0 })).rejects.toMatchObject({
    code: "PWM_FAILED",
    message: expect.stringMatching(/pwmchip8.*found pwmchip0 .*pwmchip4/),
  });
});

test("a channel that does not appear after its export is an error", async () => {
  const files = channel({ period: "0", duty_cycle: "0", enable: "0" });
  await expect(openSysfsPwm(files, { match: [], documentedChip: 0, channel: 3 })).rejects.toThrow(/did not appear/);
  expect(files.writes).toEqual(["export 3"]);
});
