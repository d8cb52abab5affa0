/** Answers queries on the main thread, from the running parts. Nothing here changes anything. */
import { CHIPS } from "#drivers/bm13xx/chips.ts";
import { registerNameOf } from "#drivers/bm13xx/register-map.ts";
import { errorText, isKumpelError } from "#hal/errors.ts";
import { chipMhzOf } from "../chain/chain-tuning.ts";
import { describeIdentity } from "../hardware/board-identities.ts";
import type { MinerParts } from "../miner-parts.ts";
import { errorPct, relativePct } from "../stats/chip-share.ts";
import type { TuningDesk } from "../tuning/tuning-desk.ts";
import { tuningDifference } from "../tuning/tuning-difference.ts";
import { allows, type Scope } from "./commands.ts";
import { type AnswerOf, QUERY_SCOPE, type Query, type QueryAnswer, querySchema } from "./queries.ts";
import { receiptsOf } from "./receipts.ts";

/** A chip that answers at all answers within milliseconds. */
const READ_LIMIT_MS = 3_000;

export class QueryRunner {
  readonly #parts: MinerParts;
  readonly #desk: TuningDesk;

  constructor(parts: MinerParts, desk: TuningDesk) {
    this.#parts = parts;
    this.#desk = desk;
  }

  /** Never rejects. */
  async answer(input: unknown, scope: Scope): Promise<QueryAnswer> {
    const parsed = querySchema.safeParse(input);
    if (!parsed.success) return { ok: false, message: "This is no question that is known; see /api/v1/openapi.json." };
    const query = parsed.data;
    const need = QUERY_SCOPE[query.kind];
    if (!allows(scope, need))
      return { ok: false, message: `${query.kind} takes scope ${need}; this one has ${scope}.` };
    try {
      return { ok: true, data: await this.#look(query) };
    } catch (error) {
      if (!isKumpelError(error)) this.#parts.options.log.error({ query: query.kind }, errorText(error));
      return { ok: false, message: errorText(error) };
    }
  }

  #look(query: Query): Promise<unknown> | unknown {
    switch (query.kind) {
      case "chips":
        return this.#chips(query.chainIndex) ?? this.#noChain(query.chainIndex);
      case "register":
        return this.#register(query.chainIndex, query.chipIndex, query.register);
      case "sensors":
        return this.#sensors();
      case "tuning":
        return this.#tuning();
      case "recording":
        return { text: this.#parts.supervision.blackBox.text("support bundle") };
      case "trace":
        return this.#parts.supervision.trace.status;
      case "decisions":
        return this.#decisions();
      case "hardware":
        return this.#hardware();
      case "traffic":
        return this.#traffic();
      case "receipts":
        return receiptsOf(this.#parts.ledger.ledger, query.days);
    }
  }

  #noChain(chainIndex: number): never {
    throw new Error(`There is no chain ${chainIndex}: chains are 0 to ${this.#parts.chains.length - 1}.`);
  }

  #chips(chainIndex: number): AnswerOf<"chips"> | null {
    const chain = this.#parts.chains[chainIndex];
    if (chain === undefined) return null;
    const { hashboard } = this.#parts.options;
    const { supervisor, runtime, facts } = chain;
    const driver = supervisor.chain;
    const { share, valid } = runtime.counters.ofChain();
    const clocksMhz = (driver?.frequencyMhz ?? 0) * (driver?.chipCount ?? 0);
    const chips = Array.from({ length: hashboard.chips }, (_, chipIndex) => {
      const frequencyMhz = driver?.chipFrequencyMhz(chipIndex) || null;
      const counts = runtime.counters.ofChip(chipIndex);
      const good = counts.share + counts.valid;
      const due = frequencyMhz === null ? 0 : ((share + valid) * frequencyMhz) / clocksMhz;
      return {
        chipIndex,
        domainIndex: Math.floor(chipIndex / hashboard.chipsPerDomain),
        frequencyMhz,
        wantedMhz: chipMhzOf(supervisor.tuning, chipIndex),
        temperatureC: driver?.chipTemperatureC(chipIndex) ?? null,
        nonces: { good, hardwareErrors: counts.hardwareError, duplicate: counts.duplicate, stale: counts.stale },
        errorPct: errorPct(good, counts.hardwareError),
        relativePct: relativePct(good, due),
      };
    });
    return {
      chainIndex,
      chip: facts.chip,
      state: supervisor.state.phase,
      domains: hashboard.domains,
      chipsPerDomain: hashboard.chipsPerDomain,
      chips,
    };
  }

  async #register(chainIndex: number, chipIndex: number, register: number): Promise<AnswerOf<"register">> {
    const chain = this.#parts.chains[chainIndex];
    if (chain === undefined) return this.#noChain(chainIndex);
    const { supervisor } = chain;
    const driver = supervisor.chain;
    if (driver === null || supervisor.state.phase !== "hashing")
      throw new Error(`Chain ${chainIndex} is ${supervisor.state.phase}: chips answer while it hashes.`);
    if (chipIndex >= driver.chipCount)
      throw new Error(`Chain ${chainIndex} has no chip ${chipIndex}: chips are 0 to ${driver.chipCount - 1}.`);
    const value = await driver.readChipRegister(chipIndex, register, AbortSignal.timeout(READ_LIMIT_MS));
    const name = registerNameOf(CHIPS[this.#parts.options.hashboard.chip].registers, register);
    return { chainIndex, chipIndex, register, name, value };
  }

  #sensors(): AnswerOf<"sensors"> {
    const { thermal, options } = this.#parts;
    const nowMs = options.clock.nowMs();
    const { sensors, fans } = thermal.state;
    return {
      sensors: sensors.map(({ chainIndex, goodC, goodAtMs, failure, held }, i) => ({
        place: thermal.sensorPlaces[i] ?? `chain ${chainIndex}`,
        chainIndex,
        temperatureC: failure === null ? goodC : null,
        ageMs: goodC === null ? null : nowMs - goodAtMs,
        problem: failure ?? (held?.isFrozen === true ? `it has said ${held.temperatureC} C for too long` : null),
      })),
      fans: fans.map(({ stoppedSinceMs }, fan) => ({
        fan,
        rpm: thermal.fansRpm[fan] ?? null,
        isStopped: stoppedSinceMs !== null,
      })),
    };
  }

  #tuning(): AnswerOf<"tuning"> {
    const { limits, now, start, history } = this.#desk.state;
    const fixed = limits.voltageMv === null;
    const before = history.at(-1);
    return {
      limits,
      chains: now.chains.map(({ baseMhz, chipMhz }, chainIndex) => ({
        chainIndex,
        frequencyMhz: baseMhz,
        startFrequencyMhz: start.chains[chainIndex]?.baseMhz ?? baseMhz,
        chips: [...chipMhz].map(([chipIndex, frequencyMhz]) => ({ chipIndex, frequencyMhz })),
        voltageMv: fixed ? null : (now.workMv[chainIndex] ?? null),
        startVoltageMv: fixed ? null : (start.workMv[chainIndex] ?? null),
      })),
      undoSteps: history.length,
      undo: before === undefined ? null : tuningDifference(now, before, limits),
    };
  }

  #hardware(): AnswerOf<"hardware"> {
    const { hashboard, identities } = this.#parts.options;
    const { boardMaxC, chipMaxC, source } = hashboard.temperatureLimits;
    const { frequencyMhz, voltageMv } = this.#desk.state.limits;
    return {
      chip: hashboard.chip,
      chains: this.#parts.chains.length,
      chipsPerChain: hashboard.chips,
      limits: { boardMaxC, chipMaxC, temperatureSource: source, frequencyMhz, voltageMv },
      hashboards: identities.map((board) => ({ chainIndex: board.chainIndex, text: describeIdentity(board) })),
    };
  }

  #traffic(): AnswerOf<"traffic"> {
    const { supervision, options } = this.#parts;
    const { clock } = options;
    const header = supervision.trace.header;
    return { header, ...supervision.tap.take(), nowMs: clock.nowMs(), nowWallMs: clock.wallTimeMs() };
  }

  #decisions(): AnswerOf<"decisions"> {
    const { clock } = this.#parts.options;
    const nowMs = clock.nowMs();
    const decisions = this.#parts.supervision.blackBox.recentDecisions.map(({ atMs, ...rest }) =>
      Object.assign({ agoMs: nowMs - atMs }, rest),
    );
    return { decisions };
  }
}
