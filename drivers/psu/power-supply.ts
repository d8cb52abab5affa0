/**
 * The supply of the hashboards on its bus. It is identified first, then told a voltage, which is read back before anybody
 * believes it. Switching the output is the control board's enable line, not this bus.
 */
import type { Clock } from "#hal/clock.ts";
import { isKumpelError, KumpelError } from "#hal/errors.ts";
import type { I2cBus } from "#hal/i2c.ts";
import { Mutex } from "#hal/mutex.ts";
import { type PsuCalibration, psuCode, psuVoltageMv } from "./calibration.ts";
import { PSU_V1, PSU_V1_COMMANDS } from "./frame-v1.ts";
import { PSU_V2, PSU_V2_COMMANDS, psuV2Voltage, psuV2VoltageMv } from "./frame-v2.ts";
import { identifyPsu, type KnownPsu, type PsuIdentity, type PsuPlace } from "./identify.ts";
import { LEGACY_SET_POINT_REGISTER } from "./legacy.ts";
import { PacketWire, payloadWord } from "./packet-wire.ts";

export type { PsuIdentity } from "./identify.ts";

export interface PowerSupplyOptions {
  readonly clock: Clock;
  readonly bus: I2cBus;
  /** 7-bit address; 0x10 on every known board. */
  readonly address?: number;
  /** The hashboards' own range in mV, both ends allowed. The supply's range holds besides. */
  readonly limitsMv?: readonly [number, number];
}

const DEFAULT_ADDRESS = 0x10;
const SET_TRIES = 3;
/** A float32 of 20 V is exact to 2 uV. */
const V2_TOLERANCE_MV = 0.5;
/** The one voltage for which set point 0 is legal, on types C1 and C2 with old firmware. */
const ZERO_CODE_MV = 15_000;
const STATUS_TYPES: readonly number[] = [0xc1, 0xc2];

export class PowerSupply {
  readonly #place: PsuPlace;
  readonly #limitsMv: readonly [number, number] | null;
  readonly #wire: PacketWire;
  readonly #turns = new Mutex();
  #supply: KnownPsu | null = null;

  constructor(options: PowerSupplyOptions) {
    const { clock, bus, address = DEFAULT_ADDRESS } = options;
    this.#wire = new PacketWire(clock, bus, address);
    this.#place = { clock, bus, address, wire: this.#wire };
    this.#limitsMv = options.limitsMv ?? null;
  }

  /**
   * Finds protocol, type and firmware. The other methods do it by themselves when it was not done.
   * @throws KumpelError `PSU_FAILED` when it does not answer, `PSU_UNKNOWN_TYPE` when no formula is known for its type.
   */
  identify(signal: AbortSignal): Promise<PsuIdentity> {
    return this.#turns.run(async () => {
      this.#supply = await identifyPsu(this.#place, signal);
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
      return payloadWord(await this.#wire.ask(PSU_V1, command.code, [], signal));
    });
  }

  async #known(signal: AbortSignal): Promise<KnownPsu> {
    this.#supply ??= await identifyPsu(this.#place, signal);
    return this.#supply;
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
    const message = `${this.#wire.name} can't make ${voltageMv} mV: ${what}`;
    throw new KumpelError("VOLTAGE_OUT_OF_RANGE", message, { details: Object.assign({ voltageMv }, details) });
  }

  async #setCode(code: number, voltageMv: number, signal: AbortSignal): Promise<void> {
    let got: number | null = null;
    for (let attempt = 0; attempt < SET_TRIES; attempt++) {
      // Its reply is an echo by one source only; what counts is the set point that is read afterwards.
      await this.#wire.tryOnce(PSU_V1, PSU_V1_COMMANDS.setPoint.code, [code, 0], signal);
      got = payloadWord(await this.#wire.ask(PSU_V1, PSU_V1_COMMANDS.getSetPoint.code, [], signal));
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
      await this.#place.bus.transfer(this.#place.address, Uint8Array.of(LEGACY_SET_POINT_REGISTER, code), 0);
    } catch (error) {
      if (!isKumpelError(error, "I2C_NACK", "I2C_FAILED")) throw error;
      throw this.#wire.failure(`did not take set point ${code}: check the cable`, { code }, error);
    }
  }

  #mismatch(voltageMv: number, expected: number, got: number | null): never {
    const message = `${this.#wire.name} holds ${got} instead of ${expected} for ${voltageMv} mV: switch it off`;
    throw new KumpelError("PSU_SETPOINT_MISMATCH", message, { details: { voltageMv, expected, got } });
  }
}
