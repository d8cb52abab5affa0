/** The FPGA of a machine: open cores, one a chain, or the vendor's block for all of them. */
import type { Clock } from "#hal/clock.ts";
import type { RegisterBlock } from "#hal/registers.ts";
import type { ChainModel } from "./chain-model.ts";
import { S9ioModel } from "./fpga/s9io-model.ts";
import { type VendorFpgaChain, VendorFpgaModel } from "./fpga/vendor-fpga-model.ts";
import type { WiringKind } from "./machine-boards.ts";
import type { SerialLine } from "./serial-line.ts";
import { VENDOR_BLOCK_NAME, VendorBoardRegisters } from "./wiring/vendor-wiring.ts";
import type { WiredWorld } from "./wiring/world-ports.ts";

/** Register block by its name in the system, or null. */
export type WorldFpga = (name: string) => RegisterBlock | null;

/** Connectors of an S9 begin with J6, and so do the names of their cores. */
const FIRST_CORE = 6;

export function buildFpga(
  wiring: WiringKind,
  clock: Clock,
  world: WiredWorld,
  chains: readonly { readonly model: ChainModel; readonly line: SerialLine }[],
): WorldFpga | null {
  if (wiring !== "s9io" && wiring !== "vendor") return null;
  const parts = chains.map(({ model, line }): VendorFpgaChain => {
    const wire = model.chips[0]?.facts.midstate ?? null;
    if (wire === null) throw new RangeError("an FPGA feeds chips that take midstates");
    return { chain: model, wire, line };
  });
  if (wiring === "vendor") {
    const board = new VendorBoardRegisters(world);
    const fpga = new VendorFpgaModel({ name: VENDOR_BLOCK_NAME, clock, chains: parts, board });
    return (name) => (name === VENDOR_BLOCK_NAME ? fpga.block : null);
  }
  const cores = parts.map((part, n) => new S9ioModel({ ...part, name: `chain${FIRST_CORE + n}`, clock }));
  const windows = cores.flatMap((core) => Object.values(core.windows));
  return (name) => windows.find((window) => window.name === name) ?? null;
}
