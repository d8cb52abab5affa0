/**
 * Jobs whose nonces are known go to every chain. What comes back is hashed again at Bitcoin's scale: chips that find it
 * hash as the world does, which no count of nonces at another scale could show.
 */
import { CHIPS } from "#drivers/bm13xx/chips.ts";
import { KNOWN_WORKS, type KnownWork } from "#drivers/bm13xx/known-works.ts";
import type { HashChain } from "#drivers/hash-chain.ts";
import { sleep } from "#hal/clock.ts";
import { hashMeetsTarget, ticketTarget } from "../share/difficulty.ts";
import type { HilBench } from "./bench.ts";
import { type Finding, joined, seen, wrong } from "./finding.ts";
import { judgeKnownWork, type KnownWorkCounts } from "./judge-work.ts";
import { chainWorkOf, isRecorded, knownHash, recordedCount } from "./known-hash.ts";

/** Ticket under which the nonces were captured. */
const TICKET = 256;
/** A job gets the time in which its chips have tried all versions, within these bounds. */
const JOB_MS_MIN = 2_000;
const JOB_MS_MAX = 10_000;
/** Works of a queue last a millisecond or so: repeated for this long they are tried often enough. */
const QUEUED_MS = 2_000;

export async function knownWorkStep(bench: HilBench, signal: AbortSignal): Promise<Finding> {
  const { chip } = bench.target.hashboard;
  if ((CHIPS[chip].midstate?.openCoreNonceWords.length ?? 0) > 0) return openCoreFinding(bench, signal);
  const works = KNOWN_WORKS[chip];
  if (works === undefined)
    return { problems: [], notes: [], notApplicable: `no captured job with verified nonces exists for ${chip}` };
  const counts = await Promise.all(bench.plugged.map((chain) => countFinds(bench, chain, works, signal)));
  return joined(counts.map((one) => judgeKnownWork(one, bench.target.hardwareErrorPct)));
}

/** The works that un-gate the cores of these chips have known nonces, and are the first that chips get. */
async function openCoreFinding(bench: HilBench, signal: AbortSignal): Promise<Finding> {
  const findings: Finding[] = [];
  for (const chainIndex of bench.plugged) {
    const chain = await bench.openChain(chainIndex);
    await chain.startMining({ versionMask: chain.facts.versionMask, ticketDifficulty: TICKET }, signal);
    const { openCoreNonces } = chain.counters;
    findings.push(
      openCoreNonces > 0
        ? seen(`chain ${chainIndex}: ${openCoreNonces} known nonces of the works that un-gate its cores came back`)
        : wrong(`chain ${chainIndex} gave none of the known nonces of the works that un-gate its cores`),
    );
  }
  return joined(findings);
}

async function countFinds(
  bench: HilBench,
  chainIndex: number,
  works: readonly KnownWork[],
  signal: AbortSignal,
): Promise<KnownWorkCounts> {
  const chain = await bench.openChain(chainIndex);
  const { versionMask } = chain.facts;
  const counter = new FindCounter(works, bench.target.scales.chipScale);
  await chain.startMining({ versionMask, ticketDifficulty: TICKET }, signal);
  chain.onNonce((wireId, nonce, versionBits) => counter.take(wireId, nonce, versionBits));
  try {
    if (chain.feedMode === "timed") await feedTimed(bench, chain, works, signal);
    else await feedQueued(bench, chain, works, signal);
  } finally {
    chain.onNonce(() => undefined);
  }
  return counter.counts(chainIndex);
}

async function feedTimed(
  { target }: HilBench,
  chain: HashChain,
  works: readonly KnownWork[],
  signal: AbortSignal,
): Promise<void> {
  const jobMs = Math.min(JOB_MS_MAX, Math.max(JOB_MS_MIN, 1.1 * chain.epochMs(chain.facts.versionMask)));
  for (const [wireId, work] of works.entries()) {
    chain.putWork(chainWorkOf(work, wireId));
    chain.flushWork();
    await sleep(target.platform.clock, jobMs, signal);
  }
}

async function feedQueued(
  { target }: HilBench,
  chain: HashChain,
  works: readonly KnownWork[],
  signal: AbortSignal,
): Promise<void> {
  let next = 0;
  chain.onWorkWanted((count) => {
    for (let i = 0; i < count; i++, next++) {
      const work = works[next % works.length];
      // Ids go round, and keep telling which of the works it was.
      const ids = chain.facts.wireIdCount - (chain.facts.wireIdCount % works.length);
      if (work !== undefined) chain.putWork(chainWorkOf(work, next % ids));
    }
    chain.flushWork();
  });
  await sleep(target.platform.clock, QUEUED_MS, signal);
  chain.onWorkWanted(null);
  chain.dropQueuedWork();
}

class FindCounter {
  readonly #works: readonly KnownWork[];
  readonly #ticket;
  readonly #bitcoinTicket = ticketTarget(TICKET, 1);
  readonly #recorded = new Set<string>();
  readonly #others = new Set<string>();
  #nonces = 0;
  #wrong = 0;

  constructor(works: readonly KnownWork[], chipScale: number) {
    this.#works = works;
    this.#ticket = ticketTarget(TICKET, chipScale);
  }

  take(wireId: number, nonce: number, versionBits: number): void {
    const index = wireId % this.#works.length;
    const work = this.#works[index];
    if (work === undefined) return;
    this.#nonces++;
    const hash = knownHash(work, nonce, versionBits);
    const key = `${index} ${nonce} ${versionBits}`;
    if (!hashMeetsTarget(hash, this.#ticket)) this.#wrong++;
    else if (!hashMeetsTarget(hash, this.#bitcoinTicket)) return;
    else if (isRecorded(work, nonce, versionBits)) this.#recorded.add(key);
    else this.#others.add(key);
  }

  counts(chainIndex: number): KnownWorkCounts {
    return {
      chainIndex,
      works: this.#works.length,
      recorded: this.#works.reduce((sum, work) => sum + recordedCount(work), 0),
      recordedFound: this.#recorded.size,
      othersFound: this.#others.size,
      wrongNonces: this.#wrong,
      nonces: this.#nonces,
    };
  }
}
