/** The vendor's FPGA on the emulator's side: the worked words of the notes, read by the board that gets them. */
import { beforeEach, expect, test } from "vitest";
import type { BusRole } from "#hal/emulator/i2c-net.ts";
import { VendorBoardRegisters } from "#hal/emulator/wiring/vendor-wiring.ts";
import { boardVectors, toHex } from "../devices/device-bus.ts";
import { type FakeWorld, fakeWorld } from "./wired-world.ts";

const I2C = 0x30;
let world: FakeWorld;
let registers: VendorBoardRegisters;
let heard: string[];

beforeEach(() => {
  world = fakeWorld();
  registers = new VendorBoardRegisters(world);
  heard = [];
});

/** A device that says what reached it and answers 0xa0, 0xa1. */
function attach(role: BusRole, address: number): void {
  const transfer = (write: Uint8Array, readLength: number): Uint8Array => {
    heard.push(`${role} 0x${address.toString(16)} write [${toHex(write)}] read ${readLength}`);
    return Uint8Array.from({ length: readLength }, (_, i) => 0xa0 + i);
  };
  world.i2c.attach(role, { device: { address, transfer }, isPresent: () => true });
}

/** What each worked word must do on the buses. */
const WORKED: Readonly<Record<string, string>> = {
  psu_write_55_reg11: "supply 0x10 write [1155] read 0",
  psu_read: "supply 0x10 write [] read 1",
  pic_chain0_write_55: "hashboards 0x20 write [55] read 0",
  eeprom_chain0_reg0: "hashboards 0x50 write [00] read 1",
  s9pic_chain7_write_55: "hashboards 0x57 write [55] read 0",
};

test("every worked I2C word reaches the device that the notes say", () => {
  const words = boardVectors.frames.filter(({ proto }) => proto === "fpga_i2c_word");
  expect(words.map(({ name }) => name).sort()).toEqual(Object.keys(WORKED).sort());
  for (const role of ["supply", "hashboards"] as const) {
    for (const address of [0x10, 0x20, 0x50, 0x57]) attach(role, address);
  }
  for (const { name, hex } of words) {
    heard.length = 0;
    registers.writeRegister(I2C, Number.parseInt(hex, 16));
    expect(heard, name).toEqual([WORKED[name]]);
    const answer = registers.readRegister(I2C) ?? 0;
    expect(answer >>> 30, `${name} is finished`).toBe(0b10);
    expect(answer & 0xff).toBe(name.endsWith("read") || name.endsWith("reg0") ? 0xa0 : 0);
  }
});

test("with bit 19 clear two bytes are read, first one on top", () => {
  attach("hashboards", 0x48);
  // Master 0, read, register 0, address 0x48, two bytes.
  registers.writeRegister(I2C, 0x03900000);
  expect(heard).toEqual(["hashboards 0x48 write [00] read 2"]);
  expect((registers.readRegister(I2C) ?? 0) >>> 0).toBe(0x8000a0a1);
});

test("an absent device and a stuck bus read as idle lines, since the block has no sign for a NACK", () => {
  registers.writeRegister(I2C, 0x06280000);
  expect((registers.readRegister(I2C) ?? 0) >>> 0).toBe(0x8000ffff);
  attach("supply", 0x10);
  world.i2c.stuck.supply = true;
  registers.writeRegister(I2C, 0x06280000);
  expect((registers.readRegister(I2C) ?? 0) >>> 0).toBe(0x8000ffff);
  expect(heard).toEqual([]);
});

test("duty stands in the upper half, the rest in the lower, on both registers and in both scales", () => {
  for (const [register, word, pct] of [
    [0x84, 0x00640000, 100],
    [0xa0, 0x001e0046, 30],
    [0x84, 0x00190019, 50],
    [0x84, 0x00000032, 0],
  ] as const) {
    registers.writeRegister(register, word);
    expect(world.dutyPct).toEqual([pct, pct, pct, pct]);
    expect(registers.readRegister(register)).toBe(word);
  }
});

test("the tacho tells one fan a read, round robin, 120 RPM a count", () => {
  world.fans.setDutyPct(100);
  for (let i = 0; i < 100; i++) world.fans.step([false, false, false, true], 250);
  const words = Array.from({ length: 8 }, () => registers.readRegister(0x04) ?? 0);
  const fans = words.map((word) => (word >> 8) & 7);
  expect(new Set(fans)).toEqual(new Set([0, 1, 2, 3]));
  expect(fans.slice(0, 4)).toEqual(fans.slice(4));
  for (const word of words) {
    const fan = (word >> 8) & 7;
    expect(Math.abs((word & 0xff) * 120 - world.fans.rpm(fan))).toBeLessThanOrEqual(60);
  }
  expect(world.fans.rpm(0)).toBeGreaterThan(1000);
  expect(world.fans.rpm(3)).toBe(0);
});

test("version, plug bits and reset lines: bit n is chain n, and after power-up all chains are held", () => {
  expect((registers.readRegister(0x00) ?? 0) & 0xffff).toBe(0xb031);
  world.plugged[1] = false;
  expect(registers.readRegister(0x08)).toBe(0b101);
  expect(registers.readRegister(0x34)).toBe(0b111);
  registers.writeRegister(0x34, 0b101);
  expect(world.moves).toEqual(["reset 0 on", "reset 1 off", "reset 2 on"]);
  expect([registers.readRegister(0x3c), registers.writeRegister(0x3c, 1)]).toEqual([undefined, false]);
});
