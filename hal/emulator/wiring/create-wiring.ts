/** Which control board stands between a machine and its host. */
import type { Clock } from "#hal/clock.ts";
import { noChainFaults } from "../faults.ts";
import type { WiringKind } from "../machine-boards.ts";
import type { SeededRandom } from "../prng.ts";
import { SerialLine } from "../serial-line.ts";
import { AmlogicWiring } from "./amlogic-wiring.ts";
import { BeagleboneWiring } from "./beaglebone-wiring.ts";
import { HobbyWiring } from "./hobby-wiring.ts";
import { S9ioWiring } from "./s9io-wiring.ts";
import { VendorWiring } from "./vendor-wiring.ts";
import type { WiredWorld, WorldPorts } from "./world-ports.ts";

export interface WiringOptions {
  readonly clock: Clock;
  readonly random: SeededRandom;
  readonly minTimerMs?: number;
  readonly serialOrder?: readonly number[];
}

export function createWiring(world: WiredWorld, kind: WiringKind, options: WiringOptions): WorldPorts {
  switch (kind) {
    case "amlogic":
      return new AmlogicWiring(world, options.serialOrder);
    case "s9io":
      return new S9ioWiring(world);
    case "vendor":
      return new VendorWiring(world);
    case "beaglebone-vendor":
      return new BeagleboneWiring(world, "vendor");
    case "beaglebone-s19j-v2":
      return new BeagleboneWiring(world, "s19j-v2");
    case "bitaxe":
    case "emberone":
      return new HobbyWiring(world, {
        style: "v1",
        hasPowerPins: kind === "emberone",
        makeLine: (receive) => controlLine(options, receive),
      });
  }
}

/** The control port is a USB device: no rate, no noise. */
function controlLine(options: WiringOptions, receive: (chunk: Uint8Array) => void): SerialLine {
  return new SerialLine({
    clock: options.clock,
    random: options.random.fork("control port"),
    minTimerMs: options.minTimerMs ?? 0,
    faults: noChainFaults(),
    toChips: (chunk) => receive(chunk),
  });
}
