/** Steps of a start sequence as lines, for comparing. */
import { ALL_CHIPS } from "#drivers/bm13xx/commands.ts";
import type { InitStep } from "#drivers/bm13xx/init-step.ts";
import { REGISTER_MAPS, type RegisterMap, registerNumber } from "#drivers/bm13xx/register-map.ts";

export const hex = (value: number, digits: number): string => value.toString(16).toUpperCase().padStart(digits, "0");

/** One step as a line: `all 14=000000FF`, `D6 58=0211F111`, `wait 60`. */
export function show(step: InitStep): string {
  return showOf(REGISTER_MAPS.bm1362, step);
}

export function showOf(registers: RegisterMap, step: InitStep): string {
  switch (step.kind) {
    case "write": {
      const to = step.to === ALL_CHIPS ? "all" : hex(step.to, 2);
      return `${to} ${hex(registerNumber(registers, step.register), 2)}=${hex(step.value, 8)}`;
    }
    case "countChips":
      return `count ${step.silenceMs}`;
    case "expectAll":
      return `expect ${hex(registerNumber(registers, step.register), 2)}`;
    case "readTemperatures":
      return "read B4";
    case "chainInactive":
      return "inactive";
    case "setAddress":
      return `address ${hex(step.address, 2)}`;
    case "wait":
      return `wait ${step.ms}`;
    case "hostBaud":
      return `baud ${step.baud}`;
    case "openCores":
      return `open ${step.count}`;
    case "frequencyReached":
      return `reached ${step.frequencyMhz.toFixed(2)}`;
  }
}
