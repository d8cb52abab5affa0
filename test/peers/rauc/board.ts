/**
 * A board of plain files for the real RAUC: two slots, each a root with its kernel, a boot loader whose memory is a folder,
 * and a D-Bus of its own. What runs after a boot is what the slot's file says.
 */
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { createLog } from "#firmware/log.ts";
import { updatePlace } from "#firmware/platform/update-place.ts";
import { RaucUpdater } from "#firmware/update/rauc.ts";
import { UpdateDesk } from "#firmware/update/update-desk.ts";
import { FolderStore } from "#hal/linux/folder-store.ts";
import { runProgram } from "#hal/linux/run-program.ts";

export const BOARD = "kumpel-test-board";
const SLOT_BYTES = 400_000;
const PROVE_MS = 900_000;
const TOOLS = {
  rauc: "rauc",
  "dbus-daemon": "dbus",
  mksquashfs: "squashfs-tools",
  openssl: "openssl",
  faketime: "faketime",
};

export function assertInstalled(): void {
  const missing = Object.entries(TOOLS).filter(
    ([tool]) => spawnSync("sh", ["-c", `PATH=$PATH:/usr/sbin:/sbin command -v ${tool}`]).status !== 0,
  );
  if (missing.length === 0) return;
  throw new Error(
    `${missing.map(([tool]) => tool).join(", ")} not found: apt-get install ${missing.map(([, name]) => name).join(" ")} (or run .ci/install-packages)`,
  );
}

/** Waits for an event, never for a time to pass. */
export async function until(what: string, predicate: () => boolean): Promise<void> {
  for (let i = 0; i < 6_000; i++) {
    if (predicate()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`${what} did not come`);
}

export interface BundleWish {
  readonly board?: string;
  readonly key?: string;
}

export class RaucBoard {
  readonly folder: string;
  readonly data: string;
  readonly incidents: string[] = [];
  readonly reboots: string[] = [];
  uptimeMs = 20_000;
  desk!: UpdateDesk;
  #boots = 0;
  readonly #processes: ChildProcess[] = [];
  #service: ChildProcess | null = null;

  constructor(folder: string) {
    this.folder = folder;
    this.data = path.join(folder, "data");
  }

  get slot(): string {
    return this.#read("loader/booted");
  }

  /** What the running slot holds. */
  get version(): string {
    return this.held(this.slot);
  }

  /** Version in a slot; empty where none was ever written. */
  held(slot: string): string {
    const file = path.join(this.folder, `root-${slot}.img`);
    return /^root (\S+)\n/.exec(fs.readFileSync(file, "latin1"))?.[1] ?? "";
  }

  state(slot: string): string {
    return this.#read(`loader/state-${slot}`);
  }

  async begin(): Promise<void> {
    for (const name of ["data", "loader", "mount"]) fs.mkdirSync(path.join(this.folder, name));
    for (const slot of ["A", "B"]) {
      for (const kind of ["root", "kernel"]) {
        const file = path.join(this.folder, `${kind}-${slot}.img`);
        fs.writeFileSync(file, slot === "A" ? `${kind} 0.1.0\n` : "");
        fs.truncateSync(file, SLOT_BYTES);
      }
      this.#write(`loader/state-${slot}`, "good");
    }
    this.#write("loader/primary", "A");
    this.makeKey("owner");
    this.makeKey("stranger");
    this.#write("system.conf", this.#systemConf());
    this.#script("backend", this.#backend());
    await this.#startBus();
    await this.boot();
  }

  makeKey(name: string): void {
    const files = ["-keyout", path.join(this.folder, `${name}.key`), "-out", path.join(this.folder, `${name}.crt`)];
    const request = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", `/CN=${name}`, "-days", "2", ...files];
    execFileSync("openssl", request, { stdio: "ignore" });
  }

  /** Puts a bundle where an upload ends. */
  upload(version: string, signed: BundleWish = {}): void {
    this.makeBundle(version, path.join(this.data, "update.raucb"), signed);
  }

  makeBundle(version: string, target: string, { board = BOARD, key = "owner" }: BundleWish = {}): void {
    const content = fs.mkdtempSync(path.join(this.folder, "bundle-"));
    for (const kind of ["root", "kernel"])
      fs.writeFileSync(path.join(content, `${kind}.img`), `${kind} ${version}\n`.padEnd(100_000, "."));
    fs.writeFileSync(
      path.join(content, "manifest.raucm"),
      `[update]\ncompatible=${board}\nversion=${version}\n[bundle]\nformat=plain\n[image.rootfs]\nfilename=root.img\n[image.kernel]\nfilename=kernel.img\n`,
    );
    fs.rmSync(target, { force: true });
    const signed = ["--cert", path.join(this.folder, `${key}.crt`), "--key", path.join(this.folder, `${key}.key`)];
    execFileSync("rauc", [...signed, "bundle", content, target], { stdio: "ignore" });
    fs.chmodSync(target, 0o600);
  }

  /** As the boot loader does: the first choice, or the other one where that is bad; then the program begins. */
  async boot(): Promise<void> {
    const primary = this.#read("loader/primary");
    const other = primary === "A" ? "B" : "A";
    this.#write("loader/booted", this.state(primary) === "bad" ? other : primary);
    this.#boots++;
    this.uptimeMs = 20_000;
    await this.#startService();
    this.desk = await this.#startDesk();
  }

  async stop(): Promise<void> {
    for (const child of this.#processes) child.kill("SIGTERM");
    await Promise.all(
      this.#processes.map((child) => (child.exitCode === null ? new Promise((end) => child.on("close", end)) : null)),
    );
  }

  async #startDesk(): Promise<UpdateDesk> {
    const place = updatePlace(this.data, path.join(this.folder, "boot"));
    const desk = new UpdateDesk({
      log: createLog("silent"),
      store: await FolderStore.open(this.data),
      updater: new RaucUpdater((program, args, options) => runProgram(path.join(this.folder, program), args, options)),
      place: { ...place, bootId: () => Promise.resolve(`boot ${this.#boots}`), uptimeMs: () => this.uptimeMs },
      version: this.version,
      proveMs: () => PROVE_MS,
      reboot: (reason) => this.reboots.push(reason),
      clearSettings: () => Promise.resolve(),
    });
    desk.onIncident((text) => this.incidents.push(text));
    await desk.start();
    return desk;
  }

  async #startBus(): Promise<void> {
    const bus = spawn("dbus-daemon", ["--session", "--nofork", "--print-address"], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    this.#processes.push(bus);
    const address = await new Promise<string>((resolve, reject) => {
      bus.stdout.once("data", (data: Buffer) => resolve(data.toString().trim()));
      bus.on("close", () => reject(new Error("dbus-daemon ended")));
    });
    const conf = path.join(this.folder, "system.conf");
    this.#script("rauc", `export DBUS_SYSTEM_BUS_ADDRESS='${address}'\nexec rauc --conf=${conf} "$@"`);
  }

  async #startService(): Promise<void> {
    if (this.#service !== null) {
      const ended = new Promise((resolve) => this.#service?.on("close", resolve));
      this.#service.kill("SIGTERM");
      await ended;
    }
    const service = spawn(path.join(this.folder, "rauc"), ["service", `--override-boot-slot=${this.slot}`], {
      stdio: "ignore",
    });
    this.#service = service;
    this.#processes.push(service);
    // It is there when it answers.
    const answers = (): boolean => spawnSync(path.join(this.folder, "rauc"), ["status"]).status === 0;
    await until("RAUC's service", answers);
  }

  #systemConf(): string {
    const slots = ["A", "B"].map(
      (name, i) =>
        `[slot.rootfs.${i}]\ndevice=${this.folder}/root-${name}.img\ntype=raw\nbootname=${name}\n[slot.kernel.${i}]\ndevice=${this.folder}/kernel-${name}.img\ntype=raw\nparent=rootfs.${i}\n`,
    );
    return `[system]
compatible=${BOARD}
bootloader=custom
bundle-formats=plain
statusfile=${this.folder}/rauc.status
mountprefix=${this.folder}/mount
[keyring]
path=${this.folder}/owner.crt
[handlers]
bootloader-custom-backend=${this.folder}/backend
${slots.join("")}`;
  }

  /** What U-Boot's environment is on a board: order and tries. A slot that is made the first one has its tries again. */
  #backend(): string {
    return `cd ${this.folder}/loader
case "$1" in
get-primary) cat primary ;;
set-primary) echo "$2" > primary; echo good > "state-$2" ;;
get-state) cat "state-$2" ;;
set-state) echo "$3" > "state-$2" ;;
get-current) cat booted ;;
esac`;
  }

  #read(name: string): string {
    return fs.readFileSync(path.join(this.folder, name), "utf8").trim();
  }

  #write(name: string, text: string): void {
    fs.writeFileSync(path.join(this.folder, name), `${text}\n`);
  }

  #script(name: string, text: string): void {
    fs.writeFileSync(path.join(this.folder, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  }
}
