/** The driver for a chain, by what leads to its chips. */
import type { Clock } from "#hal/clock.ts";
import type { ChainLink } from "#hal/control-board.ts";
import { KumpelError } from "#hal/errors.ts";
import type { Uart } from "#hal/uart.ts";
import { Bm13xxChain, uartChainFacts } from "./bm13xx/bm13xx-chain.ts";
import { CHIPS } from "./bm13xx/chips.ts";
import { queuedChainFacts } from "./fpga/queued-chain.ts";
import { S9ioChain } from "./fpga/s9io-chain.ts";
import type { VendorBlocks } from "./fpga/vendor-block.ts";
import { VendorChain } from "./fpga/vendor-chain.ts";
import { VENDOR_SETTLED_BAUD_MAX } from "./fpga/vendor-registers.ts";
import type { ChainChipFacts, HashChain } from "./hash-chain.ts";
import type { HashboardModel } from "./hashboards/hashboard-model.ts";

export interface CreateChainOptions {
  readonly clock: Clock;
  readonly connector: { readonly index: number; readonly link: ChainLink };
  readonly board: HashboardModel;
  /** The owner agreed to what no source confirms: chips that nobody mined with, rates of the vendor's FPGA. */
  readonly experimentalAccepted: boolean;
  /** One for all chains of a machine: those behind one FPGA share its block. */
  readonly vendorBlocks: VendorBlocks;
  /** Puts something between a serial link and the driver. */
  readonly wrapUart?: (uart: Uart) => Uart;
}

/**
 * What the miner above needs to know of a chain before there is one: ids depend on the link.
 */
export function chainFacts(board: HashboardModel, link: ChainLink): ChainChipFacts {
  return link.kind === "uart" ? uartChainFacts(board.chip) : queuedChainFacts(board.chip);
}

/** @throws KumpelError `FPGA_UNEXPECTED` for chips that such an FPGA cannot feed. */
export function createHashChain(options: CreateChainOptions): HashChain {
  const { clock, connector, board, experimentalAccepted, vendorBlocks, wrapUart } = options;
  const { index: chainIndex, link } = connector;
  const common = { clock, chainIndex, experimentalAccepted };
  if (link.kind === "uart") {
    const openUart = async (baud: number): Promise<Uart> => {
      const uart = await link.open(baud);
      return wrapUart === undefined ? uart : wrapUart(uart);
    };
    return new Bm13xxChain({ ...common, board, openUart });
  }
  const { midstate, chip } = CHIPS[board.chip];
  if (midstate === null || (link.kind === "vendorFpga" && midstate.openCoreWorks > 0)) {
    const text = `chain ${chainIndex}: ${link.path} cannot feed ${chip} chips with this driver`;
    throw new KumpelError("FPGA_UNEXPECTED", text, { details: { chain: chainIndex, chip, link: link.kind } });
  }
  if (link.kind === "s9io") return new S9ioChain({ ...common, board, link });
  return new VendorChain({ ...common, board: settledRate(board, experimentalAccepted), link, blocks: vendorBlocks });
}

/** How the vendor's FPGA makes rates above 3.125 Mbaud is not confirmed; slower ones cost hashrate where works are many. */
function settledRate(board: HashboardModel, experimentalAccepted: boolean): HashboardModel {
  if (experimentalAccepted || board.workBaud <= VENDOR_SETTLED_BAUD_MAX) return board;
  return { ...board, workBaud: VENDOR_SETTLED_BAUD_MAX };
}
