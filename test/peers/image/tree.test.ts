/**
 * The Buildroot external tree without Buildroot: symbols, files, hashes, scripts, device trees, disk images. With a Buildroot
 * 2026.05 tree in BUILDROOT_DIR also its own tools: every defconfig resolves, and every line of it takes effect.
 */
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { beforeAll, expect, test } from "vitest";
import { AMLOGIC } from "#hal/boards/amlogic.ts";
import { CONTROL_BOARDS } from "#hal/boards/control-boards.ts";
import { ROOT, temporaryFolder } from "../../support/program.ts";

const TREE = path.join(ROOT, "buildroot");
const TOOLS: Readonly<Record<string, string>> = {
  shellcheck: "shellcheck",
  genimage: "genimage",
  dtc: "device-tree-compiler",
  cpp: "cpp",
  mcopy: "mtools",
  "mkfs.vfat": "dosfstools",
  "mkfs.ext4": "e2fsprogs",
  mkimage: "u-boot-tools",
  rauc: "rauc",
  mksquashfs: "squashfs-tools",
  openssl: "openssl",
};
const MIB = 1024 * 1024;

const files = filesBelow(TREE);
const configs = files.filter((file) => file.endsWith("_defconfig"));

function filesBelow(folder: string): string[] {
  return fs
    .readdirSync(folder, { withFileTypes: true })
    .filter(({ name }) => name !== "output")
    .flatMap((entry) =>
      entry.isDirectory() ? filesBelow(path.join(folder, entry.name)) : [path.join(folder, entry.name)],
    );
}

function run(command: string, args: readonly string[], options: { cwd?: string; env?: NodeJS.ProcessEnv } = {}) {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: "utf8", ...options });
  return { status, text: `${stdout}${stderr}` };
}

const read = (file: string): string => fs.readFileSync(file, "utf8");

beforeAll(() => {
  const missing = Object.entries(TOOLS).filter(
    ([tool]) => run("sh", ["-c", `PATH=$PATH:/usr/sbin:/sbin command -v ${tool}`]).status !== 0,
  );
  if (missing.length > 0)
    throw new Error(
      `${missing.map(([tool]) => tool).join(", ")} not found: apt-get install ${missing.map(([, name]) => name).join(" ")} (or run .ci/install-packages)`,
    );
});

test("the tree has all five boards, and each names its own control board", () => {
  expect(configs.map((file) => path.basename(file))).toEqual([
    "kumpel_amlogic_a113d_defconfig",
    "kumpel_qemu_aarch64_defconfig",
    "kumpel_qemu_zynq_defconfig",
    "kumpel_zynq_ramdisk_defconfig",
    "kumpel_zynq_s9_defconfig",
  ]);
  const boards = configs.map((file) => /^BR2_PACKAGE_KUMPEL_BOARD="(.*)"$/m.exec(read(file))?.[1] ?? "");
  expect(new Set(boards).size).toBe(5);
  for (const board of boards.filter((name) => !name.startsWith("qemu-")))
    expect(Object.keys(CONTROL_BOARDS)).toContain(board);
});

test("every symbol of ours that a defconfig sets is defined, and every file that it names is there", () => {
  const defined = new Set(
    files
      .filter((f) => f.endsWith("Config.in"))
      .flatMap((f) => [...read(f).matchAll(/^config (BR2_\w+)$/gm)].map(([, name]) => name)),
  );
  for (const config of configs) {
    const text = read(config);
    for (const [, name = ""] of text.matchAll(/^(BR2_PACKAGE_(?:KUMPEL|NODE_PREBUILT)\w*)=/gm))
      expect(defined, config).toContain(name);
    const named = [...text.matchAll(/\$\(BR2_EXTERNAL_KUMPEL_PATH\)\/([\w./-]+)/g)].map(([, file = ""]) => file);
    expect(named.length).toBeGreaterThan(3);
    for (const file of named)
      expect(fs.existsSync(path.join(TREE, file)), `${path.basename(config)}: ${file}`).toBe(true);
  }
});

test("what is downloaded has a well-formed hash, and nobody may log in with a password", () => {
  const hashes = files.filter((file) => file.endsWith(".hash"));
  expect(hashes.length).toBeGreaterThan(2);
  for (const file of hashes)
    for (const line of read(file)
      .split("\n")
      .filter((one) => one !== "" && !one.startsWith("#")))
      expect(line, file).toMatch(/^sha256 {2}[0-9a-f]{64} {2}\S+$/);
  for (const config of configs) {
    expect(read(config)).toContain("BR2_DOWNLOAD_FORCE_CHECK_HASHES=y");
    expect(read(config)).toContain("# BR2_TARGET_ENABLE_ROOT_LOGIN is not set");
  }
  expect(read(path.join(TREE, "board/common/rootfs-overlay/etc/default/dropbear"))).toMatch(/-s /);
});

test("shellcheck has nothing to say", () => {
  const scripts = files.filter((file) => read(file).startsWith("#!/bin/sh"));
  expect(scripts.length).toBeGreaterThan(6);
  expect(run("shellcheck", ["-s", "sh", ...scripts]).text).toBe("");
});

function compileTree(source: string, to: string): string {
  const stubs = path.join(ROOT, "test/peers/image/stubs");
  return `cpp -nostdinc -undef -x assembler-with-cpp -I ${stubs} ${source} | dtc -I dts -O dtb -o ${to} -W no-unit_address_vs_reg -W no-simple_bus_reg -`;
}

test("device trees compile, and a broken one would not", () => {
  const sources = files.filter((file) => file.endsWith(".dts"));
  expect(sources.length).toBeGreaterThan(0);
  for (const source of sources) expect(run("sh", ["-c", compileTree(source, "/dev/null")]).text).toBe("");
  expect(
    run("sh", ["-c", "echo '/dts-v1/; / { x = <&nothing>; };' | dtc -I dts -O dtb -o /dev/null -"]).status,
  ).not.toBe(0);
});

test("the A113D's tree names the pins of the board's row, and none that energises", () => {
  const compiled = path.join(temporaryFolder(), "a113d.dtb");
  run("sh", ["-c", compileTree(path.join(TREE, "board/amlogic/dts/amlogic/kumpel-a113d.dts"), compiled)]);
  const plain = run("dtc", ["-I", "dtb", "-O", "dts", compiled]).text;
  const pins = [...plain.matchAll(/(\w*)-?gpios = <0x\w+ (0x\w+) /g)].map(([, name, line]) => [name, Number(line)]);
  const { leds, hashboardBus, psuEnable, connectors } = AMLOGIC;
  // Clock and data of the supply's bus have no place in the row: there the kernel's adapter is looked for by name.
  expect(new Map(pins.map(([name, line]) => [line, name]))).toEqual(
    new Map<unknown, unknown>([
      [leds.green?.pin.line, ""],
      [leds.red?.pin.line, ""],
      [65, "scl"],
      [66, "sda"],
    ]),
  );
  const lines = pins.map(([, line]) => line);
  for (const facts of [psuEnable, ...connectors.map(({ reset }) => reset)])
    expect(lines).not.toContain(facts?.pin.line);
  expect(plain).not.toMatch(/gpio-hog|regulator|output-(high|low)/);
  expect(hashboardBus).toMatchObject({ match: expect.arrayContaining(["ff805000.i2c"]) });
  expect(plain).toMatch(/i2c@ff805000 \{[^}]*status = "okay"/);
});

const LIMITS_ENV = { ...process.env, PATH: `${process.env["PATH"]}:/usr/sbin:/sbin` };

/** What Buildroot leaves for an S9, as stand-ins. */
function standIns(): string {
  const folder = temporaryFolder();
  for (const [name, bytes] of [
    ["zImage", 6 * MIB],
    ["kumpel-s9.dtb", 20_000],
    ["rootfs.squashfs", 30 * MIB],
  ] as const)
    fs.writeFileSync(path.join(folder, name), Buffer.alloc(bytes, 1));
  return folder;
}

interface Partition {
  readonly type: number;
  readonly start: number;
  readonly sectors: number;
}

/** Entries of a partition table in the sector that begins at `at`. */
function tableAt(disk: Buffer, at: number): Partition[] {
  return [0, 1, 2, 3].map((i) => {
    const entry = disk.subarray(at + 446 + i * 16);
    return { type: entry[4] ?? 0, start: entry.readUInt32LE(8), sectors: entry.readUInt32LE(12) };
  });
}

/** As Linux numbers them: 1 to 3, and from 5 on those within the extended one. */
function partitionsOf(disk: Buffer): Map<number, Partition> {
  const primary = tableAt(disk, 0);
  const found = new Map(primary.slice(0, 3).map((one, i) => [i + 1, one] as const));
  const base = primary[3]?.start ?? 0;
  for (let [at, number] = [base, 5]; at !== 0; number++) {
    const [logical, next] = tableAt(disk, at * 512);
    if (logical !== undefined) found.set(number, { ...logical, start: at + logical.start });
    at = next === undefined || next.sectors === 0 ? 0 : base + next.start;
  }
  return found;
}

/** @param told the image script's words, with the limit that it keeps */
function cardSizes(disk: Buffer, partitions: Map<number, Partition>, told: string): string {
  const mib = (bytes: number): string => (bytes / MIB).toFixed(0);
  const names = ["boot", "root A", "root B", "kernel A", "kernel B", "data"];
  const parts = [...partitions.values()].map(({ sectors }, i) => `${names[i]} ${mib(sectors * 512)}`);
  const limit = Number(/of (\d+) bytes/.exec(told)?.[1]);
  return `${mib(disk.length)} MiB, of them ${parts.join(", ")}; a root image of up to ${mib(limit)} MiB is taken`;
}

test("an S9's card is made from stand-ins: both slots hold root and kernel where the updater and the boot script look", () => {
  const folder = standIns();
  const made = run("sh", [path.join(TREE, "board/common/post-image.sh"), folder, "zynq7010-s9io"], { env: LIMITS_ENV });
  expect(made.status, made.text).toBe(0);
  expect(made.text).toContain("no update bundle: set KUMPEL_SIGN_KEY and KUMPEL_SIGN_CERT");
  const disk = fs.readFileSync(path.join(folder, "sdcard.img"));
  const partitions = partitionsOf(disk);
  expect([...partitions.keys()]).toEqual([1, 2, 3, 5, 6, 7]);
  expect(partitions.get(1)?.type).toBe(0x0c);
  const begins = (name: string): Buffer => fs.readFileSync(path.join(folder, name)).subarray(0, 4096);
  for (const [number, name] of [
    [2, "rootfs.squashfs"],
    [3, "rootfs.squashfs"],
    [5, "kernel.itb"],
    [6, "kernel.itb"],
  ] as const) {
    const { start = 0, sectors = 0 } = partitions.get(number) ?? {};
    expect(disk.subarray(start * 512, start * 512 + 4096).equals(begins(name)), `partition ${number}`).toBe(true);
    expect(sectors).toBe(partitions.get(number === 2 || number === 3 ? 2 : 5)?.sectors);
    expect(sectors * 512).toBeGreaterThanOrEqual(number < 5 ? 32 * MIB : 12 * MIB);
  }
  console.log(`ok S9 card: ${cardSizes(disk, partitions, made.text)}`);
  const conf = read(path.join(TREE, "board/zynq/system.conf"));
  const slots = [...conf.matchAll(/^\[slot\.(\w+)\.([01])\]\ndevice=\/dev\/mmcblk0p(\d)$/gm)].map((match) =>
    match.slice(1),
  );
  expect(slots).toEqual([
    ["rootfs", "0", "2"],
    ["kernel", "0", "5"],
    ["rootfs", "1", "3"],
    ["kernel", "1", "6"],
  ]);
  const script = read(path.join(TREE, "board/zynq/boot.cmd"));
  expect([...script.matchAll(/setenv (?:root|kernel)part (\d)/g)].map(([, number]) => number)).toEqual([
    "2",
    "5",
    "3",
    "6",
  ]);
  expect(read(path.join(TREE, "configs/kumpel_zynq_s9_defconfig"))).toContain('DATA_DEVICE="/dev/mmcblk0p7"');
  // What is read is what the partition can hold, and a kernel that panics costs a try.
  const kernelBytes = 512 * Number(/^mmc read \S+ \S+ (0x[0-9a-f]+)$/m.exec(script)?.[1]);
  const card = read(path.join(TREE, "board/zynq/genimage-sd.cfg"));
  expect([...card.matchAll(/image = "kernel\.itb"\s+size = (\d+)M/g)].map(([, mib]) => Number(mib) << 20)).toContain(
    kernelBytes,
  );
  expect(/^setenv bootargs "(.*)"$/m.exec(script)?.[1]).toMatch(/ panic=\d+ /);
  const kernel = run("mkimage", ["-l", path.join(folder, "kernel.itb")]);
  expect(kernel.text).toMatch(/Flat Device Tree/);
});

test("with key and certificate the update is made, and RAUC knows it as this board's and this version", () => {
  const folder = standIns();
  const [key, cert] = [path.join(folder, "key.pem"), path.join(folder, "cert.pem")];
  const subject = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=owner", "-days", "2"];
  expect(run("openssl", [...subject, "-keyout", key, "-out", cert]).status).toBe(0);
  const env = { ...LIMITS_ENV, KUMPEL_SIGN_KEY: key, KUMPEL_SIGN_CERT: cert };
  const made = run("sh", [path.join(TREE, "board/common/post-image.sh"), folder, "zynq7010-s9io"], { env });
  expect(made.status, made.text).toBe(0);
  const bundle = path.join(folder, "kumpel-zynq7010-s9io.raucb");
  const info = run("rauc", [`--keyring=${cert}`, "info", "--output-format=json", bundle]);
  const { version } = JSON.parse(read(path.join(ROOT, "package.json"))) as { version: string };
  const line = info.text.split("\n").find((one) => one.startsWith("{")) ?? "";
  const told = JSON.parse(line) as { compatible: string; version: string };
  const system = /^compatible=(.*)$/m.exec(read(path.join(TREE, "board/zynq/system.conf")))?.[1];
  expect(told).toMatchObject({ compatible: system, version });
});

test("an image that its slot cannot hold is refused", () => {
  const folder = temporaryFolder();
  const postImage = path.join(TREE, "board/common/post-image.sh");
  fs.writeFileSync(path.join(folder, "rootfs.squashfs"), "");
  fs.truncateSync(path.join(folder, "rootfs.squashfs"), 32 * MIB + 1);
  const refused = run("sh", [postImage, folder, "qemu-zynq"]);
  expect(refused.status).toBe(1);
  expect(refused.text).toMatch(/rootfs\.squashfs has 33554433 bytes, its slot on qemu-zynq takes 33554432/);
  fs.truncateSync(path.join(folder, "rootfs.squashfs"), 30 * MIB);
  expect(run("sh", [postImage, folder, "qemu-zynq"]).status).toBe(0);
  expect(read(path.join(folder, "SHA256SUMS"))).toMatch(/^[0-9a-f]{64} {2}rootfs\.squashfs$/m);
});

const buildroot = process.env["BUILDROOT_DIR"];
if (buildroot === undefined || buildroot === "")
  console.warn(
    "BUILDROOT_DIR IS NOT SET: whether the defconfigs resolve in a real Buildroot is not checked (docs/HACKING.md)",
  );

test.skipIf(buildroot === undefined || buildroot === "")(
  "in a real Buildroot every defconfig resolves and every line takes effect",
  () => {
    for (const config of configs) {
      const out = path.join(temporaryFolder(), "out");
      const made = run("make", [
        "-s",
        "-C",
        buildroot ?? "",
        `BR2_EXTERNAL=${TREE}`,
        `O=${out}`,
        path.basename(config),
      ]);
      expect(made.status, made.text).toBe(0);
      const resolved = new Set(read(path.join(out, ".config")).split("\n"));
      const lost = read(config)
        .split("\n")
        .filter((line) => line !== "" && !resolved.has(line));
      expect(lost, path.basename(config)).toEqual([]);
    }
    const check = run("/usr/bin/python3", [
      path.join(buildroot ?? "", "utils/check-package"),
      "-b",
      ...files.filter((file) => !file.endsWith("README.md")),
    ]);
    expect(check.text).toMatch(/\n?0 warnings generated/);
  },
  300_000,
);
