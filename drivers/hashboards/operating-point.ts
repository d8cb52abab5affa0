/**
 * At which frequency and voltage a machine is to work, and who says so: the owner, the table where a source or a capture
 * confirms it, else the boards' own EEPROMs. A number that nobody confirms never energises a real board.
 */
import { KumpelError } from "#hal/errors.ts";
import type { Provenance } from "../bm13xx/registers.ts";
import type { HashboardIdentity, UnknownHashboard } from "../eeprom/hashboard-eeprom.ts";
import type { BoardSupport, VoltagePlan } from "./board-support.ts";
import { assertClock } from "./clock-limits.ts";
import type { HashboardModel } from "./models.ts";

export interface OperatingPoint {
  readonly frequencyMhz: number;
  readonly workMv: number;
  /** Where the numbers come from, for the owner. */
  readonly reason: string;
}

export interface OperatingWish {
  readonly frequencyMhz: number | null;
  readonly workMv: number | null;
}

export interface OperatingInputs {
  readonly model: HashboardModel;
  readonly support: BoardSupport;
  /** One a plugged board. */
  readonly identities: readonly (HashboardIdentity | UnknownHashboard)[];
  readonly owner: OperatingWish;
  /** True where nothing can burn: numbers that nobody confirms are good enough. */
  readonly acceptsUnconfirmed: boolean;
  /** How messages tell the owner to say it. */
  readonly hints: { readonly frequency: string; readonly voltage: string };
}

const CONFIRMED: readonly Provenance[] = ["captured", "documented"];

/**
 * @throws KumpelError `OWNER_SETTING_NEEDED` when nobody confirms a number, `VOLTAGE_OUT_OF_RANGE` and
 * `LIMIT_OUT_OF_RANGE` for a voltage or clock beyond the hard caps, whoever names it.
 */
export function chooseOperatingPoint(inputs: OperatingInputs): OperatingPoint {
  const { model, support, hints } = inputs;
  const frequency = choose(inputs, {
    what: "clock",
    unit: "MHz",
    wish: inputs.owner.frequencyMhz,
    table: model.defaultFrequencyMhz,
    isConfirmed: CONFIRMED.includes(model.confidence.frequency),
    ofBoard: (identity) => identity.frequencyMhz,
    hint: hints.frequency,
  });
  assertClock(model, frequency.value, frequency.from);
  const { voltage } = support;
  if (voltage === null) return { frequencyMhz: frequency.value, workMv: 0, reason: `clock: ${frequency.from}` };
  const work = choose(inputs, {
    what: "voltage",
    unit: "mV",
    wish: inputs.owner.workMv,
    table: voltage.workMv,
    isConfirmed: CONFIRMED.includes(voltage.provenance),
    ofBoard: (identity) => identity.voltageMv,
    hint: hints.voltage,
  });
  assertWorkVoltage(model, voltage, work.value, work.from);
  return {
    frequencyMhz: frequency.value,
    workMv: work.value,
    reason: `clock: ${frequency.from}; voltage: ${work.from}`,
  };
}

/** @param from who says so. @throws KumpelError `VOLTAGE_OUT_OF_RANGE` with one sentence. */
export function assertWorkVoltage(
  model: HashboardModel,
  { hardMinMv, hardMaxMv }: VoltagePlan,
  workMv: number,
  from: string,
): void {
  if (workMv >= hardMinMv && workMv <= hardMaxMv) return;
  throw new KumpelError(
    "VOLTAGE_OUT_OF_RANGE",
    `A working voltage of ${workMv} mV (${from}) is outside of ${hardMinMv} to ${hardMaxMv} mV, which ${model.label} must keep: choose one inside.`,
    { details: { workMv, hardMinMv, hardMaxMv } },
  );
}

interface Quantity {
  readonly what: string;
  readonly unit: string;
  readonly wish: number | null;
  readonly table: number;
  readonly isConfirmed: boolean;
  readonly ofBoard: (identity: HashboardIdentity) => number;
  readonly hint: string;
}

function choose(inputs: OperatingInputs, quantity: Quantity): { value: number; from: string } {
  const { what, unit, wish, table, isConfirmed, ofBoard, hint } = quantity;
  if (wish !== null) return { value: wish, from: "the owner's setting" };
  if (isConfirmed) return { value: table, from: "the model's row" };
  const known = inputs.identities.filter((identity) => identity.kind === "known");
  // Boards share one supply and one clock: the most modest of them decides.
  if (!inputs.acceptsUnconfirmed && known.length > 0 && known.length === inputs.identities.length) {
    return { value: Math.min(...known.map(ofBoard)), from: "the boards' own EEPROMs" };
  }
  if (inputs.acceptsUnconfirmed) return { value: table, from: "our choice, confirmed by nobody" };
  throw new KumpelError(
    "OWNER_SETTING_NEEDED",
    `No source confirms a ${what} for ${inputs.model.label} (${table} ${unit} is a guess) and not every board's EEPROM can be read: look at the boards' labels and say ${hint}.`,
    { details: { what, guess: table } },
  );
}
