/** Role `emulate`: the whole emulated world and, if asked for, the local pool, in a process of their own. */
import { runEmulatorChild } from "#hal/emulator/child.ts";
import { LocalPool } from "#hal/emulator/local-pool.ts";
import { SocketNetwork } from "#hal/linux/socket-network.ts";
import { SystemClock } from "#hal/linux/system-clock.ts";
import { SystemRandom } from "#hal/linux/system-random.ts";

export function runChild(): void {
  const clock = new SystemClock();
  const network = new SocketNetwork();
  const random = new SystemRandom();
  runEmulatorChild({
    clock,
    random,
    network,
    process,
    startPool: async ({ host, port, scale, startDifficulty }) => {
      const pool = new LocalPool({ network, clock, random, host, port, scale, startDifficulty });
      return { port: await pool.start(), stop: () => pool.stop(), counts: () => pool.counts() };
    },
  });
}
