/** The whole program as a bench starts it: three emulated S21 chains behind pseudo-terminals, and an outside pool. */
import { LocalPool } from "#hal/emulator/local-pool.ts";
import { SocketNetwork } from "#hal/linux/socket-network.ts";
import { SystemClock } from "#hal/linux/system-clock.ts";
import { SystemRandom } from "#hal/linux/system-random.ts";
import { type Started, start } from "../support/program.ts";

export const LOOPBACK = "127.0.0.1";
export const CHIP_TICKET = 1e-6;
const START_LIMIT_MS = 90_000;
/** Of the S21 that it mines with. */
const CHAINS = 3;
/** Blocks and difficulty come when the bench says so. */
const NEVER_MS = 1e9;
const PORT_LINE = /"port":(\d+),"msg":"own API listens"/;

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Pool on real sockets whose jobs the bench makes itself. */
export function createPool(): LocalPool {
  return new LocalPool({
    network: new SocketNetwork(),
    clock: new SystemClock(),
    random: new SystemRandom(),
    host: LOOPBACK,
    port: 0,
    scale: 1,
    blockIntervalMs: NEVER_MS,
    sharesPerSecond: 0,
    startDifficulty: CHIP_TICKET,
  });
}

export function startMiner(program: string, poolPort: number, reportFile: string): Started {
  const pool = `stratum+tcp://${LOOPBACK}:${poolPort}`;
  const options = ["--pool", pool, "--chip-ticket", String(CHIP_TICKET), "--http-port", "0", "--log-level", "info"];
  return start(process.execPath, [program, "run", "--demo", ...options, "--report", reportFile]);
}

/** Of the program's own API. */
export function portOf(miner: Started): string {
  return PORT_LINE.exec(miner.stderr())?.[1] ?? "";
}

/** From the log, since a plane that is ended again and again may not be there to ask. */
export async function untilAllHash(miner: Started): Promise<void> {
  await miner.seen(PORT_LINE);
  for (let chain = 0; chain < CHAINS; chain++)
    await miner.seen(new RegExp(`"chain":${chain},"from":"\\w+","to":"hashing"`), START_LIMIT_MS);
}
