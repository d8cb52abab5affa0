/**
 * BeagleBone boards in their two wirings; global pin n is line n mod 32 of controller n / 32. Supply enable is taken as
 * low = on (no source says it), plug pins as high = present.
 */
import { type SerialPortModel, unknownPin, type WiredWorld, type WirePin, type WorldPorts } from "./world-ports.ts";

const CONTROLLERS = ["44e07000.gpio", "4804c000.gpio", "481ac000.gpio", "481ae000.gpio"];
const SERIAL_PATHS = ["/dev/ttyO1", "/dev/ttyO2", "/dev/ttyO4"];
const PLUGS = [51, 48, 47];
const TACHOS = [7, 20, 110, 112];
const LEDS = [23, 45];

export type BeagleboneVariant = "vendor" | "s19j-v2";

const VARIANTS: Readonly<Record<BeagleboneVariant, { supplyEnable: number; resets: readonly number[] }>> = {
  vendor: { supplyEnable: 65, resets: [5, 4, 27] },
  "s19j-v2": { supplyEnable: 59, resets: [49, 60, 27] },
};

export class BeagleboneWiring implements WorldPorts {
  readonly serialPorts: readonly SerialPortModel[];
  readonly busRoles = ["hashboards", "supply"] as const;
  readonly #world: WiredWorld;
  readonly #variant: (typeof VARIANTS)[BeagleboneVariant];

  constructor(world: WiredWorld, variant: BeagleboneVariant) {
    this.#world = world;
    this.#variant = VARIANTS[variant];
    this.serialPorts = world.chains.map(({ line }, i) => {
      return { path: SERIAL_PATHS[i] ?? `/dev/ttyO${i}`, line };
    });
  }

  writePin(pin: WirePin, isHigh: boolean): void {
    const number = globalNumber(pin);
    const reset = this.#variant.resets.indexOf(number);
    if (number === this.#variant.supplyEnable) this.#world.setPower(!isHigh);
    else if (reset >= 0) this.#world.setReset(reset, !isHigh);
    else if (!LEDS.includes(number)) throw unknownPin("BeagleBone", pin);
  }

  readPin(pin: WirePin): boolean {
    const plug = PLUGS.indexOf(globalNumber(pin));
    if (plug < 0) throw unknownPin("BeagleBone", pin);
    return this.#world.isPlugged(plug);
  }

  countEdges(pin: WirePin): number {
    const fan = TACHOS.indexOf(globalNumber(pin));
    if (fan < 0) throw unknownPin("BeagleBone", pin);
    return this.#world.fans.edges(fan);
  }

  applyPwm(_chip: number, _channel: number, dutyShare: number): void {
    this.#world.setFanDutyPct(100 * dutyShare);
  }

  registers(): null {
    return null;
  }
}

function globalNumber({ label, line }: WirePin): number {
  return 32 * CONTROLLERS.indexOf(label) + line;
}
