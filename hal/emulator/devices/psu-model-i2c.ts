/**
 * A power supply with its bus: enable line, output that ramps, set point, watchdog. Three dialects: v1 packets (set
 * point), v2 packets (float volts), legacy (a register). Written from public S19 Pro notes and vendor binaries; there a
 * supply that was never told a voltage makes about 15.2 V, its highest. Assumed where they are silent: any well-formed
 * command feeds the watchdog, the watchdog runs after power-up, v1 measures in units of 10 mV, a trip lasts until the
 * enable line was off.
 */
import { deviceNack, type I2cDevice, padRead } from "./i2c-device.ts";
import { legacyLine, lineMv, type PsuLine, psuLine } from "./psu-facts.ts";
import { PsuPacketPort } from "./psu-packet-port.ts";

const PACKET_MARK = 0xf5;
/** What a legacy supply says there is not known. */
const LEGACY_MARK = 0x01;
const RAMP_UP_MV_PER_MS = 15;
const RAMP_DOWN_MV_PER_MS = 50;
const WATCHDOG_LIMIT_MS = 60_000;
const V2_MIN_MV = 16_500;
const V2_MAX_MV = 22_100;
/** What a measurement is off by. */
const MEASURED_OFFSET_MV = 30;
const CALIBRATION_BYTES = 32;

export interface PsuModelOptions {
  readonly protocol: "v1" | "v2" | "legacy";
  /** Type byte; of no meaning on a legacy supply. */
  readonly type?: number;
  readonly firmware?: number;
  readonly address?: number;
  /** Set point after power-up on v1 and legacy; 0 is the highest voltage, which makes forgetting to set it visible. */
  readonly setPoint?: number;
}

export class PsuModelI2c implements I2cDevice {
  readonly address: number;
  readonly type: number;
  readonly firmware: number;
  isDead = false;
  /** Status word that is reported. */
  status = 0;
  /** Set commands that are taken and answered, but change nothing. */
  ignoredSets = 0;
  readonly #protocol: PsuModelOptions["protocol"];
  readonly #line: PsuLine;
  readonly #port: PsuPacketPort;
  readonly #powerUpSetPoint: number;
  #setPoint: number;
  #targetMv: number;
  #isEnabled = false;
  #isWatchdogOn: boolean;
  #isTripped = false;
  #silentMs = 0;
  #outputMv = 0;

  constructor(options: PsuModelOptions) {
    this.address = options.address ?? 0x10;
    this.type = options.type ?? (options.protocol === "v2" ? 0x62 : 0x71);
    this.firmware = options.firmware ?? 3;
    this.#protocol = options.protocol;
    this.#isWatchdogOn = options.protocol !== "legacy";
    this.#line = options.protocol === "legacy" ? legacyLine() : psuLine(this.type, this.firmware);
    this.#powerUpSetPoint = options.setPoint ?? 0;
    this.#setPoint = this.#powerUpSetPoint;
    this.#targetMv = this.#powerUpMv();
    this.#port = new PsuPacketPort(options.protocol === "v2" ? "words" : "bytes", (command, payload) =>
      this.#obey(command, payload),
    );
  }

  /** True while the output is up or on its way: enabled, and not dropped by the watchdog. */
  get isOutputOn(): boolean {
    return this.#isEnabled && !this.#isTripped;
  }

  get isEnabled(): boolean {
    return this.#isEnabled;
  }

  get isWatchdogOn(): boolean {
    return this.#isWatchdogOn;
  }

  get isTripped(): boolean {
    return this.#isTripped;
  }

  get setPoint(): number {
    return this.#setPoint;
  }

  /** Voltage that the output goes for when it is on. */
  get targetMv(): number {
    return this.#targetMv;
  }

  /** Voltage at the output now. */
  get voltageMv(): number {
    return this.#outputMv;
  }

  /** Frames that were not understood, or forbidden. */
  get badFrames(): number {
    return this.#port.badFrames;
  }

  /** Reads that say "not ready" before each reply. */
  set notReadyReads(count: number) {
    this.#port.notReadyReads = count;
  }

  /** The enable line, whatever its level on the board; switching it off and on forgets a trip. */
  setEnabled(isEnabled: boolean): void {
    if (!isEnabled) this.#isTripped = false;
    if (isEnabled && !this.#isEnabled) this.#silentMs = 0;
    this.#isEnabled = isEnabled;
  }

  /** Drops its output by itself, as on an overload; lasts until the enable line was off. */
  trip(): void {
    this.#isTripped = this.#isEnabled;
  }

  /** Mains gone for long enough that nothing is remembered. */
  loseMains(): void {
    this.#isTripped = false;
    this.#silentMs = 0;
    this.#outputMv = 0;
    this.#isWatchdogOn = this.#protocol !== "legacy";
    this.#setPoint = this.#powerUpSetPoint;
    this.#targetMv = this.#powerUpMv();
  }

  /** The output goes for this voltage from now on, as if it had been set over the bus. */
  presetMv(voltageMv: number): void {
    this.#targetMv = voltageMv;
  }

  step(elapsedMs: number): void {
    this.#silentMs += elapsedMs;
    if (this.#isWatchdogOn && this.#isEnabled && this.#silentMs >= WATCHDOG_LIMIT_MS) this.#isTripped = true;
    const goalMv = this.isOutputOn ? this.#targetMv : 0;
    const up = Math.min(goalMv, this.#outputMv + RAMP_UP_MV_PER_MS * elapsedMs);
    this.#outputMv = up >= this.#outputMv ? up : Math.max(goalMv, this.#outputMv - RAMP_DOWN_MV_PER_MS * elapsedMs);
  }

  transfer(write: Uint8Array, readLength: number): Uint8Array {
    if (this.isDead) throw deviceNack(this.address, "power supply");
    const [register, value] = write;
    if (register === undefined) return padRead(readLength > 0 ? [this.#port.read()] : [], readLength);
    if (register === 0x00 && readLength > 0)
      return padRead([this.#protocol === "legacy" ? LEGACY_MARK : PACKET_MARK], readLength);
    if (this.#protocol === "legacy") {
      if (register === 0x02 && value !== undefined) this.#take(value);
      return padRead([], readLength);
    }
    if (register === 0x11 && value !== undefined) this.#port.hear(value);
    return padRead([], readLength);
  }

  /** Obeys one good packet; null is silence. */
  #obey(command: number, payload: readonly number[]): readonly number[] | null {
    this.#silentMs = 0;
    switch (command) {
      case 0x01:
        return [this.firmware & 0xff, this.firmware >> 8];
      case 0x02:
        return [this.type, 0];
      case 0x03:
        return this.#protocol === "v2" ? float(this.#targetMv / 1000) : [this.#setPoint, 0];
      case 0x04:
        return this.#measured();
      case 0x05:
        return [this.isOutputOn ? 1 : 0, 0];
      case 0x06:
        return Array.from({ length: CALIBRATION_BYTES }, () => 0x80);
      case 0x0a:
        return this.type === 0xc1 || this.type === 0xc2 ? [this.status & 0xff, this.status >> 8] : null;
      case 0x81:
        this.#isWatchdogOn = payload[0] === 1;
        return payload;
      case 0x83:
        this.#set(payload);
        return payload;
      default:
        return null;
    }
  }

  #set(payload: readonly number[]): void {
    if (this.ignoredSets > 0) {
      this.ignoredSets--;
    } else if (this.#protocol === "v1") {
      this.#take(payload[0] ?? 0);
    } else if (payload.length === 4) {
      const mv = new DataView(Uint8Array.from(payload).buffer).getFloat32(0, true) * 1000;
      if (mv >= V2_MIN_MV && mv <= V2_MAX_MV) this.#targetMv = mv;
    }
  }

  #powerUpMv(): number {
    return this.#protocol === "v2" ? V2_MIN_MV : lineMv(this.#line, this.#powerUpSetPoint);
  }

  #take(setPoint: number): void {
    this.#setPoint = setPoint;
    this.#targetMv = lineMv(this.#line, setPoint);
  }

  #measured(): readonly number[] {
    const mv = this.#outputMv === 0 ? 0 : this.#outputMv + MEASURED_OFFSET_MV;
    if (this.#protocol === "v2") return float(mv / 1000);
    const raw = Math.round(mv / 10);
    return [raw & 0xff, raw >> 8];
  }
}

function float(value: number): readonly number[] {
  return [...new Uint8Array(Float32Array.of(value).buffer)];
}
