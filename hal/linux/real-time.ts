/**
 * Puts the thread that mines before everything else on the machine. Work waits behind another program's turn otherwise:
 * kernels of the year 2025 let a program of the lowest priority finish its 4 ms before one that has just got something
 * to do. Control of heat and the watchdog run in the same thread.
 */
import { loadLibC } from "./libc.ts";

/** sched(7): SCHED_RR, and that nothing that this thread starts inherits it: worker, chip emulator, updater. */
const SCHED_RR = 2;
const SCHED_RESET_ON_FORK = 0x4000_0000;
/** The lowest of 99: before all programs, behind whatever of the kernel is a real-time thread itself. */
const PRIORITY = 1;

/**
 * For the calling thread. The kernel keeps a twentieth of each second for the others, whatever this thread does: by its limit for
 * real-time threads (sched_rt_runtime_us), since Linux 6.12 by the server of fair tasks.
 * @throws KumpelError `NATIVE_MODULE_MISSING`, Error with the errno: EPERM without the right to (CAP_SYS_NICE).
 */
export async function makeRealTime(): Promise<void> {
  const libC = await loadLibC();
  libC.setScheduler(SCHED_RR | SCHED_RESET_ON_FORK, PRIORITY);
}
