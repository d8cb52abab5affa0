/**
 * The PIC16F1704 of an S9 hashboard. It hears one byte in each transaction and answers one byte; it starts in its loader,
 * and cuts its output when it hears no heartbeat for ten seconds. Written from public S9 notes; what the loader says to
 * commands of the application (nothing here) is an assumption.
 */
import { deviceNack, type I2cDevice, padRead } from "./i2c-device.ts";

const HEARTBEAT_LIMIT_MS = 10_000;
const OFFSET = 1608.420446;
const STEPS_PER_VOLT = 170.423497;
/** What a fresh controller holds; the real one's is unknown. */
const POWER_UP_SET_POINT = 109;

/** How many argument bytes follow a command; those not listed are passed over. */
const ARGUMENTS: ReadonlyMap<number, number> = new Map([
  [0x06, 0],
  [0x07, 0],
  [0x10, 1],
  [0x15, 1],
  [0x16, 0],
  [0x17, 0],
  [0x18, 0],
]);

export class Pic16S9Model implements I2cDevice {
  readonly address: number;
  /** Version that the application reports. */
  firmware = 3;
  /** A dead controller: no byte is acknowledged. */
  isDead = false;
  #state: "loader" | "application" = "loader";
  #received: number[] = [];
  #reply: number | null = null;
  #setPoint = POWER_UP_SET_POINT;
  #isOutputOn = false;
  #heartbeatAgeMs = 0;
  #unknownCommands = 0;

  constructor(address: number) {
    this.address = address;
  }

  get state(): "loader" | "application" {
    return this.#state;
  }

  get isOutputOn(): boolean {
    return this.#isOutputOn;
  }

  /** Voltage that the set point makes, whether the output is on or not. */
  get setPointMv(): number {
    return (1000 * (OFFSET - this.#setPoint)) / STEPS_PER_VOLT;
  }

  /** Voltage at the chips. */
  get outputMv(): number {
    return this.#isOutputOn ? this.setPointMv : 0;
  }

  get heartbeatAgeMs(): number {
    return this.#heartbeatAgeMs;
  }

  /** Commands that no driver of ours may ever send, and nonsense. */
  get unknownCommands(): number {
    return this.#unknownCommands;
  }

  step(elapsedMs: number): void {
    this.#heartbeatAgeMs += elapsedMs;
    if (this.#heartbeatAgeMs >= HEARTBEAT_LIMIT_MS) this.#isOutputOn = false;
  }

  /** Mains gone: it wakes up in its loader again, with its output off. */
  loseMains(): void {
    this.#state = "loader";
    this.#received = [];
    this.#reply = null;
    this.#setPoint = POWER_UP_SET_POINT;
    this.#isOutputOn = false;
    this.#heartbeatAgeMs = 0;
  }

  transfer(write: Uint8Array, readLength: number): Uint8Array {
    if (this.isDead) throw deviceNack(this.address, "PIC16F1704");
    const byte = write[0];
    if (byte !== undefined) this.#hear(byte);
    if (readLength === 0) return new Uint8Array(0);
    const reply = this.#reply === null ? [] : [this.#reply];
    this.#reply = null;
    return padRead(reply, readLength);
  }

  #hear(byte: number): void {
    const at = this.#received.length;
    if (at === 0) {
      if (byte === 0x55) this.#received.push(byte);
      return;
    }
    if (at === 1) {
      if (byte === 0xaa) this.#received.push(byte);
      else if (byte !== 0x55) this.#received = [];
      return;
    }
    this.#received.push(byte);
    const command = this.#received[2]!;
    const argumentCount = ARGUMENTS.get(command);
    if (argumentCount === undefined) this.#unknownCommands++;
    if (this.#received.length < 3 + (argumentCount ?? 0)) return;
    const argument = this.#received[3] ?? 0;
    this.#received = [];
    this.#obey(command, argument);
  }

  #obey(command: number, argument: number): void {
    if (command === 0x07) {
      this.#state = "loader";
      this.#isOutputOn = false;
      this.#reply = null;
    } else if (command === 0x06) {
      this.#state = "application";
      this.#heartbeatAgeMs = 0;
    } else if (this.#state === "application") {
      this.#obeyApplication(command, argument);
    }
  }

  #obeyApplication(command: number, argument: number): void {
    if (command === 0x10) this.#setPoint = argument;
    if (command === 0x15) {
      // Switching on starts the ten seconds anew (assumed): else a late enable would be cut at once.
      if (argument === 1 && !this.#isOutputOn) this.#heartbeatAgeMs = 0;
      this.#isOutputOn = argument === 1;
    }
    if (command === 0x16) this.#heartbeatAgeMs = 0;
    if (command === 0x17) this.#reply = this.firmware;
    if (command === 0x18) this.#reply = this.#setPoint;
  }
}
