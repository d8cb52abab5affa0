// node test/qemu/power-cut.mjs [CUTS [SEED]]: a machine of QEMU with an S9 card's two slots updates itself with the real RAUC, from A to B and
// back, good versions and bad ones, while its power is cut at random moments (20 by default). After each cut the disk keeps what was
// flushed and any half of the rest. Then the boot loader's rules choose a slot, and that slot must hold a whole version, the settings
// must be whole, and nothing that was written and confirmed may be lost. Boots no further than the updater.
// Needs qemu-system-x86, rauc, dbus, libubootenv-tool, squashfs-tools, mtools, dosfstools, e2fsprogs, kmod and cpio.
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { bundle } from "../../scripts/build.mjs";
import { ROOT } from "../../scripts/setup.mjs";
import { foreignPackage } from "./foreign-package.mjs";
import { NbdDisk } from "./nbd-disk.mjs";
import { runRounds, Tally } from "./power-cut-tally.mjs";
import { addModules, GuestRoot, INIT_START, kernelOf, LOAD_MODULES, Vm } from "./vm.mjs";

const [cuts = "20", seed = String(Math.trunc(Math.random() * 1e9))] = process.argv.slice(2);
const CUTS = Number(cuts);
if (!(Number.isSafeInteger(CUTS) && CUTS > 0)) {
  console.error(`CUTS "${cuts}" is no number from 1; node test/qemu/power-cut.mjs 20`);
  process.exit(2);
}
const BOARD = "kumpel-zynq7010-s9io";
const MIB = 2 ** 20;
/** Partitions as on the card, but small: name, number, MiB. */
const PARTS = [
  { name: "boot", number: 1, at: 1, size: 8 },
  { name: "root A", number: 2, at: 9, size: 4 },
  { name: "root B", number: 3, at: 13, size: 4 },
  { name: "kernel A", number: 5, at: 18, size: 2 },
  { name: "kernel B", number: 6, at: 21, size: 2 },
  { name: "data", number: 7, at: 24, size: 32 },
];
const DISK_MIB = 57;
const ROOT_BYTES = 3 * MIB;
const KERNEL_BYTES = MIB;
const BOOT_MS = 180_000;
const MODULES = [
  "virtio_pci",
  "virtio_blk",
  "ext4",
  "vfat",
  "nls_cp437",
  "nls_ascii",
  "nls_iso8859-1",
  "loop",
  "squashfs",
];
const PROGRAMS = [
  "/usr/bin/rauc",
  "/usr/bin/dbus-daemon",
  "/usr/bin/fw_printenv",
  "/usr/bin/fw_setenv",
  "/usr/bin/unsquashfs",
];
/** A version that does not prove itself comes every so many. */
const BAD_EVERY = 3;
const TRIES_MAX = 8;

let state = Number(seed) >>> 0 || 1;
/** xorshift: a run can be repeated by its seed. */
function random() {
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  return (state >>> 0) / 2 ** 32;
}

// Small seeds give small numbers at first.
for (let i = 0; i < 20; i++) random();

/** What a slot's partition holds of a version. @param {"root" | "kernel"} kind @param {number} version */
function contentOf(kind, version) {
  const bytes = Buffer.alloc(kind === "root" ? ROOT_BYTES : KERNEL_BYTES, `${kind} 0.0.${version} `);
  bytes.write(`${kind} 0.0.${version}\n`);
  return bytes;
}

/** @param {string} name */
function part(name) {
  const found = PARTS.find((one) => one.name === name);
  if (found === undefined) throw new Error(`no partition ${name}`);
  return { offset: found.at * MIB, bytes: found.size * MIB };
}

/** Four primary partitions, the last one extended, with three logical ones. */
function partitionTable() {
  const disk = Buffer.alloc(DISK_MIB * MIB);
  const entry = (
    /** @type {number} */ base,
    /** @type {number} */ slot,
    /** @type {number[]} */ [type = 0, first = 0, count = 0],
  ) => {
    disk[base + 446 + 16 * slot + 4] = type;
    disk.writeUInt32LE(first, base + 446 + 16 * slot + 8);
    disk.writeUInt32LE(count, base + 446 + 16 * slot + 12);
    disk.set([0x55, 0xaa], base + 510);
  };
  const sectors = (/** @type {number} */ mib) => (mib * MIB) / 512;
  PARTS.filter(({ number }) => number < 4).forEach(({ at, size }, i) => {
    entry(0, i, [i === 0 ? 0xc : 0x83, sectors(at), sectors(size)]);
  });
  const extended = 17;
  entry(0, 3, [5, sectors(extended), sectors(DISK_MIB - extended)]);
  const logical = PARTS.filter(({ number }) => number > 4);
  logical.forEach(({ at, size }, i) => {
    // Each has a table of its own in the MiB before it.
    const table = (at - 1) * MIB;
    entry(table, 0, [0x83, sectors(1), sectors(size)]);
    const next = logical[i + 1];
    if (next !== undefined) entry(table, 1, [5, sectors(next.at - 1 - extended), sectors(next.size + 1)]);
  });
  return disk;
}

/** @param {string} work @param {typeof import("./boot-loader.ts")} loader */
function newDisk(work, loader) {
  const disk = partitionTable();
  const file = path.join(work, "part.img");
  const put = (/** @type {string} */ name) => fs.readFileSync(file).copy(disk, part(name).offset);
  fs.writeFileSync(file, "");
  fs.truncateSync(file, part("boot").bytes);
  execFileSync("/usr/sbin/mkfs.vfat", [file], { stdio: "ignore" });
  const environment = path.join(work, "uboot.env");
  fs.writeFileSync(
    environment,
    loader.writeEnvironment(
      new Map([
        ["BOOT_ORDER", "A B"],
        ["BOOT_A_LEFT", "3"],
        ["BOOT_B_LEFT", "3"],
      ]),
    ),
  );
  execFileSync("mcopy", ["-i", file, environment, "::uboot.env"]);
  put("boot");
  fs.rmSync(file);
  fs.writeFileSync(file, "");
  fs.truncateSync(file, part("data").bytes);
  execFileSync("/usr/sbin/mke2fs", ["-q", "-t", "ext4", file]);
  put("data");
  for (const slot of ["A", "B"]) {
    contentOf("root", 1).copy(disk, part(`root ${slot}`).offset);
    contentOf("kernel", 1).copy(disk, part(`kernel ${slot}`).offset);
  }
  return disk;
}

/** A disk with the bundle of one version, as a client would send it. @param {string} work @param {number} version */
function bundleDisk(work, version) {
  const folder = path.join(work, "bundle");
  fs.rmSync(folder, { recursive: true, force: true });
  fs.mkdirSync(folder);
  fs.writeFileSync(path.join(folder, "root.img"), contentOf("root", version));
  fs.writeFileSync(path.join(folder, "kernel.img"), contentOf("kernel", version));
  fs.writeFileSync(
    path.join(folder, "manifest.raucm"),
    `[update]\ncompatible=${BOARD}\nversion=0.0.${version}\n[bundle]\nformat=plain\n[image.rootfs]\nfilename=root.img\n[image.kernel]\nfilename=kernel.img\n`,
  );
  const media = path.join(work, "media");
  fs.rmSync(media, { recursive: true, force: true });
  fs.mkdirSync(media);
  const signed = ["--cert", path.join(work, "owner.crt"), "--key", path.join(work, "owner.key")];
  execFileSync("rauc", [...signed, "bundle", folder, path.join(media, "update.raucb")], { stdio: "ignore" });
  const image = path.join(work, "media.squashfs");
  execFileSync("mksquashfs", [media, image, "-noappend", "-quiet", "-no-progress"], { stdio: "ignore" });
  return image;
}

/** The image's own mounts, RAUC's service, then the firmware of the slot that booted. */
const INIT = `${INIT_START}${LOAD_MODULES}
mkdir -p /boot /media /run/rauc /data
mount -t squashfs -o ro /dev/vdb /media
sh /etc/init.d/S02data start
eval "$(grep -o 'slot=[AB] verdict=[a-z]*' /proc/cmdline | tr ' ' ';')"
dbus-daemon --config-file=/etc/dbus.conf --nofork --address=unix:path=/run/bus &
export DBUS_SYSTEM_BUS_ADDRESS=unix:path=/run/bus
until [ -S /run/bus ]; do sleep 0.1; done
rauc service --override-boot-slot=$slot > /run/rauc.log 2>&1 &
until rauc status > /dev/null 2>&1; do sleep 0.2; done
node /app/guest-update.cjs $slot $verdict 2>&1
tail -n 5 /run/rauc.log
sync
echo GUEST ENDED
poweroff -f
`;

/** @param {GuestRoot} root */
async function fillRoot(root) {
  const program = path.join(root.work, "program");
  await bundle({ outDir: program, entry: "test/qemu/guest-update.ts" });
  root.copyFolder(program, "app");
  const busybox = await foreignPackage("amd64", "busybox-static");
  root.copy(path.join(busybox, "bin/busybox"), "bin/busybox");
  for (const file of PROGRAMS) root.copyProgram(file);
  root.copyThisNode();
  const tree = path.join(ROOT, "buildroot");
  root.copy(path.join(tree, "package/kumpel/S02data"), "etc/init.d/S02data");
  // What the guest takes for settings, the first ones too.
  root.write("usr/lib/kumpel/first-boot.toml", `begin 0\n${"# a setting\n".repeat(300)}end 0\n`, 0o644);
  root.write("etc/kumpel.conf", "BOARD=zynq7010-s9io\nBOOT_DEVICE=/dev/vda1\nDATA_DEVICE=/dev/vda7\n");
  // The card's own files; the disk has another name here.
  const system = fs.readFileSync(path.join(tree, "board/zynq/system.conf"), "utf8");
  root.write("etc/rauc/system.conf", system.replaceAll("/dev/mmcblk0p", "/dev/vda"), 0o644);
  root.copy(path.join(tree, "board/zynq/fw_env.config"), "etc/fw_env.config", 0o644);
  root.copy(path.join(root.work, "owner.crt"), "etc/rauc/keyring.pem", 0o644);
  root.copy("/usr/share/dbus-1/session.conf", "etc/dbus.conf", 0o644);
  root.write("etc/passwd", "root:x:0:0:root:/tmp:/bin/sh\n", 0o644);
  const kernelFolder = await foreignPackage("amd64", "linux-image-amd64", /^linux-image-[\d.-]+-amd64$/);
  addModules(root, kernelFolder, MODULES);
  root.write("init", INIT);
  return kernelOf(kernelFolder);
}

class Rounds {
  /**
   * @param {{ root: GuestRoot, kernel: string, initrd: string, loader: typeof import("./boot-loader.ts"), disk: NbdDisk }} parts
   */
  constructor({ root, kernel, initrd, loader, disk }) {
    this.root = root;
    this.kernel = kernel;
    this.initrd = initrd;
    this.loader = loader;
    this.disk = disk;
    this.socket = path.join(root.work, "nbd");
    this.version = 1;
    this.tally = new Tally();
    /** Milliseconds from the updater's first word to the order to boot, as far as it was seen. */
    this.longestMs = 6_000;
    this.media = "";
  }

  /** As U-Boot does it; a slot that does not hold a whole version costs a try, as one that hangs does. */
  boot() {
    for (let tries = 0; tries < TRIES_MAX; tries++) {
      const slot = this.chooseSlot();
      const version = this.wholeVersion(slot);
      if (version !== null) return { slot, version };
      this.tally.failedTries++;
    }
    this.tally.problems.push("no slot boots any more");
    return null;
  }

  chooseSlot() {
    const { offset, bytes } = part("boot");
    const file = path.join(this.root.work, "boot.img");
    const copy = path.join(this.root.work, "uboot.env");
    fs.writeFileSync(file, this.disk.content.subarray(offset, offset + bytes));
    fs.rmSync(copy, { force: true });
    try {
      execFileSync("mcopy", ["-n", "-i", file, "::uboot.env", copy], { stdio: "ignore" });
    } catch {
      // The file system itself was hit: U-Boot takes its defaults, and makes the file anew when it saves.
    }
    const found = fs.existsSync(copy) ? this.loader.readEnvironment(fs.readFileSync(copy)) : null;
    if (found === null) this.tally.freshEnvironments++;
    const environment = found ?? new Map();
    const slot = this.loader.chooseSlot(environment);
    fs.writeFileSync(copy, this.loader.writeEnvironment(environment));
    execFileSync("mcopy", ["-o", "-i", file, copy, "::uboot.env"], { stdio: "ignore" });
    this.disk.put(offset, fs.readFileSync(file));
    return slot;
  }

  /** Null: root and kernel are not both there, whole and of one version. @param {string} slot */
  wholeVersion(slot) {
    const { offset } = part(`root ${slot}`);
    const head = this.disk.content.toString("latin1", offset, offset + 32);
    const version = Number(/^root 0\.0\.(\d+)\n/.exec(head)?.[1]);
    if (!(version > 0)) return null;
    const holds = (/** @type {"root" | "kernel"} */ kind) => {
      const wanted = contentOf(kind, version);
      const at = part(`${kind} ${slot}`).offset;
      return this.disk.content.compare(wanted, 0, wanted.length, at, at + wanted.length) === 0;
    };
    return holds("root") && holds("kernel") ? version : null;
  }

  /** One boot, with a cut or without. @param {boolean} isCut */
  async round(isCut) {
    const booted = this.boot();
    if (booted === null) return;
    const next = Math.max(this.version, booted.version + 1);
    if (next !== this.version || this.media === "") {
      this.version = next;
      this.media = bundleDisk(this.root.work, next);
    }
    const verdict = booted.version % BAD_EVERY === 0 ? "bad" : "good";
    this.tally.boots++;
    const vm = this.start(booted.slot, verdict);
    const runs = await vm.seen(/^RUNS .*$/m, BOOT_MS);
    const beganAtMs = performance.now();
    if (runs === null)
      this.tally.problems.push(`version ${booted.version} in ${booted.slot} did not come up: ${vm.text.slice(-800)}`);
    else if (isCut) await this.cut(vm);
    else {
      const ended = await vm.seen(/GUEST ENDED/, BOOT_MS);
      if (ended === null) this.tally.problems.push(`the round did not end: ${vm.text.slice(-800)}`);
      else this.longestMs = Math.max(this.longestMs, performance.now() - beganAtMs);
      await vm.kill();
    }
    this.tally.note(vm.text, booted.version);
    if (process.env["VERBOSE"] !== undefined)
      console.log(vm.text.match(/^(RUNS|INSTALLS|REFUSED|REBOOT|PROVED|INCIDENT|NEVER).*$/gm)?.join(" | "));
  }

  /** @param {Vm} vm */
  async cut(vm) {
    await new Promise((resolve) => setTimeout(resolve, random() * this.longestMs));
    await vm.kill();
    this.tally.cuts++;
    this.tally.lostSectors += this.disk.cut(random);
  }

  /** @param {string} slot @param {string} verdict */
  start(slot, verdict) {
    const machine = ["-M", "q35", "-accel", "tcg,thread=multi", "-cpu", "max", "-smp", "2", "-m", "768", "-no-reboot"];
    const quiet = ["-display", "none", "-monitor", "none", "-nic", "none", "-serial", "stdio"];
    const disks = [
      ...["-drive", `file=nbd:unix:${this.socket},format=raw,if=virtio,cache=none`],
      ...["-drive", `file=${this.media},format=raw,if=virtio,readonly=on`],
    ];
    const append = `console=ttyS0 quiet panic=-1 mitigations=off slot=${slot} verdict=${verdict}`;
    const boot = ["-kernel", this.kernel, "-initrd", this.initrd, "-append", append];
    return new Vm("qemu-system-x86_64", [...machine, ...quiet, ...disks, ...boot]);
  }
}

const root = new GuestRoot();
try {
  await bundle({ outDir: path.join(root.work, "loader"), entry: "test/qemu/boot-loader.ts" });
  const { default: loader } = await import(pathToFileURL(path.join(root.work, "loader/boot-loader.cjs")).href);
  const key = ["-keyout", path.join(root.work, "owner.key"), "-out", path.join(root.work, "owner.crt")];
  execFileSync(
    "openssl",
    ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=owner", "-days", "2", ...key],
    { stdio: "ignore" },
  );
  const kernel = await fillRoot(root);
  const disk = new NbdDisk(newDisk(root.work, loader));
  const rounds = new Rounds({ root, kernel, initrd: root.pack(), loader, disk });
  await disk.listen(rounds.socket);
  await runRounds(rounds.tally, CUTS, (isCut) => rounds.round(isCut));
  disk.close();
  const lacks = rounds.tally.lacks(CUTS);
  console.log(`${lacks.length === 0 ? "ok" : "FAILED"} ${rounds.tally.lineOf(seed)}`);
  for (const lack of lacks) console.log(`PROBLEM: ${lack}`);
  process.exitCode = lacks.length === 0 ? 0 : 1;
} finally {
  root.remove();
}
