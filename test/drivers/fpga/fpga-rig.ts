/** Chains behind the emulated FPGAs, without a board around them, and a scheduler that feeds them. */
import { CHIPS } from "#drivers/bm13xx/chips.ts";
import { chainFacts, createHashChain } from "#drivers/create-chain.ts";
import { VendorBlocks } from "#drivers/fpga/vendor-block.ts";
import type { HashChain } from "#drivers/hash-chain.ts";
import { HASHBOARDS, type HashboardModel } from "#drivers/hashboards/models.ts";
import { createChainRuntime } from "#firmware/chain/chain-runtime.ts";
import type { Job } from "#firmware/job/job.ts";
import { ticketTarget } from "#firmware/share/difficulty.ts";
import { LatencyHistogram } from "#firmware/stats/latency-histogram.ts";
import { MerkleRootBuilder } from "#firmware/work/merkle.ts";
import { Scheduler } from "#firmware/work/scheduler.ts";
import type { ChainLink } from "#hal/control-board.ts";
import { ChainModel } from "#hal/emulator/chain-model.ts";
import { type ChainFaults, noChainFaults } from "#hal/emulator/faults.ts";
import { S9ioModel } from "#hal/emulator/fpga/s9io-model.ts";
import { VendorFpgaModel } from "#hal/emulator/fpga/vendor-fpga-model.ts";
import { type MachineName, machineFacts } from "#hal/emulator/machines.ts";
import { SeededRandom } from "#hal/emulator/prng.ts";
import { SerialLine } from "#hal/emulator/serial-line.ts";
import { VirtualClock } from "#hal/emulator/virtual-clock.ts";
import { VirtualUart } from "#hal/emulator/virtual-uart.ts";
import { fixtureNotify, SessionDriver } from "../../firmware/stratum/session-support.ts";

export const { signal } = new AbortController();

export interface FpgaRigOptions {
  readonly machine: MachineName;
  readonly chains?: number;
  readonly ticket: number;
  /** Real hashes that a find costs. */
  readonly hashesPerFind?: number;
  readonly isExperimentAccepted?: boolean;
  readonly link?: ChainLink["kind"];
  readonly faults?: Partial<ChainFaults>;
}

interface Wired {
  readonly model: ChainModel;
  readonly line: SerialLine;
}

function wireUp(clock: VirtualClock, options: FpgaRigOptions, index: number): Wired {
  const { chip, chipsPerChain } = machineFacts(options.machine);
  const faults = { ...noChainFaults(), ...options.faults };
  const line: SerialLine = new SerialLine({
    clock,
    random: new SeededRandom(index + 1).fork("line"),
    minTimerMs: 0,
    faults,
    toChips: (chunk, baud) => model.receive(chunk, baud),
  });
  const model: ChainModel = new ChainModel({
    facts: chip,
    chipCount: chipsPerChain,
    clock,
    random: new SeededRandom(index + 1).fork("chain"),
    scale: (2 ** 32 * options.ticket) / (options.hashesPerFind ?? 64),
    isStrict: true,
    faults,
    send: (bytes, length, baud) => line.sendFromChips(bytes, length, baud),
  });
  return { model, line };
}

function buildLinks(clock: VirtualClock, kind: ChainLink["kind"], wired: readonly Wired[]) {
  const parts = wired.map(({ model, line }) => {
    const wire = model.chips[0]?.facts.midstate;
    if (wire === null || wire === undefined) throw new Error("these chips take headers");
    return { chain: model, wire, line };
  });
  let vendor: VendorFpgaModel | null = null;
  const links = parts.map(({ chain, wire, line }, n): ChainLink => {
    if (kind === "uart") {
      return {
        kind,
        path: `uart ${n}`,
        open: async (baud) => new VirtualUart({ path: `uart ${n}`, baud, clock, line }),
      };
    }
    if (kind === "s9io") {
      const core = new S9ioModel({ name: `chain${n + 6}`, clock, chain, wire, line });
      return { kind, path: core.windows.common.name, open: async () => core.windows };
    }
    vendor ??= new VendorFpgaModel({
      name: "fpga",
      clock,
      chains: parts,
      board: { readRegister: (offset) => (offset === 0 ? 0x4000b031 : undefined), writeRegister: () => false },
    });
    const { block } = vendor;
    return { kind, path: `fpga chain ${n}`, chainNumber: n, open: async () => block };
  });
  return { links, vendor: vendor as VendorFpgaModel | null };
}

export function fixtureJob(changes: Parameters<typeof fixtureNotify>[0] = {}): Job {
  const session = new SessionDriver().handshake(undefined, 4).receive(fixtureNotify(changes));
  const job = session.jobs[0]?.job;
  if (job === undefined) throw new Error("no job");
  return job;
}

export function fpgaRig(options: FpgaRigOptions) {
  const clock = new VirtualClock();
  const board: HashboardModel = HASHBOARDS[options.machine];
  const count = options.chains ?? 1;
  const wired = Array.from({ length: count }, (_, index) => wireUp(clock, options, index));
  const kind = options.link ?? (board.chip === "BM1387" ? "s9io" : "vendorFpga");
  const { links, vendor } = buildLinks(clock, kind, wired);
  for (const { model } of wired) {
    model.setPower(true);
    model.setReset(false);
  }
  const vendorBlocks = new VendorBlocks(clock);
  const chains = links.map((link, index) =>
    createHashChain({
      clock,
      connector: { index, link },
      board,
      experimentalAccepted: options.isExperimentAccepted ?? true,
      vendorBlocks,
    }),
  );
  const stats = { notifyToFirstWork: new LatencyHistogram(), notifyToLastChain: new LatencyHistogram() };
  const scheduler = new Scheduler({ clock, stats, chainTotal: count });
  const scale = (2 ** 32 * options.ticket) / (options.hashesPerFind ?? 64);
  const runtimes = chains.map((chain, chainIndex) => {
    const runtime = createChainRuntime({
      clock,
      chainIndex,
      chains: count,
      expectedChips: board.chips,
      facts: chainFacts(board, links[chainIndex] as ChainLink),
      merkle: new MerkleRootBuilder(),
      poolScale: 1,
      onShare: () => undefined,
      onVerified: () => undefined,
    });
    chain.onNonce((wireId, nonce, bits, chip) => runtime.validator.check(wireId, nonce, bits, chip, 0));
    return runtime;
  });
  const run = async <T>(work: Promise<T>): Promise<T> => {
    let isDone = false;
    const settled = work.finally(() => {
      isDone = true;
    });
    settled.catch(() => undefined);
    await clock.runUntil(() => isDone, 200_000);
    return settled;
  };
  const bringUp = async (chain: HashChain): Promise<void> => {
    await run(chain.open());
    // Chips need a while behind their reset.
    await clock.advance(200);
    await run(chain.enumerate(signal));
    await run(chain.address(signal));
    await run(chain.configure(signal));
    await run(chain.ramp(board.defaultFrequencyMhz, signal));
    await run(chain.startMining({ versionMask: 0x1fffe000, ticketDifficulty: options.ticket }, signal));
  };
  const feed = (chainIndex: number): void => {
    const runtime = runtimes[chainIndex];
    const chain = chains[chainIndex];
    if (runtime === undefined || chain === undefined) throw new Error(`no chain ${chainIndex}`);
    scheduler.addChain({
      chainIndex,
      sink: chain,
      registry: runtime.registry,
      builder: runtime.builder,
      ticketDifficulty: options.ticket,
      ticketTarget: ticketTarget(options.ticket, scale),
    });
  };
  return { clock, board, row: CHIPS[board.chip], wired, vendor, chains, scheduler, runtimes, run, bringUp, feed };
}
