/** The watchdog against a plain file: the bytes that it is given, and that nobody starts it by looking. */
import fs from "node:fs";
import { expect, test } from "vitest";
import { openLinuxWatchdog } from "#hal/linux/linux-watchdog.ts";
import { fakeRoot } from "../../support/fake-root.ts";

test("fed by single bytes, switched off by its letter; opened by the first order only", async () => {
  const device = `${fakeRoot({ "dev/watchdog": "" })}/dev/watchdog`;
  const descriptors = (): number =>
    fs.readdirSync("/proc/self/fd").filter((fd) => {
      try {
        return fs.readlinkSync(`/proc/self/fd/${fd}`) === fs.realpathSync(device);
      } catch {
        return false;
      }
    }).length;
  const watchdog = await openLinuxWatchdog(device);
  await watchdog.disarm();
  expect(descriptors()).toBe(0);
  await watchdog.feed();
  await watchdog.feed();
  expect(descriptors()).toBe(1);
  await watchdog.disarm();
  await watchdog.disarm();
  expect(descriptors()).toBe(0);
  expect(fs.readFileSync(device, "utf8")).toMatch(/^[^V]{2}V$/);
});

test("a device that takes no time, or none at all, is one sentence", async () => {
  const root = fakeRoot({ "dev/watchdog": "" });
  const watchdog = await openLinuxWatchdog(`${root}/dev/watchdog`);
  await expect(watchdog.setTimeoutS(10)).rejects.toMatchObject({
    code: "WATCHDOG_FAILED",
    message: expect.stringMatching(/another time \(ioctl: ENOTTY\)/),
  });
  await expect(openLinuxWatchdog(`${root}/dev/watchdog9`)).rejects.toMatchObject({ code: "WATCHDOG_FAILED" });
  expect(fs.existsSync(`${root}/dev/watchdog9`)).toBe(false);
});
