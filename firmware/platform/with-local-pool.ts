/** A platform with the built-in pool on loopback beside it. */
import { LocalPool } from "#hal/emulator/local-pool.ts";
import { LOOPBACK, type Platform, type Scales } from "./platform.ts";

/** The pool asks for about a share a second, at the scale of the chips. @throws KumpelError `PORT_IN_USE`. */
export async function withLocalPool(platform: Platform, scales: Scales, port = 0): Promise<Platform> {
  const { clock, random, network } = platform;
  const pool = new LocalPool({ network, clock, random, ...localPoolOptions(scales, port) });
  const localPoolPort = await pool.start();
  const stop = async (): Promise<void> => {
    await pool.stop();
    await platform.stop();
  };
  return { ...platform, localPoolPort, stop };
}

export function localPoolOptions({ poolScale, suggestDifficulty }: Scales, port: number) {
  return { host: LOOPBACK, port, scale: poolScale, startDifficulty: suggestDifficulty ?? 1 };
}
