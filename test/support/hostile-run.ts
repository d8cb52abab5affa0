/** Hours with a preferred pool that does what it can to make a miner send wrong shares, and a quiet one behind it. */
import { SeededRandom } from "#hal/emulator/prng.ts";
import { HostilePool } from "./hostile-pool.ts";
import { type Rig, rigPool, startRig } from "./rig.ts";

const [PORT_A, PORT_B] = [3401, 3402];
const [ALICE, BOB] = ["alice.1", "bob.9"];
const HASHES_PER_NONCE = 8;
const SCALE = (2 ** 32 * 256) / HASHES_PER_NONCE;
/** A share in five seconds or so, a few nonces apart. */
const DIFFICULTY = 1_024;
/** All keep the low bits: what a chip does with a mask that lacks them is not known. */
const MASKS = [0x1fffe000, 0x0fffe000, 0x03ffe000];
const REFRESH_MS = 30_000;
/** Mean time between two misdeeds. */
const CALM_MS = 40_000;
const STEP_MS = 1_000;
/** Silence is noticed after two minutes; a better pool is tried every 30 s for up to 10 s and has to stand for 30. */
const NOTICE_MS = 121_000;
const RETURN_MS = 75_000;

export interface HostileResult {
  readonly verdicts: Readonly<Record<string, number>>;
  readonly lateStale: number;
  readonly misdeeds: Readonly<Record<string, number>>;
  /** Valid shares found while their session lived, and those of them that were not submitted at once. */
  readonly liveShares: number;
  readonly withheld: number;
  readonly switches: number;
  /** Longest time for which the preferred pool behaved and was not worked for, in ms. */
  readonly longestAwayMs: number;
  readonly hardwareErrors: number;
  readonly chainRestarts: number;
}

interface Play {
  readonly rig: Rig;
  readonly random: SeededRandom;
  readonly pool: HostilePool;
  /** Until then nobody can expect the pool to be worked for. */
  excusedUntilMs: number;
}

type Misdeed = (play: Play) => Promise<void> | void;

const excuse = (play: Play, ms: number): void => {
  play.excusedUntilMs = Math.max(play.excusedUntilMs, play.rig.clock.nowMs() + ms);
};

const MISDEEDS: Readonly<Record<string, Misdeed>> = {
  disconnect: (play) => {
    play.pool.drop();
    excuse(play, 0);
  },
  silence: (play) => {
    play.pool.mute();
    excuse(play, NOTICE_MS);
  },
  absence: async (play) => {
    await play.pool.shut();
    const awayMs = 10_000 + play.random.unit() * 290_000;
    play.rig.clock.setTimer(awayMs, () => void play.pool.open());
    excuse(play, awayMs);
  },
  flood: (play) => {
    for (let i = 0; i < 50; i++) play.rig.clock.setTimer(10 * i, () => play.pool.notify(i % 10 === 9));
  },
  difficulty: (play) => {
    play.pool.setDifficulty(Math.ceil(DIFFICULTY * 10 ** (4 * play.random.unit() - 0.5)));
    if (play.random.unit() < 0.5) play.pool.notify(false);
    // Back to where shares are found, or the rest of the hour would prove nothing.
    play.rig.clock.setTimer(60_000, () => play.pool.setDifficulty(DIFFICULTY));
  },
  extranonce: (play) => play.pool.setExtranonce(),
  mask: (play) => play.pool.setMask(MASKS[play.random.uint32() % MASKS.length] ?? 0x1fffe000),
  block: (play) => play.pool.notify(true),
  clock: (play) => play.rig.clock.jumpWallTime((play.random.unit() - 0.5) * 2e10),
};

/** Counts shares of sessions that live, and those that did not go out in the same call. */
function watchShares(rig: Rig): { live: number; withheld: number } {
  const seen = { live: 0, withheld: 0 };
  const { pools } = rig.miner.parts;
  const submit = pools.submit.bind(pools);
  pools.submit = (share) => {
    const view = pools.pools[share.job.session.pool];
    const isLive = view?.link.job?.session.serial === share.job.session.serial;
    const before = view?.stats.submittedCount ?? 0;
    submit(share);
    if (!isLive) return;
    seen.live++;
    if (view.stats.submittedCount !== before + 1) seen.withheld++;
  };
  return seen;
}

async function hostilePools(rig: Rig, random: SeededRandom): Promise<[HostilePool, HostilePool]> {
  const { clock, network } = rig;
  const make = (port: number, user: string): HostilePool =>
    new HostilePool({ clock, network, port, user, random: random.fork(user), scale: SCALE, difficulty: DIFFICULTY });
  const pools: [HostilePool, HostilePool] = [make(PORT_A, ALICE), make(PORT_B, BOB)];
  for (const pool of pools) {
    await pool.open();
    const refresh = (): void => {
      pool.notify(false);
      clock.setTimer(REFRESH_MS, refresh);
    };
    refresh();
  }
  return pools;
}

export async function runHostile(seed: number, hours: number): Promise<HostileResult> {
  const random = new SeededRandom(seed);
  const rig = await startRig({
    machine: "bitaxe-gamma",
    seed,
    hashesPerNonce: HASHES_PER_NONCE,
    hasPool: false,
    poolGroups: [{ quota: 1, pools: [rigPool(PORT_A, ALICE), rigPool(PORT_B, BOB)] }],
  });
  const shares = watchShares(rig);
  const [pool, quiet] = await hostilePools(rig, random);
  const play: Play = { rig, random, pool, excusedUntilMs: 0 };
  const misdeeds: Record<string, number> = {};
  const names = Object.keys(MISDEEDS);
  await rig.until("hashing", () => rig.snapshot().chains.every((c) => c.state === "hashing"), 60_000);
  let nextMs = rig.clock.nowMs();
  let [switches, longestAwayMs, wasOnAlice] = [0, 0, true];
  const resets = (): number => rig.world.journal.entries.filter((e) => e.what === "reset" && e.isAsserted).length;
  const resetsBefore = resets();
  const endMs = rig.clock.nowMs() + hours * 3_600_000;
  while (rig.clock.nowMs() < endMs) {
    if (rig.clock.nowMs() >= nextMs) {
      const name = names[random.uint32() % names.length] ?? "block";
      misdeeds[name] = (misdeeds[name] ?? 0) + 1;
      await MISDEEDS[name]?.(play);
      // Now and then it leaves time enough for the miner to come back.
      nextMs = rig.clock.nowMs() + (random.unit() < 0.2 ? 10 : 2) * CALM_MS * random.unit();
    }
    await rig.advance(STEP_MS);
    const isOnAlice = rig.miner.parts.pools.pools[0]?.isWorking === true;
    if (isOnAlice !== wasOnAlice) switches++;
    wasOnAlice = isOnAlice;
    if (!isOnAlice) longestAwayMs = Math.max(longestAwayMs, rig.clock.nowMs() - play.excusedUntilMs);
  }
  const { chains } = rig.snapshot();
  const verdicts: Record<string, number> = {};
  for (const { verdicts: counted } of [pool, quiet])
    for (const [verdict, count] of counted) verdicts[verdict] = (verdicts[verdict] ?? 0) + count;
  const result: HostileResult = {
    verdicts,
    misdeeds,
    switches,
    longestAwayMs,
    lateStale: pool.lateStale + quiet.lateStale,
    liveShares: shares.live,
    withheld: shares.withheld,
    hardwareErrors: chains.reduce((sum, { nonces }) => sum + nonces.hardwareError, 0),
    chainRestarts: resets() - resetsBefore,
  };
  await rig.stop();
  return result;
}

/** How long the preferred pool may behave without being worked for. */
export const AWAY_MAX_MS = RETURN_MS;
