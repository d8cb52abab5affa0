/**
 * The plug pulled: everything without power at once, nothing remembered but what lies in EEPROMs and files. When mains
 * come back the board's lines are where they are after boot; a host has to begin from there.
 */
import type { EmulatedWorld } from "./emulated-world.ts";

export function cutMains(world: EmulatedWorld): void {
  world.setPower(false);
  world.power.loseMains();
  for (const [index, { line }] of world.chains.entries()) {
    world.setReset(index, true);
    line.attach(null);
    line.clear();
  }
  world.setFanDutyPct(0);
  world.watchdog.stop();
  world.bootBoard();
}
