/** The whole program as a bench starts it: three emulated S21 chains behind pseudo-terminals, and an outside pool. */
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import type { RunReport } from "#firmware/cli/run-report.ts";
import { LocalPool } from "#hal/emulator/local-pool.ts";
import { SocketNetwork } from "#hal/linux/socket-network.ts";
import { SystemClock } from "#hal/linux/system-clock.ts";
import { SystemRandom } from "#hal/linux/system-random.ts";
import { ROOT, type Started, start } from "../support/program.ts";

export const LOOPBACK = "127.0.0.1";
const CHIP_TICKET = 1e-6;
/** A quarter of the chips' ticket, so that they ease it: about 40 shares/s at 1,100 emulated hashes each. */
export const POOL_DIFFICULTY = CHIP_TICKET / 4;
const START_LIMIT_MS = 90_000;
/** Of the S21 that it mines with. */
const CHAINS = 3;
/** Blocks and difficulty come when the bench says so. */
const NEVER_MS = 1e9;
const PORT_LINE = /"port":(\d+),"msg":"own API listens"/;

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** As the board's own `kumpel` command starts Node, so that the benches measure what runs there. */
function boardStart(): { readonly options: readonly string[]; readonly env: Record<string, string> } {
  const file = path.join(ROOT, "buildroot/package/kumpel/kumpel");
  const script = fs.readFileSync(file, "utf8");
  const [, words] = /^exec \/usr\/bin\/node (--.*) \S+kumpel\.cjs "\$@"$/m.exec(script) ?? [];
  if (words === undefined)
    throw new Error(`${file} starts Node in a way that the benches do not know: mend boardStart`);
  const env = [...script.matchAll(/^export (\w+)=(\S+)$/gm)].map(([, name = "", value = ""]) => [name, value]);
  return { options: words.split(" "), env: Object.fromEntries(env) as Record<string, string> };
}

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

const running = new Set<Started>();
const folders: string[] = [];
for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(name, () => process.exit(1));
// However a bench ends, nothing of it is left.
process.once("exit", () => {
  for (const { pid } of running) killGroup(pid);
  for (const folder of folders) fs.rmSync(folder, { recursive: true, force: true });
});

function killGroup(pid: number): void {
  // 0: it never started.
  if (pid === 0) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // It has just ended by itself.
  }
}

/** Goes with the bench. */
export function benchFolder(): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "kumpel-bench-"));
  folders.push(folder);
  return folder;
}

/** For a bench's main function: a failure ends it, whatever is still open. */
export function failBench(error: unknown): never {
  console.error(error);
  process.exit(1);
}

/** Asks for the end, and takes it when that is late. */
export async function endGroup(started: Started): Promise<void> {
  started.child.kill("SIGTERM");
  await started.ended().catch(() => killGroup(started.pid));
}

/** Like `start`; a bench that is stopped stops it, too, with whatever it started. */
export function startOwn(...args: Parameters<typeof start>): Started {
  const started = start(...args);
  running.add(started);
  started.child.once("error", failBench);
  started.child.once("close", () => running.delete(started));
  return started;
}

export function startMiner(program: string, poolPort: number, reportFile: string): Started {
  const pool = `stratum+tcp://${LOOPBACK}:${poolPort}`;
  const options = ["--pool", pool, "--chip-ticket", String(CHIP_TICKET), "--http-port", "0", "--log-level", "info"];
  const board = boardStart();
  const words = [...board.options, program, "run", "--demo", ...options, "--report", reportFile];
  return startOwn(process.execPath, words, board.env);
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

/** Ends the miner and reads what it wrote. @throws Error when it did something else than it should: such figures are worth nothing. */
export async function reportOf(
  miner: Started,
  reportFile: string,
  atLeast: { readonly notifies: number; readonly shares: number },
): Promise<RunReport> {
  miner.child.kill("SIGTERM");
  const end = await miner.ended();
  if (end !== 0) throw new Error(`the program ended with ${end}\n${miner.stderr()}`);
  const report = JSON.parse(fs.readFileSync(reportFile, "utf8")) as RunReport;
  const { shares, nonces, pool } = report;
  const complaints = [
    pool.notifies < atLeast.notifies && `only ${pool.notifies} notifies`,
    shares.accepted < atLeast.shares && `only ${shares.accepted} shares accepted`,
    shares.rejected > 0 && `${shares.rejected} shares rejected`,
    nonces.hardware_errors > 0 && `${nonces.hardware_errors} hardware errors`,
    !report.end.hashboards_off && "the hashboards were left on",
  ].filter((complaint) => complaint !== false);
  if (complaints.length > 0) throw new Error(`the run is not sound: ${complaints.join(", ")}`);
  return report;
}
