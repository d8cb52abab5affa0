/**
 * Finds out which serial device leads to which connector: everything is powered in the machine's own order with all chips
 * in reset, then one connector at a time is released and asked on every device. Whatever happens, power is off at the end.
 */
import type { HashChain } from "#drivers/hash-chain.ts";
import type { BoardSupport } from "#drivers/hashboards/board-support.ts";
import { type Clock, sleep } from "#hal/clock.ts";
import type { ChainConnector, ControlBoard, UartLink } from "#hal/control-board.ts";
import { errorText, KumpelError } from "#hal/errors.ts";
import type { Uart } from "#hal/uart.ts";
import type { ProbedChain } from "./chain-map.ts";
import { createHashboardDevices, type HashboardDevices } from "./hashboard-devices.ts";

export interface ChainProbeOptions {
  readonly clock: Clock;
  readonly board: ControlBoard;
  readonly support: BoardSupport;
  /** Voltage that the boards work at; the chips are asked at the one that they start at. */
  readonly workMv: number;
  readonly createChain: (chainIndex: number, openUart: (baud: number) => Promise<Uart>) => HashChain;
  /** One line each about what is being done. */
  readonly report: (text: string) => void;
}

export interface ChainProbeResult {
  readonly candidates: readonly string[];
  readonly chains: readonly ProbedChain[];
}

/**
 * @throws KumpelError `USAGE` when the board's chains are no serial links, `ABORTED` when `signal` aborts, errors of the
 * power-up; AggregateError when power could not be confirmed to be off.
 */
export async function probeChains(options: ChainProbeOptions, signal: AbortSignal): Promise<ChainProbeResult> {
  const { clock, board, support, workMv, report } = options;
  const links = board.chains.map(({ link }) => link).filter((link): link is UartLink => link.kind === "uart");
  if (links.length < 2 || links.length < board.chains.length) {
    const text = `Control board ${board.name} has no choice of serial devices; there is nothing to probe.`;
    throw new KumpelError("USAGE", text);
  }
  let lost: KumpelError | null = null;
  const devices = createHashboardDevices({
    clock,
    board,
    support,
    workMv,
    bridge: () => null,
    onHeartbeatLost: (chainIndex, error) => {
      const label = board.chains[chainIndex]?.label ?? chainIndex;
      const text = `The voltage controller of ${label} stopped answering (${errorText(error)}): check its board.`;
      lost = new KumpelError("VOLTAGE_CONTROLLER_FAILED", text, { cause: error });
    },
  });
  try {
    for (const { setReset } of board.chains) await setReset(true);
    await devices.start();
    await devices.fans.setDutyPct(100);
    report("Power goes on, all chips are held in reset.");
    await devices.train.machineUp(signal);
    const chains: ProbedChain[] = [];
    for (const connector of board.chains) {
      chains.push(await probeConnector(options, devices, connector, links, signal));
      throwIfLost(lost);
    }
    return { candidates: links.map(({ path }) => path), chains };
  } finally {
    await devices.train.machineDown();
    report("Power is off.");
  }
}

function throwIfLost(lost: KumpelError | null): void {
  if (lost !== null) throw lost;
}

async function probeConnector(
  options: ChainProbeOptions,
  devices: HashboardDevices,
  connector: ChainConnector,
  links: readonly UartLink[],
  signal: AbortSignal,
): Promise<ProbedChain> {
  const { clock, support, report } = options;
  const { index, label } = connector;
  if (!(await connector.isPlugged())) {
    report(`${label}: no hashboard.`);
    return { chainIndex: index, label, isPlugged: false, chipCounts: links.map(() => 0) };
  }
  await devices.train.chainUp(index, signal);
  try {
    const chipCounts: (number | null)[] = [];
    for (const link of links) {
      // A fresh reset for each device: a count leaves the chips in another state than it found them in.
      await connector.setReset(true);
      await sleep(clock, support.resetLowMs, signal);
      await connector.setReset(false);
      await sleep(clock, support.resetSettleMs, signal);
      const chipCount = await countChips(options, index, link, signal);
      report(`${label} on ${link.path}: ${chipCount === null ? "can't be opened" : `${chipCount} chips`}.`);
      chipCounts.push(chipCount);
    }
    return { chainIndex: index, label, isPlugged: true, chipCounts };
  } finally {
    await connector.setReset(true);
    await devices.train.chainDown(index);
  }
}

/** Null where the device itself does not work: that is no word about the chain. */
async function countChips(
  { createChain, report }: ChainProbeOptions,
  chainIndex: number,
  link: UartLink,
  signal: AbortSignal,
): Promise<number | null> {
  const chain = createChain(chainIndex, (baud) => link.open(baud));
  try {
    await chain.open();
    return (await chain.enumerate(signal)).chipCount;
  } catch (error) {
    if (signal.aborted || !(error instanceof KumpelError)) throw error;
    if (error.code === "CHIP_COUNT_WRONG") return 0;
    report(errorText(error));
    return null;
  } finally {
    await chain.close();
  }
}
