/** The scripts that an owner runs: build, card, backup, installation. SSH is a stand-in that runs the board's words here. */
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { ROOT, temporaryFolder } from "../../support/program.ts";

const SCRIPTS = path.join(ROOT, "scripts");
const MIB = 1024 * 1024;

const base = temporaryFolder();
let folder = "";
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(base, "test-"));
});

function run(script: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const { status, stdout, stderr } = spawnSync("sh", [path.join(SCRIPTS, script), ...args], {
    encoding: "utf8",
    // A tree that the tests themselves are told of is not the script's.
    env: { ...process.env, BUILDROOT_DIR: undefined, ...env },
    input: "",
  });
  return { status, out: stdout, err: stderr };
}

function place(name: string, bytes: string | Uint8Array): string {
  const file = path.join(folder, name);
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, bytes);
  return file;
}

/** Bytes that differ from place to place. */
function bytesOf(length: number, seed: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 31 + (i >> 8) * 7 + seed) & 255);
}

/** A card image with a FAT file system on its first partition, as genimage makes one. */
function cardImage(): string {
  const image = place("card.img", new Uint8Array(8 * MIB));
  const table = Buffer.alloc(512);
  table.set([0x80, 0, 0, 0, 0x0c], 446);
  table.writeUInt32LE(2048, 454);
  table.writeUInt32LE(4 * 2048, 458);
  table.set([0x55, 0xaa], 510);
  const fd = fs.openSync(image, "r+");
  fs.writeSync(fd, table, 0, 512, 0);
  fs.closeSync(fd);
  const made = spawnSync("mformat", ["-i", `${image}@@${MIB}`, "-T", String(4 * 2048), "-h", "16", "-s", "32", "::"]);
  if (made.status !== 0) throw new Error(`mformat: ${String(made.stderr)}`);
  return image;
}

function bootFiles(): string {
  for (const name of ["boot.bin", "u-boot.img", "system.bit"]) place(`boot/${name}`, `this is ${name}`);
  return path.join(folder, "boot");
}

test("shellcheck has nothing to say, and each script tells what it does", () => {
  const names = fs.readdirSync(SCRIPTS).filter((name) => name.endsWith(".sh"));
  expect(names.sort()).toEqual(["backup-nand.sh", "build-image.sh", "flash-sd.sh", "install-s9.sh"]);
  for (const name of names) {
    const checked = spawnSync("shellcheck", [path.join(SCRIPTS, name)], { encoding: "utf8" });
    expect(checked.stdout).toBe("");
    const help = run(name, ["--help"]);
    expect(help).toMatchObject({ status: 0, err: "" });
    expect(help.out).toContain("--dry-run");
    expect(run(name, ["--no-such"])).toMatchObject({ status: 2, out: "" });
  }
});

describe("build-image.sh", () => {
  test("keys are looked for before the hour begins, and named by their whole path", () => {
    const cert = place("cert.pem", "a certificate");
    const at = path.relative(process.cwd(), cert);
    expect(run("build-image.sh", ["zynq_s9", "--dry-run"], { KUMPEL_KEYRING: at }).out).toContain(
      `updates: signed by a certificate of ${cert}\n`,
    );
    expect(run("build-image.sh", ["zynq_s9", "--dry-run"], { KUMPEL_SIGN_KEY: "/nope.pem" })).toMatchObject({
      status: 2,
      err: 'KUMPEL_SIGN_KEY "/nope.pem" cannot be read: name a PEM file.\n',
    });
  });

  test("a dry run names every step, with the target of the board's processor", () => {
    const tree = place("buildroot/Makefile", "export BR2_VERSION := 2026.05.1\n");
    const env = { BUILDROOT_DIR: path.dirname(tree) };
    const built = run("build-image.sh", ["zynq_s9", "--dry-run"], env);
    expect(built.status).toBe(0);
    expect(built.out).toContain("+ npm run build -- --target armv7");
    expect(built.out).toContain(`+ make -C buildroot BUILDROOT_DIR=${path.dirname(tree)} BOARD=zynq_s9`);
    expect(run("build-image.sh", ["amlogic_a113d", "--dry-run"], env).out).toContain("--target arm64");
    expect(run("build-image.sh", ["zynq_s9", "--dry-run"]).out).toMatch(/\+ git clone .*--branch 2026\.05\.1 https:/);
  });

  test("another release, another commit and changed files are refused", () => {
    const tree = path.dirname(place("buildroot/Makefile", "export BR2_VERSION := 2025.02\n"));
    const env = { BUILDROOT_DIR: tree };
    expect(run("build-image.sh", ["zynq_s9", "--dry-run"], env).err).toContain("is no tree of Buildroot 2026.05.1");
    spawnSync("git", ["init", "-q", tree]);
    const author = ["-c", "user.name=t", "-c", "user.email=t@t"];
    spawnSync("git", ["-C", tree, ...author, "commit", "-q", "--allow-empty", "-m", "x"]);
    expect(run("build-image.sh", ["zynq_s9", "--dry-run"], env).err).toMatch(/is at commit [0-9a-f]{40}, not cb857ba/);
    expect(run("build-image.sh", ["s21", "--dry-run"], env).err).toMatch(
      /Board "s21" is unknown; give one of .*zynq_s9/,
    );
  });
});

describe("flash-sd.sh", () => {
  test("what is written is read back, with the owner's boot files on the first partition", () => {
    const image = cardImage();
    const card = place("card", bytesOf(9 * MIB, 1));
    const done = run("flash-sd.sh", [image, card, "--yes", "--boot-files", bootFiles()]);
    expect(done).toMatchObject({ status: 0 });
    expect(done.out).toContain(`Done: ${8 * MIB} bytes, read back the same.`);
    const listed = spawnSync("mtype", ["-i", `${card}@@${MIB}`, "::system.bit"], { encoding: "utf8" });
    expect(listed.stdout).toBe("this is system.bit");
    // What lies behind the image on the card is left alone.
    expect(fs.statSync(card).size).toBe(9 * MIB);
  });

  test("without an answer, and in a dry run, nothing is written", () => {
    const image = cardImage();
    const before = bytesOf(9 * MIB, 2);
    const card = place("card", before);
    expect(run("flash-sd.sh", [image, card])).toMatchObject({ status: 2, err: "Not agreed: nothing was written.\n" });
    expect(run("flash-sd.sh", [image, card, "--dry-run"]).out).toContain("Nothing was written.");
    expect(Buffer.compare(fs.readFileSync(card), Buffer.from(before))).toBe(0);
  });

  /** A kernel with one disk, which is no device here: the checks come before anything is opened. */
  function disk(name: string, facts: { removable?: string; sectors?: number; mounts?: string; swaps?: string } = {}) {
    const { removable = "1", sectors = 62_000_000, mounts = "", swaps = "" } = facts;
    place(`sys/class/block/${name}/removable`, removable);
    place(`sys/class/block/${name}/size`, String(sectors));
    place("proc/mounts", mounts);
    place("proc/swaps", swaps);
    return { SYS: path.join(folder, "sys"), PROC: path.join(folder, "proc") };
  }

  // The test needs a node of the kind that disks have; whoever may not make one cannot write cards either.
  function node(name: string): string {
    const file = path.join(folder, name);
    const made = spawnSync("mknod", [file, "b", "259", "250"], { encoding: "utf8" });
    if (made.status !== 0) throw new Error(`mknod: ${made.stderr}`);
    return file;
  }

  test.each([
    ["a fixed disk", { removable: "0" }, /is a fixed disk of this machine/],
    ["a mounted one", { mounts: "/dev/sdz1 /media/card vfat rw 0 0\n" }, /is in use, mounted at \/media\/card/],
    ["one that holds swap", { swaps: "Filename Type\n/dev/sdz2 partition 1 0 -2\n" }, /holds swap/],
    ["one that is too large", { sectors: 4_000_000_000 }, /2048 GB, more than a card of 256 GB/],
    ["one that is too small", { sectors: 100 }, /has 51200 bytes, the image needs 8388608/],
  ])("%s is refused", (_, facts, sentence) => {
    const refused = run("flash-sd.sh", [cardImage(), node("sdz"), "--dry-run"], disk("sdz", facts));
    expect(refused.err).toMatch(sentence);
    expect(refused.status).toBe(2);
  });

  test("a name below /dev that is not there is refused, not made a file of", () => {
    const gone = "/dev/kumpel-no-such-card";
    expect(run("flash-sd.sh", [cardImage(), gone, "--yes"])).toMatchObject({
      status: 2,
      err: `"${gone}" is not there: put the card in, and look for its name with lsblk.\n`,
    });
    expect(fs.existsSync(gone)).toBe(false);
  });

  test("a machine's own eMMC is refused, a card in its slot is not", () => {
    const env = disk("mmcblk8", { removable: "0" });
    const words = [cardImage(), node("mmcblk8"), "--dry-run"];
    place("sys/class/block/mmcblk8/device/type", "MMC\n");
    expect(run("flash-sd.sh", words, env)).toMatchObject({ status: 2, err: expect.stringContaining("is an eMMC") });
    place("sys/class/block/mmcblk8/device/type", "SD\n");
    expect(run("flash-sd.sh", words, env).status).toBe(0);
  });

  test("the disk of this machine's root is refused, whatever the list of mounts calls it", () => {
    const env = disk("mmcblk9", { removable: "0", mounts: "/dev/root / ext4 rw 0 0\n" });
    place("sys/class/block/mmcblk9/dev", "179:0\n");
    place("sys/class/block/mmcblk9/mmcblk9p2/dev", "179:2\n");
    place("proc/self/mountinfo", "22 1 0:20 / /proc rw - proc proc rw\n25 1 179:2 / / rw - ext4 /dev/root rw\n");
    const words = [cardImage(), node("mmcblk9"), "--dry-run"];
    expect(run("flash-sd.sh", words, env)).toMatchObject({
      status: 2,
      err: expect.stringContaining("is in use, mounted at /:"),
    });
    place("proc/self/mountinfo", "25 1 179:12 / / rw - ext4 /dev/root rw\n");
    expect(run("flash-sd.sh", words, env).status).toBe(0);
  });

  test("a card that fits is taken in a dry run; a partition, a holder's disk and other kinds are not", () => {
    const image = cardImage();
    expect(run("flash-sd.sh", [image, node("sdz"), "--dry-run"], disk("sdz"))).toMatchObject({ status: 0 });
    const env = disk("sdy");
    place("sys/class/block/sdy/partition", "1");
    expect(run("flash-sd.sh", [image, node("sdy"), "--dry-run"], env).err).toContain("is a partition");
    disk("sdx");
    place("sys/class/block/sdx/sdx1/holders/md0", "");
    expect(run("flash-sd.sh", [image, node("sdx"), "--dry-run"], env).err).toContain("belongs to md0");
    disk("dm-0");
    expect(run("flash-sd.sh", [image, node("dm-0"), "--dry-run"], env).err).toContain("is no card");
    expect(run("flash-sd.sh", [image, "/dev/null"]).err).toContain("neither a disk nor a file");
  });
});

const PARTS = [
  { name: "boot", bytes: bytesOf(0x20000, 3) },
  { name: "firmware 1/2", bytes: bytesOf(0x40000, 4) },
];

/** A board behind an ssh that runs its words here, on files instead of devices. */
function board({ cpuCores = 2, cardBytes = 16 * MIB } = {}): NodeJS.ProcessEnv {
  const lines = PARTS.map(({ name, bytes }, i) => {
    place(`board/dev/mtd${i}`, bytes);
    return `mtd${i}: ${bytes.length.toString(16).padStart(8, "0")} 00020000 "${name}"\n`;
  });
  place("board/proc/mtd", `dev:    size   erasesize  name\n${lines.join("")}`);
  place("board/proc/cmdline", "console=ttyPS0,115200\n");
  place("board/sys/class/net/eth0/address", "02:00:00:00:00:01\n");
  place("board/proc/mounts", "ubi0:rootfs / ubifs rw 0 0\n");
  place("board/proc/sys/vm/drop_caches", "");
  const cores = Array.from({ length: cpuCores }, (_, i) => `processor : ${i}\n`).join("");
  place("board/proc/cpuinfo", `${cores}Hardware : Xilinx Zynq Platform\n`);
  if (cardBytes > 0) {
    place("board/sys/class/block/mmcblk0/size", String(cardBytes / 512));
    place("board/dev/mmcblk0", new Uint8Array(cardBytes));
  }
  const root = path.join(folder, "board");
  place(
    "ssh",
    `#!/bin/sh\nshift\nexec sh -c "$(printf '%s' "$*" | sed -E 's#(^|[ =<(])/(proc|dev|sys)/#\\1${root}/\\2/#g; s#${root}/dev/null#/dev/null#g')"\n`,
  );
  fs.chmodSync(path.join(folder, "ssh"), 0o755);
  return { SSH: path.join(folder, "ssh") };
}

describe("backup-nand.sh", () => {
  test("every partition is copied, with sums that can be checked later", () => {
    const env = board();
    const backup = path.join(folder, "backup");
    expect(run("backup-nand.sh", ["root@board", backup, "--dry-run"], env).out).toContain(
      "Nothing was read or written",
    );
    expect(fs.existsSync(backup)).toBe(false);
    expect(run("backup-nand.sh", ["root@board", backup], env)).toMatchObject({ status: 0, err: "" });
    expect(
      Buffer.compare(fs.readFileSync(path.join(backup, "mtd1-firmware_1_2.bin")), PARTS[1]?.bytes ?? Buffer.of()),
    ).toBe(0);
    const checked = spawnSync("sha256sum", ["-c", "SHA256SUMS"], { cwd: backup, encoding: "utf8" });
    expect(checked.stdout).toBe("mtd0-boot.bin: OK\nmtd1-firmware_1_2.bin: OK\n");
    expect(fs.statSync(backup).mode & 0o077).toBe(0);
    expect(run("backup-nand.sh", ["root@board", backup], env).err).toContain("never written over another");
  });

  test("a partition that reads short, or differently the second time, is no backup", () => {
    const env = board();
    place("board/dev/mtd1", bytesOf(0x30000, 4));
    expect(run("backup-nand.sh", ["root@board", path.join(folder, "short")], env)).toMatchObject({ status: 1 });
    expect(fs.existsSync(path.join(folder, "short/SHA256SUMS"))).toBe(false);
    board();
    place("flaky", `#!/bin/sh\ncase "$*" in *md5sum*) echo 0000 ;; *) exec "${env["SSH"]}" "$@" ;; esac\n`);
    fs.chmodSync(path.join(folder, "flaky"), 0o755);
    const flaky = run("backup-nand.sh", ["root@board", path.join(folder, "other")], {
      SSH: path.join(folder, "flaky"),
    });
    expect(flaky.err).toContain("mtd0 reads differently the second time");
    expect(fs.existsSync(path.join(folder, "other/SHA256SUMS"))).toBe(false);
  });

  test("a host that does not answer, or has no NAND, is one sentence", () => {
    expect(run("backup-nand.sh", ["x", path.join(folder, "b")], { SSH: "false" }).err).toContain("cannot be asked");
    const env = board();
    place("board/proc/mtd", "dev:    size   erasesize  name\n");
    expect(run("backup-nand.sh", ["x", path.join(folder, "b")], env).err).toContain("shows no NAND partition");
  });
});

describe("install-s9.sh", () => {
  const backup = () => path.join(folder, "backup");
  const install = (env: NodeJS.ProcessEnv, ...more: string[]) =>
    run("install-s9.sh", ["root@board", cardImage(), backup(), "--boot-files", bootFiles(), ...more], env);

  test("backup first, then the card, read back; the NAND stays as it was", () => {
    const env = board();
    expect(install(env, "--yes")).toMatchObject({ status: 0 });
    expect(fs.existsSync(path.join(backup(), "SHA256SUMS"))).toBe(true);
    const card = path.join(folder, "board/dev/mmcblk0");
    const listed = spawnSync("mtype", ["-i", `${card}@@${MIB}`, "::boot.bin"], { encoding: "utf8" });
    expect(listed.stdout).toBe("this is boot.bin");
    for (const [i, { bytes }] of PARTS.entries())
      expect(Buffer.compare(fs.readFileSync(path.join(folder, `board/dev/mtd${i}`)), bytes)).toBe(0);
  });

  test("a dry run and an answer that is not given write nothing, but the backup is made before the question", () => {
    const env = board();
    expect(install(env, "--dry-run").out).toContain("Nothing was written.");
    expect(fs.existsSync(backup())).toBe(false);
    expect(install(env)).toMatchObject({ status: 2, err: "Not agreed: nothing was written to the card.\n" });
    expect(fs.existsSync(path.join(backup(), "SHA256SUMS"))).toBe(true);
    expect(fs.readFileSync(path.join(folder, "board/dev/mmcblk0")).every((byte) => byte === 0)).toBe(true);
  });

  test("another board's backup is not taken for this one's, and a board that runs from the card is left alone", () => {
    const env = board();
    expect(install(env)).toMatchObject({ status: 2, err: "Not agreed: nothing was written to the card.\n" });
    place("board/sys/class/net/eth0/address", "02:00:00:00:00:02\n");
    expect(install(env, "--yes").err).toContain("is of another board (02:00:00:00:00:01");
    place("board/proc/mounts", "/dev/root / squashfs ro 0 0\n");
    place("board/proc/cmdline", "console=ttyPS0,115200 root=/dev/mmcblk0p2 ro\n");
    expect(install(env, "--yes").err).toContain("runs from the card in its slot");
    expect(fs.readFileSync(path.join(folder, "board/dev/mmcblk0")).every((byte) => byte === 0)).toBe(true);
  });

  test("a damaged backup stops it, and so do other boards, a missing card, a mounted one and missing boot files", () => {
    const env = board();
    expect(install(env)).toMatchObject({ status: 2 });
    place("backup/mtd0-boot.bin", "damaged");
    expect(install(env, "--yes").err).toContain("is damaged: take another folder");
    fs.rmSync(backup(), { recursive: true });
    expect(install(board({ cpuCores: 1 }), "--yes").err).toContain("an XC7Z007S");
    fs.rmSync(path.join(folder, "board"), { recursive: true });
    expect(install(board({ cardBytes: 0 }), "--yes").err).toContain("has no card in its slot");
    expect(install(board({ cardBytes: MIB }), "--yes").err).toMatch(/has 1048576 bytes, the image needs/);
    const mounted = board();
    place("board/proc/mounts", "/dev/mmcblk0p2 / squashfs ro 0 0\n");
    expect(install(mounted, "--yes").err).toContain("is mounted at /: the board may run from it");
    fs.rmSync(path.join(folder, "boot/system.bit"));
    const args = ["root@board", path.join(folder, "card.img"), backup(), "--boot-files", path.join(folder, "boot")];
    expect(run("install-s9.sh", args, mounted).err).toContain("has no system.bit");
  });
});
