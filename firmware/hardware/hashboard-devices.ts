/** Builds the drivers of what surrounds the chips, from the machine's row and the control board's buses. */
import { Emc2101 } from "#drivers/fan/emc2101.ts";
import type { BoardSupport } from "#drivers/hashboards/board-support.ts";
import { PowerTrain } from "#drivers/power/power-train.ts";
import { PowerSupply } from "#drivers/psu/power-supply.ts";
import type { CoreRegulator } from "#drivers/regulator/core-regulator.ts";
import { Ds4432u } from "#drivers/regulator/ds4432u.ts";
import { Tps546 } from "#drivers/regulator/tps546.ts";
import type { ChipI2cPort } from "#drivers/sensor/chip-bridge.ts";
import { DsPic } from "#drivers/voltage/dspic.ts";
import { Pic16S9 } from "#drivers/voltage/pic16-s9.ts";
import type { VoltageController } from "#drivers/voltage/voltage-controller.ts";
import type { Clock } from "#hal/clock.ts";
import type { ControlBoard, FanBank } from "#hal/control-board.ts";
import { KumpelError } from "#hal/errors.ts";
import { type BoardSensor, createBoardSensors } from "./board-sensors.ts";

/** Controllers count their addresses from here, by the connector's own number. */
const DSPIC_ADDRESS = 0x20;
const PIC16_ADDRESS = 0x50;

export interface HashboardDevices {
  readonly train: PowerTrain;
  readonly fans: FanBank;
  readonly sensors: readonly BoardSensor[];
  /** By chain index; null where the board has none. */
  readonly controllers: readonly (VoltageController | null)[];
  readonly supply: PowerSupply | null;
  readonly regulator: CoreRegulator | null;
  /** Checks and sets up what needs it before anything is read or driven. */
  start(): Promise<void>;
}

export interface DeviceOptions {
  readonly clock: Clock;
  readonly board: ControlBoard;
  readonly support: BoardSupport;
  /** Voltage that the boards work at, in mV; of no meaning where it is fixed. */
  readonly workMv: number;
  bridge(chainIndex: number, chipIndex: number): ChipI2cPort | null;
  onHeartbeatLost(chainIndex: number, error: unknown): void;
}

export function createHashboardDevices(options: DeviceOptions): HashboardDevices {
  const { clock, board, support, bridge, onHeartbeatLost } = options;
  const bus = board.hashboardBus;
  const emc2101 = support.sensors.kind === "emc2101" ? new Emc2101({ bus }) : null;
  const fans = board.fans ?? emc2101 ?? NO_FANS;
  const dspics = board.chains.map(({ number }) =>
    support.controller === "dspic" ? new DsPic({ clock, bus, address: DSPIC_ADDRESS + number }) : null,
  );
  const controllers: (VoltageController | null)[] = board.chains.map(({ number, index }) =>
    support.controller === "pic16-s9"
      ? new Pic16S9({ clock, bus, address: PIC16_ADDRESS + number })
      : (dspics[index] ?? null),
  );
  const supply = support.supply === "psu" ? createSupply(options) : null;
  const regulator = createRegulator(options);
  const train = new PowerTrain({
    clock,
    board,
    fans,
    plan: support.planFor(options.workMv),
    supply,
    psuTypes: support.psuTypes,
    controllers,
    regulator,
    onHeartbeatLost,
  });
  return {
    train,
    fans,
    controllers,
    supply,
    regulator,
    sensors: createBoardSensors(support.sensors, {
      clock,
      bus,
      chainCount: board.chains.length,
      dspics,
      emc2101,
      bridge,
    }),
    start: async () => {
      await emc2101?.start();
    },
  };
}

/** A board whose air comes from elsewhere (EmberOne): nothing to drive, nothing to watch. */
const NO_FANS: FanBank = {
  count: 0,
  setDutyPct: () => Promise.resolve(),
  readRpm: () => Promise.resolve([]),
};

function createSupply({ clock, board, support }: DeviceOptions): PowerSupply {
  if (board.psuBus === null) {
    throw new KumpelError(
      "PSU_FAILED",
      `Control board ${board.name} has no bus to a supply, but this machine's voltage is set there: check that board and machine belong together.`,
    );
  }
  // Below the chips' range is harmless, so only the upper bound is the board's; the supply's own range holds besides.
  const limitsMv = support.voltage === null ? undefined : ([0, support.voltage.hardMaxMv] as const);
  return new PowerSupply(
    limitsMv === undefined ? { clock, bus: board.psuBus } : { clock, bus: board.psuBus, limitsMv },
  );
}

function createRegulator({ board, support }: DeviceOptions): CoreRegulator | null {
  if (support.supply === "tps546") return new Tps546({ bus: board.hashboardBus });
  if (support.supply === "ds4432u") return new Ds4432u({ bus: board.hashboardBus });
  return null;
}
