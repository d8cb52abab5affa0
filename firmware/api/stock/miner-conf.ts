/**
 * The stock settings document: how it is shown, and which orders a changed one comes to. Clients read it, change one key
 * and write most of it back, so that only what differs from what was shown is an order (public notes on the clients).
 */
import { clockLimits } from "#drivers/hashboards/clock-limits.ts";
import { findHashboard } from "#drivers/hashboards/models.ts";
import { isSamePool } from "../../stratum/pool-url.ts";
import { poolEntries, wishedPools } from "../listed-pools.ts";
import { type FaceOrder, type FaceView, type NamedPool, obstacleTo, type PoolEntry } from "../machine-facts.ts";
import { POOL_SLOTS, type Report } from "./reports.ts";

/** What was set over this face and no setting holds: a fan speed, while the fans follow the temperature. */
export interface ConfMemory {
  readonly fanPct: number | null;
}

export const NO_MEMORY: ConfMemory = { fanPct: null };

/**
 * Pool passwords are not shown. Clients write back what they read, so that this word beside a pool that is known stands for
 * the password it has; for any other pool it is the usual one where a pool asks for none.
 */
export const SHOWN_PASSWORD = "x";
/**
 * Where nobody set a speed. The present one would change from one reading to the next, and who writes it back would set it;
 * and full speed is the safe thing to begin with where somebody takes the fans over.
 */
const DEFAULT_FAN_PCT = 100;

interface Shown {
  readonly pools: readonly NamedPool[];
  readonly isFanManual: boolean;
  readonly fanPct: number;
  readonly frequencyMhz: number | null;
  /** The machine's own. */
  readonly defaultFrequencyMhz: number | null;
  readonly isAsleep: boolean;
}

function shown(view: FaceView, memory: ConfMemory): Shown {
  const { snapshot, facts } = view;
  const isFanManual = facts.isFanManual ?? false;
  const defaultFrequencyMhz = findHashboard(snapshot.machine)?.defaultFrequencyMhz ?? null;
  return {
    pools: wishedPools(view).slice(0, POOL_SLOTS),
    isFanManual,
    fanPct: (isFanManual ? facts.fanManualPct : memory.fanPct) ?? DEFAULT_FAN_PCT,
    frequencyMhz: facts.targetFrequencyMhz ?? defaultFrequencyMhz,
    defaultFrequencyMhz,
    isAsleep: snapshot.isPausedByOwner,
  };
}

/** The document, with exactly three pools; numbers are texts in it. */
export function minerConf(view: FaceView, memory: ConfMemory): Report {
  const now = shown(view, memory);
  const slots = Array.from({ length: POOL_SLOTS }, (_, i) => {
    const pool = now.pools[i];
    return { url: pool?.url ?? "", user: pool?.user ?? "", pass: pool === undefined ? "" : SHOWN_PASSWORD };
  });
  return {
    pools: slots,
    "api-listen": true,
    "api-network": true,
    "api-groups": view.facts.cgminerRules?.groups ?? "",
    "api-allow": view.facts.cgminerRules?.allow ?? "",
    "bitmain-fan-ctrl": now.isFanManual,
    "bitmain-fan-pwm": String(Math.round(now.fanPct)),
    "bitmain-use-vil": true,
    "bitmain-freq": frequencyText(now.frequencyMhz),
    // Its makers' unit is unclear and nobody sets it here: shown empty of meaning, and ignored when written.
    "bitmain-voltage": "0",
    "bitmain-ccdelay": "0",
    "bitmain-pwth": "0",
    "bitmain-work-mode": now.isAsleep ? "1" : "0",
    "bitmain-freq-level": FREQ_LEVEL,
    "bitmain-hashrate-percent": FREQ_LEVEL,
  };
}

const FREQ_LEVEL = "100";

function frequencyText(frequencyMhz: number | null): string {
  return frequencyMhz === null ? "" : String(Math.round(frequencyMhz));
}

export type ConfChange =
  | { readonly ok: true; readonly orders: readonly FaceOrder[]; readonly memory: ConfMemory }
  | { readonly ok: false; readonly message: string };

type Body = Readonly<Record<string, unknown>>;
/** Orders of one part of the document, or the sentence that refuses the whole. */
type Part = { readonly orders: readonly FaceOrder[]; readonly memory?: Partial<ConfMemory> } | string;
const NOTHING: Part = { orders: [] };

/** All or nothing: one part that cannot be taken leaves everything as it is. */
export function changeConf(view: FaceView, memory: ConfMemory, body: Body): ConfChange {
  const now = shown(view, memory);
  const orders: FaceOrder[] = [];
  let next = memory;
  const parts = [poolPart(view, now, body), fanPart(now, body), frequencyPart(view, now, body), modePart(now, body)];
  for (const part of parts) {
    if (typeof part === "string") return { ok: false, message: part };
    orders.push(...part.orders);
    next = { ...next, ...part.memory };
  }
  return { ok: true, orders, memory: next };
}

const URL_MAX = 400;
const NAME_MAX = 200;

function givenPools(known: readonly NamedPool[], given: unknown): PoolEntry[] | string {
  if (!Array.isArray(given) || given.length > POOL_SLOTS) return `pools must be a list of ${POOL_SLOTS}`;
  const pools: PoolEntry[] = [];
  for (const slot of given as unknown[]) {
    const entry = poolEntry(known, slot);
    if (typeof entry === "string") return entry;
    if (entry !== null) pools.push(entry);
  }
  return pools.length === 0 ? "at least one pool is needed" : pools;
}

function poolPart(view: FaceView, now: Shown, body: Body): Part {
  if (body["pools"] === undefined) return NOTHING;
  const pools = givenPools(now.pools, body["pools"]);
  if (typeof pools === "string") return pools;
  const isSame =
    pools.length === now.pools.length &&
    pools.every((pool, i) => isSameText(pool, now.pools[i]) && pool.password === null);
  if (isSame) return NOTHING;
  const obstacle = obstacleTo(view.facts, "pool_groups");
  if (obstacle !== null) return obstacle;
  // Pools of other groups show in the slots but stay where they are.
  const foreign = now.pools.filter(({ group }) => group !== 0);
  const own = pools.filter((pool) => !foreign.some((other) => isSamePool(pool, other)));
  if (own.length === 0) return "at least one pool must be of the first group";
  return { orders: [{ kind: "setPools", pools: [...own, ...unseenPools(view, pools.length)] }] };
}

/** Pools that a client never saw stay, as long as its own fill all slots: in a slot that it left empty they would show. */
function unseenPools(view: FaceView, given: number): PoolEntry[] {
  return given < POOL_SLOTS ? [] : poolEntries(wishedPools(view).slice(POOL_SLOTS));
}

function isSameText(a: { url: string; user: string }, b: { url: string; user: string } | undefined): boolean {
  return b !== undefined && a.url === b.url && a.user === b.user;
}

/** Text is taken letter by letter: a trimmed or lowered one differs from what the manager wrote, which then writes again. */
function poolEntry(pools: readonly NamedPool[], slot: unknown): PoolEntry | null | string {
  if (typeof slot !== "object" || slot === null) return "a pool must have url, user and pass";
  const { url = "", user = "", pass = "" } = slot as Record<string, unknown>;
  if (typeof url !== "string" || typeof user !== "string" || typeof pass !== "string")
    return "url, user and pass of a pool must be texts";
  if (url.trim() === "") return null;
  if (url.length > URL_MAX || user.length > NAME_MAX || pass.length > NAME_MAX) return "a pool's text is too long";
  if (/[\s\p{Cc}]/u.test(url.trim()) || /\p{Cc}/u.test(user + pass)) return "a pool holds letters that cannot be";
  const isKnown = pools.some((pool) => isSamePool({ url, user }, pool));
  return { url, user, password: isKnown && pass === SHOWN_PASSWORD ? null : pass };
}

function fanPart(now: Shown, body: Body): Part {
  const control = flag(body["bitmain-fan-ctrl"]);
  if (control === "wrong") return "bitmain-fan-ctrl must be true or false";
  // One driver misspells the key and leaves the old value beside it.
  const text = body["bitmain-fan-pwn"] ?? body["bitmain-fan-pwm"];
  const dutyPct = text === undefined ? now.fanPct : numeric(text);
  if (dutyPct === null || dutyPct < 0 || dutyPct > 100) return "bitmain-fan-pwm must be 0 to 100";
  const isManual = control ?? now.isFanManual;
  const isPctNew = Math.round(dutyPct) !== Math.round(now.fanPct);
  const isNew = isManual !== now.isFanManual || (isManual && isPctNew);
  // What the fans will be held at when somebody takes them over; while he holds them the settings know.
  const memory = { fanPct: dutyPct };
  if (!isNew) return isPctNew ? { orders: [], memory } : NOTHING;
  return { orders: [{ kind: "setFan", dutyPct: isManual ? dutyPct : null }], memory };
}

/** What the settings take. */
const FREQUENCY_MHZ = { min: 50, max: 1_000 } as const;

function frequencyPart(view: FaceView, now: Shown, body: Body): Part {
  const text = body["bitmain-freq"];
  if (text === undefined || text === "") return NOTHING;
  const frequencyMhz = numeric(text);
  const isShownAs = (mhz: number | null): boolean =>
    frequencyMhz === mhz || String(frequencyMhz) === frequencyText(mhz);
  if (frequencyMhz !== null && isShownAs(now.frequencyMhz)) return NOTHING;
  const { min, max } = frequencyBounds(view);
  if (frequencyMhz === null || frequencyMhz < min || frequencyMhz > max)
    return `bitmain-freq must be a number of MHz, ${min} to ${max}`;
  const order: FaceOrder = {
    kind: "setFrequency",
    frequencyMhz: isShownAs(now.defaultFrequencyMhz) ? null : frequencyMhz,
  };
  return obstacleTo(view.facts, "tuning.frequency_mhz") ?? { orders: [order] };
}

/** Refused here and not by the order only, so that nothing else of the request is done either. */
function frequencyBounds({ snapshot }: FaceView): { min: number; max: number } {
  const hashboard = findHashboard(snapshot.machine);
  if (hashboard === null) return FREQUENCY_MHZ;
  const { min, max } = clockLimits(hashboard);
  return { min: Math.max(min, FREQUENCY_MHZ.min), max: Math.min(max, FREQUENCY_MHZ.max) };
}

/**
 * 0 normal, 1 asleep. Low power (3), high power (2) and a part of the rate have no like here: a manager that hears "done"
 * would count on the saving, so that they are refused and not taken for normal.
 */
function modePart(now: Shown, body: Body): Part {
  const level = body["freq-level"] ?? body["bitmain-freq-level"] ?? FREQ_LEVEL;
  if (level !== "" && numeric(level) !== Number(FREQ_LEVEL)) return absent("freq-level", level, "only 100 is there");
  const text = body["miner-mode"] ?? body["bitmain-work-mode"];
  if (text === undefined || text === "") return NOTHING;
  const mode = numeric(text);
  if (mode !== 0 && mode !== 1) return absent("miner-mode", text, "only 0 (normal) and 1 (sleep) are there");
  if ((mode === 1) === now.isAsleep) return NOTHING;
  return { orders: [{ kind: mode === 1 ? "pause" : "resume" }] };
}

const SHOWN_LETTERS = 20;

function absent(key: string, value: unknown, what: string): string {
  const text =
    typeof value === "string" || typeof value === "number" ? ` ${String(value).slice(0, SHOWN_LETTERS)}` : "";
  return `${key}${text}: ${what}; nothing of this request was taken, send the rest without it`;
}

/** Numbers come as numbers or as text. */
export function numeric(value: unknown): number | null {
  if (typeof value === "number") return Number.isFinite(value) ? value : null;
  return typeof value === "string" && /^\s*\d{1,6}(\.\d{1,6})?\s*$/.test(value) ? Number(value) : null;
}

/** Truth values come as such or as the words. */
export function flag(value: unknown): boolean | undefined | "wrong" {
  if (value === undefined || typeof value === "boolean") return value;
  return value === "true" ? true : value === "false" ? false : "wrong";
}
