// node test/qemu/hardware.mjs: a PC of QEMU with Debian's stock kernel, in which the code that drives boards meets the
// kernel's own devices: GPIO lines by onoff, an I2C bus by i2c-bus, a watchdog that really resets, and serial devices behind
// which the emulated chips are. Each check is a line; the last line counts them. Needs qemu-system-x86, kmod, cpio and gcc.
import { spawn } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { bundle } from "../../scripts/build.mjs";
import { ROOT } from "../../scripts/setup.mjs";
import { foreignPackage } from "./foreign-package.mjs";
import { gpioSimModule } from "./gpio-sim.mjs";
import { tell, tellCounts, tellGuestChecks } from "./verdicts.mjs";
import { addModules, GuestRoot, INIT_START, kernelOf, LOAD_MODULES, Vm } from "./vm.mjs";

const MACHINE = "bitaxe-gamma";
const BOOT_MS = 120_000;
const HIL_MS = 420_000;
const MODULES = ["virtio_pci", "virtio_console", "i2c-dev", "configfs", "i6300esb"];
const WATCHDOG = ["-device", "i6300esb", "-action", "watchdog=reset"];

const TARGET = `allow_energising = true
[machine]
hashboard = "${MACHINE}"
control_board = "bitaxe"
chain_uarts = ["/dev/ttyS1", "/dev/hvc0"]
[limits]
mining_s = 20
`;

/** What the second part of each init is. */
const TASKS = {
  checks: `insmod /modules/gpio-sim.ko && insmod /modules/i2c-stub.ko chip_addr=0x48,0x4c
mount -t configfs configfs /sys/kernel/config
mkdir -p /sys/kernel/config/gpio-sim/hash/bank0
echo 16 > /sys/kernel/config/gpio-sim/hash/bank0/num_lines
echo 1 > /sys/kernel/config/gpio-sim/hash/live
node /app/guest-hardware.cjs checks 2>&1
poweroff -f
`,
  watchdog: `echo "BOOTED $(cut -d' ' -f1 /proc/uptime)"
KUMPEL_SAFE=/usr/lib/kumpel/safe.sh sh /etc/init.d/S01safe start
node /app/guest-hardware.cjs hang 2>&1
sleep 60
poweroff -f
`,
  hil: `stty -F /dev/ttyS1 raw -echo; stty -F /dev/hvc0 raw -echo
cd /tmp
node /app/kumpel.cjs hil --target /app/target.toml --suite full --emulated-chips --verbose 2>&1
echo "HIL ENDED $?"
node /app/kumpel.cjs run --hashboard ${MACHINE} --board bitaxe --chain-uarts /dev/ttyS1,/dev/hvc0 --emulated-chips --http-port 0 --for 40s --report - 2>/dev/null
echo "RUN ENDED $?"
poweroff -f
`,
};

/** @param {GuestRoot} root @param {string} program */
async function addProgram(root, program) {
  const busybox = await foreignPackage("amd64", "busybox-static");
  root.copy(path.join(busybox, "bin/busybox"), "bin/busybox");
  root.copyThisNode();
  await bundle({ outDir: program });
  await bundle({ outDir: program, entry: "test/qemu/guest-hardware.ts" });
  root.copyFolder(program, "app");
  root.write("app/target.toml", TARGET, 0o644);
  root.copy(path.join(ROOT, "buildroot/package/kumpel/S01safe"), "etc/init.d/S01safe");
  root.write("usr/lib/kumpel/safe.sh", 'echo "SAFE $(cut -d" " -f1 /proc/uptime)" > /dev/console\n');
}

/** @param {GuestRoot} root @param {string} kernelFolder */
async function addKernelParts(root, kernelFolder) {
  addModules(root, kernelFolder, MODULES);
  const version = fs.readdirSync(path.join(kernelFolder, "lib/modules"))[0] ?? "";
  // Loaded by hand, since it refuses to load without addresses.
  root.copy(
    path.join(kernelFolder, "lib/modules", version, "kernel/drivers/i2c/i2c-stub.ko"),
    "modules/i2c-stub.ko",
    0o644,
  );
  root.copy(await gpioSimModule(), "modules/gpio-sim.ko", 0o644);
}

/** The task is told by the kernel's command line. */
const INIT = `${INIT_START}${LOAD_MODULES}
case "$(cat /proc/cmdline)" in
${Object.entries(TASKS)
  .map(([name, text]) => `*task=${name}*)\n${text};;`)
  .join("\n")}
esac
`;

/** @param {string} kernel @param {string} initrd @param {keyof typeof TASKS} task @param {readonly string[]} [more] */
function start(kernel, initrd, task, more = []) {
  const machine = ["-M", "q35", "-accel", "tcg,thread=multi", "-cpu", "max", "-smp", "2", "-m", "1024"];
  const quiet = ["-display", "none", "-monitor", "none", "-nic", "none", "-serial", "stdio", ...more];
  const append = `console=ttyS0 quiet panic=-1 mitigations=off task=${task}`;
  return new Vm("qemu-system-x86_64", [...machine, ...quiet, "-kernel", kernel, "-initrd", initrd, "-append", append]);
}

/** @param {string} kernel @param {string} initrd */
async function checkDevices(kernel, initrd) {
  const vm = start(kernel, initrd, "checks", ["-no-reboot", ...WATCHDOG]);
  const done = await vm.seen(/CHECKS DONE/, BOOT_MS);
  tellGuestChecks(vm.text, done);
  await vm.kill();
}

/** @param {string} kernel @param {string} initrd */
async function checkWatchdog(kernel, initrd) {
  const vm = start(kernel, initrd, "watchdog", WATCHDOG);
  const again = await vm.seen(/HANGS NOW[\s\S]*SAFE [\d.]+[\s\S]*HANGS NOW/, 2 * BOOT_MS);
  const safes = [...vm.text.matchAll(/SAFE ([\d.]+)/g)].map(([, at]) => at);
  tell(
    again !== null && safes.length >= 2,
    `a program that hangs is ended by the watchdog's reset of the whole machine, and the next boot makes the board safe first (safe ${safes.join(" s and ")} s after each start)`,
  );
  if (again === null) console.log(vm.text.slice(-1500));
  await vm.kill();
}

/** @param {string} program @param {readonly string[]} sockets */
async function startEmulator(program, sockets) {
  await bundle({ outDir: program, entry: "test/qemu/host-emulator.ts" });
  const child = spawn(process.execPath, [path.join(program, "host-emulator.cjs"), MACHINE, ...sockets], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let text = "";
  await new Promise((resolve, reject) => {
    child.on("close", (code) => reject(new Error(`the emulator ended with ${code}`)));
    child.stdout.on("data", (chunk) => {
      text += chunk;
      if (text.split("\n").length > sockets.length) resolve(null);
    });
  });
  child.removeAllListeners("close");
  return child;
}

/** @param {GuestRoot} root @param {string} kernel @param {string} initrd @param {string} program */
async function checkMining(root, kernel, initrd, program) {
  const sockets = ["control", "chips"].map((name) => path.join(root.work, name));
  const emulator = await startEmulator(program, sockets);
  const [control, chips] = sockets;
  const vm = start(kernel, initrd, "hil", [
    "-no-reboot",
    ...["-chardev", `socket,id=control,path=${control}`, "-serial", "chardev:control"],
    ...[
      "-chardev",
      `socket,id=chips,path=${chips}`,
      "-device",
      "virtio-serial-pci",
      "-device",
      "virtconsole,chardev=chips",
    ],
  ]);
  const hil = await vm.seen(/HIL ENDED (\d+)/, HIL_MS);
  const steps = [...vm.text.matchAll(/^(?:passed|ok|PASSED)\b.*$/gm)].length;
  tell(
    hil?.[1] === "0",
    `kumpel hil --suite full on ${MACHINE}, control on a 16550, chips on a virtio console (${steps} steps)`,
  );
  if (hil?.[1] !== "0") console.log(vm.text.slice(-3000));
  const run = await vm.seen(/RUN ENDED (\d+)/, HIL_MS);
  const accepted = Number(/"accepted": (\d+)/.exec(vm.text)?.[1]);
  tell(
    run?.[1] === "0" && accepted > 0,
    `kumpel run --emulated-chips on the same devices: ${accepted} shares accepted, exit code ${run?.[1]}`,
  );
  if (run?.[1] !== "0") console.log(vm.text.slice(-3000));
  await vm.kill();
  emulator.kill("SIGKILL");
}

const root = new GuestRoot();
try {
  const program = path.join(root.work, "program");
  const kernelFolder = await foreignPackage("amd64", "linux-image-amd64", /^linux-image-[\d.-]+-amd64$/);
  await addProgram(root, program);
  await addKernelParts(root, kernelFolder);
  root.write("init", INIT);
  const kernel = kernelOf(kernelFolder);
  const initrd = root.pack();
  const only = process.argv[2];
  if (only === undefined || only === "checks") await checkDevices(kernel, initrd);
  if (only === undefined || only === "watchdog") await checkWatchdog(kernel, initrd);
  if (only === undefined || only === "hil") await checkMining(root, kernel, initrd, program);
} finally {
  root.remove();
}
tellCounts();
