/**
 * The supply of the hashboards on its bus. It is identified first, then told a voltage, which is read back before anybody
 * believes it. Switching the output is the control board's enable line, not this bus.
 */
import { type Clock, sleep } from "#hal/clock.ts";
import { isKumpelError, KumpelError } from "#hal/errors.ts";
import type { I2cBus } from "#hal/i2c.ts";
import { Exclusive } from "../voltage/exclusive.ts";
import {
  findPsuCalibration,
  PSU_V2_RANGE_MV,
  PSU_V2_TYPES,
  type PsuCalibration,
  psuCode,
  psuLabel,
  psuRangeMv,
  psuVoltageMv,
} from "./calibration.ts";
import { PSU_V1, PSU_V1_COMMANDS } from "./frame-v1.ts";
import { PSU_V2, PSU_V2_COMMANDS, psuV2Voltage, psuV2VoltageMv } from "./frame-v2.ts";
import { LEGACY_CALIBRATION, LEGACY_SET_POINT_REGISTER } from "./legacy.ts";
import { NOT_READY, PacketWire } from "./packet-wire.ts";

export interface PsuIdentity {
  readonly protocol: "v1" | "v2" | "legacy";
  readonly type: number | null;
  readonly firmware: number | null;
  readonly label: string;
  readonly rangeMv: readonly [number, number];
}

export interface PowerSupplyOptions {
  readonly clock: Clock;
  readonly bus: I2cBus;
  /** 7-bit address; 0x10 on every known board. */
  readonly address?: number;
  /** The hashboards' own range in mV, both ends allowed. The supply's range holds besides. */
  readonly limitsMv?: readonly [number, number];
}

type Supply = { readonly identity: PsuIdentity; readonly calibration: PsuCalibration | null };

const DEFAULT_ADDRESS = 0x10;
/** Register 0 reads 0xF5 where packets are spoken. */
const PROTOCOL_REGISTER = 0x00;
const PROTOCOL_READS = 3;
const PROTOCOL_PAUSE_MS = 100;
/** What a bus reads when nobody drives it: no reason to talk the unchecked old protocol. */
const BUS_IDLE = 0xff;
const SET_TRIES = 3;
/** A float32 of 20 V is exact to 2 uV. */
const V2_TOLERANCE_MV = 0.5;
/** The one voltage for which set point 0 is legal, on types C1 and C2 with old firmware. */
const ZERO_CODE_MV = 15_000;
const STATUS_TYPES: readonly number[] = [0xc1, 0xc2];

export class PowerSupply {
  readonly #clock: Clock;
  readonly #bus: I2cBus;
  readonly #address: number;
  readonly #limitsMv: readonly [number, number] | null;
  readonly #wire: PacketWire;
  readonly #turns = new Exclusive();
  #supply: Supply | null = null;

  constructor(options: PowerSupplyOptions) {
    this.#clock = options.clock;
    this.#bus = options.bus;
    this.#address = options.address ?? DEFAULT_ADDRESS;
    this.#limitsMv = options.limitsMv ?? null;
    this.#wire = new PacketWire(options.clock, options.bus, this.#address);
  }

  /**
   * Finds protocol, type and firmware. The other methods do it by themselves when it was not done.
   * @throws KumpelError `PSU_FAILED` when it does not answer, `PSU_UNKNOWN_TYPE` when no formula is known for its type.
   */
  identify(signal: AbortSignal): Promise<PsuIdentity> {
    return this.#turns.run(async () => {
      this.#supply = await this.#identify(signal);
      return this.#supply.identity;
    });
  }

  /**
   * The supply's own watchdog drops the output when it hears nothing for about a minute (unconfirmed). A legacy supply is
   * not known to have one: nothing is sent.
   */
  async setWatchdog(isOn: boolean, signal: AbortSignal): Promise<void> {
    await this.#turns.run(async () => {
      const { identity } = await this.#known(signal);
      if (identity.protocol === "legacy") return;
      const [protocol, commands] = identity.protocol === "v1" ? [PSU_V1, PSU_V1_COMMANDS] : [PSU_V2, PSU_V2_COMMANDS];
      await this.#wire.ask(protocol, commands.setWatchdog.code, [isOn ? 1 : 0, 0], signal);
    });
  }

  /**
   * Sets the output voltage, reads it back, and resolves with the mV that the set point really makes: up to one step
   * (13 mV on an APW12) above the wish, since set points are truncated. A legacy supply can't be read back.
   * @throws KumpelError `VOLTAGE_OUT_OF_RANGE` before anything is sent, `PSU_SETPOINT_MISMATCH` when the supply keeps
   * holding something else, `PSU_FAILED`, `PSU_UNKNOWN_TYPE`, `ABORTED`.
   */
  setVoltageMv(voltageMv: number, signal: AbortSignal): Promise<number> {
    return this.#turns.run(async () => {
      this.#checkWish(voltageMv, this.#limitsMv);
      const { identity, calibration } = await this.#known(signal);
      this.#checkWish(voltageMv, identity.rangeMv);
      if (calibration === null) return this.#setVolts(voltageMv, signal);
      const code = this.#checkedCode(calibration, voltageMv);
      if (identity.protocol === "legacy") await this.#setLegacy(code);
      else await this.#setCode(code, voltageMv, signal);
      return Math.round(psuVoltageMv(calibration, code));
    });
  }

  /**
   * Measured output in mV, or null when it can't be known: only v2 supplies give volts (inferred from their other
   * commands). The unit of the v1 reply is not documented, and a guess would be worse than no number.
   */
  async readOutputMv(signal: AbortSignal): Promise<number | null> {
    const { identity } = await this.#turns.run(() => this.#known(signal));
    if (identity.protocol !== "v2") return null;
    const payload = await this.readMeasurementRaw(signal);
    return payload === null ? null : psuV2VoltageMv(payload);
  }

  /** Payload of the reply to the measure command as it came, for the support bundle; null on a legacy supply. */
  readMeasurementRaw(signal: AbortSignal): Promise<Uint8Array | null> {
    return this.#turns.run(async () => {
      const { identity } = await this.#known(signal);
      if (identity.protocol === "legacy") return null;
      const protocol = identity.protocol === "v1" ? PSU_V1 : PSU_V2;
      return this.#wire.ask(protocol, PSU_V1_COMMANDS.measure.code, [], signal);
    });
  }

  /** Status word, low byte first on the wire: the status of types C1 and C2, the state of other v1 supplies, else null. */
  readStatus(signal: AbortSignal): Promise<number | null> {
    return this.#turns.run(async () => {
      const { identity } = await this.#known(signal);
      if (identity.protocol !== "v1") return null;
      const hasStatus = identity.type !== null && STATUS_TYPES.includes(identity.type);
      const command = hasStatus ? PSU_V1_COMMANDS.status : PSU_V1_COMMANDS.state;
      return word(await this.#wire.ask(PSU_V1, command.code, [], signal));
    });
  }

  async #known(signal: AbortSignal): Promise<Supply> {
    this.#supply ??= await this.#identify(signal);
    return this.#supply;
  }

  async #identify(signal: AbortSignal): Promise<Supply> {
    if (!(await this.#speaksPackets(signal))) {
      const rangeMv = psuRangeMv(LEGACY_CALIBRATION);
      const identity = {
        protocol: "legacy",
        type: null,
        firmware: null,
        label: "legacy power supply",
        rangeMv,
      } as const;
      return { identity, calibration: LEGACY_CALIBRATION };
    }
    const type = await this.#askType(signal);
    if (PSU_V2_TYPES.includes(type)) {
      const label = psuLabel(type);
      const identity = { protocol: "v2", type, firmware: null, label, rangeMv: PSU_V2_RANGE_MV } as const;
      return { identity, calibration: null };
    }
    const firmware = (await this.#wire.ask(PSU_V1, PSU_V1_COMMANDS.firmware.code, [], signal))[0] ?? null;
    const calibration = findPsuCalibration(type, firmware);
    if (calibration === null) {
      const what = `${this.#place()} is of type 0x${type.toString(16)}, for which no voltage formula is known`;
      throw new KumpelError("PSU_UNKNOWN_TYPE", `${what}: leave its voltage alone`, { details: { type, firmware } });
    }
    const identity = {
      protocol: "v1",
      type,
      firmware,
      label: psuLabel(type),
      rangeMv: psuRangeMv(calibration),
    } as const;
    return { identity, calibration };
  }

  /** The old protocol has no checks of its own, so three equal answers are wanted before it is believed. */
  async #speaksPackets(signal: AbortSignal): Promise<boolean> {
    const seen = new Set<number>();
    for (let i = 0; i < PROTOCOL_READS; i++) {
      if (i > 0) await sleep(this.#clock, PROTOCOL_PAUSE_MS, signal);
      try {
        const bytes = await this.#bus.transfer(this.#address, Uint8Array.of(PROTOCOL_REGISTER), 1);
        seen.add(bytes[0] ?? BUS_IDLE);
      } catch (error) {
        if (!isKumpelError(error, "I2C_NACK", "I2C_FAILED")) throw error;
        if (i === PROTOCOL_READS - 1) {
          throw this.#wire.failure("does not answer: check the cable between control board and supply", {}, error);
        }
      }
    }
    if (seen.has(NOT_READY)) return true;
    if (seen.size !== 1 || seen.has(BUS_IDLE)) {
      const got = [...seen].map((byte) => `0x${byte.toString(16)}`).join(", ");
      throw this.#wire.failure(`gives nonsense for its protocol (${got}): check the bus`, { got });
    }
    return false;
  }

  /** The first protocol is tried first: the second one's supplies refuse its checksum. */
  async #askType(signal: AbortSignal): Promise<number> {
    try {
      return word(await this.#wire.ask(PSU_V1, PSU_V1_COMMANDS.type.code, [], signal)) & 0xff;
    } catch (error) {
      if (!isKumpelError(error, "PSU_FAILED")) throw error;
      return word(await this.#wire.ask(PSU_V2, PSU_V2_COMMANDS.type.code, [], signal)) & 0xff;
    }
  }

  #checkWish(voltageMv: number, rangeMv: readonly [number, number] | null): void {
    if (rangeMv === null ? Number.isFinite(voltageMv) : voltageMv >= rangeMv[0] && voltageMv <= rangeMv[1]) return;
    const range = rangeMv === null ? "a number" : `${rangeMv[0]} to ${rangeMv[1]} mV`;
    this.#refuse(voltageMv, `choose ${range}`, { rangeMv });
  }

  #checkedCode(calibration: PsuCalibration, voltageMv: number): number {
    const code = psuCode(calibration, voltageMv);
    const isLegalZero = calibration.codeMin === 0 && voltageMv === ZERO_CODE_MV;
    if (code === 0 && !isLegalZero) this.#refuse(voltageMv, "set point 0 is kept for exactly 15000 mV", { code });
    if (!(code >= calibration.codeMin && code <= calibration.codeMax)) {
      this.#refuse(voltageMv, `set point ${code} is not within ${calibration.codeMin} to ${calibration.codeMax}`, {
        code,
      });
    }
    return code;
  }

  #refuse(voltageMv: number, what: string, details: Record<string, unknown>): never {
    const message = `${this.#place()} can't make ${voltageMv} mV: ${what}`;
    throw new KumpelError("VOLTAGE_OUT_OF_RANGE", message, { details: Object.assign({ voltageMv }, details) });
  }

  async #setCode(code: number, voltageMv: number, signal: AbortSignal): Promise<void> {
    let got = -1;
    for (let attempt = 0; attempt < SET_TRIES; attempt++) {
      // Its reply is an echo by one source only; what counts is the set point that is read afterwards.
      await this.#wire.tryOnce(PSU_V1, PSU_V1_COMMANDS.setPoint.code, [code, 0], signal);
      got = word(await this.#wire.ask(PSU_V1, PSU_V1_COMMANDS.getSetPoint.code, [], signal));
      if (got === code) return;
    }
    this.#mismatch(voltageMv, code, got);
  }

  async #setVolts(voltageMv: number, signal: AbortSignal): Promise<number> {
    let got: number | null = null;
    for (let attempt = 0; attempt < SET_TRIES; attempt++) {
      await this.#wire.tryOnce(PSU_V2, PSU_V2_COMMANDS.setVoltage.code, psuV2Voltage(voltageMv), signal);
      got = psuV2VoltageMv(await this.#wire.ask(PSU_V2, PSU_V2_COMMANDS.getVoltage.code, [], signal));
      if (got !== null && Math.abs(got - voltageMv) <= V2_TOLERANCE_MV) return Math.round(got);
    }
    return this.#mismatch(voltageMv, voltageMv, got);
  }

  async #setLegacy(code: number): Promise<void> {
    try {
      await this.#bus.transfer(this.#address, Uint8Array.of(LEGACY_SET_POINT_REGISTER, code), 0);
    } catch (error) {
      if (!isKumpelError(error, "I2C_NACK", "I2C_FAILED")) throw error;
      throw this.#wire.failure(`did not take set point ${code}: check the cable`, { code }, error);
    }
  }

  #mismatch(voltageMv: number, expected: number, got: number | null): never {
    const message = `${this.#place()} holds ${got} instead of ${expected} for ${voltageMv} mV: switch it off`;
    throw new KumpelError("PSU_SETPOINT_MISMATCH", message, { details: { voltageMv, expected, got } });
  }

  #place(): string {
    return `power supply 0x${this.#address.toString(16)} on ${this.#bus.name}`;
  }
}

/** Payload as a number, low byte first; -1 when it is empty. */
function word(payload: Uint8Array): number {
  return payload.length === 0 ? -1 : payload[0]! | ((payload[1] ?? 0) << 8);
}
