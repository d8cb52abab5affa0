/** Which kernel number a pin gets, and how onoff is told: against folders of plain files and a stand-in for onoff. */
import fs from "node:fs";
import { expect, test } from "vitest";
import { AMLOGIC } from "#hal/boards/amlogic.ts";
import { CONTROL_BOARDS } from "#hal/boards/control-boards.ts";
import type { GpioLine } from "#hal/gpio.ts";
import { resolveGpioLine } from "#hal/linux/gpio-lines.ts";
import { LinuxGpio, type SysfsPin } from "#hal/linux/linux-gpio.ts";
import { SystemFiles } from "#hal/linux/system-files.ts";
import { fakeRoot, gpioChip } from "../../support/fake-root.ts";

const PSU_ENABLE: GpioLine = AMLOGIC.psuEnable!.pin;

function resolve(line: GpioLine, ...chips: Record<string, string>[]): Promise<number> {
  return resolveGpioLine(new SystemFiles(fakeRoot(Object.assign({}, ...chips))), line);
}

test("a pin is found by the label of its bank, whatever its base", async () => {
  expect(await resolve(PSU_ENABLE, gpioChip(411, "periphs-banks", 86), gpioChip(497, "aobus-banks", 15))).toBe(437);
  expect(await resolve(PSU_ENABLE, gpioChip(512, "aobus-banks", 15), gpioChip(527, "periphs-banks", 86))).toBe(553);
});

test("both banks with one label are told apart by their lines, and so is one with an unknown label", async () => {
  expect(await resolve(PSU_ENABLE, gpioChip(0, "banks", 15), gpioChip(15, "banks", 86))).toBe(41);
  expect(await resolve(PSU_ENABLE, gpioChip(100, "pinctrl", 86), gpioChip(0, "ao", 15))).toBe(126);
});

test("every pin of every board is found on a kernel with the first label of its bank", async () => {
  const pins = Object.values(CONTROL_BOARDS).flatMap((board) =>
    board.connectors
      .flatMap(({ reset, plug }) => [reset, plug])
      .flatMap((facts) => (facts === null ? [] : [facts.pin])),
  );
  expect(pins.length).toBeGreaterThan(20);
  for (const pin of pins) {
    const base = pin.documentedNumber - pin.line;
    expect(await resolve(pin, gpioChip(base, pin.bank.labels[0]!, pin.bank.lineCount))).toBe(pin.documentedNumber);
  }
});

test("a missing, ambiguous or odd bank is an error that names the controllers", async () => {
  await expect(resolve(PSU_ENABLE)).rejects.toMatchObject({
    code: "GPIO_FAILED",
    message: expect.stringContaining("GPIO_SYSFS"),
  });
  await expect(resolve(PSU_ENABLE, gpioChip(0, "zynq_gpio", 118))).rejects.toMatchObject({
    code: "GPIO_FAILED",
    message: expect.stringContaining('gpiochip0 "zynq_gpio" with 118 lines'),
  });
  // The right name with other lines: which pin is which is no longer known.
  await expect(resolve(PSU_ENABLE, gpioChip(0, "periphs-banks", 100))).rejects.toThrow(/has not the 86 lines/);
  const unlabelled = [0, 32, 64, 96].map((base) => gpioChip(base, "gpio", 32));
  const beagle = CONTROL_BOARDS["beaglebone-vendor"].psuEnable!.pin;
  await expect(resolve(beagle, ...unlabelled)).rejects.toThrow(/several controllers/);
});

interface OpenedPin {
  number: number;
  direction: string;
  edge: string | undefined;
  levels: (0 | 1)[];
  emit: (value: 0 | 1) => void;
  isWatched: boolean;
}

/** Stands for onoff: like it, takes what is in the pin's files already where the pin was exported before. */
function fakeOnoff(root: string, options: { kept?: Partial<Record<"direction" | "activeLow", string>> } = {}) {
  const opened: OpenedPin[] = [];
  class Pin implements SysfsPin {
    readonly #record: OpenedPin;
    constructor(
      number: number,
      direction: "in" | "high" | "low",
      edge: "both" | undefined,
      { activeLow }: { activeLow: boolean },
    ) {
      expect(activeLow).toBe(false);
      this.#record = { number, direction, edge, levels: [], emit: () => undefined, isWatched: false };
      opened.push(this.#record);
      if (number === 0) throw new Error("EBUSY: resource busy or locked, write");
    }
    read = (): Promise<0 | 1> => Promise.resolve(1);
    write = (level: 0 | 1): Promise<void> => {
      this.#record.levels.push(level);
      return Promise.resolve();
    };
    watch = (callback: (error: Error | null, value: 0 | 1) => void): void => {
      this.#record.isWatched = true;
      this.#record.emit = (value) => callback(null, value);
    };
    unwatchAll = (): void => {
      this.#record.isWatched = false;
    };
    direction = (): string => options.kept?.direction ?? (this.#record.direction === "in" ? "in" : "out");
    activeLow = (): boolean => options.kept?.activeLow === "1";
    edge = (): string => fs.readFileSync(`${root}/sys/class/gpio/gpio${this.#record.number}/edge`, "utf8");
  }
  return { gpio: new LinuxGpio({ files: new SystemFiles(root), loadPinClass: () => Promise.resolve(Pin) }), opened };
}

const BANK = gpioChip(411, "periphs-banks", 86);

test("an output is opened at its level in one step, then driven", async () => {
  const { gpio, opened } = fakeOnoff(fakeRoot(BANK));
  const supply = await gpio.openOutput(PSU_ENABLE, true);
  await gpio.openOutput(AMLOGIC.connectors[0]!.reset!.pin, false);
  await supply.set(false);
  await supply.set(true);
  expect(opened).toMatchObject([
    { number: 437, direction: "high", edge: undefined, levels: [0, 1] },
    { number: 454, direction: "low", edge: undefined, levels: [] },
  ]);
  expect(await (await gpio.openInput(AMLOGIC.connectors[0]!.plug!.pin)).isHigh()).toBe(true);
  // Asking for an edge fails on controllers without interrupts, such as the plug pins of an S9.
  expect(opened[2]).toMatchObject({ direction: "in", edge: undefined });
});

test("a pin that another owner holds, that stays an input or inverted, is an error and not a quiet nothing", async () => {
  const busy = fakeOnoff(fakeRoot(gpioChip(0, "periphs-banks", 86)));
  const first = { ...PSU_ENABLE, line: 0 };
  await expect(busy.gpio.openOutput(first, true)).rejects.toMatchObject({
    code: "GPIO_FAILED",
    message: expect.stringContaining("EBUSY"),
  });
  const input = fakeOnoff(fakeRoot(BANK), { kept: { direction: "in" } });
  await expect(input.gpio.openOutput(PSU_ENABLE, true)).rejects.toThrow(/keeps it as an input/);
  const inverted = fakeOnoff(fakeRoot(BANK), { kept: { activeLow: "1" } });
  await expect(inverted.gpio.openOutput(PSU_ENABLE, true)).rejects.toThrow(/inverted/);
});

test("falling edges are counted by their interrupts, whatever the level is by then", async () => {
  const tacho = AMLOGIC.fans.kind === "pwm" ? AMLOGIC.fans.tachos[0]!.pin : PSU_ENABLE;
  const root = fakeRoot({ ...BANK, "sys/class/gpio/gpio447/edge": "both" });
  const { gpio, opened } = fakeOnoff(root);
  const counter = await gpio.openEdgeCounter(tacho);
  expect(fs.readFileSync(`${root}/sys/class/gpio/gpio447/edge`, "utf8")).toBe("falling");
  for (const level of [0, 1, 1, 0] as const) opened[0]!.emit(level);
  expect(await counter.count()).toBe(4);
  gpio.close();
  expect(opened[0]!.isWatched).toBe(false);
});

test("a pin without interrupts is a typed error", async () => {
  const tacho = AMLOGIC.fans.kind === "pwm" ? AMLOGIC.fans.tachos[0]!.pin : PSU_ENABLE;
  const { gpio } = fakeOnoff(fakeRoot(BANK));
  await expect(gpio.openEdgeCounter(tacho)).rejects.toMatchObject({
    code: "GPIO_FAILED",
    message: expect.stringContaining("no edges"),
  });
});
