/**
 * Which pool of a group works now, pure: pools in the owner's order, events in, orders out.
 *
 *   - Nobody works: the first pool is dialled; each following one joins when those before it failed or took too long. The
 *     first that gives a job works at once.
 *   - The working pool is lost: the others are dialled at once, and again the first that gives a job takes over; the lost
 *     one goes on trying by itself.
 *   - A better pool than the working one is dialled again and again, on a link of its own; once it has had a job for half a
 *     minute without a break it works again, and the worse ones are let go.
 *   - A pool that takes no share at all, by whatever words or without any, is passed over for a while.
 */

/** A pool that has no job after this long lets the next one join. */
export const JOIN_AFTER_MS = 10_000;
/** A better pool must have given jobs for so long before it is trusted again. */
export const PROVE_MS = 30_000;
/** A better pool that is down is dialled again this often. */
export const RETEST_MS = 30_000;
/** Links of worse pools are kept this long after a switch, so that answers to shares still come. */
export const DRAIN_MS = 10_000;
/** So many shares in a row without a single one accepted, over at least so long: the pool takes nothing from us. */
export const REFUSED_IN_A_ROW = 20;
export const REFUSED_FOR_MS = 60_000;
/** So many sessions in a row without an answer to a share: no link breaks each time in just that moment. */
export const MUTE_IN_A_ROW = 2;
/** A pool that took nothing, or refuses the user, is passed over for so long, while there is another one. */
export const SHUN_MS = 600_000;

export interface PoolStanding {
  /** A link is wanted: it dials until it is told to stop. */
  readonly isWanted: boolean;
  readonly wantedSinceMs: number;
  /** Since when it has given jobs without a break; null = it gives none. */
  readonly aliveSinceMs: number | null;
  /** Not dialled before this time, as long as another pool works. */
  readonly notBeforeMs: number;
  /** When its link may be dropped; null = not draining. */
  readonly drainUntilMs: number | null;
  readonly refusedInARow: number;
  readonly refusedSinceMs: number | null;
  /** Sessions in which not a single share was answered. */
  readonly muteInARow: number;
  /** Why it is passed over; null = it is not. */
  readonly shunReason: string | null;
}

export interface FailoverState {
  readonly pools: readonly PoolStanding[];
  /** Index of the pool that works; null = none. */
  readonly working: number | null;
}

export type FailoverInput =
  | { readonly kind: "tick" }
  | { readonly kind: "alive"; readonly pool: number }
  | {
      readonly kind: "down";
      readonly pool: number;
      readonly isUnauthorised: boolean;
      /** It talked on, and answered none of the session's shares. */
      readonly isUnanswered: boolean;
      /** It answered none of them, nor said anything else: it may be the link. */
      readonly isMute: boolean;
    }
  | {
      readonly kind: "shareEnded";
      readonly pool: number;
      readonly isAccepted: boolean;
      /** Refused, stale or never answered. After a block a share may be stale on any pool; one that is taken clears it. */
      readonly isRefused: boolean;
    };

export type FailoverAction =
  | { readonly kind: "dial"; readonly pool: number }
  | { readonly kind: "hangUp"; readonly pool: number }
  /** Null: no pool works. */
  | { readonly kind: "work"; readonly pool: number | null };

export interface FailoverStep {
  readonly state: FailoverState;
  readonly actions: readonly FailoverAction[];
  readonly reason: string;
}

const NEW_POOL: PoolStanding = {
  isWanted: false,
  wantedSinceMs: 0,
  aliveSinceMs: null,
  notBeforeMs: 0,
  drainUntilMs: null,
  refusedInARow: 0,
  refusedSinceMs: null,
  muteInARow: 0,
  shunReason: null,
};

export function initialFailover(pools: number): FailoverState {
  return { pools: Array.from({ length: pools }, () => NEW_POOL), working: null };
}

export function stepFailover(state: FailoverState, input: FailoverInput, nowMs: number): FailoverStep {
  const noted = note(state, input, nowMs);
  const chosen = choose(noted.state, nowMs);
  const dialled = dial(chosen.state, nowMs);
  const { reason } = chosen.actions.length > 0 ? chosen : noted;
  return { state: dialled.state, actions: [...chosen.actions, ...dialled.actions], reason };
}

function change(state: FailoverState, pool: number, changes: Partial<PoolStanding>): FailoverState {
  return { ...state, pools: state.pools.map((standing, i) => (i === pool ? { ...standing, ...changes } : standing)) };
}

function note(state: FailoverState, input: FailoverInput, nowMs: number): { state: FailoverState; reason: string } {
  if (input.kind === "tick") return { state, reason: "time passes" };
  const standing = state.pools[input.pool];
  if (standing === undefined) return { state, reason: "no such pool" };
  switch (input.kind) {
    case "alive":
      return {
        state: change(state, input.pool, { aliveSinceMs: standing.aliveSinceMs ?? nowMs }),
        reason: `pool ${input.pool + 1} gives jobs`,
      };
    case "down": {
      const muteInARow = standing.muteInARow + (input.isMute ? 1 : 0);
      const newReason = shunReasonOf(input, muteInARow);
      const shunReason = newReason ?? standing.shunReason;
      // A pool that is passed over, and closes the link as well, is passed over no shorter.
      const notBeforeMs = Math.max(standing.notBeforeMs, nowMs + (newReason === null ? RETEST_MS : SHUN_MS));
      return {
        state: change(state, input.pool, { aliveSinceMs: null, notBeforeMs, muteInARow, shunReason }),
        reason: `pool ${input.pool + 1} is lost`,
      };
    }
    case "shareEnded":
      return { state: countShare(state, standing, input, nowMs), reason: "share answered" };
  }
}

/** Whether the way in which a link ended says enough on its own. */
function shunReasonOf(input: Extract<FailoverInput, { kind: "down" }>, muteInARow: number): string | null {
  if (input.isUnauthorised) return "it does not take this user";
  const takesNothing = input.isUnanswered || (input.isMute && muteInARow >= MUTE_IN_A_ROW);
  return takesNothing ? "it answered none of a session's shares" : null;
}

function countShare(
  state: FailoverState,
  standing: PoolStanding,
  input: Extract<FailoverInput, { kind: "shareEnded" }>,
  nowMs: number,
): FailoverState {
  if (input.isAccepted) {
    return change(state, input.pool, { refusedInARow: 0, refusedSinceMs: null, muteInARow: 0, shunReason: null });
  }
  if (!input.isRefused) return state;
  const refusedSinceMs = standing.refusedSinceMs ?? nowMs;
  const refusedInARow = standing.refusedInARow + 1;
  const takesNothing = refusedInARow >= REFUSED_IN_A_ROW && nowMs - refusedSinceMs >= REFUSED_FOR_MS;
  if (!takesNothing) return change(state, input.pool, { refusedInARow, refusedSinceMs });
  return change(state, input.pool, {
    refusedInARow: 0,
    refusedSinceMs: null,
    notBeforeMs: nowMs + SHUN_MS,
    shunReason: `it refused ${refusedInARow} shares in a row and took none`,
  });
}

function isShunned(standing: PoolStanding, nowMs: number): boolean {
  return standing.shunReason !== null && nowMs < standing.notBeforeMs;
}

/** Pools by preference: the owner's order, those that are passed over behind all others. */
function ranking(state: FailoverState, nowMs: number): number[] {
  const order = state.pools.map((_, i) => i);
  const rank = (pool: number): number =>
    pool + (isShunned(state.pools[pool] as PoolStanding, nowMs) ? order.length : 0);
  return order.sort((a, b) => rank(a) - rank(b));
}

function choose(state: FailoverState, nowMs: number): FailoverStep {
  const { working } = state;
  const order = ranking(state, nowMs);
  const alive = order.filter((pool) => state.pools[pool]?.aliveSinceMs !== null);
  const isWorkingAlive = working !== null && alive.includes(working);
  // In an emergency the first that gives a job will do; otherwise a better one has to prove itself first.
  const better = alive.find((pool) => {
    if (!isWorkingAlive) return true;
    const sinceMs = state.pools[pool]?.aliveSinceMs ?? nowMs;
    return order.indexOf(pool) < order.indexOf(working) && nowMs - sinceMs >= PROVE_MS;
  });
  const next = better ?? (isWorkingAlive ? working : null);
  if (next === working) return { state, actions: [], reason: "" };
  const pools = state.pools.map((standing, i) => {
    if (i === next) return { ...standing, drainUntilMs: null };
    const isBehind = next !== null && order.indexOf(i) > order.indexOf(next);
    return isBehind && standing.isWanted ? { ...standing, drainUntilMs: nowMs + DRAIN_MS } : standing;
  });
  const reason =
    next === null
      ? "no pool gives jobs"
      : working === null
        ? `pool ${next + 1} works`
        : `pool ${next + 1} works instead of pool ${working + 1}`;
  return { state: { pools, working: next }, actions: [{ kind: "work", pool: next }], reason };
}

/** Which links are wanted now. */
function dial(state: FailoverState, nowMs: number): { state: FailoverState; actions: FailoverAction[] } {
  const order = ranking(state, nowMs);
  const wanted = new Set<number>();
  let isJoining = true;
  for (const pool of order) {
    const standing = state.pools[pool] as PoolStanding;
    if (state.working !== null) {
      if (pool === state.working) {
        wanted.add(pool);
        break;
      }
      // A better one: kept while it proves itself, dialled again from time to time.
      if (
        standing.isWanted ? standing.aliveSinceMs !== null || isTrying(standing, nowMs) : nowMs >= standing.notBeforeMs
      )
        wanted.add(pool);
      continue;
    }
    if (!isJoining) break;
    wanted.add(pool);
    // The next one joins when this one has failed or has had its time.
    isJoining = standing.isWanted && (standing.notBeforeMs > nowMs || nowMs - standing.wantedSinceMs >= JOIN_AFTER_MS);
  }
  const actions: FailoverAction[] = [];
  const pools = state.pools.map((standing, pool) => {
    const isDraining = standing.drainUntilMs !== null && nowMs < standing.drainUntilMs;
    const isWanted = wanted.has(pool) || (standing.isWanted && isDraining);
    if (isWanted === standing.isWanted) return standing;
    actions.push({ kind: isWanted ? "dial" : "hangUp", pool });
    if (isWanted) return { ...standing, isWanted, wantedSinceMs: nowMs, drainUntilMs: null };
    return {
      ...standing,
      isWanted,
      aliveSinceMs: null,
      drainUntilMs: null,
      notBeforeMs: Math.max(standing.notBeforeMs, nowMs + RETEST_MS),
    };
  });
  return { state: { ...state, pools }, actions };
}

/** A link to a better pool that has not failed yet and is still within its time. */
function isTrying(standing: PoolStanding, nowMs: number): boolean {
  return nowMs - standing.wantedSinceMs < JOIN_AFTER_MS && nowMs >= standing.notBeforeMs;
}
