/**
 * A sensor that hangs on a chip's own I2C master (S9: the chip with index 61; S17 and S19 Pro boards have several). The
 * chip's register is written with start, device and register, and read until it is not busy; it then echoes device and
 * register beside the data byte. Facts from public chip register notes; the two example replies were captured.
 *
 *   31 busy | 24 start | 23:17 device address | 16 write | 15:8 register | 7:0 data
 */
import { type Clock, sleep } from "#hal/clock.ts";
import { KumpelError } from "#hal/errors.ts";
import type { I2cBus } from "#hal/i2c.ts";
import { Mutex } from "#hal/mutex.ts";
import type { Provenance } from "../bm13xx/registers.ts";

/** Where the I2C register and the switch of its pins are. */
export interface ChipBridgeRegisters {
  readonly i2cRegister: number;
  readonly miscRegister: number;
  /** Bits of the misc register that lead the I2C master to its pins; all others must be kept. */
  readonly pinBits: number;
  readonly provenance: Provenance;
}

/** RFS (bit 14) = 1 and TFS (bits 6:5, on BM1397 6:4) = 3. Bit 7 of the BM1387 is its AsicBoost switch: it stays. */
export const CHIP_BRIDGES = {
  BM1387: { i2cRegister: 0x20, miscRegister: 0x1c, pinBits: 0x4060, provenance: "documented" },
  BM1397: { i2cRegister: 0x1c, miscRegister: 0x18, pinBits: 0x4030, provenance: "documented" },
} as const satisfies Record<string, ChipBridgeRegisters>;

const BM1387_TFS_MASK = 0x60;
const BM1397_TFS_MASK = 0x70;

const START = 0x0100_0000;
const WRITE = 0x0001_0000;
const BUSY = 0x8000_0000;
const POLL_MS = 1;
const POLLS = 50;
const TRIES = 3;
const RETRY_PAUSE_MS = 50;

/** The I2C register of one chip. */
export interface ChipI2cPort {
  writeRegister(value: number): Promise<void>;
  /** 32-bit value, unsigned or not. */
  readRegister(): Promise<number>;
}

export interface BridgeWord {
  readonly isBusy: boolean;
  readonly deviceAddress: number;
  readonly isWrite: boolean;
  readonly register: number;
  readonly data: number;
}

/** Misc control with the I2C master on its pins, made from the value that was read. */
export function bridgeMiscControl(chip: keyof typeof CHIP_BRIDGES, miscControl: number): number {
  const mask = chip === "BM1387" ? BM1387_TFS_MASK : BM1397_TFS_MASK;
  return ((miscControl & ~mask) | CHIP_BRIDGES[chip].pinBits) >>> 0;
}

export function encodeBridgeRead(deviceAddress: number, register: number): number {
  return (START | (deviceAddress << 17) | (register << 8)) >>> 0;
}

export function encodeBridgeWrite(deviceAddress: number, register: number, data: number): number {
  return (encodeBridgeRead(deviceAddress, register) | WRITE | data) >>> 0;
}

export function decodeBridgeWord(value: number): BridgeWord {
  return {
    isBusy: (value & BUSY) !== 0,
    deviceAddress: (value >>> 17) & 0x7f,
    isWrite: (value & WRITE) !== 0,
    register: (value >>> 8) & 0xff,
    data: value & 0xff,
  };
}

/**
 * The chip's little bus as any other, so that the sensor drivers work through it. It moves one byte a transaction: a
 * register number and one byte read or written.
 */
export class ChipBridgeBus implements I2cBus {
  readonly name: string;
  readonly #clock: Clock;
  readonly #port: ChipI2cPort;
  readonly #signal: AbortSignal | undefined;
  readonly #turns = new Mutex();

  /** @param options.name chain and chip, for messages. */
  constructor(options: { clock: Clock; port: ChipI2cPort; name: string; signal?: AbortSignal }) {
    this.#clock = options.clock;
    this.#port = options.port;
    this.name = options.name;
    this.#signal = options.signal;
  }

  /** @throws KumpelError `I2C_FAILED` after three tries, or for a transfer that a chip can't make; `ABORTED`. */
  async transfer(address: number, write: Uint8Array, readLength: number): Promise<Uint8Array> {
    const [register, data] = write;
    if (register === undefined || write.length + readLength !== 2) {
      const message = `${this.name} moves one byte at a time, not ${write.length} out and ${readLength} in`;
      throw new KumpelError("I2C_FAILED", message, { details: { address } });
    }
    const isRead = data === undefined;
    const request = isRead ? encodeBridgeRead(address, register) : encodeBridgeWrite(address, register, data);
    const answer = await this.#turns.run(() => this.#exchange(request));
    return isRead ? Uint8Array.of(answer) : new Uint8Array(0);
  }

  async #exchange(request: number): Promise<number> {
    let reason = "";
    for (let attempt = 0; attempt < TRIES; attempt++) {
      if (attempt > 0) await sleep(this.#clock, RETRY_PAUSE_MS, this.#signal);
      if ((await this.#idleWord()) === null) {
        reason = "it stays busy";
        continue;
      }
      await this.#port.writeRegister(request);
      const answer = await this.#idleWord();
      if (answer !== null && isEcho(answer, decodeBridgeWord(request))) return answer.data;
      reason = answer === null ? "it stays busy" : "it answers for another register";
    }
    const { deviceAddress, register } = decodeBridgeWord(request);
    const target = `register 0x${register.toString(16)} of device 0x${deviceAddress.toString(16)}`;
    throw new KumpelError("I2C_FAILED", `${this.name} can't reach ${target}: ${reason} after ${TRIES} tries`, {
      details: { address: deviceAddress, register },
    });
  }

  /** The register once it is not busy, or null when it does not get there. */
  async #idleWord(): Promise<BridgeWord | null> {
    for (let poll = 0; poll < POLLS; poll++) {
      if (poll > 0) await sleep(this.#clock, POLL_MS, this.#signal);
      const word = decodeBridgeWord(await this.#port.readRegister());
      if (!word.isBusy) return word;
    }
    return null;
  }
}

/** Whether the write bit is echoed is not documented, so it does not count. */
function isEcho(answer: BridgeWord, request: BridgeWord): boolean {
  return answer.deviceAddress === request.deviceAddress && answer.register === request.register;
}
