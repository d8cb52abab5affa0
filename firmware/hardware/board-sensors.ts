/** The temperature sensors of one machine as things that can be read, whatever is between them and the host. */

import type { Emc2101 } from "#drivers/fan/emc2101.ts";
import type { SensorPlan } from "#drivers/hashboards/board-support.ts";
import { ChipBridgeBus, type ChipI2cPort } from "#drivers/sensor/chip-bridge.ts";
import { readLm75 } from "#drivers/sensor/lm75.ts";
import type { Reading } from "#drivers/sensor/reading.ts";
import { readTmp75 } from "#drivers/sensor/tmp75.ts";
import { Tmp451 } from "#drivers/sensor/tmp451.ts";
import type { DsPic } from "#drivers/voltage/dspic.ts";
import type { Clock } from "#hal/clock.ts";
import type { I2cBus } from "#hal/i2c.ts";

export interface BoardSensor {
  readonly chainIndex: number;
  /** `chain 0 inlet`, for messages. */
  readonly place: string;
  /** False while the way to the sensor is not up (it hangs on a chip); then nobody asks it. */
  isReadable(): boolean;
  read(signal: AbortSignal): Promise<Reading>;
}

export interface SensorParts {
  readonly clock: Clock;
  readonly bus: I2cBus;
  readonly chainCount: number;
  /** By chain index, where the boards have one. */
  readonly dspics: readonly (DsPic | null)[];
  readonly emc2101: Emc2101 | null;
  /** I2C master of a chip of a chain that runs; null while it does not. */
  bridge(chainIndex: number, chipIndex: number): ChipI2cPort | null;
}

const always = (): boolean => true;
/** EmberOne: addresses of its two sensors. */
const EMBERONE_TMP1075 = 0x4a;
const EMBERONE_TMP451 = 0x49;
const EMBERONE_REMOTE_OFFSET_C = -7;

export function createBoardSensors(plan: SensorPlan, parts: SensorParts): BoardSensor[] {
  const chains = Array.from({ length: parts.chainCount }, (_, chain) => chain);
  switch (plan.kind) {
    case "lm75":
      return chains.flatMap((chain) => lm75Pair(parts.bus, chain, plan.byChain[chain]));
    case "dspic":
      return chains.flatMap((chain) => behindDspic(parts, chain, plan.slaves));
    case "chipBridge":
      return chains.map((chain) => behindChip(parts, chain, plan.chipIndex, plan.address));
    case "emc2101": {
      const { emc2101 } = parts;
      if (emc2101 === null) return [];
      return [{ chainIndex: 0, place: "chip diode", isReadable: always, read: () => emc2101.readExternal() }];
    }
    case "emberone":
      return emberone(parts);
  }
}

function lm75Pair(bus: I2cBus, chainIndex: number, pair: { inlet: number; outlet: number } | undefined): BoardSensor[] {
  if (pair === undefined) return [];
  return [
    { chainIndex, place: `chain ${chainIndex} inlet`, isReadable: always, read: () => readLm75(bus, pair.inlet) },
    { chainIndex, place: `chain ${chainIndex} outlet`, isReadable: always, read: () => readLm75(bus, pair.outlet) },
  ];
}

function behindDspic({ dspics }: SensorParts, chainIndex: number, slaves: readonly number[]): BoardSensor[] {
  const dspic = dspics[chainIndex];
  if (dspic == null) return [];
  return slaves.map((slave, i): BoardSensor => {
    return {
      chainIndex,
      place: `chain ${chainIndex} sensor ${i + 1}`,
      isReadable: always,
      read: (signal) => dspic.readSensor(slave, signal),
    };
  });
}

/** A TMP451 class sensor on the I2C master of a chip, itself reached through the chain. */
function behindChip(parts: SensorParts, chainIndex: number, chipIndex: number, address: number): BoardSensor {
  const place = `chain ${chainIndex} chip ${chipIndex}`;
  let seen: { port: ChipI2cPort; sensor: Tmp451 } | null = null;
  return {
    chainIndex,
    place,
    isReadable: () => parts.bridge(chainIndex, chipIndex) !== null,
    read: (signal) => {
      const port = parts.bridge(chainIndex, chipIndex);
      if (port === null) return Promise.resolve({ kind: "failed", reason: `${place}: the chain is not up` });
      // A chain that was started anew has another port, and its sensor may have lost its range setting.
      if (seen?.port !== port) {
        const bus = new ChipBridgeBus({ clock: parts.clock, port, name: `I2C of ${place}` });
        seen = { port, sensor: new Tmp451({ clock: parts.clock, bus, address }) };
      }
      return seen.sensor.readLocal(signal);
    },
  };
}

function emberone({ clock, bus }: SensorParts): BoardSensor[] {
  const right = new Tmp451({ clock, bus, address: EMBERONE_TMP451, remoteOffsetC: EMBERONE_REMOTE_OFFSET_C });
  return [
    { chainIndex: 0, place: "left", isReadable: always, read: () => readTmp75(bus, EMBERONE_TMP1075) },
    { chainIndex: 0, place: "right", isReadable: always, read: (signal) => right.readRemote(signal) },
  ];
}
