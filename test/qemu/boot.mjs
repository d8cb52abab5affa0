// node test/qemu/boot.mjs: a 32-bit ARM machine of QEMU boots Debian's own kernel with the image's init scripts, supervisor and
// bundle, and mines on emulated chips whose chains are that kernel's pseudo-terminals. Measures the time to the first share and
// the memory of the firmware there. Needs npm run build -- --target armv7, qemu-system-arm, cpio and crossbuild-essential-armhf.
import fs from "node:fs";
import path from "node:path";
import { ROOT } from "../../scripts/setup.mjs";
import { addArmPrograms, armKernelFolder } from "./arm-root.mjs";
import { installPackage } from "./package-install.mjs";
import { GuestRoot, INIT_START, kernelOf, Vm } from "./vm.mjs";

const LIMIT_MS = 840_000;
/** Resident memory of the firmware's process while it mines an S21 on a board of 256 MB. */
const MEMORY_MAX_MIB = 96;

/** Mines for a minute after the first share and after the management plane came up, tells the memory, stops in order. */
const INIT = `${INIT_START}syslogd -C1024
export KUMPEL_PROGRAM=/usr/bin/kumpel-demo
for script in /etc/init.d/S*; do sh "$script" start; done
echo "INIT DONE $(cut -d' ' -f1 /proc/uptime)"
(logread -f | grep kumpel) &
until logread | grep -qE ' [1-9][0-9]* accepted'; do sleep 2; done
echo "SHARE $(cut -d' ' -f1 /proc/uptime)"
until logread | grep -q 'own API listens'; do sleep 2; done
echo "API $(cut -d' ' -f1 /proc/uptime)"
sleep 60
for status in /proc/[0-9]*/status; do
  words=$(tr '\\0' ' ' < \${status%/status}/cmdline)
  case "$words" in
    *kumpel.cjs*) echo "PROCESS $(grep VmRSS $status | tr -s ' \\t' ' ') $words" ;;
  esac
done
logread | grep accepted | tail -n 1 | sed 's/^/LAST /'
sh /etc/init.d/S90kumpel stop
echo END
sleep 5
poweroff -f
`;

/** @param {GuestRoot} root */
async function fill(root) {
  const released = path.join(ROOT, "dist/armv7");
  if (!fs.existsSync(path.join(released, "kumpel.cjs"))) throw new Error("no bundle: npm run build -- --target armv7");
  await addArmPrograms(root);
  installPackage(released, root.folder);
  // Nobody answers here: it would wait for its twenty seconds.
  fs.rmSync(path.join(root.folder, "etc/init.d/S45ntpd"));
  root.write("etc/kumpel.conf", "BOARD=qemu-virt\nDATA_DEVICE=\n");
  // What the board's own script would do is the board's; here it tells that it ran.
  root.write("usr/lib/kumpel/safe.sh", 'echo "SAFE $(cut -d" " -f1 /proc/uptime)" > /dev/console\n');
  // The demo's emulated S21 and built-in pool, under the same supervisor. 43 hashes a nonce instead of 1,024: the chips
  // share the emulated processor with the firmware, which stops in order when its heat control does not get its turns.
  root.write("usr/bin/kumpel-demo", '#!/bin/sh\nexec /usr/bin/kumpel "$@" --demo --chip-ticket 1e-8\n');
  root.makeFolder("data");
  root.write("init", INIT);
}

/** @param {string} text the console's */
function figuresOf(text) {
  const memory = [...text.matchAll(/PROCESS VmRSS: (\d+) kB (.*kumpel\.cjs (\w*).*)/g)].map(([, kib, , role]) => ({
    role,
    mib: Number(kib) / 1024,
  }));
  return {
    memory,
    firmwareMib: memory.find(({ role }) => role === "run")?.mib ?? Number.NaN,
    shareS: Number(/SHARE ([\d.]+)/.exec(text)?.[1]),
    apiS: Number(/API ([\d.]+)/.exec(text)?.[1]),
    startedS: Number(/INIT DONE ([\d.]+)/.exec(text)?.[1]),
    safesS: [...text.matchAll(/SAFE ([\d.]+)/g)].map(([, at]) => Number(at)),
    accepted: Number(/LAST .* (\d+) accepted/.exec(text)?.[1]),
  };
}

/** @param {string} text @param {ReturnType<typeof figuresOf>} figures */
function problemsOf(text, { firmwareMib, shareS, startedS, safesS }) {
  return [
    !(shareS > 0) && "no share was accepted",
    !(safesS.length >= 2) && `the board was made safe ${safesS.length} times, not at the start and at the end`,
    !((safesS[0] ?? Number.POSITIVE_INFINITY) < startedS) && "the board was not made safe before anything else",
    !(/Stopping kumpel: [\s\S]*^OK/m.test(text) && !/ended by force/.test(text)) &&
      "the firmware did not stop within its time",
    !(firmwareMib <= MEMORY_MAX_MIB) && `the firmware takes ${firmwareMib.toFixed(1)} MiB, more than ${MEMORY_MAX_MIB}`,
  ].filter((problem) => problem !== false);
}

const root = new GuestRoot();
try {
  const kernel = kernelOf(await armKernelFolder());
  await fill(root);
  const packed = root.pack();
  const machine = [
    "-M",
    "virt,highmem=off",
    "-cpu",
    "cortex-a15",
    // Time is what the machine has done: 500 million instructions a second on one core, whatever this host can do.
    "-icount",
    "shift=1,sleep=off",
    "-smp",
    "1",
    "-m",
    "512",
    "-nographic",
    "-nic",
    "none",
  ];
  const start = ["-no-reboot", "-kernel", kernel, "-initrd", packed, "-append", "console=ttyAMA0 panic=1 quiet"];
  const vm = new Vm("qemu-system-arm", [...machine, ...start]);
  await vm.seen(/^END/m, LIMIT_MS);
  await vm.kill();
  const figures = figuresOf(vm.text);
  const problems = problemsOf(vm.text, figures);
  const { shareS, apiS, startedS, accepted, memory } = figures;
  const sizeMib = (fs.statSync(packed).size / 2 ** 20).toFixed(1);
  console.log(
    `${problems.length === 0 ? "ok" : "FAILED"} boot: first share ${shareS.toFixed(0)} s after power-on (init done after ${startedS.toFixed(0)} s, own API ${apiS.toFixed(0)} s), ${accepted} accepted in the end, root ${sizeMib} MiB`,
  );
  console.log(`ok memory: ${memory.map(({ role, mib }) => `${role} ${mib.toFixed(1)} MiB`).join(", ")}`);
  for (const problem of problems) console.log(`PROBLEM: ${problem}`);
  if (problems.length > 0) console.log(vm.text.slice(-20_000));
  process.exitCode = problems.length === 0 ? 0 : 1;
} finally {
  root.remove();
}
