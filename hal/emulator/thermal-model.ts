/**
 * Heat of one hash chain: a single thermal mass (chips and heat sink) between the power that goes in and the air that
 * blows past. Constants are for an S21 hashboard and scale with a machine's stock power, as its heat sinks do.
 *
 * They are chosen, not measured: at stock power and 25 C ambient the chips settle at about 57 C with fans at 100 % and
 * 72 C at 40 %, with a time constant of 40 to 60 s; without fans they pass 100 C within a minute and a half.
 */
const REFERENCE_POWER_W = 1150;
/** Chips, copper and aluminium of one board. */
const HEAT_CAPACITY_J_PER_K = 1450;
/** Natural convection and radiation with all fans off. */
const CONDUCTANCE_STILL_W_PER_K = 3;
/** On top of that at full airflow; it grows with the root of the flow. */
const CONDUCTANCE_AIRFLOW_W_PER_K = 33.5;
/** Share of the way from ambient to chip temperature at the two board sensors, and how slowly they follow. */
const INLET_SHARE = 0.25;
const OUTLET_SHARE = 0.7;
const SENSOR_TIME_CONSTANT_S = 12;
/** Chips near the air inlet run this share of the temperature rise cooler, those at the outlet hotter. */
const CHIP_SPREAD = 0.05;
/** Clocks, regulators and leakage while powered, as a share of stock power. */
const IDLE_POWER_SHARE = 0.06;

export interface ThermalInput {
  /** Mean frequency of the hashing chips over stock frequency: 0 idle, 1 stock. */
  readonly activity: number;
  /** Hashboard voltage over stock voltage; 0 = no power. */
  readonly voltageRatio: number;
  /** 0 fans stand .. 1 all at full speed. */
  readonly airflow: number;
  readonly ambientC: number;
}

export class ThermalModel {
  powerW = 0;
  /** Mean chip temperature. */
  dieC: number;
  inletC: number;
  outletC: number;
  readonly #stockPowerW: number;
  #ambientC: number;

  constructor(stockPowerW: number, ambientC: number) {
    this.#stockPowerW = stockPowerW;
    this.#ambientC = ambientC;
    this.dieC = ambientC;
    this.inletC = ambientC;
    this.outletC = ambientC;
  }

  /** Temperature of one chip by its place in the airflow, 0 = first .. 1 = last. */
  chipC(place: number): number {
    return this.#ambientC + (this.dieC - this.#ambientC) * (1 + CHIP_SPREAD * (2 * place - 1));
  }

  step(input: ThermalInput, elapsedMs: number): void {
    const seconds = elapsedMs / 1000;
    const size = this.#stockPowerW / REFERENCE_POWER_W;
    // CMOS: dynamic power goes with frequency and the square of voltage.
    this.powerW =
      this.#stockPowerW * (IDLE_POWER_SHARE + (1 - IDLE_POWER_SHARE) * input.activity) * input.voltageRatio ** 2;
    const conductance = size * (CONDUCTANCE_STILL_W_PER_K + CONDUCTANCE_AIRFLOW_W_PER_K * Math.sqrt(input.airflow));
    const settledC = input.ambientC + this.powerW / conductance;
    const timeConstantS = (size * HEAT_CAPACITY_J_PER_K) / conductance;
    this.#ambientC = input.ambientC;
    this.dieC = approach(this.dieC, settledC, seconds / timeConstantS);
    const riseC = this.dieC - input.ambientC;
    const sensorSteps = seconds / SENSOR_TIME_CONSTANT_S;
    this.inletC = approach(this.inletC, input.ambientC + INLET_SHARE * riseC, sensorSteps);
    this.outletC = approach(this.outletC, input.ambientC + OUTLET_SHARE * riseC, sensorSteps);
  }
}

/** First-order approach, exact for any step length. */
function approach(from: number, to: number, timeConstants: number): number {
  return to + (from - to) * Math.exp(-timeConstants);
}
