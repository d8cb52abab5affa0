/**
 * The button with which people ask a machine for its address: managers listen for the report on the network. Pure; a press is
 * two looks in a row, so that a spike on the line is none, and one press makes one report.
 */

/** Milliseconds from look to look. */
export const LOOK_MS = 100;

export interface ButtonState {
  readonly looksPressed: number;
}

export const RELEASED: ButtonState = { looksPressed: 0 };

const LOOKS_OF_A_PRESS = 2;

export function stepButton(state: ButtonState, isPressed: boolean): { state: ButtonState; isReportDue: boolean } {
  if (!isPressed) return { state: RELEASED, isReportDue: false };
  const looksPressed = state.looksPressed + 1;
  return { state: { looksPressed }, isReportDue: looksPressed === LOOKS_OF_A_PRESS };
}
