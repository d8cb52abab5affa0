/** Whole boards on folders that show what their kernels show: every pin, bus and fan of the row is found and opened safely. */
import fs from "node:fs";
import { expect, test } from "vitest";
import { assembleBoard } from "#hal/boards/assemble-board.ts";
import type { BoardName } from "#hal/boards/board-facts.ts";
import { CONTROL_BOARDS } from "#hal/boards/control-boards.ts";
import { VirtualClock } from "#hal/emulator/virtual-clock.ts";
import type { SysfsPin } from "#hal/linux/linux-gpio.ts";
import type { I2cDevice } from "#hal/linux/linux-i2c.ts";
import { createLinuxPorts } from "#hal/linux/linux-ports.ts";
import { type FakeEntry, fakeRoot, gpioChip } from "../../support/fake-root.ts";

const HINTS = { experimental: "--accept-experimental", psuEnable: "--psu-enable-active high|low" };

/** Each act of a pin, in order. */
function recordedPins(acts: string[]) {
  return class Pin implements SysfsPin {
    readonly #number: number;
    readonly #direction: string;
    constructor(number: number, direction: "in" | "high" | "low") {
      this.#number = number;
      this.#direction = direction;
      acts.push(`${number} ${direction}`);
    }
    read = (): Promise<0 | 1> => Promise.resolve(1);
    write = (level: 0 | 1): Promise<void> => {
      acts.push(`${this.#number} = ${level}`);
      return Promise.resolve();
    };
    watch = (): void => undefined;
    unwatchAll = (): void => {
      acts.push(`${this.#number} unwatched`);
    };
    direction = (): string => (this.#direction === "in" ? "in" : "out");
    edge = (): string => "falling";
    activeLow = (): boolean => false;
  };
}

function adapter(number: number, place: string, name: string): Record<string, FakeEntry> {
  const folder = `sys/devices/platform/${place}/i2c-${number}`;
  return {
    [`${folder}/name`]: `${name}\n`,
    [`sys/class/i2c-dev/i2c-${number}/name`]: `${name}\n`,
    [`sys/class/i2c-dev/i2c-${number}/device`]: { link: folder },
  };
}

function pwm(channel: number): Record<string, string> {
  const folder = `sys/class/pwm/pwmchip0/pwm${channel}`;
  const files = { period: "0\n", duty_cycle: "0\n", polarity: "normal\n", enable: "0\n" };
  return Object.fromEntries(Object.entries(files).map(([name, text]) => [`${folder}/${name}`, text]));
}

async function assemble(name: BoardName, machine: string, entries: Record<string, FakeEntry>) {
  const acts: string[] = [];
  const opened: number[] = [];
  const closed: number[] = [];
  const root = fakeRoot(entries);
  const Pin = recordedPins(acts);
  const clock = new VirtualClock();
  const ports = createLinuxPorts({
    clock,
    root,
    loadPinClass: () => Promise.resolve(Pin),
    openI2cDevice: (busNumber) => {
      opened.push(busNumber);
      const device = {
        i2cFuncs: () => Promise.resolve({ i2c: true, smbusReadI2cBlock: true }),
        close: () => Promise.resolve(void closed.push(busNumber)),
      };
      return Promise.resolve(device as unknown as I2cDevice);
    },
  });
  const facts = CONTROL_BOARDS[name];
  const settings = { psuEnableActive: "low", isExperimentalAccepted: true } as const;
  return {
    root,
    acts,
    opened,
    closed,
    board: await assembleBoard({ clock, ports, facts, machine, settings, hints: HINTS }),
  };
}

test("an Amlogic board: resets low and supply off come first, each by one write; fans run; the watchdog stays off", async () => {
  const edges = Object.fromEntries([547, 548, 549, 550].map((n) => [`sys/class/gpio/gpio${n}/edge`, "both"]));
  const { board, acts, opened, closed, root } = await assemble("amlogic-a113d", "s21", {
    ...gpioChip(512 - 1, "periphs-banks", 86),
    ...gpioChip(597, "aobus-banks", 15),
    ...edges,
    ...adapter(1, "soc/ff805000.i2c", "Meson I2C adapter"),
    ...adapter(5, "i2c-psu", "i2c-gpio0"),
    ...pwm(0),
    ...pwm(1),
    "dev/watchdog": "",
  });
  // 511 + 43 and so on: another base than the notes' kernel has.
  const drivenFirst = acts.filter((act) => /high|low/.test(act)).slice(0, 4);
  expect(drivenFirst).toEqual(["554 low", "555 low", "556 low", "537 high"]);
  expect(opened).toEqual([1, 5]);
  await board.power?.setEnabled(true);
  await board.chains[0]?.setReset(false);
  expect(acts.slice(-2)).toEqual(["537 = 0", "554 = 1"]);
  await board.fans?.setDutyPct(100);
  expect(fs.readFileSync(`${root}/sys/class/pwm/pwmchip0/pwm1/duty_cycle`, "utf8")).toBe("100000");
  expect(board.watchdog).not.toBeNull();
  expect(fs.readFileSync(`${root}/dev/watchdog`, "utf8")).toBe("");
  await board.close();
  expect(acts.filter((act) => act.endsWith("unwatched"))).toHaveLength(4);
  expect(closed.sort()).toEqual([1, 5]);
});

test("an S9 with the open core: pins of three controllers, fans in mapped registers", async () => {
  const uio: Record<string, string> = {
    "sys/class/uio/uio0/name": "fan-control\n",
    "sys/class/uio/uio0/maps/map0/size": "0x1000\n",
    "dev/uio0": "\0".repeat(0x1000),
  };
  for (const [i, ending] of ["common", "cmd-rx", "work-rx", "work-tx"].entries()) {
    uio[`sys/class/uio/uio${i + 1}/name`] = `chain6-${ending}\n`;
    uio[`sys/class/uio/uio${i + 1}/maps/map0/size`] = "0x1000\n";
    uio[`dev/uio${i + 1}`] = "\0".repeat(0x1000);
  }
  const { board, acts, root } = await assemble("zynq7010-s9io", "s9", {
    ...gpioChip(884, "41210000.gpio", 13),
    ...gpioChip(897, "41200000.gpio", 8),
    ...gpioChip(906, "zynq_gpio", 118),
    ...adapter(0, "amba_pl/41600000.i2c", "xiic-i2c"),
    ...uio,
  });
  expect(acts.filter((act) => act.endsWith("low")).slice(0, 3)).toEqual(["893 low", "894 low", "895 low"]);
  expect(board.power).toBeNull();
  expect(board.watchdog).toBeNull();
  await board.fans?.setDutyPct(60);
  expect(fs.readFileSync(`${root}/dev/uio0`).readUInt32LE(0x10)).toBe(60);
  const link = board.chains[0]?.link;
  if (link?.kind !== "s9io") throw new Error("no chain core");
  const windows = await link.open();
  await windows.workTx.write(0, 5);
  expect(fs.readFileSync(`${root}/dev/uio4`).readUInt32LE(0)).toBe(5);
  await board.close();
  await expect(windows.common.read(0)).rejects.toMatchObject({ code: "REGISTERS_FAILED" });
});

test("two selectors of one adapter share its lock", async () => {
  const root = fakeRoot(adapter(1, "soc/ff805000.i2c", "Meson I2C adapter"));
  const device = { i2cFuncs: () => Promise.resolve({ i2c: true, smbusReadI2cBlock: true }) } as unknown as I2cDevice;
  const ports = createLinuxPorts({ clock: new VirtualClock(), root, openI2cDevice: () => Promise.resolve(device) });
  const first = await ports.openI2c({ role: "hashboards", match: ["ff805000.i2c"] });
  expect(await ports.openI2c({ role: "supply", match: ["Meson"] })).toBe(first);
});
