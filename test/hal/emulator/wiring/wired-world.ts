/** A machine that a wiring can hang on, with nothing in it but what the wiring itself moves. */
import { FanModel } from "#hal/emulator/fan-model.ts";
import { I2cNet } from "#hal/emulator/i2c-net.ts";
import { SeededRandom } from "#hal/emulator/prng.ts";
import { SerialLine } from "#hal/emulator/serial-line.ts";
import { VirtualClock } from "#hal/emulator/virtual-clock.ts";
import type { WiredWorld } from "#hal/emulator/wiring/world-ports.ts";
import { noChainFaults } from "../../../../hal/emulator/faults.ts";

export interface FakeWorld extends WiredWorld {
  /** What was moved, in order: `power on`, `reset 1 off`. */
  readonly moves: string[];
  readonly plugged: boolean[];
  /** Duty of each fan as it was set last. */
  readonly dutyPct: number[];
}

export function fakeWorld(chainCount = 3, fanCount = 4): FakeWorld {
  const moves: string[] = [];
  const plugged = Array.from({ length: chainCount }, () => true);
  const dutyPct = Array.from({ length: fanCount }, () => 0);
  const clock = new VirtualClock();
  const faults = noChainFaults();
  const line = (): SerialLine =>
    new SerialLine({ clock, random: new SeededRandom(1), minTimerMs: 0, faults, toChips: () => undefined });
  return {
    moves,
    plugged,
    dutyPct,
    chains: plugged.map((_, n) => {
      return {
        line: line(),
        get isPlugged() {
          return plugged[n] === true;
        },
      };
    }),
    fans: new FanModel(fanCount),
    i2c: new I2cNet(),
    setPower: (isEnabled) => moves.push(`power ${isEnabled ? "on" : "off"}`),
    setReset: (chain, isAsserted) => moves.push(`reset ${chain} ${isAsserted ? "on" : "off"}`),
    isPlugged: (chain) => plugged[chain] === true,
    setFanDutyPct: (pct, fans) => {
      for (const fan of fans ?? dutyPct.keys()) dutyPct[fan] = pct;
    },
    fpgaBlock: () => null,
  };
}
