/** Mapped registers against plain files, through the same calls as on a board. */
import fs from "node:fs";
import { expect, test } from "vitest";
import { openMemoryMap } from "#hal/linux/memory-map.ts";
import { SystemFiles } from "#hal/linux/system-files.ts";
import { fakeRoot } from "../../support/fake-root.ts";

const PAGE = 4096;

function rootWithDevice(bytes = 2 * PAGE): string {
  const root = fakeRoot({ "dev/axi_fpga_dev": "" });
  fs.writeFileSync(`${root}/dev/axi_fpga_dev`, Buffer.alloc(bytes));
  return root;
}

const DEVICE = { kind: "device", path: "/dev/axi_fpga_dev", offset: 0, bytes: 0x1200 } as const;

test("words are read and written where the device has them, unsigned", async () => {
  const root = rootWithDevice();
  const file = `${root}/dev/axi_fpga_dev`;
  const block = await openMemoryMap(new SystemFiles(root), DEVICE);
  await block.write(0x84, 0xfffe0001);
  expect(await block.read(0x84)).toBe(0xfffe0001);
  expect(fs.readFileSync(file).readUInt32LE(0x84)).toBe(0xfffe0001);
  for (const offset of [-4, 2, 0x1200, Number.NaN]) {
    await expect(block.read(offset)).rejects.toMatchObject({ code: "REGISTERS_FAILED" });
  }
  await block.close();
  await block.close();
  await expect(block.read(0)).rejects.toMatchObject({ code: "REGISTERS_FAILED" });
});

test("a window at an offset", async () => {
  const root = rootWithDevice();
  const block = await openMemoryMap(new SystemFiles(root), { ...DEVICE, offset: PAGE, bytes: PAGE });
  await block.write(0, 7);
  expect(fs.readFileSync(`${root}/dev/axi_fpga_dev`).readUInt32LE(PAGE)).toBe(7);
  await block.close();
});

test("FIFOs: whole records, as long as the status says so and there is room", async () => {
  const root = rootWithDevice();
  const block = await openMemoryMap(new SystemFiles(root), DEVICE);
  await block.write(0, 0b10);
  await block.write(8, 0xdeadbeef);
  const out = new Uint32Array(5);
  const source = { statusOffset: 0, mask: 0b10, readyWhen: "set", offset: 8, recordWords: 2 } as const;
  expect(await block.drain(source, out)).toBe(4);
  expect([...out]).toEqual([0xdeadbeef, 0xdeadbeef, 0xdeadbeef, 0xdeadbeef, 0]);
  expect(await block.drain({ ...source, readyWhen: "clear" }, out)).toBe(0);
  const words = Uint32Array.of(1, 2, 0xffffffff, 4, 5);
  const sink = { ...source, mask: 0b100, readyWhen: "clear", offset: 12 } as const;
  expect(await block.fill(sink, words, 5)).toBe(4);
  expect(await block.read(12)).toBe(4);
  expect(await block.fill({ ...sink, readyWhen: "set" }, words, 5)).toBe(0);
  await block.close();
});

test("a UIO device goes by its name; too small and missing ones are named", async () => {
  const root = fakeRoot({
    "sys/class/uio/uio0/name": "fan-control\n",
    "sys/class/uio/uio0/maps/map0/size": "0x00001000\n",
    "sys/class/uio/uio1/name": "chain6-cmd-rx\n",
    "sys/class/uio/uio1/maps/map0/size": "0x00000100\n",
    "dev/uio0": "",
    "dev/uio1": "",
  });
  fs.writeFileSync(`${root}/dev/uio0`, Buffer.alloc(PAGE));
  const files = new SystemFiles(root);
  const block = await openMemoryMap(files, { kind: "uio", names: ["nothing", "fan-control"], bytes: PAGE });
  await block.write(0x10, 60);
  expect(fs.readFileSync(`${root}/dev/uio0`).readUInt32LE(0x10)).toBe(60);
  await block.close();
  await expect(openMemoryMap(files, { kind: "uio", names: ["chain6-cmd-rx"], bytes: PAGE })).rejects.toMatchObject({
    code: "REGISTERS_FAILED",
    message: expect.stringContaining("256 bytes, 4096 are needed"),
  });
  await expect(openMemoryMap(files, { kind: "uio", names: ["chain9-common"], bytes: PAGE })).rejects.toThrow(
    /chain9-common can't be used, found fan-control, chain6-cmd-rx/,
  );
});

test("a device that is missing, shorter than its window or can't be mapped is one sentence", async () => {
  const open = (root: string) => openMemoryMap(new SystemFiles(root), DEVICE);
  await expect(open(fakeRoot({}))).rejects.toMatchObject({
    code: "REGISTERS_FAILED",
    message: expect.stringContaining("ENOENT"),
  });
  await expect(open(rootWithDevice(100))).rejects.toThrow(/100 bytes only/);
  // Not a page: the C library's own refusal, by name.
  await expect(openMemoryMap(new SystemFiles(rootWithDevice()), { ...DEVICE, offset: 12 })).rejects.toThrow(
    /mmap: EINVAL/,
  );
});
