/** What a chain answers on the wire, one rule of the chip reference a test. */
import { describe, expect, test } from "vitest";
import {
  bench,
  bytes,
  chainInactive,
  FAST_BAUD,
  hex,
  jobFrame,
  RESET_BAUD,
  readAll,
  readOne,
  setAddress,
  writeAll,
  writeOne,
} from "./support.ts";

describe("enumeration", () => {
  test("after a reset every chip answers a broadcast read with address 0", async () => {
    const rig = await bench({ chipCount: 3 });
    rig.send(writeAll(0xa4, 0x9000ffff), readAll(0x00));
    expect(rig.frames.map((f) => hex(f.bytes))).toEqual(new Array(3).fill("aa5513680000000000000f"));
  });

  test("each address goes to the first waiting chip, and replies come in chain order", async () => {
    const rig = await bench({ chipCount: 3 });
    rig.send(chainInactive(), setAddress(0), setAddress(2), setAddress(4), setAddress(6), readAll(0x00));
    expect(rig.registers().map((r) => r.address)).toEqual([0, 2, 4]);
    expect(rig.registers().map((r) => r.value & 0xff)).toEqual([0, 2, 4]);
  });

  test("an address with no chip waiting is ignored", async () => {
    const rig = await bench({ chipCount: 2 });
    rig.send(setAddress(8), readAll(0x00));
    expect(rig.registers().map((r) => r.address)).toEqual([0, 0]);
  });

  test("chain inactive alone leaves addresses as they are, a reset clears them", async () => {
    const rig = await bench({ chipCount: 2 });
    rig.send(chainInactive(), setAddress(10), setAddress(20), chainInactive(), readAll(0x00));
    expect(rig.registers().map((r) => r.address)).toEqual([10, 20]);
    rig.chain.setReset(true);
    rig.chain.setReset(false);
    await rig.clock.advance(100);
    rig.clear();
    rig.send(readAll(0x00));
    expect(rig.registers().map((r) => r.address)).toEqual([0, 0]);
  });

  test("a dead chip cuts off everything behind it", async () => {
    const rig = await bench({ chipCount: 5 });
    rig.send(chainInactive(), ...[0, 1, 2, 3, 4].map(setAddress));
    rig.faults.deadChipIndex = 2;
    rig.send(readAll(0x00));
    expect(rig.registers().map((r) => r.address)).toEqual([0, 1]);
  });
});

describe("registers", () => {
  test("replies have 9 bytes until 0xA4 carries bits 31 and 28, then 11", async () => {
    const rig = await bench({ chip: "BM1370", chipCount: 1 });
    rig.send(readAll(0x18), writeAll(0xa4, 0x8000ffff), readAll(0x18), writeAll(0xa4, 0x9000ffff), readAll(0x18));
    expect(rig.frames.map((f) => f.bytes.length)).toEqual([9, 9, 11]);
    expect(hex(rig.frames[0]!.bytes)).toBe("aa550000c100001802");
  });

  test("addressed commands reach the matching chips only; before addressing all have 0", async () => {
    const rig = await bench({ chipCount: 3 });
    rig.send(readOne(0, 0x14));
    expect(rig.registers()).toHaveLength(3);
    rig.clear();
    rig.send(chainInactive(), setAddress(0), setAddress(2), setAddress(4), writeOne(2, 0x14, 0xff), readAll(0x14));
    expect(rig.registers().map((r) => r.value)).toEqual([0, 0xff, 0]);
  });

  test("the PLL reads back with bit 31 set, as captured", async () => {
    const rig = await bench({ chip: "BM1366", chipCount: 1 });
    rig.send(writeAll(0xa4, 0x9000ffff), chainInactive(), setAddress(0x4e), writeOne(0x4e, 0x08, 0x40b90265));
    rig.send(readOne(0x4e, 0x08));
    expect(hex(rig.frames[0]!.bytes)).toBe("aa55c0b902654e08000012");
  });

  test("an unknown register reads 0", async () => {
    const rig = await bench({ chipCount: 1 });
    rig.send(readAll(0xee));
    expect(rig.registers()).toEqual([{ value: 0, address: 0, register: 0xee }]);
  });

  test("a core register read is answered by register 0x40 unasked", async () => {
    const rig = await bench({ chipCount: 1 });
    rig.send(writeAll(0x3c, 0x800082aa));
    expect(rig.registers()).toEqual([]);
    rig.send(writeAll(0x3c, 0x000502ff));
    expect(rig.registers()).toMatchObject([{ register: 0x40 }]);
  });

  test("a BM1368 measures its die only after the whole sequence", async () => {
    const rig = await bench({ chipCount: 1 });
    rig.chain.chips[0]!.dieTemperatureC = 60;
    const read = (): number => {
      rig.clear();
      rig.send(readAll(0xb4));
      return rig.registers()[0]?.value ?? -1;
    };
    expect(read()).toBe(0);
    rig.send(writeAll(0xb0, 0x00020000), writeAll(0xb0, 0x10020000));
    expect(read()).toBe(0);
    rig.send(writeAll(0xb0, 0x00020000), writeAll(0xb0, 0x01020000), writeAll(0xb0, 0x10020000));
    const word = read();
    expect(word >>> 31).toBe(1);
    expect((word & 0xffff) * 0.171342 - 299.5144).toBeCloseTo(60, 0);
    rig.send(writeAll(0xb0, 0x80000000));
    expect(read()).toBe(0);
  });

  test("a BM1370 has no die temperature", async () => {
    const rig = await bench({ chip: "BM1370", chipCount: 1 });
    rig.send(writeAll(0xb0, 0x00020000), writeAll(0xb0, 0x01020000), writeAll(0xb0, 0x10020000), readAll(0xb4));
    expect(rig.registers()[0]?.value).toBe(0);
  });

  test("a chip that lies about its address is told by its reply", async () => {
    const rig = await bench({ chipCount: 2, faults: { wrongAddressChipIndex: 1 } });
    rig.send(chainInactive(), setAddress(0), setAddress(2), readAll(0x00));
    expect(rig.registers().map((r) => r.address)).toEqual([0, 3]);
  });
});

describe("framing", () => {
  test("frames are found in any split and behind garbage", async () => {
    const rig = await bench({ chipCount: 1 });
    const stream = Uint8Array.from([0x55, 0x00, 0x55, 0x55, ...readAll(0x14), 0xaa, 0x55, ...readAll(0x18)]);
    for (const byte of stream) rig.send(Uint8Array.of(byte));
    expect(rig.registers().map((r) => r.register)).toEqual([0x14, 0x18]);
  });

  test("a bad CRC drops the frame and counts in the error flags", async () => {
    const rig = await bench({ chipCount: 1 });
    const bad = writeAll(0x14, 0xff);
    bad[8] = 0xfe;
    const badJob = jobFrame(0x08);
    badJob[40]! ^= 1;
    rig.send(bad, badJob, readAll(0x14), readAll(0x48));
    expect(rig.registers().map((r) => r.value)).toEqual([0, 0x01010000]);
    expect(rig.chain.counts.jobs).toBe(0);
  });

  test("a torn frame does not take the next one with it", async () => {
    const rig = await bench({ chipCount: 1 });
    rig.send(writeAll(0x14, 0xff).subarray(0, 7), readAll(0x18));
    rig.send(readAll(0x1c));
    expect(rig.registers().map((r) => r.register)).toEqual([0x18, 0x1c]);
  });

  test.each([0x36, 0x56, 0xff])("a job takes 88 bytes whatever its length byte %i says", async (lengthByte) => {
    const rig = await bench({ chipCount: 1 });
    rig.send(jobFrame(0x08, 1, { lengthByte }), readAll(0x14));
    expect(rig.chain.counts.jobs).toBe(1);
    expect(rig.registers()).toHaveLength(1);
  });
});

describe("rate", () => {
  test("after a reset the rate is 115,740; 115,200 is close enough, twice the rate is noise", async () => {
    const rig = await bench({ chipCount: 1 });
    expect(rig.chain.baud).toBeCloseTo(RESET_BAUD, 3);
    rig.chain.receive(readAll(0x00), 115_200);
    expect(rig.frames).toHaveLength(1);
    rig.chain.receive(readAll(0x00), 230_400);
    expect(rig.frames).toHaveLength(1);
    expect(rig.chain.counts.noiseBytes).toBe(7);
  });

  test("1,000,000 reaches chips at 1,041,667", async () => {
    const rig = await bench({ chipCount: 1 });
    rig.send(writeAll(0x28, 0x11300200));
    expect(rig.chain.baud).toBeCloseTo(1_041_667, 0);
    rig.chain.receive(readAll(0x00), 1_000_000);
    expect(rig.frames).toHaveLength(1);
  });

  test("a rate change takes effect right behind its frame, and replies use the new rate at once", async () => {
    const rig = await bench({ chipCount: 1 });
    const stream = Uint8Array.from([...readAll(0x14), ...writeAll(0x28, 0x01300000), ...readAll(0x18)]);
    rig.chain.receive(stream, 115_200);
    expect(rig.registers().map((r) => r.register)).toEqual([0x14]);
    expect(rig.chain.counts.noiseBytes).toBe(7);
    rig.chain.receive(readAll(0x18), FAST_BAUD);
    expect(rig.frames.at(-1)?.baud).toBe(FAST_BAUD);
  });

  test("one chip alone at another rate is as good as a cut wire", async () => {
    const rig = await bench({ chipCount: 4 });
    rig.send(chainInactive(), ...[0, 1, 2, 3].map(setAddress), writeOne(2, 0x28, 0x01300000), readAll(0x00));
    expect(rig.registers().map((r) => r.address)).toEqual([0, 1]);
  });
});

describe("power and reset", () => {
  test("without power and in reset nothing is heard", async () => {
    const rig = await bench({ chipCount: 1 });
    rig.chain.setReset(true);
    rig.send(readAll(0x00));
    rig.chain.setReset(false);
    await rig.clock.advance(100);
    rig.chain.setPower(false);
    rig.send(readAll(0x00));
    expect(rig.frames).toEqual([]);
    rig.chain.setPower(true);
    await rig.clock.advance(100);
    rig.send(readAll(0x00));
    expect(rig.frames).toHaveLength(1);
  });

  test("chips need a moment after the end of a reset", async () => {
    const rig = await bench({ chipCount: 1 });
    rig.chain.setReset(true);
    rig.chain.setReset(false);
    rig.send(readAll(0x00));
    expect(rig.frames).toEqual([]);
  });

  test("power-up, reset and rate change each give a burst of noise", async () => {
    const rig = await bench({ chipCount: 1, faults: { noiseBurstBytes: 6 } });
    expect(rig.frames.map((f) => f.bytes.length)).toEqual([6]);
    rig.send(writeAll(0x28, 0x01300000));
    rig.chain.setReset(true);
    rig.chain.setReset(false);
    expect(rig.frames.map((f) => f.bytes.length)).toEqual([6, 6, 6]);
  });

  test("a silent chain takes commands and sends nothing", async () => {
    const rig = await bench({ chipCount: 2, faults: { isSilent: true } });
    rig.send(writeAll(0x14, 0xff), readAll(0x14));
    expect(rig.frames).toEqual([]);
    rig.faults.isSilent = false;
    rig.send(readAll(0x14));
    expect(rig.registers().map((r) => r.value)).toEqual([0xff, 0xff]);
  });

  test("a duplicated frame comes twice", async () => {
    const rig = await bench({ chipCount: 1, faults: { duplicateFrameProbability: 1 } });
    rig.send(readAll(0x00));
    expect(rig.frames.map((f) => hex(f.bytes))).toEqual(new Array(2).fill(hex(rig.frames[0]!.bytes)));
  });
});

test("the documents' worked frames are what these tests send", () => {
  expect(writeAll(0xa4, 0x9000ffff)).toEqual(bytes("55AA 51 09 00 A4 9000FFFF 1C"));
  expect(writeOne(0x40, 0x18, 0x7a31)).toEqual(bytes("55AA 41 09 40 18 00007A31 11"));
  expect(setAddress(4)).toEqual(bytes("55AA 40 05 04 00 03"));
  expect(readOne(0x40, 0x1c)).toEqual(bytes("55AA 42 05 40 1C 0B"));
});
