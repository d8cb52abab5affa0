// node test/qemu/sabrelite.mjs: an i.MX6 board of QEMU with Debian's stock kernel. Its I2C controllers are real ones (models of
// the chip's, with the kernel's own driver), so plain transfers are tried, on sensors whose temperature is set from outside,
// and its GPIO controller is seen from outside. Each check is a line; the last line counts them. Needs qemu-system-arm,
// device-tree-compiler, kmod, cpio and crossbuild-essential-armhf.
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { bundle } from "../../scripts/build.mjs";
import { prepareAddons } from "../../scripts/cross-addons.mjs";
import { addArmPrograms, armKernelFolder } from "./arm-root.mjs";
import { Pins, Qmp } from "./qemu-sockets.mjs";
import { tell, tellCounts, tellGuestChecks } from "./verdicts.mjs";
import { addModules, GuestRoot, INIT_START, kernelOf, LOAD_MODULES, Vm } from "./vm.mjs";

const LIMIT_MS = 420_000;
const MODULES = ["gpio-mxc", "i2c-imx", "i2c-dev"];
/** The controller whose lines the guest uses; QEMU counts from 1. */
const CONTROLLER = "/machine/soc/gpio2";
const DEVICES = [
  "tmp105,id=sensor,bus=i2c-bus.0,address=0x48",
  "tmp421,id=diodes,bus=i2c-bus.1,address=0x4e",
  "at24c-eeprom,id=eeprom,bus=i2c-bus.1,address=0x51,rom-size=4096",
];
/** Serial ports as the kernel's device tree has them. */
const SERIAL_NODES = ["/soc/bus@2000000/spba-bus@2000000/serial@2020000", "/soc/bus@2100000/serial@21e8000"];
const INIT = `${INIT_START}${LOAD_MODULES}
echo "INIT DONE $(cut -d' ' -f1 /proc/uptime)"
node /app/guest-i2c.cjs 2>&1
`;

/** @param {GuestRoot} root @param {string} kernelFolder */
async function fill(root, kernelFolder) {
  await addArmPrograms(root);
  addModules(root, kernelFolder, MODULES);
  const { folder, missing } = await prepareAddons("armv7");
  if (missing.length > 0) throw new Error(`no add-ons for armv7: ${JSON.stringify(missing)}`);
  const program = path.join(root.work, "program");
  await bundle({ outDir: program, target: "armv7", addons: folder, entry: "test/qemu/guest-i2c.ts" });
  root.copyFolder(program, "app");
  root.write("init", INIT);
}

/**
 * The kernel's tree of this board without DMA for serial ports: QEMU has no such engine, and a port that asks for it is silent.
 * @param {GuestRoot} root @param {string} kernelFolder
 */
function deviceTree(root, kernelFolder) {
  const libraries = path.join(kernelFolder, "usr/lib");
  const version = fs.readdirSync(libraries).find((name) => name.startsWith("linux-image")) ?? "";
  const file = path.join(root.work, "board.dtb");
  fs.copyFileSync(path.join(libraries, version, "imx6q-sabrelite.dtb"), file);
  for (const node of SERIAL_NODES)
    for (const property of ["dmas", "dma-names"]) execFileSync("fdtput", ["-d", file, node, property]);
  return file;
}

/**
 * Does what the guest asks for.
 * @param {Qmp} qmp @param {Pins} pins @param {string} line
 */
async function serve(qmp, pins, line) {
  const [verb, ...words] = line.split(" ");
  const [first = "", second = "", third = ""] = words;
  if (verb === "temperature")
    await qmp.command("qom-set", { path: `/machine/peripheral/${first}`, property: second, value: Number(third) });
  else if (verb === "drive") await pins.drive(Number(first), second === "high");
  else if (verb === "pin") {
    const seen = pins.changes.filter(({ line: number }) => number === Number(first));
    const levels = seen.map(({ isHigh }) => (isHigh ? "high" : "low")).join(" ");
    tell(levels === words.slice(1).join(" "), `line ${first} of the controller, seen from outside: ${levels}`);
  } else throw new Error(`the guest asks for "${line}"`);
}

/** Serves the guest's requests as they come, one after the other. @param {Vm} vm @param {Qmp} qmp @param {Pins} pins */
function serveAll(vm, qmp, pins) {
  let served = 0;
  let last = Promise.resolve();
  vm.waiting.add(() => {
    const asked = [...vm.text.matchAll(/^HOST (.*?)\r?\n/gm)].map(([, line = ""]) => line);
    for (const line of asked.slice(served)) {
      last = last.then(() => serve(qmp, pins, line)).catch((error) => tell(false, `${line}: ${error.message}`));
    }
    served = asked.length;
  });
}

/** @param {GuestRoot} root @param {string} kernelFolder */
function start(root, kernelFolder) {
  const [qmp, pins] = ["qmp", "pins"].map((name) => path.join(root.work, name));
  const machine = ["-M", "sabrelite", "-smp", "2", "-m", "1024", "-display", "none", "-monitor", "none", "-no-reboot"];
  const sockets = ["-qmp", `unix:${qmp},server=on,wait=off`, "-qtest", `unix:${pins},server=on,wait=off`];
  const vm = new Vm("qemu-system-arm", [
    ...machine,
    ...["-nic", "none", "-serial", "null", "-serial", "stdio", ...sockets, "-qtest-log", "/dev/null"],
    ...DEVICES.flatMap((device) => ["-device", device]),
    ...["-kernel", kernelOf(kernelFolder), "-dtb", deviceTree(root, kernelFolder), "-initrd", root.pack()],
    ...["-append", "console=ttymxc1,115200 quiet panic=-1"],
  ]);
  return { vm, qmp: qmp ?? "", pins: pins ?? "" };
}

const root = new GuestRoot();
try {
  const kernelFolder = await armKernelFolder();
  await fill(root, kernelFolder);
  const { vm, qmp: qmpFile, pins: pinsFile } = start(root, kernelFolder);
  const qmp = await Qmp.open(qmpFile);
  const pins = await Pins.open(pinsFile, CONTROLLER);
  serveAll(vm, qmp, pins);
  const done = await vm.seen(/CHECKS DONE/, LIMIT_MS);
  tellGuestChecks(vm.text, done);
  qmp.close();
  pins.close();
  // This board has no power switch that QEMU models.
  await vm.kill();
} finally {
  root.remove();
}
tellCounts();
