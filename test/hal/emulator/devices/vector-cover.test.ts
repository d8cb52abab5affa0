/** Nothing of the vectors about support circuits may be left out silently: new entries must be claimed by somebody. */
import { expect, test } from "vitest";
import { Emc2101 } from "#drivers/fan/emc2101.ts";
import { Ina260 } from "#drivers/power-meter/ina260.ts";
import { PowerSupply } from "#drivers/psu/power-supply.ts";
import { Ds4432u } from "#drivers/regulator/ds4432u.ts";
import { Tps546 } from "#drivers/regulator/tps546.ts";
import { Ds4432uModel } from "#hal/emulator/devices/ds4432u-model.ts";
import { Emc2101Model } from "#hal/emulator/devices/emc2101-model.ts";
import { Ina260Model } from "#hal/emulator/devices/ina260-model.ts";
import { PsuModelI2c } from "#hal/emulator/devices/psu-model-i2c.ts";
import { Tps546Model } from "#hal/emulator/devices/tps546-model.ts";
import { boardVectors, DeviceBus, LIVE } from "./device-bus.ts";

test("every frame belongs to a protocol that somebody tests", () => {
  const counts: Record<string, number> = {};
  for (const { proto } of boardVectors.frames) counts[proto] = (counts[proto] ?? 0) + 1;
  // The last two are tested with the control boards.
  expect(counts).toEqual({ pic2: 11, psu1: 11, psu2: 3, bitaxe: 2, fpga_i2c_word: 5 });
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
