/**
 * dsPIC controller of S17 to S19 Pro hashboards at 0x20 + chain. It switches the board and reads its sensors; the voltage
 * is set at the supply: what its own voltage command does on which model is unconfirmed, so there is no such method.
 */
import { type Clock, sleep } from "#hal/clock.ts";
import { isKumpelError } from "#hal/errors.ts";
import type { I2cBus } from "#hal/i2c.ts";
import { Mutex } from "#hal/mutex.ts";
import { readSensorBehindDspic } from "../sensor/dspic-sensor.ts";
import type { Reading } from "../sensor/reading.ts";
import { ByteWire } from "./byte-wire.ts";
import { DSPIC_COMMANDS, type DspicCommand, dspicFrame, dspicReplyLength, parseDspicReply } from "./dspic-frame.ts";
import type { VoltageController } from "./voltage-controller.ts";

const TRIES = 3;
const RETRY_PAUSE_MS = 1000;
const AFTER_RESET_MS = 500;
const AFTER_SECOND_RESET_MS = 2000;
const START_AGAIN_MS = 5000;
/** One byte is tried again at once a few times, before the whole command is. */
const BYTE_TRIES = 3;
const BYTE_PAUSE_MS = 10;
/** Stock firmware sends one within 10 s; three of ours fit into that. */
const HEARTBEAT_PERIOD_MS = 3000;
/** Input voltage: 12-bit converter at 3.3 V behind a divider of 7.6. */
const ADC_MAX = 4095;
const INPUT_MV_PER_STEP = (3300 / 4096) * 7.6;

export class DsPic implements VoltageController {
  readonly name: string;
  readonly heartbeatPeriodMs = HEARTBEAT_PERIOD_MS;
  readonly #clock: Clock;
  readonly #wire: ByteWire;
  readonly #place: string;
  readonly #turns = new Mutex();
  #isStarted = false;
  #startAgainMs = 0;
  #startError = "";

  constructor(options: { clock: Clock; bus: I2cBus; address: number }) {
    this.name = `dsPIC 0x${options.address.toString(16)}`;
    this.#place = `${this.name} on ${options.bus.name}`;
    this.#clock = options.clock;
    this.#wire = new ByteWire(
      Object.assign({ name: this.name, triesPerByte: BYTE_TRIES, pauseMs: BYTE_PAUSE_MS }, options),
    );
  }

  /** An S19 Pro reports firmware 0x89; no list of good versions is known, so any well-formed answer is taken. */
  start(signal: AbortSignal): Promise<{ firmware: number }> {
    return this.#turns.run(() => this.#start(signal));
  }

  async #start(signal: AbortSignal): Promise<{ firmware: number }> {
    this.#isStarted = false;
    await this.#command(DSPIC_COMMANDS.reset, [], signal);
    await sleep(this.#clock, AFTER_RESET_MS, signal);
    try {
      await this.#command(DSPIC_COMMANDS.jumpToApplication, [], signal);
    } catch (error) {
      if (!isKumpelError(error, "VOLTAGE_CONTROLLER_FAILED")) throw error;
      await this.#command(DSPIC_COMMANDS.reset, [], signal);
      await sleep(this.#clock, AFTER_SECOND_RESET_MS, signal);
      await this.#command(DSPIC_COMMANDS.jumpToApplication, [], signal);
    }
    const firmware = (await this.#command(DSPIC_COMMANDS.version, [], signal))[0]!;
    this.#isStarted = true;
    return { firmware };
  }

  async setOutput(isOn: boolean, signal: AbortSignal): Promise<void> {
    await this.#turns.run(() => this.#command(DSPIC_COMMANDS.setOutput, [isOn ? 1 : 0], signal));
  }

  async heartbeat(signal: AbortSignal): Promise<void> {
    await this.#turns.run(() => this.#command(DSPIC_COMMANDS.heartbeat, [], signal));
  }

  /**
   * Temperature of an LM75A behind the controller (0x48-0x4B on an S19 Pro). A failure is an answer; only `ABORTED`
   * throws. Its loader knows no sensors, and they are wanted before there is power: the program is started for them,
   * which by the factory log works with the supply off, and switches nothing on. Nothing is tried twice: who watches the
   * heat asks again a second later, and must hear soon that there is no answer.
   */
  readSensor(slave: number, signal: AbortSignal): Promise<Reading> {
    const port = {
      name: this.#place,
      selectRegister: async (register: number) => {
        await this.#command(DSPIC_COMMANDS.writeSensor, [slave, register], signal, { tries: 1 });
      },
      read: (dataBytes: number) =>
        this.#command(DSPIC_COMMANDS.readSensor, [slave, dataBytes], signal, { tries: 1, dataBytes }),
    };
    return this.#turns.run(async () => {
      if (!this.#isStarted) {
        const reason = await this.#startFailure(signal);
        if (reason !== null) return { kind: "failed", reason };
      }
      return readSensorBehindDspic(port, slave);
    });
  }

  /** A start that fails takes seconds, so sensor by sensor would take too long. */
  async #startFailure(signal: AbortSignal): Promise<string | null> {
    if (this.#clock.nowMs() < this.#startAgainMs) return this.#startError;
    try {
      await this.#start(signal);
      return null;
    } catch (error) {
      if (!isKumpelError(error, "VOLTAGE_CONTROLLER_FAILED")) throw error;
      this.#startAgainMs = this.#clock.nowMs() + START_AGAIN_MS;
      this.#startError = error.message;
      return error.message;
    }
  }

  /** Voltage at the board's input in mV. The place of the value in the reply is unconfirmed. */
  async readInputVoltageMv(signal: AbortSignal): Promise<number> {
    const data = await this.#turns.run(() => this.#command(DSPIC_COMMANDS.inputVoltage, [], signal));
    const raw = wordAt(data, 0);
    if (raw > ADC_MAX) {
      throw this.#wire.failure(`gave ${raw} for its input voltage, more than 12 bits: ignore the value`, { raw });
    }
    return Math.round(raw * INPUT_MV_PER_STEP);
  }

  /** The three converter values, raw: their scale is not documented. */
  async readAdcRaw(signal: AbortSignal): Promise<readonly [number, number, number]> {
    const data = await this.#turns.run(() => this.#command(DSPIC_COMMANDS.threeAdcValues, [], signal));
    return [wordAt(data, 0), wordAt(data, 2), wordAt(data, 4)];
  }

  async #command(
    command: DspicCommand,
    payload: readonly number[],
    signal: AbortSignal,
    { tries = TRIES, dataBytes = command.dataBytes }: { tries?: number; dataBytes?: number } = {},
  ): Promise<Uint8Array> {
    let reason = "";
    let cause: unknown;
    for (let attempt = 0; attempt < tries; attempt++) {
      if (attempt > 0) await sleep(this.#clock, RETRY_PAUSE_MS, signal);
      try {
        // Ends a frame that broke off, so that the parser hears this one; zeros never make a right checksum.
        if (this.#wire.unsentBytes > 0) await this.#wire.write(new Uint8Array(this.#wire.unsentBytes), signal);
        await this.#wire.write(dspicFrame(command, payload), signal);
        await sleep(this.#clock, command.waitMs, signal);
        const reply = parseDspicReply(command, await this.#wire.read(dspicReplyLength(command, dataBytes), signal));
        if (reply.kind === "ok") return reply.data;
        reason = reply.reason;
      } catch (error) {
        if (!isKumpelError(error, "VOLTAGE_CONTROLLER_FAILED")) throw error;
        reason = "no answer";
        cause = error;
      }
    }
    const code = command.code.toString(16);
    const howOften = tries === 1 ? "with" : `${tries} times, last with`;
    const what = `failed command 0x${code} ${howOften} ${reason}: check cable and supply of the board`;
    throw this.#wire.failure(what, { command: command.code }, cause);
  }
}

function wordAt(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!;
}
