/**
 * Fan block of the open S9 core: duty in percent at 0x10, revolutions per second of fan n at 4 x n, renewed every 500 ms.
 */
import type { FanBank } from "../control-board.ts";
import type { RegisterBlock } from "../registers.ts";

export const S9IO_FAN = { tacho: 0x00, dutyPct: 0x10 } as const;
const SECONDS_PER_MINUTE = 60;

export function createS9ioFans(block: RegisterBlock, count: number): FanBank {
  return {
    count,
    setDutyPct: (dutyPct) => block.write(S9IO_FAN.dutyPct, Math.round(dutyPct)),
    readRpm: async () => {
      const rpm: number[] = [];
      for (let fan = 0; fan < count; fan++) {
        rpm.push((await block.read(S9IO_FAN.tacho + 4 * fan)) * SECONDS_PER_MINUTE);
      }
      return rpm;
    },
  };
}
