/** Nothing of the vectors about support circuits may be left out silently: new entries must be claimed by somebody. */
import { expect, test } from "vitest";
import { Emc2101 } from "#drivers/fan/emc2101.ts";
import { boardSupport } from "#drivers/hashboards/board-supports.ts";
import { Ina260 } from "#drivers/power-meter/ina260.ts";
import { PowerSupply } from "#drivers/psu/power-supply.ts";
import { Ds4432u } from "#drivers/regulator/ds4432u.ts";
import { Tps546 } from "#drivers/regulator/tps546.ts";
import { Ds4432uModel } from "#hal/emulator/devices/ds4432u-model.ts";
import { Emc2101Model } from "#hal/emulator/devices/emc2101-model.ts";
import { Ina260Model } from "#hal/emulator/devices/ina260-model.ts";
import { PsuModelI2c } from "#hal/emulator/devices/psu-model-i2c.ts";
import { Tps546Model } from "#hal/emulator/devices/tps546-model.ts";
import { createMemoryBoard } from "#hal/emulator/emulated-board.ts";
import type { MachineName } from "#hal/emulator/machines.ts";
import { SeededRandom } from "#hal/emulator/prng.ts";
import { VirtualClock } from "#hal/emulator/virtual-clock.ts";
import { isKumpelError } from "#hal/errors.ts";
import { boardVectors, DeviceBus, LIVE } from "./device-bus.ts";

test("every frame belongs to a protocol that somebody tests", () => {
  const counts: Record<string, number> = {};
  for (const { proto } of boardVectors.frames) counts[proto] = (counts[proto] ?? 0) + 1;
  // The last two are tested with the control boards.
  expect(counts).toEqual({ pic2: 11, psu1: 11, psu2: 3, bitaxe: 2, fpga_i2c_word: 5 });
});

test("every section of the file belongs to somebody, with all its rows", () => {
  const sections = Object.entries(boardVectors as unknown as Record<string, unknown>);
  const rows = sections.map(([name, value]) => [name, Array.isArray(value) ? value.length : null]);
  // Each count is asserted once more by the test that goes through the rows.
  expect(Object.fromEntries(rows)).toEqual({
    confidence_key: null,
    null_means: null,
    models: 15,
    gpio: 76,
    i2c: 17,
    uart: 20,
    pwm: 4,
    psu_formula: 9,
    psu_type71_anchors: 4,
    s9_pic_voltage: 5,
    frames: 32,
    eeprom_vector: null,
  });
});

/** 7-bit addresses named in a row; chains add their number to the first. */
function addressesIn(text: string): number[] {
  return [...text.matchAll(/0x[0-9a-fA-F]{2}/g)].map(([hex]) => Number(hex));
}

/** Devices on the emulated buses of a machine, found by asking every address. */
function answers(machine: MachineName): number[] {
  const { world } = createMemoryBoard({
    machine,
    clock: new VirtualClock(),
    random: new SeededRandom(1),
    chipScale: 2 ** 32,
  });
  const found = new Set<number>();
  for (const role of ["hashboards", "supply"] as const) {
    for (let address = 0x08; address < 0x78; address++) {
      try {
        world.i2c.transfer(role, address, Uint8Array.of(0), 1);
        found.add(address);
      } catch (error) {
        if (!isKumpelError(error, "I2C_NACK")) throw error;
      }
    }
  }
  world.stop();
  return [...found].sort((a, b) => a - b);
}

const EEPROMS = [0x50, 0x51, 0x52];
const DSPICS = [0x20, 0x21, 0x22];

test("the emulated machines answer at the addresses of the notes and nowhere else", () => {
  expect(answers("s9")).toEqual([0x55, 0x56, 0x57]);
  expect(answers("s19pro")).toEqual([0x10, ...DSPICS, ...EEPROMS]);
  // What the EEPROM of an S17 board holds is not known, so it has none here.
  expect(answers("s17")).toEqual([0x10, ...DSPICS]);
  const sensors = [0x48, 0x49, 0x4a, 0x4c, 0x4d, 0x4e];
  for (const machine of ["s19kpro", "s21"] as const) {
    expect(answers(machine)).toEqual([0x10, ...sensors, ...EEPROMS]);
  }
  expect(answers("bitaxe-gamma")).toEqual([0x24, 0x4c]);
  expect(answers("bitaxe-max")).toEqual([0x48, 0x4c]);
});

/** What of ours claims a row of addresses; a text says why nobody does. */
const CLAIMS: Readonly<Record<string, readonly number[] | string>> = {
  PIC16F1704: [0x50, 0x55, 0x57],
  "dsPIC33EP16GS202 / PIC1704 new protocol": [0x20],
  "AT24C02 EEPROM": [0x50],
  "LM75A x4": [0x48, 0x4b],
  "LM75/TMP75 board 0 in,out": [0x48, 0x4c],
  "LM75/TMP75 board 1 in,out": [0x4d, 0x49],
  "LM75/TMP75 board 2 in,out": [0x4e, 0x4a],
  "LM75A/TMP75 x2": "to be measured: the pairs of the S19k Pro are taken, and the owner can see which",
  PSU: [0x10],
  EMC2101: [0x4c],
  TPS546: [0x24],
  DS4432U: [0x48],
  INA260: [0x40],
  EMC2103: "boards of two and six chips are not offered",
  EMC2302: "boards of two and six chips are not offered",
  TMP1075: [0x4a],
  TMP451: [0x49],
};

test("every collected I2C address is claimed, or named as unused", () => {
  let claimed = 0;
  for (const { device, addr } of boardVectors.i2c) {
    const claim = CLAIMS[device];
    expect(claim, device).toBeDefined();
    if (typeof claim === "string") continue;
    expect(addressesIn(addr), device).toEqual(claim);
    claimed++;
  }
  expect([boardVectors.i2c.length, claimed]).toEqual([17, 14]);
  const { sensors } = boardSupport("s19kpro");
  expect(sensors).toEqual({
    kind: "lm75",
    byChain: [0, 1, 2].map((n) => {
      const [inlet, outlet] = CLAIMS[`LM75/TMP75 board ${n} in,out`] as number[];
      return { inlet, outlet };
    }),
  });
  expect(boardSupport("s19pro").sensors).toEqual({ kind: "dspic", slaves: [0x48, 0x49, 0x4a, 0x4b] });
  expect(boardSupport("s9").sensors).toEqual({ kind: "chipBridge", chipIndex: 61, address: 0x4c });
});

test("drivers and twins sit at the documented addresses by default", async () => {
  const documented = (device: string) => Number(boardVectors.i2c.find((entry) => entry.device === device)?.addr);
  const twins = [new Emc2101Model(), new Tps546Model(), new Ds4432uModel(), new Ina260Model()];
  const psu = new PsuModelI2c({ protocol: "v1" });
  expect(twins.map((twin) => twin.address)).toEqual(["EMC2101", "TPS546", "DS4432U", "INA260"].map(documented));
  expect(psu.address).toBe(documented("PSU"));
  const bus = new DeviceBus(...twins, psu);
  await new Emc2101({ bus }).start();
  await new Tps546({ bus }).start();
  await new Ds4432u({ bus }).start();
  await new Ina260({ bus }).start();
  await bus.run(new PowerSupply({ clock: bus.clock, bus }).identify(LIVE));
});
