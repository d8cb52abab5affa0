/**
 * Runs in the guest: the code of hal/linux against the kernel's own devices. Prints a line a check, `ok ...` or
 * `FAILED ...`. `node guest-hardware.cjs checks` or, to be ended by the watchdog, `hang`.
 */
import assert from "node:assert/strict";
import fs from "node:fs";
import { createLinuxPorts } from "#hal/linux/linux-ports.ts";
import { SystemClock } from "#hal/linux/system-clock.ts";
import { type GuestChecks, runGuestChecks, sleepMs as sleep } from "./guest-checks.ts";

const clock = new SystemClock();
const ports = createLinuxPorts({ clock });
const BANK = { name: "simulated", labels: ["gpio-sim.0-node0", "gpio-sim.0:bank0"], lineCount: 16 };
const SIMULATED = "/sys/devices/platform/gpio-sim.0/gpiochip0";
const I2C = { role: "hashboards", match: ["SMBus stub driver"] } as const;
const WATCHDOG = "/dev/watchdog";
const WATCHDOG_S = 4;

const line = (number: number) => ({ bank: BANK, line: number, documentedNumber: number });

function levelOf(number: number): string {
  return fs.readFileSync(`${SIMULATED}/sim_gpio${number}/value`, "utf8").trim();
}

function pull(number: number, level: "up" | "down"): void {
  fs.writeFileSync(`${SIMULATED}/sim_gpio${number}/pull`, `pull-${level}`);
}

const CHECKS: GuestChecks = {
  "a reset line is driven by onoff, and the controller sees each level": async () => {
    const reset = await ports.openGpioOutput(line(2), false);
    const seen = [levelOf(2)];
    for (const isHigh of [true, false, true]) {
      await reset.set(isHigh);
      seen.push(levelOf(2));
    }
    assert.deepEqual(seen, ["0", "1", "0", "1"]);
    return "levels 0 1 0 1";
  },
  "a line opened high never shows low": async () => {
    await ports.openGpioOutput(line(3), true);
    assert.equal(levelOf(3), "1");
    return "level 1 at once";
  },
  "a plug line is read as the outside pulls it": async () => {
    const plug = await ports.openGpioInput(line(4));
    const seen: boolean[] = [];
    for (const level of ["down", "up", "down"] as const) {
      pull(4, level);
      seen.push(await plug.isHigh());
    }
    assert.deepEqual(seen, [false, true, false]);
    return "low high low";
  },
  "a fan's tacho is counted by interrupts of the kernel": async () => {
    pull(5, "up");
    const tacho = await ports.openEdgeCounter(line(5));
    for (let i = 0; i < 20; i++) {
      pull(5, "down");
      await sleep(10);
      pull(5, "up");
      await sleep(10);
    }
    const count = await tacho.count();
    // Pulses that come while the loop is busy count as one.
    assert.ok(count >= 15 && count <= 20, `${count} edges of 20`);
    return `${count} of 20 falling edges`;
  },
  "a pin of a controller that is not there is one sentence": async () => {
    const absent = { ...line(1), bank: { name: "main", labels: ["no-such-controller"], lineCount: 99 } };
    await assert.rejects(ports.openGpioInput(absent), /no controller here is called no-such-controller/);
    return "refused";
  },
  "registers of an I2C device are written and read by i2c-bus": async () => {
    const bus = await ports.openI2c(I2C);
    await bus.transfer(0x48, Uint8Array.of(0x07, 0x5a), 0);
    await bus.transfer(0x4c, Uint8Array.of(0x07, 0xa5), 0);
    assert.deepEqual([...(await bus.transfer(0x48, Uint8Array.of(0x07), 1))], [0x5a]);
    assert.deepEqual([...(await bus.transfer(0x4c, Uint8Array.of(0x07), 1))], [0xa5]);
    await bus.transfer(0x48, Uint8Array.of(0x10, 1, 2, 3, 4), 0);
    assert.deepEqual([...(await bus.transfer(0x48, Uint8Array.of(0x10), 4))], [1, 2, 3, 4]);
    return bus.name;
  },
  "an address where nobody is fails, and the bus goes on": async () => {
    const bus = await ports.openI2c(I2C);
    await assert.rejects(bus.transfer(0x23, Uint8Array.of(0), 1));
    assert.deepEqual([...(await bus.transfer(0x4c, Uint8Array.of(0x07), 1))], [0xa5]);
    return "refused, then read";
  },
  "the watchdog is fed past its time and switched off again": async () => {
    const watchdog = await ports.openWatchdog(WATCHDOG);
    const taken = await watchdog.setTimeoutS(WATCHDOG_S);
    for (let i = 0; i < 12; i++) {
      await watchdog.feed();
      await sleep(500);
    }
    await watchdog.disarm();
    await sleep(1_500 * WATCHDOG_S);
    return `${taken} s, fed for 6 s, then off for ${1.5 * WATCHDOG_S} s`;
  },
};

async function runChecks(): Promise<void> {
  await runGuestChecks(CHECKS);
  await ports.close();
}

/** A program that feeds the watchdog and then hangs for good, as a loop without an end does. */
async function hang(): Promise<never> {
  const watchdog = await ports.openWatchdog(WATCHDOG);
  await watchdog.setTimeoutS(WATCHDOG_S);
  await watchdog.feed();
  console.log("HANGS NOW");
  await sleep(500);
  for (;;);
}

void (process.argv[2] === "hang" ? hang() : runChecks());
