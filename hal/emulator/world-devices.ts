/** Builds what hangs on a machine's buses: supply, controllers, sensors, and the places whose temperature they tell. */

import type { ChipModel } from "./chip-model.ts";
import { Ds4432uModel } from "./devices/ds4432u-model.ts";
import { DspicModel } from "./devices/dspic-model.ts";
import { buildEepromImage, eepromContentFor } from "./devices/eeprom-images.ts";
import { EepromModel } from "./devices/eeprom-model.ts";
import { Emc2101Model } from "./devices/emc2101-model.ts";
import { type I2cDevice, IDLE_BYTE } from "./devices/i2c-device.ts";
import { Pic16S9Model } from "./devices/pic16-s9-model.ts";
import { PsuModelI2c } from "./devices/psu-model-i2c.ts";
import { Tmp451Model } from "./devices/tmp451-model.ts";
import { Tps546Model } from "./devices/tps546-model.ts";
import type { FanModel } from "./fan-model.ts";
import type { SensorFault } from "./faults.ts";
import type { I2cNet } from "./i2c-net.ts";
import type { MachineBoardFacts, SensorFacts } from "./machine-boards.ts";
import { MidstateChip } from "./midstate-chip.ts";
import { type MachinePower, PicPower, PinPower, PsuPower, RegulatorPower } from "./power/machine-power.ts";
import { SensorModel } from "./sensor-model.ts";

/** Where a sensor sits: at the air inlet or outlet of the board, or in the chips. */
export type SensorPlace = "inlet" | "outlet" | "die";

export interface PlacedSensor {
  readonly place: SensorPlace;
  readonly model: { readonly address: number; update(temperatureC: number, fault: SensorFault): void };
  /** The part itself where it hangs on a chip's own bus. */
  readonly behindChip?: Tmp451Model;
}

export interface DeviceSurroundings {
  readonly machine: string;
  readonly board: MachineBoardFacts;
  readonly net: I2cNet;
  /** Numbers that the board's I2C addresses count with, one a chain. */
  readonly chainNumbers: readonly number[];
  readonly ambientC: number;
  isPlugged(chainIndex: number): boolean;
  sensorFault(chainIndex: number, sensor: number): SensorFault;
  readonly fans: FanModel;
  setFanDutyPct(dutyPct: number): void;
  /** After each transaction. */
  noteChanges(): void;
}

export interface WorldDevices {
  readonly power: MachinePower;
  /** By chain. */
  readonly sensors: readonly (readonly PlacedSensor[])[];
}

export function buildDevices(around: DeviceSurroundings): WorldDevices {
  const sensors = around.chainNumbers.map((_, chain) => buildSensors(around, chain));
  for (const [chain, number] of around.chainNumbers.entries()) attachEeprom(around, chain, number);
  return { power: buildPower(around, sensors), sensors };
}

function attachEeprom({ machine, net, isPlugged }: DeviceSurroundings, chain: number, number: number): void {
  const content = eepromContentFor(machine, chain);
  if (content === null) return;
  const device = new EepromModel(EEPROM_ADDRESS + number, buildEepromImage(content));
  net.attach("hashboards", { device, isPresent: () => isPlugged(chain) });
}

function buildPower(around: DeviceSurroundings, sensors: readonly (readonly PlacedSensor[])[]): MachinePower {
  const { net, chainNumbers, isPlugged, noteChanges: afterTransfer } = around;
  const { supply } = around.board;
  switch (supply.kind) {
    case "psu": {
      const psu = new PsuModelI2c({ protocol: "v1", type: supply.type, firmware: supply.firmware });
      net.attach("supply", { device: psu, isPresent: () => true, afterTransfer });
      if (!supply.hasDspic) return new PsuPower(psu, []);
      const dspics = chainNumbers.map((number, chain) => {
        const behind = around.board.sensors.kind === "dspic" ? (sensors[chain] ?? []) : [];
        const dspic = new DspicModel(
          DSPIC_ADDRESS + number,
          behind.map(({ model }) => model as SensorModel),
        );
        net.attach("hashboards", { device: dspic, isPresent: () => isPlugged(chain), afterTransfer });
        return dspic;
      });
      return new PsuPower(psu, dspics);
    }
    case "pic16":
      return new PicPower(
        chainNumbers.map((number, chain) => {
          const pic = new Pic16S9Model(PIC16_ADDRESS + number);
          net.attach("hashboards", { device: pic, isPresent: () => isPlugged(chain), afterTransfer });
          return pic;
        }),
      );
    case "tps546": {
      const tps546 = new Tps546Model();
      net.attach("hashboards", { device: tps546, isPresent: () => true, afterTransfer });
      return new RegulatorPower(tps546);
    }
    case "ds4432u": {
      const ds4432u = new Ds4432uModel();
      net.attach("hashboards", { device: ds4432u, isPresent: () => true, afterTransfer });
      // It trims a converter that has no switch: the chips have power as long as the board has.
      return new RegulatorPower({
        isOutputOn: true,
        get outputMv() {
          return ds4432u.outputMv();
        },
      });
    }
    case "pins":
      return new PinPower(EMBERONE_VOLTAGE_V);
  }
}

const EEPROM_ADDRESS = 0x50;
const DSPIC_ADDRESS = 0x20;
const PIC16_ADDRESS = 0x50;
/** Of its twelve chips in series; not published, our choice. */
const EMBERONE_VOLTAGE_V = 3.6;
const EMBERONE_LEFT = 0x4a;
const EMBERONE_RIGHT = 0x49;

function buildSensors(around: DeviceSurroundings, chain: number): readonly PlacedSensor[] {
  const { sensors } = around.board;
  const { ambientC } = around;
  switch (sensors.kind) {
    case "lm75":
      return (sensors.byChain[chain] ?? []).map((address, i) =>
        attachSensor(around, chain, i, i === 0 ? "inlet" : "outlet", new SensorModel(address, ambientC)),
      );
    case "dspic":
      // Behind the controller, so not on the bus itself.
      return sensors.slaves.map((address, i): PlacedSensor => {
        return { place: i < sensors.slaves.length / 2 ? "inlet" : "outlet", model: new SensorModel(address, ambientC) };
      });
    case "emc2101":
      return [attachEmc2101(around, chain)];
    case "emberone": {
      const right = new Tmp451Model(EMBERONE_RIGHT);
      around.net.attach("hashboards", { device: right, isPresent: () => around.sensorFault(chain, 1) !== "failed" });
      return [
        attachSensor(around, chain, 0, "outlet", new SensorModel(EMBERONE_LEFT, ambientC)),
        { place: "die", model: diodeOf(right) },
      ];
    }
    // Behind a chip, so not on the board's bus: `attachChipSensors` connects it once there are chips.
    case "chip": {
      const behindChip = new Tmp451Model(sensors.address);
      return [{ place: "outlet", model: localOf(behindChip), behindChip }];
    }
  }
}

/** The fan controller of a Bitaxe is its thermometer, too. */
function attachEmc2101(around: DeviceSurroundings, chain: number): PlacedSensor {
  const emc2101 = new Emc2101Model();
  const device: I2cDevice = {
    address: emc2101.address,
    transfer: (write, readLength) => {
      emc2101.rpm = around.fans.rpm(0);
      return emc2101.transfer(write, readLength);
    },
  };
  const isPresent = (): boolean => around.sensorFault(chain, 0) !== "failed";
  around.net.attach("hashboards", { device, isPresent, afterTransfer: () => around.setFanDutyPct(emc2101.dutyPct) });
  const update = (temperatureC: number, fault: SensorFault): void => {
    if (fault === "none") emc2101.externalC = temperatureC;
  };
  return { place: "die", model: { address: emc2101.address, update } };
}

/** The part's own temperature is that of the board around it. */
function localOf(sensor: Tmp451Model): PlacedSensor["model"] {
  const update = (temperatureC: number, fault: SensorFault): void => {
    sensor.isDead = fault === "failed";
    if (fault === "none") sensor.localC = temperatureC;
  };
  return { address: sensor.address, update };
}

/** Hangs the sensors that belong there on the I2C master of their chip. */
export function attachChipSensors(
  facts: SensorFacts,
  sensors: readonly PlacedSensor[],
  chips: readonly ChipModel[],
): void {
  const sensor = sensors[0]?.behindChip;
  if (facts.kind !== "chip" || sensor === undefined) return;
  const chip = chips[facts.chipIndex];
  if (!(chip instanceof MidstateChip)) return;
  chip.i2cDevice = {
    address: sensor.address,
    read: (register) => (sensor.isDead ? IDLE_BYTE : (sensor.transfer(Uint8Array.of(register), 1)[0] ?? IDLE_BYTE)),
    write: (register, value) => {
      if (!sensor.isDead) sensor.transfer(Uint8Array.of(register, value), 0);
    },
  };
}

/** EmberOne's diode reads 7 C more than the chip has. */
const DIODE_OFFSET_C = 7;

function diodeOf(sensor: Tmp451Model): PlacedSensor["model"] {
  const update = (temperatureC: number, fault: SensorFault): void => {
    if (fault === "none") sensor.remoteC = temperatureC + DIODE_OFFSET_C;
  };
  return { address: sensor.address, update };
}

function attachSensor(
  around: DeviceSurroundings,
  chain: number,
  sensor: number,
  place: SensorPlace,
  model: SensorModel & I2cDevice,
): PlacedSensor {
  const isPresent = (): boolean => around.isPlugged(chain) && around.sensorFault(chain, sensor) !== "failed";
  around.net.attach("hashboards", { device: model, isPresent });
  return { place, model };
}
