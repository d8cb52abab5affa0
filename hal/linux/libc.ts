/** The few C library calls that Node lacks: mapping device memory, ioctl on one integer, scheduling. Through koffi. */
import { loadAddon } from "./load-addon.ts";

export interface LibC {
  /**
   * Maps a part of an open file or device, shared, for reading and writing.
   * @returns its words, and the call that unmaps them: nothing may touch them afterwards.
   * @throws Error with the errno.
   */
  map(fd: number, offset: number, bytes: number): { readonly words: Int32Array; unmap(): void };
  /**
   * An ioctl whose argument is one `int`, handed in and read back.
   * @throws Error with the errno.
   */
  ioctlInt(fd: number, request: number, value: number): number;
  /**
   * How the kernel schedules the calling thread.
   * @throws Error with the errno.
   */
  setScheduler(policy: number, priority: number): void;
}

const PROT_READ_WRITE = 3;
const MAP_SHARED = 1;
const CALLING_THREAD = 0;
/** Mappings begin at a page; what does not is the error mark (all ones). */
const PAGE_MASK = 0xfffn;

/** @throws KumpelError `NATIVE_MODULE_MISSING`. */
export async function loadLibC(): Promise<LibC> {
  const { koffi, lib } = await loadAddon("koffi", async () => {
    const { default: loaded } = await import("koffi");
    return { koffi: loaded, lib: loaded.load("libc.so.6") };
  });
  const mmap = lib.func("void *mmap64(void *addr, size_t length, int prot, int flags, int fd, int64_t offset)");
  const munmap = lib.func("int munmap(void *addr, size_t length)");
  const ioctl = lib.func("int ioctl(int fd, unsigned long request, _Inout_ int *value)");
  // struct sched_param has one member, an int.
  const setScheduler = lib.func("int sched_setscheduler(int pid, int policy, const int *param)");
  const lastError = (call: string): Error => {
    const number = koffi.errno();
    const name = Object.entries(koffi.os.errno).find(([, value]) => value === number)?.[0] ?? `errno ${number}`;
    return Object.assign(new Error(`${call}: ${name}`), { code: name });
  };
  return {
    map: (fd, offset, bytes) => {
      const address = BigInt(mmap(null, bytes, PROT_READ_WRITE, MAP_SHARED, fd, offset));
      if (address === 0n || (address & PAGE_MASK) !== 0n) throw lastError("mmap");
      return { words: new Int32Array(koffi.view(address, bytes)), unmap: () => void munmap(address, bytes) };
    },
    ioctlInt: (fd, request, value) => {
      const argument = [value];
      if (ioctl(fd, request, argument) < 0) throw lastError("ioctl");
      return argument[0] ?? value;
    },
    setScheduler: (policy, priority) => {
      if (setScheduler(CALLING_THREAD, policy, [priority]) < 0) throw lastError("sched_setscheduler");
    },
  };
}
