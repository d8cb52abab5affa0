/** The probe on an emulated Amlogic board whose serial devices lead to other connectors than the notes say. */
import { expect, test } from "vitest";
import { Bm13xxChain } from "#drivers/bm13xx/bm13xx-chain.ts";
import { boardSupport } from "#drivers/hashboards/board-supports.ts";
import { HASHBOARDS } from "#drivers/hashboards/models.ts";
import { decideChainMap } from "#firmware/hardware/chain-map.ts";
import { type ChainProbeOptions, probeChains } from "#firmware/hardware/chain-probe.ts";
import type { EmulatedWorld, WorldOptions } from "#hal/emulator/emulated-world.ts";
import { SeededRandom } from "#hal/emulator/prng.ts";
import { VirtualClock } from "#hal/emulator/virtual-clock.ts";
import { openAnyMachine, settle } from "../../support/board.ts";

async function machine(options: Partial<WorldOptions> = {}) {
  const clock = new VirtualClock();
  const random = new SeededRandom(7);
  const { board, world } = await openAnyMachine({ machine: "s21", chipScale: 2 ** 30, ...options, clock, random });
  const lines: string[] = [];
  const probe: ChainProbeOptions = {
    clock,
    board,
    support: boardSupport("s21"),
    workMv: boardSupport("s21").voltage?.workMv ?? 0,
    createChain: (chainIndex, openUart) => new Bm13xxChain({ clock, chainIndex, board: HASHBOARDS.s21, openUart }),
    report: (text) => lines.push(text),
  };
  return { clock, world, probe, lines };
}

/** Everything off: no power, all chips in reset, after at most one power-up. */
function expectOff(world: EmulatedWorld): void {
  expect(world.powerIsOn).toBe(false);
  expect(world.powerTransitions.map(({ isOn }) => isOn)).toEqual([true, false]);
  expect(world.chains.map(({ model }) => model.isRunning)).toEqual([false, false, false]);
}

test("serial devices in the opposite order are found, and power is off afterwards", async () => {
  const { clock, world, probe, lines } = await machine({ serialOrder: [2, 1, 0] });
  const { candidates, chains } = await settle(clock, probeChains(probe, new AbortController().signal));
  expect(candidates).toEqual(["/dev/ttyS1", "/dev/ttyS2", "/dev/ttyS3"]);
  expect(chains.map(({ chipCounts }) => chipCounts)).toEqual([
    [0, 0, 108],
    [0, 108, 0],
    [108, 0, 0],
  ]);
  const { paths, problems } = decideChainMap(chains, candidates);
  expect(paths?.map(({ path }) => path)).toEqual(["/dev/ttyS3", "/dev/ttyS2", "/dev/ttyS1"]);
  expect(problems).toEqual([]);
  expectOff(world);
  expect(lines[0]).toContain("reset");
  expect(lines.at(-1)).toBe("Power is off.");
});

test("a dead chain gets the device that nobody else answers on; an empty connector is not asked", async () => {
  const dead = await machine({ serialOrder: [1, 2, 0] });
  dead.world.faults.chains[1]!.isSilent = true;
  const found = await settle(dead.clock, probeChains(dead.probe, new AbortController().signal));
  const map = decideChainMap(found.chains, found.candidates);
  expect(map.paths).toEqual([
    { path: "/dev/ttyS3", by: "answer" },
    { path: "/dev/ttyS1", by: "elimination" },
    { path: "/dev/ttyS2", by: "answer" },
  ]);
  expect(map.problems).toHaveLength(1);
  expectOff(dead.world);

  const empty = await machine({ plugged: [true, false, true] });
  const { chains } = await settle(empty.clock, probeChains(empty.probe, new AbortController().signal));
  expect(chains[1]).toMatchObject({ isPlugged: false, chipCounts: [0, 0, 0] });
  expect(empty.lines).toContain("J2: no hashboard.");
  expectOff(empty.world);
});

test("only one connector is ever out of reset", async () => {
  const { clock, world, probe } = await machine();
  await settle(clock, probeChains(probe, new AbortController().signal));
  const released = new Set<number>();
  for (const event of world.journal.entries) {
    if (event.what !== "reset") continue;
    if (event.isAsserted) released.delete(event.chain);
    else released.add(event.chain);
    expect(released.size).toBeLessThanOrEqual(1);
  }
  expect(released.size).toBe(0);
});

test("a stop in the middle, and a supply that fails, end with power off", async () => {
  const { clock, world, probe } = await machine();
  const stop = new AbortController();
  const probing = probeChains(probe, stop.signal).catch((error: unknown) => error);
  for (let i = 0; i < 60_000 && !world.chains.some(({ model }) => model.isRunning); i++) await clock.advance(1);
  expect(world.powerIsOn).toBe(true);
  stop.abort();
  expect(await settle(clock, probing)).toMatchObject({ code: "ABORTED" });
  expectOff(world);

  const silent = await machine();
  const { power } = silent.world;
  if (!("psu" in power)) throw new Error("this machine has no supply with a bus");
  Object.assign(power.psu as object, { isDead: true });
  await expect(settle(silent.clock, probeChains(silent.probe, new AbortController().signal))).rejects.toMatchObject({
    code: expect.stringMatching(/PSU|I2C/),
  });
  expect(silent.world.powerTransitions).toEqual([]);
});
