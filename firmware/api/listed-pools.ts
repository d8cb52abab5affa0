/**
 * Pools as other people's tools list and change them: those of the settings, in force now or after the restart that is due,
 * so that each order builds on the one before it. A running pool that is in the settings no more stands at the end till then.
 */
import { isSamePool } from "../stratum/pool-url.ts";
import type { FaceView, NamedPool, PoolEntry } from "./machine-facts.ts";
import type { PoolSnapshot } from "./snapshot.ts";

export interface ListedPool extends NamedPool {
  /** Null: it begins with the restart. */
  readonly running: PoolSnapshot | null;
  /** It ends with the restart, and no order concerns it any more. */
  readonly isLeaving: boolean;
}

/** In the owner's order. The running ones are those of the command line where it names them, and the built-in one. */
export function wishedPools({ snapshot, facts }: FaceView): readonly NamedPool[] {
  return facts.pools ?? snapshot.pools.map(named);
}

export function listedPools(view: FaceView): ListedPool[] {
  const left = [...view.snapshot.pools];
  const wished = wishedPools(view).map((pool): ListedPool => {
    const at = left.findIndex((other) => isSamePool(pool, other));
    const [running = null] = at < 0 ? [] : left.splice(at, 1);
    return { ...pool, running, isLeaving: false };
  });
  return [...wished, ...left.map((running): ListedPool => ({ ...named(running), running, isLeaving: true }))];
}

/** Pools of the first group, which is the one that orders can change, each with the password that it has. */
export function poolEntries(pools: readonly NamedPool[]): PoolEntry[] {
  return pools.filter(({ group }) => group === 0).map(({ url, user }) => ({ url, user, password: null }));
}

function named({ urlAsWritten, user, group }: PoolSnapshot): NamedPool {
  return { url: urlAsWritten, user, group };
}
