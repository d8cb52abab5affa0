/**
 * What U-Boot does with the image's boot script (buildroot/board/zynq/boot.cmd), on an environment in U-Boot's own form: the
 * checksum, then NAME=VALUE texts each with a zero behind it.
 */
import { crc32 } from "node:zlib";

export const ENVIRONMENT_BYTES = 0x20000;
const TRIES = 3;

export type Environment = Map<string, string>;

/** Null: the checksum does not fit, so that the loader takes its defaults. */
export function readEnvironment(bytes: Buffer): Environment | null {
  if (bytes.length < ENVIRONMENT_BYTES || crcOf(bytes.subarray(4)) !== bytes.readUInt32LE(0)) return null;
  const end = bytes.indexOf("\0\0", 4, "latin1");
  const texts = bytes.toString("latin1", 4, end < 0 ? bytes.length : end).split("\0");
  return new Map(
    texts.filter((text) => text.includes("=")).map((text) => [text.replace(/=.*/s, ""), text.replace(/^.*?=/s, "")]),
  );
}

export function writeEnvironment(environment: Environment): Buffer {
  const bytes = Buffer.alloc(ENVIRONMENT_BYTES);
  const text = [...environment].map(([name, value]) => `${name}=${value}\0`).join("");
  bytes.write(text, 4, "latin1");
  bytes.writeUInt32LE(crcOf(bytes.subarray(4)), 0);
  return bytes;
}

/** The slot that boots now; its tries are one fewer. Without any left counting begins anew. */
export function chooseSlot(environment: Environment): string {
  const tries = (slot: string): number => Number(environment.get(`BOOT_${slot}_LEFT`) ?? TRIES);
  for (const slot of (environment.get("BOOT_ORDER") ?? "A B").split(" ")) {
    const left = tries(slot);
    if (left < 1 || left > TRIES) continue;
    environment.set(`BOOT_${slot}_LEFT`, String(left - 1));
    return slot;
  }
  for (const slot of ["A", "B"]) environment.set(`BOOT_${slot}_LEFT`, String(TRIES));
  return chooseSlot(environment);
}

function crcOf(bytes: Buffer): number {
  return crc32(bytes);
}
