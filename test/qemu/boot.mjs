// node test/qemu/boot.mjs: a 32-bit ARM machine of QEMU boots Debian's own kernel with the image's init scripts, supervisor and
// bundle, and mines on emulated chips whose chains are that kernel's pseudo-terminals. Measures the time to the first share and
// the memory of the firmware there. Needs npm run build -- --target armv7, qemu-system-arm and crossbuild-essential-armhf.
import { execFileSync, spawn } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { nodeProgram } from "../../scripts/packages.mjs";
import { ROOT } from "../../scripts/setup.mjs";
import { foreignPackage } from "./foreign-package.mjs";

const LIBRARIES = "/usr/arm-linux-gnueabihf/lib";
const LIBRARY_NAMES =
  "ld-linux-armhf.so.3 libc.so.6 libm.so.6 libdl.so.2 librt.so.1 libpthread.so.0 libgcc_s.so.1 libstdc++.so.6 libatomic.so.1 libresolv.so.2 libutil.so.1";
const LIMIT_MS = 900_000;
/** Resident memory of the firmware's process while it mines an S21 on a board of 256 MB. */
const MEMORY_MAX_MIB = 96;

const work = fs.mkdtempSync(path.join(os.tmpdir(), "kumpel-qemu-"));

/** @param {string} from @param {string} to @param {number} [mode] */
function copy(from, to, mode = 0o755) {
  const full = path.join(work, "root", to);
  fs.mkdirSync(path.dirname(full), { recursive: true });
  fs.copyFileSync(fs.realpathSync(from), full);
  fs.chmodSync(full, mode);
}

/** @param {string} to @param {string} text @param {number} [mode] */
function write(to, text, mode = 0o755) {
  const full = path.join(work, "root", to);
  fs.mkdirSync(path.dirname(full), { recursive: true });
  fs.writeFileSync(full, text, { mode });
}

const INIT = `#!/bin/busybox sh
/bin/busybox mkdir -p /proc /sys /dev /tmp /run /var /data /etc
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t sysfs sysfs /sys
/bin/busybox mount -t devtmpfs devtmpfs /dev
/bin/busybox mkdir -p /dev/pts
/bin/busybox mount -t devpts devpts /dev/pts
/bin/busybox mount -t tmpfs tmpfs /run
/bin/busybox ln -s /run /var/run
/bin/busybox --install -s /bin
export PATH=/usr/sbin:/usr/bin:/bin HOME=/tmp
ifconfig lo 127.0.0.1 up
syslogd -C256
export KUMPEL_PROGRAM=/usr/bin/kumpel-demo
for script in /etc/init.d/S*; do sh "$script" start; done
echo "INIT DONE $(cut -d' ' -f1 /proc/uptime)"
seconds=0
while [ $seconds -lt 800 ]; do
  sleep 5
  seconds=$((seconds + 5))
  logread | grep -E 'accepted|chain state|kumpel: ' | tail -n 1
  share=$(logread | grep -cE ' [1-9][0-9]* accepted')
  [ "$share" -gt 0 ] && [ -z "$told" ] && { told=$seconds; echo "SHARE $(cut -d' ' -f1 /proc/uptime)"; }
  [ -n "$told" ] && [ $seconds -ge $((told + 60)) ] && break
done
for status in /proc/[0-9]*/status; do
  folder=\${status%/status}
  words=$(tr '\\0' ' ' < $folder/cmdline)
  case "$words" in
    *kumpel.cjs*) echo "PROCESS $(grep VmRSS $status | tr -s ' \\t' ' ') $words" ;;
  esac
done
logread | grep accepted | tail -n 1 | sed 's/^/LAST /'
sh /etc/init.d/S90kumpel stop
logread | tail -n 5
echo END
poweroff -f
`;

/** The root of the machine, packed for the kernel. */
async function packRoot() {
  const tree = path.join(ROOT, "buildroot/package/kumpel");
  const released = path.join(ROOT, "dist/armv7");
  if (!fs.existsSync(path.join(released, "kumpel.cjs"))) throw new Error("no bundle: npm run build -- --target armv7");
  for (const name of LIBRARY_NAMES.split(" ")) copy(path.join(LIBRARIES, name), `lib/${name}`);
  const busybox = await foreignPackage("armhf", "busybox-static");
  copy(path.join(busybox, "bin/busybox"), "bin/busybox");
  copy(await nodeProgram("armv7", "115"), "usr/bin/node");
  execFileSync("arm-linux-gnueabihf-strip", [path.join(work, "root/usr/bin/node")]);
  fs.cpSync(released, path.join(work, "root/usr/lib/kumpel"), { recursive: true });
  copy(path.join(tree, "kumpel"), "usr/bin/kumpel");
  copy(path.join(tree, "kumpel-supervise"), "usr/sbin/kumpel-supervise");
  for (const name of ["S01safe", "S02data", "S90kumpel"]) copy(path.join(tree, name), `etc/init.d/${name}`);
  write("etc/kumpel.conf", "BOARD=qemu-virt\nDATA_DEVICE=\n");
  // What the board's own script would do is the board's; here it tells that it ran.
  write("usr/lib/kumpel/safe.sh", 'echo "SAFE $(cut -d" " -f1 /proc/uptime)" > /dev/console\n');
  // The demo's emulated S21 and built-in pool, under the same supervisor.
  write("usr/bin/kumpel-demo", '#!/bin/sh\nexec /usr/bin/kumpel "$@" --demo\n');
  fs.mkdirSync(path.join(work, "root/data"), { recursive: true });
  write("init", INIT);
  execFileSync("sh", ["-c", "find . | cpio --quiet -o -H newc -R 0:0 | gzip -1 > ../root.cpio.gz"], {
    cwd: path.join(work, "root"),
  });
  return path.join(work, "root.cpio.gz");
}

/** @returns {Promise<string>} everything on the console; @param {string} kernel @param {string} root */
function boot(kernel, root) {
  const args = [
    "-M",
    "virt,highmem=off",
    "-cpu",
    "cortex-a15",
    "-smp",
    "2",
    "-m",
    "512",
    "-nographic",
    "-no-reboot",
    "-nic",
    "none",
  ];
  const child = spawn(
    "qemu-system-arm",
    [...args, "-kernel", kernel, "-initrd", root, "-append", "console=ttyAMA0 panic=1 quiet"],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  let text = "";
  return new Promise((resolve) => {
    const timer = setTimeout(() => child.kill("SIGKILL"), LIMIT_MS);
    child.stdout.on("data", (chunk) => {
      text += chunk;
      process.stderr.write(chunk);
    });
    child.on("close", () => {
      clearTimeout(timer);
      resolve(text);
    });
  });
}

async function main() {
  const kernelPackage = await foreignPackage("armhf", "linux-image-armmp", /^linux-image-[\d.-]+-armmp$/);
  const kernel = path.join(
    kernelPackage,
    "boot",
    fs.readdirSync(path.join(kernelPackage, "boot")).find((name) => name.startsWith("vmlinuz")) ?? "",
  );
  const text = await boot(kernel, await packRoot());
  const seconds = Number(/SHARE ([\d.]+)/.exec(text)?.[1]);
  const memory = [...text.matchAll(/PROCESS VmRSS: (\d+) kB (.*kumpel\.cjs (\w*).*)/g)].map(([, kib, , role]) => ({
    role,
    mib: Number(kib) / 1024,
  }));
  const firmware = memory.find(({ role }) => role === "run")?.mib ?? Number.NaN;
  const safes = [...text.matchAll(/SAFE ([\d.]+)/g)].map(([, at]) => Number(at));
  const started = Number(/INIT DONE ([\d.]+)/.exec(text)?.[1]);
  const problems = [
    !(seconds > 0) && "no share was accepted",
    !(safes.length >= 2) && `the board was made safe ${safes.length} times, not at the start and at the end`,
    !((safes[0] ?? Number.POSITIVE_INFINITY) < started) && "the board was not made safe before anything else",
    !/Stopping kumpel: OK/.test(text) && "the firmware did not stop in an orderly way",
    !(firmware <= MEMORY_MAX_MIB) && `the firmware takes ${firmware.toFixed(0)} MiB, more than ${MEMORY_MAX_MIB}`,
  ].filter((problem) => problem !== false);
  const sizes = ["root.cpio.gz"].map((name) => `${(fs.statSync(path.join(work, name)).size / 2 ** 20).toFixed(1)} MiB`);
  console.log(
    `ok boot: first share ${seconds.toFixed(0)} s after power-on (init done after ${started.toFixed(0)} s), root ${sizes[0]}`,
  );
  console.log(`ok memory: ${memory.map(({ role, mib }) => `${role} ${mib.toFixed(0)} MiB`).join(", ")}`);
  for (const problem of problems) console.log(`PROBLEM: ${problem}`);
  process.exitCode = problems.length === 0 ? 0 : 1;
}

try {
  await main();
} finally {
  fs.rmSync(work, { recursive: true, force: true });
}
