/**
 * The order of resets, voltages, fans and switches in two readings: as a machine's power plan says it, and as the emulated
 * board saw it. Both become lists of short sentences, with repetitions taken together.
 */
import type { PowerPlan, PowerStep } from "#drivers/power/power-steps.ts";
import type { JournalEntry } from "#hal/emulator/journal.ts";

export interface OrderEvent {
  readonly what:
    | "fans full"
    | "watchdog off"
    | "supply"
    | "supply on"
    | "supply off"
    | "board"
    | "boards on"
    | "boards off"
    | "released"
    | "held"
    | "regulator"
    | "regulator off";
  /** Of a voltage. */
  readonly mv: number | null;
}

const FULL_DUTY_PCT = 99.5;

function event(what: OrderEvent["what"], mv: number | null = null): OrderEvent {
  return { what, mv };
}

/** Neighbours that say the same become one; of voltages the last one counts. */
function collapse(events: readonly OrderEvent[]): OrderEvent[] {
  const out: OrderEvent[] = [];
  for (const next of events) {
    if (out.at(-1)?.what === next.what) out.pop();
    out.push(next);
  }
  return out;
}

function ofStep(step: PowerStep): OrderEvent[] {
  switch (step.kind) {
    case "fans":
      return [event("fans full")];
    case "psuWatchdog":
      return [event("watchdog off")];
    case "psuLowest":
      return [event("supply")];
    case "psuVoltage":
      return [event("supply", step.voltageMv)];
    case "psuRamp":
      return [event("supply", step.toMv)];
    case "psuEnable":
      return [event(step.isOn ? "supply on" : "supply off")];
    case "controllerVoltage":
      return [event("board", step.voltageMv)];
    case "controllerOutput":
      return [event(step.isOn ? "boards on" : "boards off")];
    case "regulatorVoltage":
    case "regulatorLevel":
      return [event("regulator", step.voltageMv)];
    case "regulatorOff":
      return [event("regulator off")];
    case "reset":
      return [event("held")];
    case "wait":
    case "psuIdentify":
    case "controllerStart":
    case "heartbeat":
      return [];
  }
}

export interface MachineTraits {
  readonly hasEnableLine: boolean;
  readonly hasController: boolean;
  readonly hasRegulatorSwitch: boolean;
  readonly hasFans: boolean;
}

/** What the plan promises, without what is so already (all off, all held) and what the machine does not have. */
export function plannedOrder(plan: PowerPlan, traits: MachineTraits): OrderEvent[] {
  const released = event("released");
  const up = [...plan.machineUp, ...plan.chainUp].flatMap(ofStep);
  const work = [...plan.chainWork, ...plan.machineWork].flatMap(ofStep);
  const down = plan.machineDown.flatMap(ofStep);
  const isThere = ({ what }: OrderEvent): boolean => {
    if (what.startsWith("supply o")) return traits.hasEnableLine;
    if (what.startsWith("boards")) return traits.hasController;
    if (what === "regulator off") return traits.hasRegulatorSwitch;
    return what !== "fans full" || traits.hasFans;
  };
  const state = new Set(["held", "supply off", "boards off", "regulator off"]);
  const opposite: Record<string, string> = {
    held: "released",
    released: "held",
    "supply on": "supply off",
    "supply off": "supply on",
    "boards on": "boards off",
    "boards off": "boards on",
    regulator: "regulator off",
    "regulator off": "regulator",
  };
  const changes = [...up, released, ...work, ...down].filter(isThere).filter(({ what }) => {
    if (state.has(what)) return what === "regulator";
    state.add(what);
    state.delete(opposite[what] ?? "");
    // A voltage may change again, fans may be driven anew.
    if (["supply", "board", "regulator", "fans full"].includes(what)) state.delete(what);
    return true;
  });
  return collapse(changes);
}

function ofEntry(entry: JournalEntry): OrderEvent[] {
  switch (entry.what) {
    case "reset":
      return [event(entry.isAsserted ? "held" : "released")];
    case "psuEnable":
      return [event(entry.isOn ? "supply on" : "supply off")];
    case "psuVoltage":
      return [event("supply", entry.voltageMv)];
    case "psuWatchdog":
      return entry.isOn ? [] : [event("watchdog off")];
    case "controllerOutput":
      return [event(entry.isOn ? "boards on" : "boards off")];
    case "controllerVoltage":
      return [event("board", entry.voltageMv)];
    case "watchdogBite":
      return [];
    case "regulatorVoltage":
      return entry.voltageMv === 0 ? [event("regulator off")] : [event("regulator", entry.voltageMv)];
    case "fanDuty":
      return entry.dutyPct >= FULL_DUTY_PCT ? [event("fans full")] : [];
  }
}

/**
 * What one chain and the machine around it saw; between first and last the fans follow the temperature, which is not the
 * plan's matter. A controller behind a slow bus may obey when the supply, which does not wait for it, is already off.
 */
export function seenOrder(journal: readonly JournalEntry[], chain: number): OrderEvent[] {
  const events = journal.filter((entry) => !("chain" in entry) || entry.chain === chain).flatMap(ofEntry);
  const first = events.findIndex(({ what }) => what === "fans full");
  const last = events.findLastIndex(({ what }) => what === "fans full");
  const seen = collapse(events.filter(({ what }, i) => what !== "fans full" || i === first || i === last));
  const cut = seen.findLastIndex(({ what }) => what === "supply off");
  const late = seen.findIndex(({ what }, i) => i > cut && what === "boards off");
  if (cut >= 0 && late >= 0) seen.splice(cut, 0, ...seen.splice(late, 1));
  return seen;
}
