/** A work of one whole header, handed to a chain as a feed would. */
import type { WorkSink } from "#drivers/hash-chain.ts";

export function sendHeader(chain: WorkSink, wireId: number, header: Uint8Array): void {
  const nothing = { midstateCount: 0, versionBits: new Uint32Array(4), midstates: new Int32Array(32) };
  chain.putWork(Object.assign({ wireId, header }, nothing));
  chain.flushWork();
}
