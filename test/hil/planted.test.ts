/** Faults planted in the emulated machine: each fails the right step, with a sentence that names part and place. */
import { describe, expect, test } from "vitest";
import type { StepName } from "#firmware/hil/step.ts";
import { buildEepromImage, eepromContentFor } from "#hal/emulator/devices/eeprom-images.ts";
import type { EmulatedWorld } from "#hal/emulator/emulated-world.ts";
import type { ChainFaults } from "#hal/emulator/faults.ts";
import { PicPower, PsuPower } from "#hal/emulator/power/machine-power.ts";
import { isOff, runOnEmulator } from "./hil-rig.ts";

interface Planted {
  readonly fault: string;
  readonly machine?: string;
  /** Before the board is opened, or when `at` begins. */
  readonly plant: (world: EmulatedWorld) => void;
  readonly at?: StepName;
  readonly fails: StepName;
  readonly says: RegExp;
  /** Power stays on: nothing can switch it off. */
  readonly staysOn?: boolean;
}

function chain(world: EmulatedWorld, index: number, faults: Partial<ChainFaults>): void {
  Object.assign(world.faults.chains[index] ?? {}, faults);
}

function psu(world: EmulatedWorld) {
  if (!(world.power instanceof PsuPower)) throw new Error("no supply with a bus");
  return world.power;
}

/** What an EEPROM of a chain holds instead. */
function eeprom(world: EmulatedWorld, index: number, image: Uint8Array): void {
  world.i2c.disturb = (answer, role, address, write) =>
    role === "hashboards" && address === 0x50 + index
      ? image.slice(write[0] ?? 0, (write[0] ?? 0) + answer.length)
      : answer;
}

function imageOf(machine: string, index: number): Uint8Array {
  const content = eepromContentFor(machine, index);
  if (content === null) throw new Error(`no content for ${machine}`);
  return buildEepromImage(content);
}

const corrupt = imageOf("s21", 1).map((byte, at) => (at === 0x30 ? byte ^ 0x10 : byte));

const PLANTED: readonly Planted[] = [
  {
    fault: "a missing hashboard",
    plant: (world) => {
      const second = world.chains[1];
      if (second !== undefined) second.isPlugged = false;
    },
    fails: "plug",
    says: /^chain 1 \(J2\): no hashboard is plugged where one is expected$/,
  },
  {
    fault: "a sensor that does not answer",
    plant: (world) => {
      world.faults.sensors[2]?.splice(1, 1, "failed");
    },
    fails: "devices",
    says: /^sensor chain 2 outlet does not answer: sensor 0x4a on /,
  },
  {
    fault: "an EEPROM of another model",
    plant: (world) => eeprom(world, 1, imageOf("s19xp", 1)),
    fails: "devices",
    says: /^chain 1 EEPROM is of another board: it says BHB56801, the others say BHB68606$/,
  },
  {
    fault: "an EEPROM with one bit turned over",
    plant: (world) => eeprom(world, 1, corrupt),
    fails: "devices",
    says: /^chain 1 EEPROM tells nothing usable: .*no key makes its check sum right/,
  },
  {
    fault: "a dsPIC that is silent",
    machine: "s19pro",
    plant: (world) => {
      const dspic = psu(world).dspics[2];
      if (dspic !== undefined) dspic.isDead = true;
    },
    fails: "devices",
    says: /^chain 2: voltage controller dsPIC.* 0x22 does not answer as it should/,
  },
  {
    fault: "a PIC that is silent",
    machine: "s9",
    plant: (world) => {
      const pic = world.power instanceof PicPower ? world.power.pics[1] : undefined;
      if (pic !== undefined) pic.isDead = true;
    },
    fails: "devices",
    says: /^chain 1: voltage controller PIC16F1704 0x56 does not answer as it should/,
  },
  {
    fault: "a supply that is silent",
    plant: (world) => {
      psu(world).psu.isDead = true;
    },
    fails: "devices",
    says: /power supply 0x10/,
  },
  {
    fault: "a fan without a tachometer",
    plant: (world) => {
      world.fans.isTachoDead[1] = true;
    },
    fails: "fans",
    says: /^fan 2 has no tachometer signal at 100 %/,
  },
  {
    fault: "a fan that stands still",
    plant: (world) => {
      world.faults.fanStopped[3] = true;
    },
    fails: "fans",
    says: /^fan 4 has no tachometer signal at 100 %: it stands still/,
  },
  {
    fault: "a supply that ignores its set point",
    plant: (world) => {
      psu(world).psu.ignoredSets = 1_000;
    },
    fails: "power-up",
    says: /power supply 0x10.* holds 0 instead of \d+ for \d+ mV/,
  },
  {
    fault: "a supply that gives no output",
    plant: (world) => {
      world.faults.psuFailed = true;
    },
    fails: "power-up",
    says: /^no chip of any chain answers: the power supply gives no output/,
  },
  {
    fault: "a dead chip",
    plant: (world) => chain(world, 1, { deadChipIndex: 37 }),
    fails: "enumeration",
    says: /^chain 1, chip 37 does not answer: 37 of 108 chips answer, so it \(domain 4\) is dead/,
  },
  {
    fault: "a chain that is silent",
    plant: (world) => chain(world, 2, { isSilent: true }),
    fails: "enumeration",
    says: /^chain 2: no chip answers: check its cable/,
  },
  {
    fault: "noise from the chips to the board",
    plant: (world) => chain(world, 2, { flipToHostProbability: 0.01 }),
    fails: "enumeration",
    says: /^chain 2: the line from the chips to the board is noisy, \d+ replies failed/,
  },
  {
    fault: "noise from the board to the chips",
    at: "register-echo",
    plant: (world) => chain(world, 0, { flipToChipsProbability: 0.01 }),
    fails: "register-echo",
    says: /^chain 0: the line from the board to the chips is noisy, \d+ writes were not heard/,
  },
  {
    fault: "a register that is stuck",
    plant: (world) => chain(world, 1, { stuckRegister: { chipIndex: 12, register: 0x14 } }),
    fails: "register-echo",
    says: /^chain 1, chip 12 holds 0x[0-9a-f]{8} where 0x0000000d was written/,
  },
  {
    fault: "a chip that does not take the working rate",
    plant: (world) => chain(world, 0, { stuckRegister: { chipIndex: 50, register: 0x28 } }),
    fails: "baud-change",
    says: /^chain 0: 50 of 108 chips answered .* at 3125000 baud$|^chain 0, chip 50 does not answer at 3125000 baud$/,
  },
  {
    fault: "chips whose nonces are wrong",
    at: "known-work",
    plant: (world) => chain(world, 1, { falseNonceFraction: 0.2 }),
    fails: "known-work",
    says: /^chain 1: \d+ of \d+ nonces hash to something else/,
  },
  {
    fault: "a swapped pair of sensors",
    plant: (world) => {
      world.faults.areSensorsSwapped[2] = true;
    },
    fails: "mining",
    says: /^the sensors of chain 2 are swapped: its outlet reads [\d.]+ C and its inlet [\d.]+ C/,
  },
  {
    fault: "a supply that stays on",
    at: "ramp",
    plant: (world) => {
      world.faults.isSupplyStuckOn = true;
    },
    fails: "power-down",
    says: /^chain 0: 108 chips still answer after the power supply was switched off: pull the plug$/,
    staysOn: true,
  },
];

describe.each(PLANTED)("$fault", ({ machine, plant, at, fails, says, staysOn }) => {
  test(`fails ${fails} and nothing before it`, async () => {
    const { report, world } = await runOnEmulator({
      ...(machine === undefined ? {} : { machine }),
      target: { expectedChains: [0, 1, 2] },
      ...(at === undefined ? { plant } : { onBegin: (name, made) => (name === at ? plant(made) : undefined) }),
    });
    const failed = report.steps.filter(({ verdict }) => verdict === "failed");
    expect(failed.map(({ name }) => name)).toEqual([fails]);
    expect(failed[0]?.messages.filter((message) => says.test(message))).not.toEqual([]);
    expect(report.verdict).toBe("failed");
    expect(isOff(world)).toBe(staysOn !== true);
  });
});
