/**
 * Runs in the guest: our bus code and sensor drivers on the I2C controllers of an i.MX6, and a line of its GPIO controller.
 * What the outside has to do is asked for by a line `HOST ...`; whoever asks waits until it shows. Prints a line a check.
 */
import assert from "node:assert/strict";
import { readLm75 } from "#drivers/sensor/lm75.ts";
import type { Reading } from "#drivers/sensor/reading.ts";
import { identifySensor } from "#drivers/sensor/sensor-id.ts";
import { readTmp42x } from "#drivers/sensor/tmp42x.ts";
import { readTmp75 } from "#drivers/sensor/tmp75.ts";
import { isKumpelError } from "#hal/errors.ts";
import { createLinuxPorts } from "#hal/linux/linux-ports.ts";
import { SystemClock } from "#hal/linux/system-clock.ts";
import { type GuestChecks, runGuestChecks, sleepMs } from "./guest-checks.ts";

const ports = createLinuxPorts({ clock: new SystemClock() });
/** By the place of their controllers, as the board rows do it: the numbers of /dev/i2c-N move. */
const FIRST = { role: "hashboards", match: ["21a0000.i2c"] } as const;
const SECOND = { role: "supply", match: ["21a4000.i2c"] } as const;
const SENSOR = 0x48;
const DIODE_SENSOR = 0x4e;
const EEPROM = 0x51;
const NOBODY = 0x23;
/** Registers of a TMP105 (TI datasheet): control with the resolution in bits 5 and 6, and the upper limit. */
const CONTROL = 1;
const TWELVE_BITS = 0x60;
const UPPER_LIMIT = 3;
/** The second controller of the chip's seven; lines 10 and 11 are on no device of this board. */
const BANK = { name: "second", labels: ["20a0000.gpio"], lineCount: 32 };
const OUTPUT = { bank: BANK, line: 10, documentedNumber: 42 };
const INPUT = { bank: BANK, line: 11, documentedNumber: 43 };
const WAIT_MS = 30_000;
const POLL_MS = 50;

async function until<T>(what: string, look: () => Promise<T>, isWanted: (seen: T) => boolean): Promise<T> {
  const end = performance.now() + WAIT_MS;
  for (;;) {
    const seen = await look();
    if (isWanted(seen)) return seen;
    if (performance.now() > end)
      throw new Error(`${what} did not show within ${WAIT_MS / 1000} s: ${JSON.stringify(seen)}`);
    await sleepMs(POLL_MS);
  }
}

/** Asks for a temperature and waits until `read` gives it. */
async function untilReads(device: string, property: string, temperatureC: number, read: () => Promise<Reading>) {
  // Whole thousandths; one more, since the models cut off what does not fill a step.
  console.log(`HOST temperature ${device} ${property} ${Math.floor(temperatureC * 1000) + 1}`);
  const is = (reading: Reading) => reading.kind === "ok" && reading.temperatureC === temperatureC;
  await until(`${temperatureC} C`, read, is);
}

const CHECKS: GuestChecks = {
  "an adapter is found by where its controller sits": async () => {
    const [first, second] = [await ports.openI2c(FIRST), await ports.openI2c(SECOND)];
    assert.match(first.name, /21a0000\.i2c/);
    assert.match(second.name, /21a4000\.i2c/);
    assert.notEqual(first.name, second.name);
    return `${first.name}, ${second.name}`;
  },
  "an adapter that could be several is refused": async () => {
    await assert.rejects(
      ports.openI2c({ role: "supply", match: ["i2c"] }),
      /several adapters match "i2c", of i2c-0 .*21a0000/,
    );
    return "refused with the list of what is there";
  },
  "a register of two bytes is written and read in plain transfers": async () => {
    const bus = await ports.openI2c(FIRST);
    const seen: number[][] = [];
    for (const [high, low] of [
      [0x55, 0xa0],
      [0x2a, 0x50],
    ] as const) {
      await bus.transfer(SENSOR, Uint8Array.of(UPPER_LIMIT, high, low), 0);
      await bus.transfer(SENSOR, Uint8Array.of(UPPER_LIMIT), 0);
      seen.push([...(await bus.transfer(SENSOR, new Uint8Array(0), 2))]);
      seen.push([...(await bus.transfer(SENSOR, Uint8Array.of(UPPER_LIMIT), 2))]);
    }
    assert.deepEqual(seen, [
      [0x55, 0xa0],
      [0x55, 0xa0],
      [0x2a, 0x50],
      [0x2a, 0x50],
    ]);
    return "55 a0 and 2a 50, each read by a transfer of its own and with a repeated start";
  },
  "two bytes of pointer out and 200 bytes back, which SMBus calls can't": async () => {
    const bus = await ports.openI2c(SECOND);
    const wanted = Uint8Array.from({ length: 200 }, (_, i) => (i * 7 + 3) & 0xff);
    for (let at = 0; at < wanted.length; at += 40)
      await bus.transfer(EEPROM, Uint8Array.of(0, at, ...wanted.subarray(at, at + 40)), 0);
    const seen = await bus.transfer(EEPROM, Uint8Array.of(0, 0), wanted.length);
    assert.deepEqual([...seen], [...wanted]);
    const middle = await bus.transfer(EEPROM, Uint8Array.of(0, 100), 50);
    assert.deepEqual([...middle], [...wanted.subarray(100, 150)]);
    return "42 bytes a write, 200 bytes a read";
  },
  "a TMP75 reads what the sensor really has, follows it, and below zero": async () => {
    const bus = await ports.openI2c(FIRST);
    await bus.transfer(SENSOR, Uint8Array.of(CONTROL, TWELVE_BITS), 0);
    const temperatures = [61.5, 84.0625, 0, -20.5, -0.0625, 25];
    for (const c of temperatures) await untilReads("sensor", "temperature", c, () => readTmp75(bus, SENSOR));
    return `${temperatures.join(" C, ")} C`;
  },
  "an LM75 too, in its own steps": async () => {
    const bus = await ports.openI2c(FIRST);
    const temperatures = [47.125, -10.875];
    for (const c of temperatures) await untilReads("sensor", "temperature", c, () => readLm75(bus, SENSOR));
    return `${temperatures.join(" C, ")} C`;
  },
  "a TMP421 is known by its numbers, and its diode is not taken for itself": async () => {
    const bus = await ports.openI2c(SECOND);
    assert.equal(await identifySensor(bus, DIODE_SENSOR), "TMP421");
    await untilReads("diodes", "temperature0", 38.5, () => readTmp42x(bus, DIODE_SENSOR, 0));
    await untilReads("diodes", "temperature1", 71.25, () => readTmp42x(bus, DIODE_SENSOR, 1));
    assert.deepEqual(await readTmp42x(bus, DIODE_SENSOR, 0), { kind: "ok", temperatureC: 38.5 });
    await untilReads("diodes", "temperature0", -15, () => readTmp42x(bus, DIODE_SENSOR, 0));
    return "itself 38.5 C, then -15 C, diode 71.25 C";
  },
  // The model of this controller, other than the chip, gives no interrupt when nobody answers: what the kernel reports then
  // is a time-out, so it is the sentence of that which shows here, after all tries.
  "an address where nobody is fails by name, and the bus goes on": async () => {
    const bus = await ports.openI2c(FIRST);
    const sentences = new Set<string>();
    for (const [write, readLength] of [
      [Uint8Array.of(0), 1],
      [Uint8Array.of(0, 1), 2],
      [new Uint8Array(0), 1],
      [Uint8Array.of(1, 2, 3), 0],
    ] as const) {
      const error = await bus.transfer(NOBODY, write, readLength).catch((cause: unknown) => cause);
      assert.ok(isKumpelError(error, "I2C_FAILED", "I2C_NACK"), String(error));
      assert.match(error.message, / address 0x23 on \/dev\/i2c-\d+ \(21a0000\.i2c\)/);
      if (error.code === "I2C_FAILED") assert.equal(error.details["attempts"], 3);
      sentences.add(error.message);
      assert.equal((await readTmp75(bus, SENSOR)).kind, "ok");
    }
    const reading = await readTmp75(bus, NOBODY);
    assert.ok(reading.kind === "failed" && reading.reason.startsWith(`sensor 0x23 on ${bus.name}`));
    return [...sentences].join(" / ");
  },
  "callers at once do not mix their answers": async () => {
    const bus = await ports.openI2c(FIRST);
    await bus.transfer(SENSOR, Uint8Array.of(UPPER_LIMIT, 0x11, 0x20), 0);
    await bus.transfer(SENSOR, Uint8Array.of(2, 0x33, 0x40), 0);
    const words = await Promise.all(
      Array.from({ length: 40 }, (_, i) => bus.transfer(SENSOR, Uint8Array.of(i % 2 === 0 ? UPPER_LIMIT : 2), 2)),
    );
    words.forEach((word, i) => {
      assert.deepEqual([...word], i % 2 === 0 ? [0x11, 0x20] : [0x33, 0x40]);
    });
    return "40 reads of two registers";
  },
  "a line that is set changes at the pin": async () => {
    const output = await ports.openGpioOutput(OUTPUT, false);
    for (const isHigh of [true, false, true, false]) await output.set(isHigh);
    console.log(`HOST pin ${OUTPUT.line} high low high low`);
    return "high low high low";
  },
  "a pin that the outside drives is read, and its edges are counted": async () => {
    const input = await ports.openGpioInput(INPUT);
    const seen: boolean[] = [];
    for (const isHigh of [true, false]) {
      console.log(`HOST drive ${INPUT.line} ${isHigh ? "high" : "low"}`);
      seen.push(
        await until(
          isHigh ? "high" : "low",
          () => input.isHigh(),
          (level) => level === isHigh,
        ),
      );
    }
    await input.close();
    const counter = await ports.openEdgeCounter(INPUT);
    for (const level of ["high", "low", "high", "low", "high", "low"]) {
      console.log(`HOST drive ${INPUT.line} ${level}`);
      await sleepMs(500);
    }
    const count = await until(
      "three falling edges",
      () => counter.count(),
      (edges) => edges >= 3,
    );
    assert.equal(count, 3);
    return `${seen.map((isHigh) => (isHigh ? "high" : "low")).join(" ")}, ${count} falling edges`;
  },
};

void runGuestChecks(CHECKS).then(() => ports.close());
