/**
 * The dsPIC of a hashboard (S17 to S19 Pro): frames with length and checksum, replies in a queue, temperature sensors
 * behind it. Written from public S19 Pro notes. Assumed where they are silent: a frame that is not understood gives no
 * reply, a new frame clears what was left of the reply before, and the output is cut after ten seconds as on an S9.
 */
import { isKumpelError } from "#hal/errors.ts";
import { deviceNack, type I2cDevice, padRead } from "./i2c-device.ts";

const HEARTBEAT_LIMIT_MS = 10_000;
const LONGEST_FRAME = 32;
const DONE = 1;
const REFUSED = 0;

export class DspicModel implements I2cDevice {
  readonly address: number;
  /** As reported by an S19 Pro. */
  firmware = 0x89;
  isDead = false;
  /** Voltage at the board's input. */
  inputMv = 0;
  /** What the three converter channels give, raw. */
  adcRaw: readonly [number, number, number] = [0, 0, 0];
  /** Jumps to the application that are refused before one succeeds. */
  refusedJumps = 0;
  readonly #sensors: ReadonlyMap<number, I2cDevice>;
  #state: "loader" | "application" = "loader";
  #received: number[] = [];
  #replies: number[] = [];
  #isOutputOn = false;
  #heartbeatAgeMs = 0;
  #dac = 0;
  #unknownCommands = 0;

  /** @param sensors the parts on the controller's own little bus, such as `SensorModel`. */
  constructor(address: number, sensors: readonly I2cDevice[] = []) {
    this.address = address;
    this.#sensors = new Map(sensors.map((sensor) => [sensor.address, sensor]));
  }

  get state(): "loader" | "application" {
    return this.#state;
  }

  get isOutputOn(): boolean {
    return this.#isOutputOn;
  }

  get heartbeatAgeMs(): number {
    return this.#heartbeatAgeMs;
  }

  /** Last code written to the voltage converter; what it does to the voltage is not known. */
  get dac(): number {
    return this.#dac;
  }

  get unknownCommands(): number {
    return this.#unknownCommands;
  }

  step(elapsedMs: number): void {
    this.#heartbeatAgeMs += elapsedMs;
    if (this.#heartbeatAgeMs >= HEARTBEAT_LIMIT_MS) this.#isOutputOn = false;
    for (const sensor of this.#sensors.values()) sensor.step?.(elapsedMs);
  }

  /** Mains gone: it wakes up in its loader again, with its output off. */
  loseMains(): void {
    this.#state = "loader";
    this.#received = [];
    this.#replies = [];
    this.#isOutputOn = false;
    this.#heartbeatAgeMs = 0;
    this.#dac = 0;
  }

  transfer(write: Uint8Array, readLength: number): Uint8Array {
    if (this.isDead) throw deviceNack(this.address, "dsPIC");
    const byte = write[0];
    if (byte !== undefined) this.#hear(byte);
    // One byte in each transaction: a longer read takes one from the queue as well.
    return readLength === 0 ? new Uint8Array(0) : padRead(this.#replies.splice(0, 1), readLength);
  }

  #hear(byte: number): void {
    this.#received.push(byte);
    const frame = this.#received;
    if (frame[0] !== 0x55 || (frame.length > 1 && frame[1] !== 0xaa)) {
      this.#received = byte === 0x55 ? [byte] : [];
      return;
    }
    if (frame.length < 3) return;
    const total = frame[2]! + 2;
    if (total < 6 || total > LONGEST_FRAME) {
      this.#received = [];
      return;
    }
    if (frame.length < total) return;
    this.#received = [];
    this.#replies = [];
    let sum = 0;
    for (const part of frame.slice(2, total - 2)) sum += part;
    if (frame[total - 2] !== sum >> 8 || frame[total - 1] !== (sum & 0xff)) return;
    this.#obey(frame[3]!, frame.slice(4, total - 2));
  }

  #obey(command: number, payload: readonly number[]): void {
    if (command === 0x07) {
      this.#state = "loader";
      this.#isOutputOn = false;
      this.#replies = [command, DONE];
    } else if (command === 0x06) {
      this.#replies = this.#jump();
    } else if (this.#state === "application") {
      this.#replies = this.#obeyApplication(command, payload);
    }
  }

  #jump(): number[] {
    if (this.refusedJumps > 0) {
      this.refusedJumps--;
      return [0x06, REFUSED];
    }
    this.#state = "application";
    this.#heartbeatAgeMs = 0;
    return [0x06, DONE];
  }

  /** Obeys and makes the reply. */
  #obeyApplication(command: number, payload: readonly number[]): number[] {
    const [first = 0, second = 0] = payload;
    switch (command) {
      case 0x10:
        if (first <= 0x7f) this.#dac = first;
        return [command, first <= 0x7f ? DONE : REFUSED];
      case 0x15:
        if (first === 1 && !this.#isOutputOn) this.#heartbeatAgeMs = 0;
        this.#isOutputOn = first === 1;
        return [command, DONE];
      case 0x16:
        this.#heartbeatAgeMs = 0;
        return checked([command, DONE, 0]);
      case 0x17:
        return checked([command, this.firmware]);
      case 0x29:
        return checked([command, DONE, ...bigEndian(this.#inputRaw()), 0, 0]);
      case 0x37:
        return checked([command, DONE, ...this.adcRaw.flatMap(bigEndian)]);
      case 0x3a:
        return checked([command, DONE, ...bigEndian(this.adcRaw[0])]);
      case 0x3b:
        return [command, this.#sensor(first, [second], 0) === null ? REFUSED : DONE];
      case 0x3c: {
        const data = this.#sensor(first, [], second);
        return checked([command, data === null ? REFUSED : DONE, ...padRead(data ?? [], second)]);
      }
      default:
        this.#unknownCommands++;
        return [];
    }
  }

  #inputRaw(): number {
    return Math.max(0, Math.min(4095, Math.round((this.inputMv / 7.6 / 3300) * 4096)));
  }

  #sensor(address: number, write: readonly number[], readLength: number): Uint8Array | null {
    try {
      return this.#sensors.get(address)?.transfer(Uint8Array.from(write), readLength) ?? null;
    } catch (error) {
      if (isKumpelError(error, "I2C_NACK", "I2C_FAILED")) return null;
      throw error;
    }
  }
}

/** Puts the length before and the checksum, high byte first, behind. */
function checked(bytes: readonly number[]): number[] {
  const body = [bytes.length + 3, ...bytes];
  return [...body, ...bigEndian(body.reduce((a, b) => a + b, 0))];
}

function bigEndian(word: number): number[] {
  return [(word >> 8) & 0xff, word & 0xff];
}
