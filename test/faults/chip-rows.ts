/** Faults of chips and of the serial lines to them. */
import assert from "node:assert/strict";
import { FaultBench } from "./fault-bench.ts";
import type { FaultArea, FaultRow } from "./fault-row.ts";

const isRestarting = (bench: FaultBench, chain: number) => (): boolean => bench.states[chain] === "coolingDown";

const CHIP_ROWS: readonly FaultRow[] = [
  {
    id: "chip-dead-start",
    fault: "a dead chip cuts off what lies behind it, at the start",
    detectedBy: "fewer chips answer than the board has",
    reaction: "two more tries, then the chain hashes with what it has; the others never wait",
    requiredS: 120,
    play: async () => {
      const bench = await FaultBench.start();
      bench.chainFaults(1).deadChipIndex = 40;
      const s = await bench.until("all chains hash", bench.allHash, 300);
      assert.deepEqual(
        bench.snapshot.chains.map(({ chips }) => chips),
        [108, 40, 108],
      );
      return s;
    },
  },
  {
    id: "chip-dies",
    fault: "a chip dies while hashing and cuts off what lies behind it",
    detectedBy: "chips that say nothing for 30 of their own nonce gaps (here 29 s each)",
    reaction: "that chain is started anew and hashes with what it has",
    requiredS: 1_000,
    play: async () => {
      const bench = await FaultBench.hashing();
      bench.chainFaults(0).deadChipIndex = 54;
      const s = await bench.until("restarted", isRestarting(bench, 0), 1_500);
      assert.match(bench.snapshot.chains[0]?.reason ?? "", /^\d+ chips from chip \d+ on say nothing any more/);
      await bench.until("it hashes short", () => bench.states[0] === "hashing", 300);
      assert.equal(bench.snapshot.chains[0]?.chips, 54);
      return s;
    },
  },
  {
    id: "chip-last-missing",
    fault: "one chip too few answers after a restart",
    detectedBy: "the count",
    reaction: "two more tries, then hashing with 107 of 108",
    requiredS: 180,
    play: async () => {
      const bench = await FaultBench.hashing();
      bench.chainFaults(2).deadChipIndex = 107;
      bench.chainFaults(2).isSilent = true;
      await bench.until("restarted", isRestarting(bench, 2), 60);
      bench.chainFaults(2).isSilent = false;
      const s = await bench.until("it hashes", bench.allHash, 300);
      assert.equal(bench.snapshot.chains[2]?.chips, 107);
      return s;
    },
  },
  {
    id: "chain-silent",
    fault: "a chain takes everything and sends nothing",
    detectedBy: "no nonce for 20 of its gaps, at least 10 s",
    reaction: "that chain alone is reset and addressed anew after 2 s, its power stays on",
    requiredS: 13,
    play: async () => {
      const bench = await FaultBench.hashing();
      bench.chainFaults(1).isSilent = true;
      const s = await bench.until("restarted", isRestarting(bench, 1), 60);
      assert.deepEqual([bench.states[0], bench.states[2]], ["hashing", "hashing"]);
      bench.chainFaults(1).isSilent = false;
      await bench.until("all chains hash", bench.allHash, 60);
      return s;
    },
  },
  {
    id: "chain-silent-forever",
    fault: "a chain stays silent whatever is tried",
    detectedBy: "six failed starts in a row",
    reaction: "given up with the reason; the others go on hashing",
    requiredS: 900,
    play: async () => {
      const bench = await FaultBench.hashing();
      bench.chainFaults(1).isSilent = true;
      const s = await bench.until("given up", () => bench.states[1] === "disabled", 1_800);
      assert.deepEqual([bench.states[0], bench.states[2]], ["hashing", "hashing"]);
      assert.match(bench.incidents("chainDisabled")[0] ?? "", /given up after 6 tries$/);
      return s;
    },
  },
  {
    id: "all-chains-silent",
    fault: "no chain can be brought up",
    detectedBy: "every chain was given up",
    reaction: "power off: a supply that feeds nothing useful is only a risk",
    requiredS: 900,
    play: async () => {
      const bench = await FaultBench.hashing();
      for (const chain of [0, 1, 2]) bench.chainFaults(chain).isSilent = true;
      const s = await bench.until("given up", () => bench.miner.parts.power.cutReason !== null, 1_800);
      await bench.until("power off", () => !bench.isOn, 5);
      assert.equal(bench.miner.parts.power.cutReason, "no chain is left that could run");
      return s;
    },
  },
  {
    id: "chips-restart",
    fault: "the chips of one chain lose their state for a moment (a brown-out)",
    detectedBy: "the chain is silent",
    reaction: "started anew, hashes again",
    requiredS: 60,
    play: async () => {
      const bench = await FaultBench.hashing();
      bench.world.chains[0]?.model.setPower(false);
      await bench.until("restarted", isRestarting(bench, 0), 60);
      const s = await bench.until("all chains hash", bench.allHash, 120);
      return s;
    },
  },
  {
    id: "nonces-few-wrong",
    fault: "one nonce in a hundred is wrong",
    detectedBy: "every nonce is hashed again before it is used",
    reaction: "counted against its chip; never a share; nothing else",
    requiredS: 0,
    play: async () => {
      const bench = await FaultBench.hashing();
      bench.chainFaults(0).falseNonceFraction = 0.01;
      await bench.holds("hashing at full frequency", () => (bench.snapshot.chains[0]?.frequencyMhz ?? 0) > 460, 900);
      assert((bench.snapshot.chains[0]?.nonces.hardwareError ?? 0) > 5);
      assert.equal(bench.wrongShares, 0);
      return 0;
    },
  },
  {
    id: "nonces-many-wrong",
    fault: "a seventh of the nonces is wrong",
    detectedBy: "more than 5 % of at least a hundred nonces in five minutes",
    reaction: "that chain is slowed down by 5 %, again and again while it lasts",
    requiredS: 120,
    play: async () => {
      const bench = await FaultBench.hashing();
      bench.chainFaults(0).falseNonceFraction = 0.14;
      const slower = (): boolean => (bench.snapshot.chains[0]?.frequencyMhz ?? 500) < 450;
      const s = await bench.until("slower", slower, 300);
      assert.match(
        bench.incidents("slowed")[0] ?? "",
        /of the nonces are wrong at this frequency: 95 % of the frequency/,
      );
      assert((bench.snapshot.chains[1]?.frequencyMhz ?? 0) > 460);
      assert.equal(bench.wrongShares, 0);
      return s;
    },
  },
  {
    id: "nonces-all-wrong",
    fault: "every nonce is wrong",
    detectedBy: "more than half of at least a hundred nonces",
    reaction: "that chain is started anew, and given up when nothing helps",
    requiredS: 120,
    play: async () => {
      const bench = await FaultBench.hashing();
      bench.chainFaults(0).falseNonceFraction = 1;
      const s = await bench.until("restarted", isRestarting(bench, 0), 300);
      assert.equal(bench.wrongShares, 0);
      return s;
    },
  },
  {
    id: "chip-lies",
    fault: "a chip answers register reads with another one's address",
    detectedBy: "replies are matched with their addresses",
    reaction: "borne: its reading counts for nobody",
    requiredS: 0,
    play: async () => {
      const bench = await FaultBench.hashing();
      bench.chainFaults(0).wrongAddressChipIndex = 30;
      await bench.holds("hashing", bench.allHash, 300);
      return 0;
    },
  },
  {
    id: "board-pulled",
    fault: "a hashboard's connector opens while hashing",
    detectedBy: "its sensors and its chips fall silent",
    reaction: "without its temperature power goes off after 10 s",
    requiredS: 13,
    play: async () => {
      const bench = await FaultBench.hashing();
      const chain = bench.world.chains[1];
      assert(chain !== undefined);
      chain.isPlugged = false;
      return bench.until("power off", () => !bench.isOn, 60);
    },
  },
];

const LINE_ROWS: readonly FaultRow[] = [
  {
    id: "line-flipped-bits",
    fault: "one bit in ten thousand bytes turns over, both ways",
    detectedBy: "CRC of each frame; each nonce is hashed again",
    reaction: "the frames are lost and counted, no wrong share",
    requiredS: 0,
    play: async () => {
      const bench = await FaultBench.hashing();
      for (const chain of [0, 1, 2]) bench.chainFaults(chain).flipBitProbability = 1e-4;
      await bench.holds("hashing", bench.allHash, 600);
      await bench.earns();
      assert.equal(bench.wrongShares, 0);
      return 0;
    },
  },
  {
    id: "line-storm",
    fault: "every tenth byte out of a chain is damaged",
    detectedBy: "a fifth of the frames fail their CRC",
    reaction: "that chain is started anew, and given up when the line stays so",
    requiredS: 120,
    play: async () => {
      const bench = await FaultBench.hashing({ ticket: 256 });
      bench.chainFaults(2).flipBitProbability = 0.1;
      const s = await bench.until("restarted", isRestarting(bench, 2), 300);
      assert.deepEqual(bench.states.slice(0, 2), ["hashing", "hashing"]);
      assert.equal(bench.wrongShares, 0);
      return s;
    },
  },
  {
    id: "line-lost-bytes",
    fault: "one byte in a thousand vanishes, both ways",
    detectedBy: "the parser looks for the next frame byte by byte",
    reaction: "the frames are lost and counted, no wrong share",
    requiredS: 0,
    play: async () => {
      const bench = await FaultBench.hashing();
      for (const chain of [0, 1, 2]) bench.chainFaults(chain).dropByteProbability = 1e-3;
      await bench.advance(300);
      await bench.earns();
      assert.equal(bench.wrongShares, 0);
      return 0;
    },
  },
  {
    id: "line-noise",
    fault: "bursts of random bytes reach the host, seven a second",
    detectedBy: "no frame begins there, or its CRC fails",
    reaction: "skipped and counted",
    requiredS: 0,
    play: async () => {
      const bench = await FaultBench.hashing();
      const chain = bench.world.chains[0];
      assert(chain !== undefined);
      for (let i = 0; i < 400; i++) {
        const noise = Uint8Array.from({ length: 1 + (i % 23) }, (_, k) => (i * 37 + k * 101) & 0xff);
        chain.line.sendFromChips(noise, noise.length, chain.model.baud);
        await bench.advance(0.15);
      }
      assert((bench.snapshot.chains[0]?.link.resyncBytes ?? 0) > 1_000);
      assert(bench.allHash());
      assert.equal(bench.wrongShares, 0);
      return 0;
    },
  },
  {
    id: "line-duplicates",
    fault: "a fifth of the frames arrive twice",
    detectedBy: "nonces of a work are remembered",
    reaction: "counted as duplicates, never sent twice",
    requiredS: 0,
    play: async () => {
      const bench = await FaultBench.hashing();
      for (const chain of [0, 1, 2]) bench.chainFaults(chain).duplicateFrameProbability = 0.2;
      await bench.advance(120);
      assert((bench.snapshot.chains[0]?.nonces.duplicate ?? 0) > 10);
      assert.equal(bench.wrongShares, 0);
      return 0;
    },
  },
];

export const CHIPS: FaultArea = { name: "chips", title: "Chips", rows: CHIP_ROWS };
export const LINES: FaultArea = { name: "lines", title: "Serial lines", rows: LINE_ROWS };
