/**
 * What the board saw, in order: lines, set points, switches. Tests compare it with the step lists that the firmware claims
 * to follow. Bounded: the oldest entries fall out.
 */
export type JournalEntry = { readonly atMs: number } & JournalEvent;

export type JournalEvent =
  | { readonly what: "reset"; readonly chain: number; readonly isAsserted: boolean }
  | { readonly what: "psuEnable"; readonly isOn: boolean }
  | { readonly what: "psuVoltage"; readonly voltageMv: number }
  | { readonly what: "psuWatchdog"; readonly isOn: boolean }
  | { readonly what: "controllerOutput"; readonly chain: number; readonly isOn: boolean }
  | { readonly what: "controllerVoltage"; readonly chain: number; readonly voltageMv: number }
  | { readonly what: "regulatorVoltage"; readonly voltageMv: number }
  | { readonly what: "fanDuty"; readonly dutyPct: number }
  | { readonly what: "watchdogBite" };

const MAX_ENTRIES = 2_000;

export class Journal {
  readonly #entries: JournalEntry[] = [];
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  get entries(): readonly JournalEntry[] {
    return this.#entries;
  }

  note(event: JournalEvent): void {
    this.#entries.push({ atMs: this.#now(), ...event });
    if (this.#entries.length > MAX_ENTRIES) this.#entries.shift();
  }
}
