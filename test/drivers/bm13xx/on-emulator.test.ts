/** The driver against the emulated boards, which read the same chip facts a second time and share no code with it. */

import { describe, expect, test } from "vitest";
import { Bm13xxChain } from "#drivers/bm13xx/bm13xx-chain.ts";
import { CHIPS } from "#drivers/bm13xx/chips.ts";
import { HASHBOARDS } from "#drivers/hashboards/models.ts";
import type { MachineName } from "#hal/emulator/machines.ts";
import { SeededRandom } from "#hal/emulator/prng.ts";
import { VirtualClock } from "#hal/emulator/virtual-clock.ts";
import { DoubleSha256 } from "#hal/sha256.ts";
import { openAnyMachine, openUart, powerUp } from "../../support/board.ts";
import { sendHeader } from "./send-header.ts";

const TICKET = 4096;
/** One find costs 256 hashes. */
const COST = 256;
const CHIP_SCALE = (2 ** 32 * TICKET) / COST;

async function bringUp(model: MachineName) {
  const clock = new VirtualClock();
  const { board, world } = await openAnyMachine({
    machine: model,
    clock,
    random: new SeededRandom(11),
    chipScale: CHIP_SCALE,
  });
  const row = HASHBOARDS[model];
  const connector = board.chains[0]!;
  const chain = new Bm13xxChain({
    clock,
    chainIndex: 0,
    board: row,
    openUart: (baud) => openUart(board, 0, baud),
  });
  const { signal } = new AbortController();
  const run = async <T>(work: Promise<T>): Promise<T> => {
    let isDone = false;
    const settled = work.finally(() => {
      isDone = true;
    });
    settled.catch(() => undefined);
    await clock.runUntil(() => isDone, 120_000);
    return settled;
  };
  await powerUp(clock, board, model);
  await run(connector.setReset(true));
  await clock.advance(500);
  await run(chain.open());
  await run(connector.setReset(false));
  await clock.advance(1000);
  const found = await run(chain.enumerate(signal));
  await run(chain.address(signal));
  await run(chain.configure(signal));
  const frequencyMhz = await run(chain.ramp(row.defaultFrequencyMhz, signal));
  await run(chain.startMining({ versionMask: 0x1fffe000, ticketDifficulty: TICKET }, signal));
  return { clock, world, row, chain, found, frequencyMhz, run, signal };
}

/** Small versions of the headers that a pool's jobs would make. */
function headerOf(serial: number): Uint8Array {
  const header = new Uint8Array(80).map((_, i) => (i * 37 + serial * 11) & 0xff);
  new DataView(header.buffer).setUint32(0, 0x20000000, true);
  return header;
}

const models = Object.values(HASHBOARDS)
  .filter(({ chip }) => CHIPS[chip].midstate === null)
  .map(({ model }) => model as MachineName);

describe.each(models)("%s", (model) => {
  test("comes up in the stock order and reports nonces that hash right", async () => {
    const { clock, world, row, chain, found, frequencyMhz, run, signal } = await bringUp(model);
    const chip = CHIPS[row.chip];
    expect(found).toMatchObject({ chipCount: row.chips, foreignChips: {} });
    expect(Math.abs(frequencyMhz - row.defaultFrequencyMhz)).toBeLessThan(1);
    expect(chain.chipCount).toBe(row.chips);

    const headers: Uint8Array[] = [];
    const hasher = new DoubleSha256();
    const words = new Int32Array(8);
    let good = 0;
    let wrong = 0;
    const chipsSeen = new Set<number>();
    chain.onNonce((wireId, nonce, versionBits, chipIndex, core) => {
      const header = headers[wireId];
      if (header === undefined) throw new Error(`id ${wireId} was never sent`);
      const candidate = header.slice();
      const view = new DataView(candidate.buffer);
      view.setUint32(0, (0x20000000 | versionBits) >>> 0, true);
      view.setUint32(76, nonce, true);
      hasher.header(words, candidate);
      const top = new DataView(Int32Array.from(words).buffer).getUint32(28, true);
      const topWord = ((top & 0xff) << 24) | ((top & 0xff00) << 8) | ((top >>> 8) & 0xff00) | (top >>> 24);
      if (topWord >>> 0 < 2 ** 32 / COST) good++;
      else wrong++;
      expect(core).toBeLessThan(chip.cores);
      expect(chipIndex).toBeGreaterThanOrEqual(0);
      expect(chipIndex).toBeLessThan(row.chips);
      chipsSeen.add(chipIndex);
    });

    const seconds = row.chips === 1 ? 120 : 20;
    for (let serial = 0; serial < seconds; serial++) {
      const wireId = serial % chip.wireIdCount;
      headers[wireId] = headerOf(serial);
      sendHeader(chain, wireId, headers[wireId]);
      await clock.advance(1000);
    }
    const hashesPerSecond = frequencyMhz * 1e6 * chip.engines * row.chips;
    const expected = (hashesPerSecond / (2 ** 32 * TICKET)) * seconds;
    expect(wrong).toBe(0);
    expect(good).toBeGreaterThan(expected - 5 * Math.sqrt(expected) - 1);
    expect(good).toBeLessThan(expected + 5 * Math.sqrt(expected) + 1);
    if (row.chips > 1) expect(chipsSeen.size).toBeGreaterThan(row.chips / 4);

    const slower = await run(chain.retune(() => frequencyMhz - 12.5, signal));
    expect(Math.abs(slower - (frequencyMhz - 12.5))).toBeLessThan(1);
    const heat = await run(chain.readTemperatures(signal));
    expect(heat.chipsRead).toBe(chip.hasTemperature ? row.chips : 0);
    expect(chain.counters).toMatchObject({ crcErrors: 0, jobsWritten: seconds });
    expect(world.stats().chains[0]!.badCrcs).toBe(0);
    await chain.close();
  });
});
