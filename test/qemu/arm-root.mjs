// What every guest with a 32-bit ARM starts from: the C library, BusyBox, Node and Debian's kernel for such machines.
// Needs crossbuild-essential-armhf.
import path from "node:path";
import { nodeProgram } from "../../scripts/packages.mjs";
import { foreignPackage } from "./foreign-package.mjs";

const LIBRARIES = "/usr/arm-linux-gnueabihf/lib";
const LIBRARY_NAMES =
  "ld-linux-armhf.so.3 libc.so.6 libm.so.6 libdl.so.2 librt.so.1 libpthread.so.0 libgcc_s.so.1 libstdc++.so.6 libatomic.so.1 libresolv.so.2 libutil.so.1";

/** @param {import("./vm.mjs").GuestRoot} root */
export async function addArmPrograms(root) {
  for (const name of LIBRARY_NAMES.split(" ")) root.copy(path.join(LIBRARIES, name), `lib/${name}`);
  const busybox = await foreignPackage("armhf", "busybox-static");
  root.copy(path.join(busybox, "bin/busybox"), "bin/busybox");
  root.copyNode(await nodeProgram("armv7", "115"), "arm-linux-gnueabihf-strip");
}

/** @returns {Promise<string>} the folder with the files of the kernel's package */
export function armKernelFolder() {
  return foreignPackage("armhf", "linux-image-armmp", /^linux-image-[\d.-]+-armmp$/);
}
