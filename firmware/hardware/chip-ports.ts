/** The I2C masters of single chips, reached through their chain; one port a chip for as long as the chain's driver lives. */
import type { HashChain } from "#drivers/hash-chain.ts";
import { bridgeMiscControl, CHIP_BRIDGES, type ChipI2cPort } from "#drivers/sensor/chip-bridge.ts";

type BridgeChip = keyof typeof CHIP_BRIDGES;

/** Whose registers a chip's I2C master follows; null = none that is known. */
function bridgeChipOf(chip: string): BridgeChip | null {
  if (chip === "BM1387") return "BM1387";
  return chip === "BM1397" || chip === "BM1398" ? "BM1397" : null;
}

export class ChipPorts {
  readonly #ports = new WeakMap<HashChain, Map<number, ChipI2cPort>>();

  /** Null where the chip has no I2C master that is known, or is not there. */
  port(chain: HashChain, chipIndex: number): ChipI2cPort | null {
    const bridge = bridgeChipOf(chain.facts.chip);
    if (bridge === null || chipIndex >= chain.chipCount) return null;
    let ports = this.#ports.get(chain);
    if (ports === undefined) {
      ports = new Map();
      this.#ports.set(chain, ports);
    }
    let port = ports.get(chipIndex);
    if (port === undefined) {
      port = createPort(chain, chipIndex, bridge);
      ports.set(chipIndex, port);
    }
    return port;
  }
}

function createPort(chain: HashChain, chipIndex: number, bridge: BridgeChip): ChipI2cPort {
  const { i2cRegister, miscRegister } = CHIP_BRIDGES[bridge];
  const never = new AbortController().signal;
  let isSwitched = false;
  /** The master's pins serve other ends until they are asked for. */
  const switchPins = async (): Promise<void> => {
    const before = await chain.readChipRegister(chipIndex, miscRegister, never);
    await chain.writeChipRegister(chipIndex, miscRegister, bridgeMiscControl(bridge, before));
    isSwitched = true;
  };
  return {
    writeRegister: async (value) => {
      if (!isSwitched) await switchPins();
      await chain.writeChipRegister(chipIndex, i2cRegister, value);
    },
    readRegister: () => chain.readChipRegister(chipIndex, i2cRegister, never),
  };
}
