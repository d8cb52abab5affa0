/** The program that the child test bundles and forks: the emulator's role alone, with the system's clock. */
import { runEmulatorChild } from "../../../hal/emulator/child.ts";
import { SeededRandom } from "../../../hal/emulator/prng.ts";
import { SocketNetwork } from "../../../hal/linux/socket-network.ts";
import { SystemClock } from "../../../hal/linux/system-clock.ts";

runEmulatorChild({
  clock: new SystemClock(),
  random: new SeededRandom(1),
  network: new SocketNetwork(),
  process,
  startPool: (options) =>
    Promise.resolve({ port: options.port, stop: () => Promise.resolve(), counts: () => ({ shares: 3 }) }),
});
