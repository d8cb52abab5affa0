/**
 * USB hobby boards as control boards: two serial ports, one for control, one for the chips. Regulator, fan controller and
 * sensors hang on the board's own I2C bus and belong to the drivers.
 */
import { type Clock, sleep } from "../clock.ts";
import type { ControlBoard, PowerSwitch } from "../control-board.ts";
import { KumpelError } from "../errors.ts";
import type { BoardPorts } from "../ports.ts";
import type { BoardSettings } from "./board-facts.ts";
import { HobbyControl } from "./hobby-control.ts";
import type { HobbyReplyStyle } from "./hobby-frames.ts";

export type HobbyBoardName = "bitaxe" | "emberone";

export interface HobbyBoardFacts {
  readonly name: HobbyBoardName;
  readonly label: string;
  readonly experimental: string | null;
  /** Low holds the chips in reset. */
  readonly resetPin: number;
  /** High = on, switched in this order and off in the opposite one; empty where the regulator switches. */
  readonly powerPins: readonly number[];
  /** USB strings by which the two ports are found. */
  readonly usb: { readonly manufacturer: string; readonly product: string } | { readonly id: string };
}

const POWER_PIN_SETTLE_MS = 5;
const CONTROL_BAUD = 115_200;
const I2C_FREQUENCY_HZ = 400_000;

export const HOBBY_BOARDS: Readonly<Record<HobbyBoardName, HobbyBoardFacts>> = {
  bitaxe: {
    name: "bitaxe",
    label: "Bitaxe with USB control firmware",
    experimental: null,
    resetPin: 0,
    powerPins: [],
    usb: { manufacturer: "OSMU", product: "Bitaxe" },
  },
  emberone: {
    name: "emberone",
    label: "EmberOne00",
    experimental: "public firmware has the board, but nobody has published how to mine with it",
    resetPin: 0,
    powerPins: [2, 1],
    usb: { id: "1209:256f" },
  },
};

export interface HobbyBoardOptions {
  readonly clock: Clock;
  readonly ports: BoardPorts;
  readonly facts: HobbyBoardFacts;
  readonly settings: BoardSettings;
  readonly controlPath: string;
  readonly chipsPath: string;
  readonly style: HobbyReplyStyle;
  readonly hints: { readonly experimental: string };
}

/** @throws KumpelError `OWNER_SETTING_NEEDED`, `UART_OPEN_FAILED`, `HOBBY_CONTROL_FAILED`. */
export async function openHobbyBoard(options: HobbyBoardOptions): Promise<ControlBoard> {
  const { clock, ports, facts, settings, controlPath, chipsPath, style, hints } = options;
  if (facts.experimental !== null && settings.isExperimentalAccepted !== true) {
    throw new KumpelError(
      "OWNER_SETTING_NEEDED",
      `Board "${facts.label}" is experimental: ${facts.experimental}; if you take that risk say so with ${hints.experimental}.`,
      { details: { board: facts.name } },
    );
  }
  const control = new HobbyControl({ clock, uart: await ports.openUart(controlPath, CONTROL_BAUD), style });
  await control.setPin(facts.resetPin, false);
  const power = facts.powerPins.length === 0 ? null : createPower(clock, control, facts.powerPins);
  await power?.setEnabled(false);
  await control.setI2cFrequencyHz(I2C_FREQUENCY_HZ);
  return {
    name: facts.name,
    unconfirmed: facts.experimental === null ? [] : [`${facts.label}: ${facts.experimental}`],
    chains: [
      {
        index: 0,
        number: 0,
        label: "chips",
        link: { kind: "uart", path: chipsPath, open: (baud) => ports.openUart(chipsPath, baud) },
        isPlugged: () => Promise.resolve(true),
        setReset: (asserted) => control.setPin(facts.resetPin, !asserted),
      },
    ],
    hashboardBus: control.bus,
    psuBus: null,
    fans: null,
    power,
    leds: { red: null, green: null },
    buttons: { recovery: null, ipReport: null },
    watchdog: null,
    onLost: (listener) => ports.onLost(listener),
    close: async () => {
      await control.close();
      await ports.close();
    },
  };
}

function createPower(clock: Clock, control: HobbyControl, pins: readonly number[]): PowerSwitch {
  return {
    setEnabled: async (enabled) => {
      for (const pin of enabled ? pins : [...pins].reverse()) {
        await control.setPin(pin, enabled);
        await sleep(clock, POWER_PIN_SETTLE_MS);
      }
    },
  };
}
