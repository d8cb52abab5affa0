/**
 * USB hobby boards: a control port and a port to the chips. Pin 0 holds the chips in reset when low; on an EmberOne pin 1
 * switches the chips' power and pin 2 their IO power, both high = on.
 */
import { HobbyControlModel } from "../hobby-control-model.ts";
import type { SerialLine } from "../serial-line.ts";
import { type SerialPortModel, unknownPin, type WiredWorld, type WirePin, type WorldPorts } from "./world-ports.ts";

const RESET_PIN = 0;
const CHIP_POWER_PIN = 1;
const IO_POWER_PIN = 2;
const USB_BAUD = 115_200;

export interface HobbyWiringOptions {
  readonly style: "v0" | "v1";
  /** True: pins 1 and 2 switch power (EmberOne). */
  readonly hasPowerPins: boolean;
  /** Builds the control port's line; what arrives goes to `receive`. */
  readonly makeLine: (receive: (chunk: Uint8Array) => void) => SerialLine;
}

export class HobbyWiring implements WorldPorts {
  readonly serialPorts: readonly SerialPortModel[];
  readonly busRoles = [] as const;

  constructor(world: WiredWorld, options: HobbyWiringOptions) {
    const levels = new Map<number, boolean>();
    const control = new HobbyControlModel(
      {
        i2c: (address, write, readLength) => world.i2c.transfer("hashboards", address, write, readLength),
        readPin: (pin) => levels.get(pin) ?? pin === RESET_PIN,
        setPin: (pin, isHigh) => {
          levels.set(pin, isHigh);
          if (pin === RESET_PIN) world.setReset(0, !isHigh);
          const isPowerPin = pin === CHIP_POWER_PIN || pin === IO_POWER_PIN;
          if (options.hasPowerPins && isPowerPin) {
            world.setPower(levels.get(CHIP_POWER_PIN) === true && levels.get(IO_POWER_PIN) === true);
          }
        },
        send: (bytes) => line.sendFromChips(bytes, bytes.length, USB_BAUD),
      },
      options.style,
    );
    const line = options.makeLine((chunk) => control.receive(chunk));
    const chips = world.chains[0];
    if (chips === undefined) throw new RangeError("a hobby board has one chain");
    this.serialPorts = [
      { path: "/dev/ttyACM0", line },
      { path: "/dev/ttyACM1", line: chips.line },
    ];
  }

  writePin(pin: WirePin): void {
    throw unknownPin("hobby board", pin);
  }

  readPin(pin: WirePin): boolean {
    throw unknownPin("hobby board", pin);
  }

  countEdges(pin: WirePin): number {
    throw unknownPin("hobby board", pin);
  }

  applyPwm(): void {
    throw new RangeError("the emulated hobby board has no PWM chip");
  }

  registers(): null {
    return null;
  }
}
