/**
 * Commands that change the pools. A pool's number is its place in the `pools` report; only the first group can be changed
 * here, and all of it goes to the miner in one order.
 */
import { type FaceView, type PoolEntry, poolEntries } from "../machine-facts.ts";
import { failed, type Outcome, plan, REFUSED } from "./outcome.ts";
import { type Reply, reply } from "./reply.ts";
import { splitFields } from "./request.ts";

interface PoolContext {
  readonly view: FaceView;
  readonly parameter: string | null;
}

/** The miner takes no more. */
const POOLS_MAX = 8;
const URL_MAX = 400;
const NAME_MAX = 200;

interface NamedPool {
  readonly index: number;
  readonly url: string;
  /** Place in the first group; -1 in another one. */
  readonly place: number;
}

function named({ snapshot }: FaceView): NamedPool[] {
  let place = 0;
  return snapshot.pools.map(({ url, group }, index) => ({ index, url, place: group === 0 ? place++ : -1 }));
}

/** The pool that the parameter names, or the reply that says why there is none. */
function poolOf(view: FaceView, parameter: string | null): NamedPool | Reply {
  const pools = named(view);
  if (pools.length === 0) return failed(8, "No pools");
  if (parameter === null) return failed(25, "Missing pool id parameter");
  const found = /^\d{1,4}$/.test(parameter) ? pools[Number(parameter)] : undefined;
  return found ?? failed(26, `Invalid pool id ${parameter} - range is 0 - ${pools.length - 1}`);
}

function isReply(value: NamedPool | Reply): value is Reply {
  return "letter" in value;
}

function otherGroup(pool: NamedPool): Reply {
  return failed(REFUSED, `Pool ${pool.index} belongs to another pool group, which only the settings change`);
}

function setPools(pools: readonly PoolEntry[], done: Reply): Outcome {
  return plan({ kind: "setPools", pools }, done);
}

/** The named pool becomes the first of its group. */
export function switchPool({ view, parameter }: PoolContext): Outcome {
  const pool = poolOf(view, parameter);
  if (isReply(pool)) return pool;
  if (pool.place < 0) return otherGroup(pool);
  return setPools(
    inOrder(poolEntries(view.snapshot), [pool.place]),
    reply("S", 27, `Switching to pool ${pool.index}:'${pool.url}'`),
  );
}

/** No pool is ever disabled: those that do not work stand in reserve. */
export function enablePool({ view, parameter }: PoolContext): Outcome {
  const pool = poolOf(view, parameter);
  return isReply(pool) ? pool : reply("I", 49, `Pool ${pool.index}:'${pool.url}' already enabled`);
}

export function disablePool({ view, parameter }: PoolContext): Outcome {
  const pool = poolOf(view, parameter);
  if (isReply(pool)) return pool;
  if (view.snapshot.pools.length === 1)
    return failed(51, `Cannot disable last active pool ${pool.index}:'${pool.url}'`);
  return failed(REFUSED, "disablepool: a pool is either in the list or not; removepool takes it out");
}

export function removePool({ view, parameter }: PoolContext): Outcome {
  const pool = poolOf(view, parameter);
  if (isReply(pool)) return pool;
  const entries = poolEntries(view.snapshot);
  if (view.snapshot.pools.length === 1) return failed(66, `Cannot remove last pool ${pool.index}:'${pool.url}'`);
  if (view.snapshot.pools[pool.index]?.isWorking === true)
    return failed(67, `Cannot remove active pool ${pool.index}:'${pool.url}'`);
  if (pool.place < 0) return otherGroup(pool);
  if (entries.length === 1) return failed(66, `Cannot remove last pool ${pool.index}:'${pool.url}' of its group`);
  return setPools(
    entries.filter((_, place) => place !== pool.place),
    reply("S", 68, `Removed pool ${pool.index}:'${pool.url}'`),
  );
}

/** What `addpool` names: URL, user and password between commas. */
function newPool(parameter: string | null): PoolEntry | Reply {
  if (parameter === null) return failed(52, "Missing addpool details");
  const fields = splitFields(parameter);
  const [url = "", user = "", password = ""] = fields;
  const isRight =
    fields.length === 3 &&
    /\S/.test(url) &&
    url.length <= URL_MAX &&
    Math.max(user.length, password.length) <= NAME_MAX;
  if (!isRight || /[\s\p{Cc}]/u.test(url))
    return failed(53, `Invalid addpool details '${parameter.slice(0, URL_MAX)}'`);
  return { url, user, password };
}

export function addPool({ view, parameter }: PoolContext): Outcome {
  const pool = newPool(parameter);
  if ("letter" in pool) return pool;
  if (view.snapshot.pools.length >= POOLS_MAX) return failed(54, `Reached maximum number of pools (${POOLS_MAX})`);
  const index = view.snapshot.pools.length;
  return setPools([...poolEntries(view.snapshot), pool], reply("S", 55, `Added pool ${index}: '${pool.url}'`));
}

/** `addpool` to a machine that has none. */
export function firstPool(parameter: string | null): Outcome {
  const pool = newPool(parameter);
  return "letter" in pool ? pool : setPools([pool], reply("S", 55, `Added pool 0: '${pool.url}'`));
}

export function orderPools({ view, parameter }: PoolContext): Outcome {
  if (view.snapshot.pools.length === 0) return failed(8, "No pools");
  if (parameter === null) return failed(25, "Missing pool id parameter");
  const places: number[] = [];
  for (const text of parameter.split(",").slice(0, POOLS_MAX + 1)) {
    const pool = poolOf(view, text.trim());
    if (isReply(pool)) return pool;
    if (pool.place < 0) return otherGroup(pool);
    if (places.includes(pool.place)) return failed(74, `Duplicate pool specified ${pool.index}`);
    places.push(pool.place);
  }
  return setPools(inOrder(poolEntries(view.snapshot), places), reply("S", 73, "Changed pool priorities"));
}

/** Those named come first, in the order named; the others keep theirs. */
function inOrder(entries: readonly PoolEntry[], places: readonly number[]): PoolEntry[] {
  const rest = entries.filter((_, place) => !places.includes(place));
  return [...places.map((place) => entries[place]!), ...rest];
}
