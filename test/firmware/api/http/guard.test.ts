import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { createToken, isSecretOf, splitToken } from "#firmware/api/access.ts";
import { AccessKeeper, OWNER, TOKENS_MAX } from "#firmware/api/access-keeper.ts";
import { COOKIE, Guard, type Identified, isForeign } from "#firmware/api/http/guard.ts";
import { SessionMemory } from "#firmware/api/session-memory.ts";
import { MemoryStore } from "#hal/emulator/memory-store.ts";
import { VirtualClock } from "#hal/emulator/virtual-clock.ts";

const HOUR_MS = 3_600_000;

async function guardWith(scope: "read" | "control" | "admin" = "control") {
  const clock = new VirtualClock();
  const guard = new Guard({ clock, randomBytes, sessionMs: HOUR_MS });
  const { token, record } = await createToken(randomBytes, "phone", scope, 0);
  guard.setTokens([record]);
  /** Virtual time moves until there is an answer; how long it took. */
  const ask = async (asking: Promise<Identified>): Promise<{ found: Identified; ms: number }> => {
    const beganAtMs = clock.nowMs();
    const answers: Identified[] = [];
    void asking.then((answer) => answers.push(answer));
    while (answers.length === 0) {
      await new Promise((resolve) => setImmediate(resolve));
      if (clock.pendingTimers > 0) await clock.advance(50);
    }
    const [found = "none"] = answers;
    return { found, ms: clock.nowMs() - beganAtMs };
  };
  return { clock, guard, token, record, ask };
}

test("a token is proved by its hash alone, and the hash does not let anybody in", async () => {
  const { token, record } = await createToken(randomBytes, "phone", "read", 0);
  const { secret } = splitToken(token) ?? { secret: "" };
  expect(JSON.stringify(record)).not.toContain(secret);
  expect(await isSecretOf(record, secret)).toBe(true);
  expect(await isSecretOf(record, record.hash.slice(0, 32))).toBe(false);
  expect(splitToken(`${token}x`)).toBeNull();
});

test("wrong tokens are answered ever slower, a right one from the same address at once", async () => {
  const { guard, token, ask } = await guardWith();
  const wrong = `${token.slice(0, -3)}xyz`;
  const waits: number[] = [];
  for (let i = 0; i < 8; i++) {
    const { found, ms } = await ask(guard.identify(`Bearer ${wrong}`, undefined, "10.0.0.9"));
    expect(found).toBe("wrong");
    waits.push(ms);
  }
  expect(waits).toEqual([100, 200, 400, 800, 1600, 2000, 2000, 2000]);
  const { found, ms } = await ask(guard.identify(`Bearer ${token}`, undefined, "10.0.0.9"));
  expect(found).toMatchObject({ who: "phone", scope: "control", isSession: false });
  expect(ms).toBe(0);
  expect((await ask(guard.identify(`Bearer ${wrong}`, undefined, "10.0.0.7"))).ms).toBe(100);
});

test("a minute without a wrong one forgives", async () => {
  const { guard, clock, ask } = await guardWith();
  const wrong = (): Promise<Identified> => guard.identify("Bearer nonsense", undefined, "a");
  await ask(wrong());
  expect((await ask(wrong())).ms).toBe(200);
  await clock.advance(60_001);
  expect((await ask(wrong())).ms).toBe(100);
});

test("a session lasts as long as it is used, and ends with its token", async () => {
  const { guard, clock, token, record, ask } = await guardWith();
  const { found } = await ask(guard.checkToken(token, "a"));
  if (typeof found !== "object") throw new Error("no identity");
  const cookie = `other=1; ${COOKIE}=${guard.beginSession(found)}`;
  const session = (): Promise<Identified> => guard.identify(undefined, cookie, "a");
  await clock.advance(HOUR_MS - 1_000);
  expect(await session()).toMatchObject({ who: "phone", isSession: true });
  await clock.advance(HOUR_MS - 1_000);
  expect(await session()).toMatchObject({ isSession: true });
  guard.setTokens([]);
  expect(await session()).toBe("none");
  guard.setTokens([record]);
  expect(await session()).toBe("none");
});

test("who was let in is still in while his token and his session are there; asking that prolongs nothing", async () => {
  const { clock, token, record, ask } = await guardWith();
  let fewer = 0;
  const onFewer = (): void => void fewer++;
  const guard = new Guard({ clock, randomBytes, sessionMs: HOUR_MS, onFewer });
  guard.setTokens([record]);
  const { found } = await ask(guard.checkToken(token, "a"));
  if (typeof found !== "object") throw new Error("no identity");
  const cookie = `${COOKIE}=${guard.beginSession(found)}`;
  const session = await guard.identify(undefined, cookie, "a");
  if (typeof session !== "object") throw new Error("no session");
  await clock.advance(HOUR_MS - 1);
  expect(guard.isStillIn(session)).toBe(true);
  await clock.advance(1);
  expect([guard.isStillIn(session), guard.isStillIn(found)]).toEqual([false, true]);

  const again = `${COOKIE}=${guard.beginSession(found)}`;
  const second = await guard.identify(undefined, again, "a");
  if (typeof second !== "object") throw new Error("no session");
  expect(guard.isStillIn(second)).toBe(true);
  fewer = 0;
  guard.endSession(again);
  expect([fewer, guard.isStillIn(second), guard.isStillIn(found)]).toEqual([1, false, true]);
  guard.setTokens([]);
  expect([fewer, guard.isStillIn(found)]).toEqual([2, false]);
});

test("a session that is not used ends", async () => {
  const { guard, clock, token, ask } = await guardWith();
  const { found } = await ask(guard.checkToken(token, "a"));
  if (typeof found !== "object") throw new Error("no identity");
  const cookie = `${COOKIE}=${guard.beginSession(found)}`;
  await clock.advance(HOUR_MS);
  expect(await guard.identify(undefined, cookie, "a")).toBe("none");
});

test("sessions outlive their server: the next one gets them from the main thread, with the time they have left", async () => {
  const { guard, clock, token, record, ask } = await guardWith();
  const memory = new SessionMemory(clock);
  const first = new Guard({ clock, randomBytes, sessionMs: HOUR_MS, onSessions: (list) => memory.take(list) });
  first.setTokens([record]);
  const { found } = await ask(guard.checkToken(token, "a"));
  if (typeof found !== "object") throw new Error("no identity");
  const cookie = `${COOKIE}=${first.beginSession(found)}`;
  await clock.advance(HOUR_MS / 2);
  const next = (tokens = [record]): Guard => {
    const made = new Guard({ clock, randomBytes, sessionMs: HOUR_MS });
    made.setTokens(tokens);
    made.setSessions(memory.living);
    return made;
  };
  expect(await next().identify(undefined, cookie, "a")).toMatchObject({ who: "phone", isSession: true });
  expect(await next([]).identify(undefined, cookie, "a")).toBe("none");
  // Used half an hour later it lives an hour more, and the keeper was told.
  await first.identify(undefined, cookie, "a");
  await clock.advance(HOUR_MS - 1);
  expect(memory.living).toHaveLength(1);
  await clock.advance(1);
  expect(await next().identify(undefined, cookie, "a")).toBe("none");
  first.endSession(cookie);
  expect(memory.living).toEqual([]);
});

test("pages of other origins are foreign, programs without one are not", () => {
  expect(isForeign(undefined, "miner:8080")).toBe(false);
  expect(isForeign("http://miner:8080", "miner:8080")).toBe(false);
  for (const origin of ["http://evil.test", "null", "http://miner:80", "file://miner:8080"])
    expect(isForeign(origin, "miner:8080"), origin).toBe(true);
});

function keeper(store = new MemoryStore()) {
  return { store, access: new AccessKeeper({ clock: new VirtualClock(), store, randomBytes }) };
}

test("the first start makes one token for the owner, later ones none; a lost one is replaced", async () => {
  const { store, access } = keeper();
  const first = await access.open();
  expect(first).toMatch(/^kmp_/);
  expect(store.files.get("access.json")).not.toContain(first?.slice(13));
  const again = keeper(store).access;
  expect(await again.open()).toBeNull();
  const second = await again.replaceOwners();
  expect(second).not.toBe(first);
  expect(again.tokens.map(({ name, scope }) => [name, scope])).toEqual([[OWNER, "admin"]]);
});

test("a damaged file lets nobody in but the owner, who gets a new token; the file is set aside", async () => {
  const { store, access } = keeper();
  store.files.set("access.json", '{"version":1,"tokens":[{"id"');
  expect(await access.open()).toMatch(/^kmp_/);
  expect(access.tokens).toHaveLength(1);
  expect(store.files.get("access.json.unreadable")).toBe('{"version":1,"tokens":[{"id"');
});

test("the last token that may do everything stays, and there is an end to their number", async () => {
  const { access } = keeper();
  await access.open();
  await expect(access.revoke(access.tokens[0]?.id ?? "")).rejects.toMatchObject({ code: "USAGE" });
  for (let i = 1; i < TOKENS_MAX; i++) await access.create(`t${i}`, "read");
  await expect(access.create("one more", "read")).rejects.toMatchObject({ code: "USAGE" });
});

test("a disk that takes nothing does not leave the owner outside", async () => {
  const { store, access } = keeper();
  store.isFull = true;
  expect(await access.open()).toMatch(/^kmp_/);
  expect(access.tokens).toHaveLength(1);
});

test("a file that cannot be read just now keeps all its tokens; the owner gets one for this run", async () => {
  const { store, access: before } = keeper();
  await before.open();
  await before.create("ha", "control");
  const file = store.files.get("access.json");
  const { access } = keeper(store);
  store.isUnreadable = true;
  expect(await access.open()).toMatch(/^kmp_/);
  expect(access.problem).toContain("access.json cannot be read");
  expect(access.tokens.map(({ name, scope }) => [name, scope])).toEqual([[OWNER, "admin"]]);
  // Nor does an order write over what was never read.
  await expect(access.create("lamp", "read")).rejects.toMatchObject({ code: "STORE_FAILED" });
  await expect(access.revoke(access.tokens[0]?.id ?? "")).rejects.toMatchObject({ code: "STORE_FAILED" });
  expect(store.files.get("access.json")).toBe(file);
  store.isUnreadable = false;
  await access.create("lamp", "read");
  expect(access.tokens.map(({ name }) => name)).toEqual([OWNER, "ha", "lamp", OWNER]);
  const { access: after } = keeper(store);
  expect(await after.open()).toBeNull();
  expect(after.problem).toBeNull();
  expect(after.tokens.map(({ name }) => name)).toEqual([OWNER, "ha", "lamp"]);
  // It can be taken back before the run ends.
  await access.revoke(access.tokens[3]?.id ?? "");
  expect(access.tokens).toEqual(after.tokens);
});

test("where there was no owner in the file after all, the token of this run becomes it", async () => {
  const { store, access } = keeper();
  store.isUnreadable = true;
  await access.open();
  store.isUnreadable = false;
  await access.create("ha", "control");
  const { access: after } = keeper(store);
  expect(await after.open()).toBeNull();
  expect(after.tokens).toEqual(access.tokens);
});
