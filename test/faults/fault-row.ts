/** One row of the fault table: what breaks, how it is noticed, what is done about it, and within which time. */

export interface FaultRow {
  /** Short and unique; names the row in commands and reports. */
  readonly id: string;
  readonly fault: string;
  readonly detectedBy: string;
  readonly reaction: string;
  /** Longest time from the fault to the reaction, in virtual seconds. */
  readonly requiredS: number;
  /** Plays it on a machine of its own; resolves with the seconds to the reaction, and throws where it is another one. */
  readonly play: () => Promise<number>;
}

export interface FaultArea {
  readonly name: string;
  readonly title: string;
  readonly rows: readonly FaultRow[];
}
