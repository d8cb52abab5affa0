/**
 * The bus against a stand-in for i2c-bus. Real adapters need a kernel with i2c-dev, which a container lacks: they are the
 * business of the board images' tests.
 */
import { expect, test } from "vitest";
import { VirtualClock } from "#hal/emulator/virtual-clock.ts";
import { findI2cAdapter } from "#hal/linux/i2c-adapters.ts";
import { type I2cDevice, openLinuxI2c } from "#hal/linux/linux-i2c.ts";
import { SystemFiles } from "#hal/linux/system-files.ts";
import { settle } from "../../support/board.ts";
import { fakeRoot } from "../../support/fake-root.ts";

const AMLOGIC_ROOT = {
  "sys/devices/platform/soc/ffd1e000.i2c/i2c-0/name": "Meson I2C adapter\n",
  "sys/devices/platform/soc/ff800000.bus/ff805000.i2c/i2c-1/name": "Meson I2C adapter\n",
  "sys/devices/platform/psu-bus/i2c-10/name": "i2c-gpio0\n",
  "sys/class/i2c-dev/i2c-0/name": "Meson I2C adapter\n",
  "sys/class/i2c-dev/i2c-0/device": { link: "sys/devices/platform/soc/ffd1e000.i2c/i2c-0" },
  "sys/class/i2c-dev/i2c-1/name": "Meson I2C adapter\n",
  "sys/class/i2c-dev/i2c-1/device": { link: "sys/devices/platform/soc/ff800000.bus/ff805000.i2c/i2c-1" },
  "sys/class/i2c-dev/i2c-10/name": "i2c-gpio0\n",
  "sys/class/i2c-dev/i2c-10/device": { link: "sys/devices/platform/psu-bus/i2c-10" },
};

test("an adapter is found by its place or its name, and a list of all is told where it is not", async () => {
  const files = new SystemFiles(fakeRoot(AMLOGIC_ROOT));
  const find = (...match: string[]) => findI2cAdapter(files, { role: "hashboards", match });
  expect(await find("nothing", "ff805000.i2c")).toMatchObject({ number: 1 });
  expect(await find("i2c-gpio")).toMatchObject({ number: 10, name: "i2c-gpio0" });
  await expect(find("41600000.i2c")).rejects.toMatchObject({
    code: "I2C_FAILED",
    message: expect.stringMatching(/bus of the hashboards \(41600000\.i2c\).*i2c-0 .*i2c-1 .*i2c-10 /),
  });
  await expect(find("Meson")).rejects.toThrow(/several adapters match "Meson"/);
});

test("an adapter is found by its node in the device tree", async () => {
  const files = new SystemFiles(
    fakeRoot({
      ...AMLOGIC_ROOT,
      "sys/firmware/devicetree/base/soc/aobus@ff800000/i2c@5000/status": "okay",
      "sys/devices/platform/soc/ff800000.bus/ff805000.i2c/i2c-1/of_node": {
        link: "sys/firmware/devicetree/base/soc/aobus@ff800000/i2c@5000",
      },
    }),
  );
  expect(await findI2cAdapter(files, { role: "hashboards", match: ["aobus@ff800000/i2c@5000"] })).toMatchObject({
    number: 1,
  });
});

/** Writes down each call; `faults` are thrown first, one a call. */
function fakeDevice(options: { i2c?: boolean; faults?: string[] } = {}) {
  const calls: string[] = [];
  const faults = [...(options.faults ?? [])];
  const call = <T>(text: string, answer: T): Promise<T> => {
    calls.push(text);
    const fault = faults.shift();
    return fault === undefined
      ? Promise.resolve(answer)
      : Promise.reject(Object.assign(new Error(fault), { code: fault }));
  };
  const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
  const device: I2cDevice = {
    i2cFuncs: () => Promise.resolve({ i2c: options.i2c ?? true, smbusReadI2cBlock: true }),
    i2cRead: (_address, length, buffer) => {
      buffer.fill(0xaa);
      return call(`read ${length}`, { bytesRead: length });
    },
    i2cWrite: (_address, length, buffer) => call(`write ${hex(buffer)}`, { bytesWritten: length }),
    readByte: (_address, command) => call(`readByte ${command}`, 0x11),
    readI2cBlock: (_address, command, length, buffer) => {
      buffer.fill(0xbb);
      return call(`readI2cBlock ${command} ${length}`, { bytesRead: length });
    },
    receiveByte: () => call("receiveByte", 0x22),
    sendByte: (_address, byte) => call(`sendByte ${byte}`, undefined),
    writeByte: (_address, command, byte) => call(`writeByte ${command} ${byte}`, undefined),
    writeI2cBlock: (_address, command, length, buffer) =>
      call(`writeI2cBlock ${command} ${hex(buffer)}`, { bytesWritten: length }),
    close: () => call("close", undefined),
  };
  return { device, calls };
}

async function openBus(options: { i2c?: boolean; faults?: string[] } = {}) {
  const clock = new VirtualClock();
  const { device, calls } = fakeDevice(options);
  const open = { clock, busNumber: 1, adapterName: "test", openDevice: () => Promise.resolve(device) };
  const bus = await openLinuxI2c(open);
  const transfer = (write: number[], readLength: number) =>
    settle(clock, bus.transfer(0x48, Uint8Array.from(write), readLength));
  return { bus, calls, clock, transfer };
}

test("a register read has a repeated start; what i2c-bus can't say so has a stop between", async () => {
  const { transfer, calls, bus } = await openBus();
  expect([...(await transfer([0x05], 2))]).toEqual([0xbb, 0xbb]);
  await transfer([1, 2, 3], 0);
  await transfer([], 1);
  await transfer([0, 16], 4);
  await transfer([0], 40);
  expect(calls).toEqual(["readI2cBlock 5 2", "write 010203", "read 1", "write 0010", "read 4", "write 00", "read 40"]);
  expect(bus.name).toBe("/dev/i2c-1 (test)");
});

test("an adapter without plain transfers is spoken to in SMBus calls, and what these can't say is an error", async () => {
  const { transfer, calls } = await openBus({ i2c: false });
  await transfer([5], 1);
  await transfer([5], 2);
  await transfer([5], 0);
  await transfer([5, 6], 0);
  await transfer([5, 6, 7], 0);
  expect([...(await transfer([], 2))]).toEqual([0x22, 0x22]);
  expect(calls).toEqual([
    "readByte 5",
    "readI2cBlock 5 2",
    "sendByte 5",
    "writeByte 5 6",
    "writeI2cBlock 5 0607",
    "receiveByte",
    "receiveByte",
  ]);
  await expect(transfer([1, 2], 1)).rejects.toMatchObject({
    code: "I2C_FAILED",
    message: expect.stringContaining("SMBus calls only"),
  });
});

test("nobody at an address is a NACK at once, whichever errno the driver gives it", async () => {
  for (const errno of ["ENXIO", "EREMOTEIO", "EIO"]) {
    const { transfer, calls } = await openBus({ faults: [errno] });
    await expect(transfer([0], 2)).rejects.toMatchObject({
      code: "I2C_NACK",
      message: expect.stringMatching(/0x48 on \/dev\/i2c-1 \(test\)/),
    });
    expect(calls).toHaveLength(1);
  }
});

test("lost arbitration and time-outs are tried again with growing pauses, and then name bus and address", async () => {
  const passing = await openBus({ faults: ["EAGAIN", "ETIMEDOUT", "EAGAIN"] });
  await passing.transfer([0], 2);
  expect(passing.calls).toHaveLength(4);
  expect(passing.clock.nowMs()).toBeGreaterThanOrEqual(105);

  const stuck = await openBus({ faults: Array.from({ length: 9 }, () => "ETIMEDOUT") });
  await expect(stuck.transfer([0], 2)).rejects.toMatchObject({
    code: "I2C_FAILED",
    message: expect.stringMatching(/0x48 on \/dev\/i2c-1 .*hold the bus/),
  });
  expect(stuck.calls).toHaveLength(4);
});

test("an address of a kernel driver is no NACK, and an empty transfer reaches no bus", async () => {
  const { transfer } = await openBus({ faults: ["EBUSY"] });
  await expect(transfer([0], 2)).rejects.toMatchObject({
    code: "I2C_FAILED",
    message: expect.stringContaining("kernel driver owns"),
  });
  const { transfer: again, calls } = await openBus();
  await expect(again([], 0)).rejects.toMatchObject({ code: "I2C_FAILED" });
  expect(calls).toEqual([]);
});

test("transfers of several drivers never mix, and buffers may be reused at once", async () => {
  const { bus, calls, clock } = await openBus({ faults: ["EAGAIN"] });
  const write = Uint8Array.of(1, 2);
  const first = bus.transfer(0x48, write, 1);
  write.fill(9);
  await settle(clock, Promise.all([first, bus.transfer(0x49, write, 1)]));
  expect(calls).toEqual(["write 0102", "write 0102", "read 1", "write 0909", "read 1"]);
});

test("a bus that is not there is one sentence, through the real add-on where it is installed", async ({ skip }) => {
  const opening = openLinuxI2c({ clock: new VirtualClock(), busNumber: 999, adapterName: "none" });
  const error = await opening.catch((e: unknown) => e as { code: string; message: string });
  if ("code" in error && error.code === "NATIVE_MODULE_MISSING") {
    console.warn("SKIPPED: i2c-bus is not installed on this machine (no compiler?), its own errors were not looked at");
    skip();
  }
  expect(error).toMatchObject({ code: "I2C_FAILED", message: expect.stringContaining("/dev/i2c-999 (none)") });
});
