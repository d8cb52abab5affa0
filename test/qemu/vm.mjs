// What the tests in QEMU share: a root file system packed for a kernel, and a machine whose console is read.
import { execFileSync, spawn } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";

/** A root file system in the making, in a temporary folder. */
export class GuestRoot {
  constructor() {
    /** For whatever belongs to the test beside the root. */
    this.work = fs.mkdtempSync(path.join(os.tmpdir(), "kumpel-qemu-"));
    this.folder = path.join(this.work, "root");
    fs.mkdirSync(this.folder);
  }

  /** @param {string} from @param {string} to path in the guest, without the slash @param {number} [mode] */
  copy(from, to, mode = 0o755) {
    const full = this.#place(to);
    fs.copyFileSync(fs.realpathSync(from), full);
    fs.chmodSync(full, mode);
  }

  /** @param {string} from @param {string} to */
  copyFolder(from, to) {
    fs.cpSync(from, path.join(this.folder, to), { recursive: true });
  }

  /** @param {string} to @param {string} text @param {number} [mode] */
  write(to, text, mode = 0o755) {
    fs.writeFileSync(this.#place(to), text, { mode });
  }

  /** Node without what debuggers read. @param {string} program @param {string} strip the processor's own */
  copyNode(program, strip) {
    this.copy(program, "usr/bin/node");
    execFileSync(strip, [path.join(this.folder, "usr/bin/node")]);
  }

  /** A program of this machine with the libraries that it loads, in their own places. @param {string} program */
  copyProgram(program) {
    this.copy(program, program.slice(1));
    this.#copyLibraries(program);
  }

  /** This very Node, for a guest of the same processor. */
  copyThisNode() {
    this.copyNode(process.execPath, "strip");
    this.#copyLibraries(process.execPath);
  }

  /** @param {string} to */
  makeFolder(to) {
    fs.mkdirSync(path.join(this.folder, to), { recursive: true });
  }

  /** @returns {string} the file for `-initrd` */
  pack() {
    // Not packed: emulated processors take longer to unpack it than ours to read it.
    const file = path.join(this.work, "root.cpio");
    const command = `find . | cpio --quiet -o -H newc -R 0:0 > "${file}"`;
    execFileSync("sh", ["-c", command], { cwd: this.folder });
    return file;
  }

  remove() {
    fs.rmSync(this.work, { recursive: true, force: true });
  }

  /** @param {string} program */
  #copyLibraries(program) {
    const text = execFileSync("ldd", [program], { encoding: "utf8" });
    for (const [, file = ""] of text.matchAll(/(?:=> |^\s*)(\/\S+) \(/gm)) this.copy(file, file.slice(1));
  }

  /** @param {string} to */
  #place(to) {
    const full = path.join(this.folder, to);
    fs.mkdirSync(path.dirname(full), { recursive: true });
    return full;
  }
}

/** The start of every guest's init. Without Node's rings to the kernel, as in the image: their threads spin. */
export const INIT_START = `#!/bin/busybox sh
/bin/busybox mkdir -p /proc /sys /dev /tmp /run /var /data /etc
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t sysfs sysfs /sys
/bin/busybox mount -t devtmpfs devtmpfs /dev
/bin/busybox mkdir -p /dev/pts
/bin/busybox mount -t devpts devpts /dev/pts
/bin/busybox mount -t tmpfs tmpfs /run
/bin/busybox ln -s /run /var/run
/bin/busybox --install -s /bin
export PATH=/usr/sbin:/usr/bin:/bin HOME=/tmp UV_USE_IO_URING=0
ifconfig lo 127.0.0.1 up
`;

/** Kernel modules with what they need, in the order of loading. */
export const LOAD_MODULES = `while read -r module; do insmod "/modules/$module" || echo "insmod $module failed"; done < /modules/order
`;

/**
 * @param {GuestRoot} root @param {string} kernelFolder an unpacked kernel package
 * @param {readonly string[]} names
 */
export function addModules(root, kernelFolder, names) {
  const version = fs.readdirSync(path.join(kernelFolder, "lib/modules"))[0] ?? "";
  execFileSync("depmod", ["-b", kernelFolder, version]);
  /** @type {string[]} */
  const order = [];
  for (const name of names) {
    const words = ["-d", kernelFolder, "-S", version, "--show-depends", name];
    const text = execFileSync("modprobe", words, { encoding: "utf8" });
    for (const [, file = ""] of text.matchAll(/^insmod (\S+)/gm)) {
      const base = path.basename(file);
      if (order.includes(base)) continue;
      order.push(base);
      root.copy(file, `modules/${base}`, 0o644);
    }
  }
  root.write("modules/order", `${order.join("\n")}\n`, 0o644);
}

/** @param {string} folder an unpacked kernel package @returns {string} */
export function kernelOf(folder) {
  const boot = path.join(folder, "boot");
  const file = fs.readdirSync(boot).find((name) => name.startsWith("vmlinuz"));
  if (file === undefined) throw new Error(`no kernel in ${boot}`);
  return path.join(boot, file);
}

/** A machine that runs; its first serial line is on our standard input and output. */
export class Vm {
  /** @param {string} command @param {readonly string[]} args */
  constructor(command, args) {
    this.text = "";
    /** @type {Set<() => void>} */
    this.waiting = new Set();
    this.hasEnded = false;
    this.child = spawn(command, args, { stdio: ["ignore", "pipe", "inherit"] });
    this.child.on("error", (error) => {
      this.text += `\n${command} does not start: ${error.message}\n`;
    });
    this.child.stdout?.on("data", (chunk) => {
      this.text += chunk;
      if (process.env["VM_CONSOLE"] !== undefined) process.stderr.write(chunk);
      for (const look of this.waiting) look();
    });
    this.ended = new Promise((resolve) => this.child.on("close", resolve)).then(() => {
      this.hasEnded = true;
      for (const look of this.waiting) look();
    });
  }

  /**
   * @param {RegExp} pattern @param {number} limitMs
   * @returns {Promise<RegExpExecArray | null>} null: it ended, or was ended after the limit, without showing that
   */
  async seen(pattern, limitMs) {
    const timer = setTimeout(() => this.child.kill("SIGKILL"), limitMs);
    const found = await new Promise((resolve) => {
      const look = () => {
        const match = pattern.exec(this.text);
        if (match === null && !this.hasEnded) return;
        this.waiting.delete(look);
        resolve(match);
      };
      this.waiting.add(look);
      look();
    });
    clearTimeout(timer);
    return found;
  }

  async kill() {
    this.child.kill("SIGKILL");
    await this.ended;
  }
}
