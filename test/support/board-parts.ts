/** Ways to the parts of an emulated board, and to what the board saw of them. */
import type { DspicModel } from "#hal/emulator/devices/dspic-model.ts";
import type { Pic16S9Model } from "#hal/emulator/devices/pic16-s9-model.ts";
import type { PsuModelI2c } from "#hal/emulator/devices/psu-model-i2c.ts";
import type { Tps546Model } from "#hal/emulator/devices/tps546-model.ts";
import { PicPower, PsuPower, RegulatorPower } from "#hal/emulator/power/machine-power.ts";
import type { Rig } from "./rig.ts";

/** Anything that has an emulated board. */
type Machine = Pick<Rig, "world">;

export function psuOf({ world: { power } }: Machine): PsuModelI2c {
  if (!(power instanceof PsuPower)) throw new Error("this machine has no supply with a bus");
  return power.psu;
}

export function dspicOf({ world: { power } }: Machine, chain: number): DspicModel {
  const dspic = power instanceof PsuPower ? power.dspics[chain] : undefined;
  if (dspic === undefined) throw new Error("this machine has no dsPIC there");
  return dspic;
}

export function picOf({ world: { power } }: Machine, chain: number): Pic16S9Model {
  const pic = power instanceof PicPower ? power.pics[chain] : undefined;
  if (pic === undefined) throw new Error("this machine has no PIC there");
  return pic;
}

export function regulatorOf({ world: { power } }: Machine): Tps546Model {
  if (!(power instanceof RegulatorPower) || !("isDead" in power.regulator)) throw new Error("no TPS546 here");
  return power.regulator as Tps546Model;
}

export const chainStates = (rig: Rig): string[] => rig.snapshot().chains.map(({ state }) => state);
export const chainReasons = (rig: Rig): string[] => rig.snapshot().chains.map(({ reason }) => reason);

export async function allHash(rig: Rig, limitMs = 240_000): Promise<void> {
  await rig.until("all chains hash", () => chainStates(rig).every((state) => state === "hashing"), limitMs);
}

/** How often the board saw an output go on: of the supply, of one board's controller (or all), of the regulator. */
export function timesOn(rig: Rig, what: "psuEnable" | "controllerOutput" | "regulatorVoltage", chain?: number): number {
  return rig.world.journal.entries.filter((entry) => {
    if (entry.what !== what) return false;
    if (entry.what === "regulatorVoltage") return entry.voltageMv > 0;
    if (entry.what === "controllerOutput" && chain !== undefined && entry.chain !== chain) return false;
    return "isOn" in entry && entry.isOn;
  }).length;
}
