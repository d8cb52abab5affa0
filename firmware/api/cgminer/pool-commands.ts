/**
 * Commands that change the pools. A pool's number is its place in the `pools` report; only the first group can be changed
 * here, and all of it goes to the miner in one order.
 */

import { POOLS_MAX } from "../../config/schema.ts";
import { type ListedPool, listedPools, poolEntries, wishedPools } from "../listed-pools.ts";
import { type FaceView, obstacleTo, type PoolEntry } from "../machine-facts.ts";
import { failed, type Outcome, plan, REFUSED } from "./outcome.ts";
import { type Reply, reply } from "./reply.ts";
import { splitFields } from "./request.ts";

interface PoolContext {
  readonly view: FaceView;
  readonly parameter: string | null;
}

const URL_MAX = 400;
const NAME_MAX = 200;

interface NumberedPool extends ListedPool {
  readonly index: number;
  /** Place in the first group; -1 in another one, or where it is leaving. */
  readonly place: number;
}

function numbered(view: FaceView): NumberedPool[] {
  let place = 0;
  return listedPools(view).map((pool, index) => {
    return { ...pool, index, place: pool.group === 0 && !pool.isLeaving ? place++ : -1 };
  });
}

/** The pool that the parameter names, or the reply that says why there is none. */
function poolOf(view: FaceView, parameter: string | null): NumberedPool | Reply {
  const pools = numbered(view);
  if (pools.length === 0) return failed(8, "No pools");
  if (parameter === null) return failed(25, "Missing pool id parameter");
  const found = /^\d{1,4}$/.test(parameter) ? pools[Number(parameter)] : undefined;
  return found ?? failed(26, `Invalid pool id ${parameter} - range is 0 - ${pools.length - 1}`);
}

function isReply(value: NumberedPool | Reply): value is Reply {
  return "letter" in value;
}

/** Why no order moves it. */
function fixed({ index, isLeaving }: NumberedPool): Reply {
  return isLeaving
    ? failed(REFUSED, `Pool ${index} is out of the list already and goes with the next restart`)
    : failed(REFUSED, `Pool ${index} belongs to another pool group, which only the settings change`);
}

function setPools({ facts }: FaceView, pools: readonly PoolEntry[], done: Reply): Outcome {
  const obstacle = obstacleTo(facts, "pool_groups");
  return obstacle === null ? plan({ kind: "setPools", pools }, done) : failed(REFUSED, obstacle);
}

/** The first group as the order before left it. */
function entriesOf(view: FaceView): PoolEntry[] {
  return poolEntries(wishedPools(view));
}

/** The named pool becomes the first of its group. */
export function switchPool({ view, parameter }: PoolContext): Outcome {
  const pool = poolOf(view, parameter);
  if (isReply(pool)) return pool;
  if (pool.place < 0) return fixed(pool);
  return setPools(
    view,
    inOrder(entriesOf(view), [pool.place]),
    reply("S", 27, `Switching to pool ${pool.index}:'${pool.url}'`),
  );
}

/** No pool is ever disabled: those that do not work stand in reserve. */
export function enablePool({ view, parameter }: PoolContext): Outcome {
  const pool = poolOf(view, parameter);
  if (isReply(pool)) return pool;
  return pool.isLeaving ? fixed(pool) : reply("I", 49, `Pool ${pool.index}:'${pool.url}' already enabled`);
}

export function disablePool({ view, parameter }: PoolContext): Outcome {
  const pool = poolOf(view, parameter);
  if (isReply(pool)) return pool;
  if (wishedPools(view).length === 1) return failed(51, `Cannot disable last active pool ${pool.index}:'${pool.url}'`);
  return failed(REFUSED, "disablepool: a pool is either in the list or not; removepool takes it out");
}

export function removePool({ view, parameter }: PoolContext): Outcome {
  const pool = poolOf(view, parameter);
  if (isReply(pool)) return pool;
  if (pool.isLeaving) return fixed(pool);
  const entries = entriesOf(view);
  if (wishedPools(view).length === 1) return failed(66, `Cannot remove last pool ${pool.index}:'${pool.url}'`);
  if (isActive(view, pool)) return failed(67, `Cannot remove active pool ${pool.index}:'${pool.url}'`);
  if (pool.place < 0) return fixed(pool);
  if (entries.length === 1) return failed(66, `Cannot remove last pool ${pool.index}:'${pool.url}' of its group`);
  return setPools(
    view,
    entries.filter((_, place) => place !== pool.place),
    reply("S", 68, `Removed pool ${pool.index}:'${pool.url}'`),
  );
}

/** It is worked for; where another one was just put first in its group, that one counts as such. */
function isActive(view: FaceView, pool: NumberedPool): boolean {
  const first = numbered(view).find(({ place }) => place === 0);
  const isSwitching = first?.running !== view.snapshot.pools.find(({ group }) => group === 0);
  return isSwitching && pool.group === 0 ? pool.place === 0 : pool.running?.isWorking === true;
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
  const entries = entriesOf(view);
  if (entries.length >= POOLS_MAX) return failed(54, `Reached maximum number of pools (${POOLS_MAX})`);
  const done = reply("S", 55, `Added pool ${entries.length}: '${pool.url}'`);
  return setPools(view, [...entries, pool], done);
}

export function orderPools({ view, parameter }: PoolContext): Outcome {
  if (listedPools(view).length === 0) return failed(8, "No pools");
  if (parameter === null) return failed(25, "Missing pool id parameter");
  const places: number[] = [];
  for (const text of parameter.split(",").slice(0, POOLS_MAX + 1)) {
    const pool = poolOf(view, text.trim());
    if (isReply(pool)) return pool;
    if (pool.place < 0) return fixed(pool);
    if (places.includes(pool.place)) return failed(74, `Duplicate pool specified ${pool.index}`);
    places.push(pool.place);
  }
  return setPools(view, inOrder(entriesOf(view), places), reply("S", 73, "Changed pool priorities"));
}

/** Those named come first, in the order named; the others keep theirs. */
function inOrder(entries: readonly PoolEntry[], places: readonly number[]): PoolEntry[] {
  const rest = entries.filter((_, place) => !places.includes(place));
  return [...places.map((place) => entries[place]!), ...rest];
}
