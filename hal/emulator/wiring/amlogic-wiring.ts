/**
 * Amlogic A113D board: everything hangs on the main pin bank. Lines (observed on a live S19k Pro, global numbers from 411):
 *
 *     26 supply enable, low = on | 28..30 plug, high = present | 43..45 reset, low = in reset
 *     36, 37 front tachometers | 38, 39 rear tachometers | 27, 42 LEDs | 34, 35 buttons
 *
 * PWM chip 0: channel 0 drives the rear fans, channel 1 the front fans.
 */
import { type SerialPortModel, unknownPin, type WiredWorld, type WirePin, type WorldPorts } from "./world-ports.ts";

const BANK = "periphs-banks";
const SUPPLY_ENABLE_N = 26;
const FIRST_PLUG = 28;
const FIRST_RESET = 43;
const FIRST_TACHO = 36;
const LEDS = [27, 42];
const BUTTONS = [34, 35];
const REAR_FANS = [2, 3];
const FRONT_FANS = [0, 1];
const SERIAL_PATHS = ["/dev/ttyS1", "/dev/ttyS2", "/dev/ttyS3"];

export class AmlogicWiring implements WorldPorts {
  readonly serialPorts: readonly SerialPortModel[];
  readonly busRoles = ["hashboards", "supply"] as const;
  readonly #world: WiredWorld;

  /** @param serialOrder connector of each serial device; sources contradict each other about it. */
  constructor(world: WiredWorld, serialOrder: readonly number[] = [0, 1, 2]) {
    this.#world = world;
    this.serialPorts = SERIAL_PATHS.flatMap((path, i) => {
      const line = world.chains[serialOrder[i] ?? i]?.line;
      return line === undefined ? [] : [{ path, line }];
    });
  }

  writePin(pin: WirePin, isHigh: boolean): void {
    const line = this.#line(pin);
    if (line === SUPPLY_ENABLE_N) this.#world.setPower(!isHigh);
    else if (line >= FIRST_RESET && line < FIRST_RESET + 3) this.#world.setReset(line - FIRST_RESET, !isHigh);
    else if (!LEDS.includes(line)) throw unknownPin("Amlogic board", pin);
  }

  readPin(pin: WirePin): boolean {
    const line = this.#line(pin);
    if (line >= FIRST_PLUG && line < FIRST_PLUG + 3) return this.#world.isPlugged(line - FIRST_PLUG);
    // Nobody presses a button; they are low when pressed.
    if (BUTTONS.includes(line)) return true;
    throw unknownPin("Amlogic board", pin);
  }

  countEdges(pin: WirePin): number {
    const fan = this.#line(pin) - FIRST_TACHO;
    if (fan < 0 || fan > 3) throw unknownPin("Amlogic board", pin);
    return this.#world.fans.edges(fan);
  }

  applyPwm(_chip: number, channel: number, dutyShare: number): void {
    this.#world.setFanDutyPct(100 * dutyShare, channel === 0 ? REAR_FANS : FRONT_FANS);
  }

  registers(): null {
    return null;
  }

  #line({ label, line }: WirePin): number {
    if (label !== BANK) throw unknownPin("Amlogic board", { label, line });
    return line;
  }
}
