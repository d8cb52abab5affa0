/**
 * Machines with a supply on a bus and a dsPIC on each board, all behind the vendor's FPGA. A dsPIC that does not answer is
 * a switch in an unknown state: the supply behind it stays off.
 */
import { expect, test } from "vitest";
import { allHash, chainReasons, chainStates, dspicOf, psuOf, timesOn } from "../support/board-parts.ts";
import { type Rig, startRig } from "../support/rig.ts";

const start = (machine: "s17" | "s19pro") => startRig({ machine, hashesPerNonce: 16 });

function expectNeverOn(rig: Rig): void {
  expect(timesOn(rig, "psuEnable")).toBe(0);
  expect(timesOn(rig, "controllerOutput")).toBe(0);
  expect(rig.world.powerTransitions).toEqual([]);
}

test("S19 Pro, a dsPIC dead at the start: no temperature of its board, so no power, and the owner reads which part", async () => {
  const rig = await start("s19pro");
  dspicOf(rig, 1).isDead = true;
  await rig.advance(120_000);
  expectNeverOn(rig);
  expect(rig.snapshot().thermal).toMatchObject({ phase: "warmUp", fanDutyPct: 100 });
  expect(rig.snapshot().thermal.reason).toMatch(
    /^no temperature of chain 1 yet \(dsPIC 0x21 on FPGA I2C, hashboards failed command 0x7 3 times, last with all ones, as of a part that is not there, .*\): check that board/,
  );
  dspicOf(rig, 1).isDead = false;
  await allHash(rig);
  await rig.stop();
  expect(rig.world.powerIsOn).toBe(false);
});

test("S17, a dsPIC dead at the start: the supply stays off, every chain says why and tries again", async () => {
  const rig = await start("s17");
  dspicOf(rig, 1).isDead = true;
  await rig.advance(90_000);
  expectNeverOn(rig);
  for (const reason of chainReasons(rig)) {
    expect(reason).toMatch(
      /^dsPIC 0x21 on FPGA I2C, hashboards failed command 0x7 3 times, .*: check cable and supply/,
    );
  }
  dspicOf(rig, 1).isDead = false;
  await allHash(rig, 400_000);
  await rig.stop();
});

test.each(["s17", "s19pro"] as const)(
  "%s, a jump that is refused once is tried again after another reset",
  async (machine) => {
    const rig = await start(machine);
    dspicOf(rig, 1).refusedJumps = 1;
    await allHash(rig);
    expect(rig.snapshot().alarms).toEqual([]);
    expect(dspicOf(rig, 1).state).toBe("application");
    await rig.stop();
  },
);

test("S17, a dsPIC that stays in its loader is never told to switch on", async () => {
  const rig = await start("s17");
  dspicOf(rig, 2).refusedJumps = 1_000_000;
  await rig.advance(90_000);
  expectNeverOn(rig);
  for (const reason of chainReasons(rig)) {
    expect(reason).toMatch(/^dsPIC 0x22 on FPGA I2C, hashboards failed command 0x6 3 times, last with a refusal/);
  }
  await rig.stop();
});

test("S17, a dsPIC that dies while hashing: its board goes off by itself, the others go on", async () => {
  const rig = await start("s17");
  await allHash(rig);
  await rig.advance(15_000);
  const diedAtMs = rig.clock.nowMs();
  dspicOf(rig, 1).isDead = true;
  await rig.until("its output fell", () => !dspicOf(rig, 1).isOutputOn, 12_000);
  expect(rig.clock.nowMs() - diedAtMs).toBeLessThanOrEqual(11_000);
  await rig.until("the chain is faulty", () => chainStates(rig)[1] !== "hashing", 20_000);
  expect(chainReasons(rig)[1]).toMatch(
    /dsPIC 0x21 on FPGA I2C, hashboards failed command 0x16 3 times, .*: check cable/,
  );
  const before = timesOn(rig, "controllerOutput", 1);
  await rig.advance(60_000);
  expect([chainStates(rig)[0], chainStates(rig)[2]]).toEqual(["hashing", "hashing"]);
  expect(timesOn(rig, "controllerOutput", 1)).toBe(before);
  await rig.stop();
});

test("S19 Pro, a dsPIC that dies while hashing takes its board's sensors along: power off, with part and bus", async () => {
  const rig = await start("s19pro");
  await allHash(rig);
  await rig.advance(15_000);
  dspicOf(rig, 1).isDead = true;
  await rig.until("power is cut", () => !rig.world.powerIsOn, 20_000);
  expect(rig.snapshot().alarms[0]).toMatch(
    /^power is cut: no temperature sensor of chain 1 answers \(sensor 0x48 behind dsPIC 0x21 on FPGA I2C, hashboards: .*\): check/,
  );
  await rig.stop();
});

test.each(["s17", "s19pro"] as const)("%s, a supply that does not answer is never switched on", async (machine) => {
  const rig = await start(machine);
  psuOf(rig).isDead = true;
  await rig.advance(90_000);
  expectNeverOn(rig);
  for (const reason of chainReasons(rig)) {
    expect(reason).toMatch(
      /^power supply 0x10 on FPGA I2C, supply does not answer \(the bus reads 0xff\): check the cable/,
    );
  }
  psuOf(rig).isDead = false;
  await allHash(rig, 400_000);
  await rig.stop();
});

test.each(["s17", "s19pro"] as const)(
  "%s, a supply whose checksums are wrong is never switched on",
  async (machine) => {
    const rig = await start(machine);
    // The type's number is turned over; the sum behind it is not.
    let sinceHeader = 9;
    rig.world.i2c.disturb = (answer, role, _address, write) => {
      if (role !== "supply" || write.length > 0) return answer;
      sinceHeader = answer[0] === 0x55 ? 0 : sinceHeader + 1;
      return sinceHeader === 4 ? Uint8Array.of((answer[0] ?? 0) ^ 0x10) : answer;
    };
    await rig.advance(90_000);
    expectNeverOn(rig);
    for (const reason of chainReasons(rig)) {
      expect(reason).toMatch(
        /^power supply 0x10 on FPGA I2C, supply failed command 0x02 3 times, last with .*: check cable and mains/,
      );
    }
    rig.world.i2c.disturb = null;
    await allHash(rig, 400_000);
    await rig.stop();
  },
);

/** Makes the supply say another type, with a right checksum. */
function sayType(rig: Rig, type: number): void {
  let bytes: number[] = [];
  rig.world.i2c.disturb = (answer, role, _address, write) => {
    if (role !== "supply" || write.length > 0) return answer;
    if (answer[0] === 0x55) bytes = [];
    bytes.push(answer[0] ?? 0);
    if (bytes[3] !== 0x02) return answer;
    const sum = 0x06 + 0x02 + type;
    const changed: Readonly<Record<number, number>> = { 5: type, 7: sum & 0xff, 8: sum >> 8 };
    const byte = changed[bytes.length];
    return byte === undefined ? answer : Uint8Array.of(byte);
  };
}

test.each([
  [
    "s19pro",
    0x60,
    /^power supply 0x10 on FPGA I2C, supply is of type 0x60, for which no voltage formula is known: leave/,
  ],
  ["s17", 0x99, /^power supply 0x10 on FPGA I2C, supply is of type 0x99, for which no voltage formula is known: leave/],
  ["s19pro", 0x61, /supply .*type 0x61, but this machine's maker accepts 0x42, 0x43, 0x71: check that the supply/],
] as const)("%s, a supply of type %i is never switched on", async (machine, type, text) => {
  const rig = await start(machine);
  sayType(rig, type);
  await rig.advance(60_000);
  expectNeverOn(rig);
  for (const reason of chainReasons(rig)) expect(reason).toMatch(text);
  await rig.stop();
});

test.each(["s17", "s19pro"] as const)(
  "%s, a supply that reads back another set point than it was told is never switched on",
  async (machine) => {
    const rig = await start(machine);
    psuOf(rig).ignoredSets = 1_000;
    await rig.advance(90_000);
    expectNeverOn(rig);
    for (const reason of chainReasons(rig)) {
      expect(reason).toMatch(
        /^power supply 0x10 on FPGA I2C, supply holds \d+ instead of \d+ for \d+ mV: switch it off/,
      );
    }
    await rig.stop();
  },
);

test("S19 Pro, the set point changes its mind at the way down to the working voltage: power is cut", async () => {
  const rig = await start("s19pro");
  await rig.until("the supply is on", () => rig.world.powerIsOn, 60_000);
  psuOf(rig).ignoredSets = 1_000;
  await rig.until("power is cut", () => !rig.world.powerIsOn, 90_000);
  expect(rig.snapshot().alarms[0]).toMatch(
    /^power is cut: the supply does not take the working voltage: .*switch it off/,
  );
  await rig.stop();
});

test("S19 Pro, sensor replies of one board with wrong checksums: full fans at once, power off when it lasts", async () => {
  const rig = await start("s19pro");
  await allHash(rig);
  await rig.advance(15_000);
  let at = 0;
  // A sensor's answer behind the dsPIC begins with its length of 7; the fourth byte is the temperature.
  rig.world.i2c.disturb = (answer, _role, address, write) => {
    if (address !== 0x21 || write.length > 0) return answer;
    at = answer[0] === 0x07 ? 1 : at + 1;
    return at === 4 ? Uint8Array.of(0x7f) : answer;
  };
  await rig.advance(6_000);
  expect(rig.world.powerIsOn).toBe(true);
  rig.world.i2c.disturb = null;
  await rig.advance(20_000);
  expect(chainStates(rig)).toEqual(["hashing", "hashing", "hashing"]);
  rig.world.i2c.disturb = (answer, _role, address, write) =>
    address === 0x21 && write.length === 0 ? Uint8Array.of((answer[0] ?? 0) ^ 0x40) : answer;
  await rig.until("power is cut", () => !rig.world.powerIsOn, 20_000);
  expect(rig.snapshot().alarms[0]).toMatch(
    /^power is cut: no temperature sensor of chain 1 answers \(sensor 0x48 behind dsPIC 0x21 on FPGA I2C, hashboards: .*\): check/,
  );
  await rig.stop();
});
