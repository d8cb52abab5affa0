/** The inputs of the hashing benches, made by the same rules in reference.c. */
import type { Job } from "#firmware/job/job.ts";
import { targetFromBigInt } from "#firmware/share/difficulty.ts";

/** Byte i is i x factor + start. */
export function pattern(length: number, factor: number, start: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => i * factor + start);
}

const BRANCHES = 12;

/** A coinbase of 250 bytes and 12 branches; no hash is a share. */
export function benchJob(): Job {
  return Object.freeze({
    session: { serial: 1, pool: 0, poolUrl: "", user: "" },
    jobId: "1",
    prevHash: pattern(32, 5, 9),
    coinb1: pattern(110, 7, 3),
    coinb2: pattern(128, 11, 5),
    merkleBranches: Array.from({ length: BRANCHES }, (_, i) => pattern(32, 13, 31 * i + 1)),
    version: 0x20000000,
    nBits: 0x1702f4c1,
    nTime: 0x66000000,
    extranonce1: pattern(4, 29, 17),
    extranonce2Size: 8,
    versionMask: 0x1fffe000,
    isVersionRollingGranted: true,
    grantedMask: 0x1fffe000,
    difficulty: 1,
    target: targetFromBigInt(0n),
    receivedAtMs: 0,
  });
}
