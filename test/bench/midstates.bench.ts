/**
 * Works as chips with midstates get them, version bits first: 4 midstates a work, a new root every 16,384 works. Beside it
 * what it costs to write works to a device, in batches or one by one, and the share of a core that whole machines take.
 */
import fs from "node:fs";
import { midstateFrameLength, putMidstateFrame } from "#drivers/bm13xx/midstate-frame.ts";
import { Work } from "#firmware/work/work-registry.ts";
import type { MachineName } from "#hal/emulator/machines.ts";
import { fixtureJob, fpgaRig } from "../drivers/fpga/fpga-rig.ts";
import { median, report, reportPairs, timed } from "./bench.ts";
import { midstateWorks } from "./loops.ts";

const MIDSTATES = 4;
const work = new Work(0, 16);
const buildWorks = midstateWorks(work);

const WORKS = 50_000;
const FRAME_BYTES = midstateFrameLength(MIDSTATES) + 2;

/** Job frames packed and written to a device, `batch` frames a write: bytes per second of CPU. */
function wireRate(device: number, batch: number): number {
  const bytes = new Uint8Array(FRAME_BYTES * batch);
  const { seconds } = timed(() => {
    for (let done = 0; done < WORKS; done += batch) {
      let to = 0;
      for (let i = 0; i < batch; i++) to = putMidstateFrame(bytes, to, true, (4 * i) & 0x7f, work);
      fs.writeSync(device, bytes);
    }
    return 0;
  });
  return (FRAME_BYTES * WORKS) / seconds;
}

const BATCHES = [
  { name: "works to a device, 25 a write", batch: 25 },
  { name: "works to a device, one a write", batch: 1 },
];

function reportWire(): void {
  buildWorks(1);
  const device = fs.openSync("/dev/null", "w");
  const rates = BATCHES.map(({ batch }) => Array.from({ length: 9 }, () => wireRate(device, batch)));
  fs.closeSync(device);
  for (const [i, { name }] of BATCHES.entries()) {
    const value = median(rates[i] ?? []) / 1e6;
    report({ name, unit: "MB/s of CPU", value, note: "frames with CRC16; three chains of a S17 take 1.0 MB/s" });
  }
}

const SECONDS = 20;

/** Firmware, emulated FPGA and emulated chips together, in virtual time: so the firmware alone takes less. */
async function machineShare(machine: MachineName, ticket: number): Promise<{ share: number; worksPerS: number }> {
  const rig = fpgaRig({ machine, ticket, chains: 3 });
  for (const chain of rig.chains) await rig.bringUp(chain);
  rig.scheduler.replaceJob(fixtureJob());
  for (const index of rig.chains.keys()) rig.feed(index);
  await rig.clock.advance(5000);
  const count = (): number => rig.wired.reduce((sum, { model }) => sum + model.counts.jobs, 0);
  const jobsBefore = count();
  const before = process.cpuUsage();
  await rig.clock.advance(1000 * SECONDS);
  const { user, system } = process.cpuUsage(before);
  const bad = rig.runtimes.some(({ counters }) => counters.ofChain().hardwareError + counters.ofChain().duplicate > 0);
  const idle = rig.wired.some(({ model }) => model.counts.idleSweepMs > 0);
  if (bad || idle) throw new Error(`${machine}: wrong finds or a chain without work`);
  return { share: (100 * (user + system)) / 1e6 / SECONDS, worksPerS: (count() - jobsBefore) / SECONDS };
}

async function reportMachine(name: string, machine: MachineName, ticket: number, atMost: number | null): Promise<void> {
  const { share, worksPerS } = await machineShare(machine, ticket);
  const note = `${worksPerS.toFixed(0)} works/s; firmware, emulated FPGA and chips together`;
  const budget = { of: "value", atMost } as const;
  report({
    name,
    unit: "% of a core",
    value: share,
    note,
    ...(atMost === null ? {} : { budget: { ...budget, atMost } }),
  });
}

async function main(): Promise<void> {
  reportPairs({
    name: "works, 4 midstates, version first",
    unit: "1/s of CPU",
    kind: "midstates",
    count: 100_000,
    ratioAtLeast: 0.65,
    run: buildWorks,
  });
  const rate = 400_000 / timed(() => buildWorks(100_000)).seconds;
  report({ name: "midstates", unit: "1/s of CPU", value: rate });
  reportWire();
  await reportMachine("S9, three chains", "s9", 64, 5);
  await reportMachine("S17, three chains", "s17", 256, null);
}

void main();
