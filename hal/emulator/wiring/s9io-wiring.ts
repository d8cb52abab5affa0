/**
 * Zynq XC7Z010 of the S9 with the open FPGA core. AXI GPIO outputs at 0x41210000: reset of connector Jn on bit n + 3, low =
 * reset (J6 to J8: bits 9 to 11). Inputs at 0x41200000: plug of Jn on bit n - 1. Fan block: percent at 0x10, revolutions
 * per second from 0x00.
 */
import type { RegisterBlock } from "#hal/registers.ts";
import { SimpleRegisters } from "./simple-registers.ts";
import { unknownPin, type WiredWorld, type WirePin, type WorldPorts } from "./world-ports.ts";

const OUTPUTS = "41210000.gpio";
const INPUTS = "41200000.gpio";
const PROCESSOR = "zynq_gpio";
const FIRST_CONNECTOR = 6;
const FAN_DUTY = 0x10;

export class S9ioWiring implements WorldPorts {
  readonly serialPorts = [];
  readonly busRoles = ["hashboards"] as const;
  readonly #world: WiredWorld;
  readonly #fanBlock: RegisterBlock;

  constructor(world: WiredWorld) {
    this.#world = world;
    this.#fanBlock = new SimpleRegisters("fan-control", {
      read: (offset) => (offset === FAN_DUTY ? world.fans.dutyPct : Math.floor(world.fans.rpm(offset / 4) / 60)),
      write: (offset, value) => {
        if (offset === FAN_DUTY) world.setFanDutyPct(value);
      },
    });
  }

  writePin(pin: WirePin, isHigh: boolean): void {
    if (pin.label === PROCESSOR) return;
    const chain = pin.line - 3 - FIRST_CONNECTOR;
    if (pin.label !== OUTPUTS || chain < 0 || chain >= this.#world.chains.length) throw unknownPin("S9 board", pin);
    this.#world.setReset(chain, !isHigh);
  }

  readPin(pin: WirePin): boolean {
    if (pin.label === PROCESSOR) return true;
    const chain = pin.line + 1 - FIRST_CONNECTOR;
    if (pin.label !== INPUTS || chain < 0 || chain >= this.#world.chains.length) throw unknownPin("S9 board", pin);
    return this.#world.isPlugged(chain);
  }

  countEdges(pin: WirePin): number {
    throw unknownPin("S9 board", pin);
  }

  applyPwm(): void {
    throw new RangeError("the emulated S9 board has no PWM chip");
  }

  registers(name: string): RegisterBlock | null {
    return name === "fan-control" ? this.#fanBlock : this.#world.fpgaBlock(name);
  }
}
