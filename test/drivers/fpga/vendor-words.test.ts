/** Words of the vendor's FPGA, and how the chains of one block share it. */
import { expect, test } from "vitest";
import { VendorBlock } from "#drivers/fpga/vendor-block.ts";
import {
  VENDOR,
  VENDOR_SETTLED_BAUD_MAX,
  vendorBaudField,
  vendorBaudRegister,
  vendorHashControl,
  vendorWorkTimeout,
} from "#drivers/fpga/vendor-registers.ts";
import {
  isVendorNonce,
  isVendorReply,
  putVendorWork,
  vendorChainNumber,
  vendorSlot,
  vendorWireId,
} from "#drivers/fpga/vendor-words.ts";
import { VirtualClock } from "#hal/emulator/virtual-clock.ts";
import type { RegisterBlock } from "#hal/registers.ts";
import { fromHex } from "../bm13xx/vector-file.ts";

test("a work has 37 words: type and chain, id times 8, the tail as chips take it, four midstates", () => {
  const header = Uint8Array.from({ length: 80 }, (_, i) => i);
  const midstates = Int32Array.from({ length: 32 }, (_, i) => 0x100 + i);
  const words = new Uint32Array(40).fill(0xeeeeeeee);
  expect(putVendorWork(words, 1, 2, { wireId: 300, header, midstateCount: 2, midstates })).toBe(38);
  expect([...words.subarray(0, 8)]).toEqual([
    0xeeeeeeee,
    0x01820000,
    300 * 8,
    0x48494a4b,
    0x44454647,
    0x40414243,
    0x107,
    0x106,
  ]);
  expect([...words.subarray(14, 17)]).toEqual([0x10f, 0x10e, 0x10d]);
  expect([...words.subarray(22, 38)]).toEqual(new Array(16).fill(0));
  expect(words[38]).toBe(0xeeeeeeee);
});

test("entries of the nonce FIFO tell finds from replies", () => {
  const find = (0x80000000 | ((300 * 8 + 3) << 16) | 0x80 | 2) >>> 0;
  expect([isVendorNonce(find), isVendorReply(find)]).toEqual([true, false]);
  expect([vendorChainNumber(find), vendorWireId(find), vendorSlot(find)]).toEqual([2, 300, 3]);
  expect([isVendorNonce(0x00081001), isVendorReply(0x00081001)]).toEqual([false, true]);
});

test("the rate field holds what sources settle, and a fast clock that none does", () => {
  expect(vendorBaudField(115_200)).toBe(26);
  expect(vendorBaudField(VENDOR_SETTLED_BAUD_MAX)).toBe(0);
  expect([vendorBaudField(6_250_000), vendorBaudField(12_500_000)]).toEqual([0x20 | 7, 0x20 | 3]);
  expect(vendorBaudRegister(0x001a1a1a, 1, 0)).toBe(0x001a001a);
  expect(vendorWorkTimeout(0.2497)).toBe(0x800000f9);
  expect(vendorHashControl(4)).toBe(0x440);
});

class WrittenBlock implements RegisterBlock {
  readonly name = "fpga";
  readonly writes: string[] = [];

  async read(offset: number): Promise<number> {
    return offset === VENDOR.baud.offset ? 0x001a1a1a : 0;
  }

  async write(offset: number, value: number): Promise<void> {
    this.writes.push(`${offset.toString(16)}=${value.toString(16)}`);
  }

  drain(): Promise<number> {
    return Promise.resolve(0);
  }

  fill(): Promise<number> {
    return Promise.resolve(0);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

test("a command goes out as a vendor-booted unit was seen to hold it, without preamble and with its check", async () => {
  const block = new WrittenBlock();
  const shared = new VendorBlock(new VirtualClock(), block);
  await shared.sendCommand(0, fromHex("520500000a"));
  expect(block.writes).toEqual(["c4=52050000", "c8=a000000", "cc=0", "c0=80800000"]);
});

test("registers of all chains are changed for one of them, and the shortest work time holds", async () => {
  const block = new WrittenBlock();
  const shared = new VendorBlock(new VirtualClock(), block);
  await shared.setBaud(0, 3_125_000);
  await shared.setBaud(2, 3_125_000);
  await shared.setWorkTime(0, 0.5);
  await shared.setWorkTime(1, 0.452);
  expect(block.writes).toEqual(["3c=1a1a00", "3c=1a00", "88=800001f4", "88=800001c4"]);
});
