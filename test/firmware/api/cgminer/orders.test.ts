/** Who may give orders over the socket API, and which orders reach the miner. */
import { expect, test } from "vitest";
import { groupOf, parseAccess } from "#firmware/api/cgminer/access.ts";
import { answer } from "#firmware/api/cgminer/answer.ts";
import { chainAt, type FaceBench, faceBench, machine, poolAt, RESTART } from "./face-fixture.ts";

const POOLS = [0, 1, 2].map((i) => ({
  url: `stratum+tcp://pool${i}.example:3333`,
  user: `account.worker${i}`,
  password: null,
}));

function threePools() {
  return faceBench(machine({ pools: [poolAt(0), poolAt(1), poolAt(2)] }));
}

const access = parseAccess("W:127.0.0.1,A:10.0.0.0/8,R:192.0.2.0/24,B:172.16/12", "A:stats:pools:removepool,B:*");

test.each([
  ["switchpool|2", 27, { kind: "setPools", pools: [POOLS[2], POOLS[0], POOLS[1]] }],
  ["removepool|1", 68, { kind: "setPools", pools: [POOLS[0], POOLS[2]] }],
  ["poolpriority|2,0", 73, { kind: "setPools", pools: [POOLS[2], POOLS[0], POOLS[1]] }],
  [
    "addpool|stratum+tcp://new:1,user\\,name,p\\\\w",
    55,
    { kind: "setPools", pools: [...POOLS, { url: "stratum+tcp://new:1", user: "user,name", password: "p\\w" }] },
  ],
])("%s", async (request, code, order) => {
  const bench = threePools();
  expect(await answer({ ...bench, access }, "127.0.0.1", request)).toContain(`STATUS=S,When=1767225600,Code=${code},`);
  const who = "socket API from 127.0.0.1";
  // Here, too, it comes into force by itself, a moment later, so that several such commands end in one restart.
  expect(bench.orders).toEqual([
    { order, who },
    { order: RESTART, who },
  ]);
});

test("a refusal of the miner is an error with its words; of what is taken the protocol's own words are told", async () => {
  const bench = threePools();
  expect(await answer({ ...bench, access }, "127.0.0.1", "switchpool|1")).toContain(
    "Code=27,Msg=Switching to pool 1:'stratum+tcp://pool1.example:3333',Description=",
  );
  bench.state.answer = { ok: false, message: "the disk is full", effectiveAt: null };
  const refused = await answer({ ...bench, access }, "127.0.0.1", '{"command":"switchpool","parameter":1}');
  expect(JSON.parse(refused ?? "").STATUS[0]).toMatchObject({ STATUS: "E", Code: 200, Msg: "the disk is full" });
  const broken = { ...bench, access, order: () => Promise.reject(new Error("gone")) };
  expect(await answer(broken, "127.0.0.1", "switchpool|1")).toMatch(/^STATUS=E,.*Code=200,Msg=.*gone/);
});

async function messages(bench: FaceBench, ...requests: string[]): Promise<string[]> {
  const replies: string[] = [];
  for (const request of requests) {
    const text = await answer({ ...bench, access }, "127.0.0.1", request);
    const [, letter, code, message] = /^STATUS=(\w),When=\d+,Code=(\d+),Msg=(.*),Description=/.exec(text ?? "") ?? [];
    replies.push(`${letter} ${code} ${message}`);
  }
  return replies;
}

const lastPools = ({ orders }: FaceBench): unknown =>
  orders.flatMap(({ order }) => (order.kind === "setPools" ? [order.pools.map(({ url }) => url)] : [])).at(-1);

test("each command builds on the one before it, long before a restart", async () => {
  const bench = threePools();
  expect(await messages(bench, "addpool|d:1,u,p", "addpool|e:1,u,p", "switchpool|4", "removepool|3")).toEqual([
    "S 55 Added pool 3: 'd:1'",
    "S 55 Added pool 4: 'e:1'",
    "S 27 Switching to pool 4:'e:1'",
    `S 68 Removed pool 3:'${POOLS[2]?.url}'`,
  ]);
  expect(lastPools(bench)).toEqual(["e:1", POOLS[0]?.url, POOLS[1]?.url, "d:1"]);
  expect(bench.orders.filter(({ order }) => order.kind === "restart")).toHaveLength(4);
});

test("the pool that is being switched to counts as the active one, and the one before it may be removed", async () => {
  const bench = threePools();
  expect(await messages(bench, "removepool|0", "switchpool|2", "removepool|0", "removepool|1")).toEqual([
    `E 67 Cannot remove active pool 0:'${POOLS[0]?.url}'`,
    `S 27 Switching to pool 2:'${POOLS[2]?.url}'`,
    `E 67 Cannot remove active pool 0:'${POOLS[2]?.url}'`,
    `S 68 Removed pool 1:'${POOLS[0]?.url}'`,
  ]);
  expect(lastPools(bench)).toEqual([POOLS[2]?.url, POOLS[1]?.url]);
  // It is worked for until the restart: its numbers are still there, and nothing moves it any more.
  expect(await answer({ ...bench, access }, "127.0.0.1", "pools")).toContain(`POOL=2,URL=${POOLS[0]?.url},`);
  for (const request of ["switchpool|2", "enablepool|2", "removepool|2", "poolpriority|2,0"])
    expect(await messages(bench, request)).toEqual([
      "E 200 Pool 2 is out of the list already and goes with the next restart",
    ]);
});

test("pools that the command line gives are numbered as they run, and not changed", async () => {
  const bench = threePools();
  bench.state.facts = { ...bench.state.facts, overriddenKeys: ["pool_groups"] };
  for (const request of ["switchpool|2", "removepool|1", "poolpriority|2,0", "addpool|d:1,u,p"])
    expect((await messages(bench, request))[0]).toMatch(/^E 200 the pools are given on the command line \(--pool\)/);
  expect(bench.orders).toEqual([]);
});

test("pools show as they were written", async () => {
  const bench = faceBench(machine({ pools: [poolAt(0, { urlAsWritten: "pool0.example:3333/#xnsub" })] }));
  expect(await answer({ ...bench, access }, "127.0.0.1", "pools")).toContain("POOL=0,URL=pool0.example:3333/#xnsub,");
});

test("restart is a bare word, and an error when it does not happen", async () => {
  const bench = threePools();
  expect(await answer({ ...bench, access }, "127.0.0.1", '{"command":"restart"}')).toBe('{"STATUS":"RESTART"}');
  expect(await answer({ ...bench, access }, "127.0.0.1", "restart")).toBe("RESTART");
  expect(bench.orders.map(({ order }) => order)).toEqual([{ kind: "restart" }, { kind: "restart" }]);
  bench.state.answer = { ok: false, message: "not now", effectiveAt: null };
  expect(await answer({ ...bench, access }, "127.0.0.1", "restart")).toMatch(/^STATUS=E,.*Msg=not now,/);
});

test("a chain that was given up is started again by ascenable", async () => {
  const bench = faceBench(machine({ chains: [chainAt(0), chainAt(2, { state: "disabled" })] }));
  expect(await answer({ ...bench, access }, "127.0.0.1", "ascenable|1")).toContain("Code=110,");
  expect(await answer({ ...bench, access }, "127.0.0.1", "ascdisable|1")).toContain(
    "STATUS=I,When=1767225600,Code=109,",
  );
  expect(bench.orders).toEqual([{ order: { kind: "restartChain", chainIndex: 2 }, who: "socket API from 127.0.0.1" }]);
});

test("pools of other groups are shown and left alone", async () => {
  const bench = faceBench(machine({ pools: [poolAt(0), poolAt(1, { group: 1 }), poolAt(2)] }));
  for (const request of ["switchpool|1", "removepool|1", "poolpriority|2,1"])
    expect(await answer({ ...bench, access }, "127.0.0.1", request)).toContain("Code=200,");
  expect(bench.orders).toEqual([]);
  expect(await answer({ ...bench, access }, "127.0.0.1", "switchpool|2")).toContain("Code=27,");
  expect(bench.orders[0]?.order).toEqual({ kind: "setPools", pools: [POOLS[2], POOLS[0]] });
});

const ORDERS =
  "switchpool enablepool disablepool removepool addpool poolpriority poolquota ascenable ascdisable ascset save zero setconfig restart quit privileged";

test.each(ORDERS.split(" "))("%s is denied to those who may only ask, with its name", async (command) => {
  const bench = threePools();
  const reply = await answer({ ...bench, access }, "192.0.2.9", `${command}|1`);
  expect(reply).toContain(`Code=45,Msg=Access denied to '${command}' command,`);
  expect(await answer({ ...bench, access }, "192.0.2.9", `check|${command}`)).toContain("CHECK,Exists=Y,Access=N|");
  expect(await answer({ ...bench, access }, "127.0.0.1", `check|${command}`)).toContain("CHECK,Exists=Y,Access=Y|");
  expect(bench.orders).toEqual([]);
});

test("a group of its own may say what is listed for it, and nothing else", async () => {
  const bench = threePools();
  const say = (request: string, from: string) => answer({ ...bench, access }, from, request);
  expect(await say("stats", "10.1.2.3")).toContain("STATUS=S,");
  expect(await say("summary", "10.1.2.3")).toContain("Code=45,");
  expect(await say("removepool|1", "10.1.2.3")).toContain("Code=68,");
  expect(await say("stats+summary", "10.1.2.3")).toMatch(
    /CMD=stats\|STATUS=S,.*CMD=summary\|STATUS=E,When=\d+,Code=45,/,
  );
  expect(await say("lcd", "172.31.0.1")).toContain("Code=125,");
  expect(await say("restart", "172.31.0.1")).toContain("Code=45,");
  expect(await say("check|nonsense", "127.0.0.1")).toContain("CHECK,Exists=N,Access=N|");
});

test("addresses outside every range get no answer at all", async () => {
  for (const from of ["203.0.113.1", "11.0.0.1", "::1", "2001:db8::1", ""])
    expect(await answer({ ...threePools(), access }, from, "summary")).toBeNull();
});

test.each([
  ["127.0.0.1", "W:127.0.0.1", "W"],
  ["::ffff:127.0.0.1", "W:127.0.0.1", "W"],
  ["10.1.2.3", "10.0.0.0/8", "R"],
  ["10.1.2.3", "W:10/8", "W"],
  ["11.1.2.3", "W:10/8", null],
  ["8.8.8.8", "A:0/0,W:*", "A"],
  ["::1", "A:0/0,W:*", "W"],
  ["::1", "W:::1", "W"],
  ["::1", "W:[::1]/128", "W"],
  ["2001:db8::5", "G:2001:db8::/32", "G"],
  ["2001:db9::5", "2001:db8::/32", null],
  ["fe80::1%eth0", "W:fe80::/10", "W"],
  ["8.8.8.8", "W:0/0x", null],
  ["8.8.8.8", "W:8.8.8.8/33", null],
  ["8.8.8.8", "W:8.8.8.256", null],
  ["0.0.0.0", "", null],
  ["0.0.0.0", "W:,,W", null],
  ["not an address", "*", null],
])("%s under %s is of group %s", (address, allow, group) => {
  expect(groupOf(parseAccess(allow), address)).toBe(group);
});

const NEW_POOL = "addpool|stratum+tcp://new:1,name,pw";

test("a machine that idles for want of a pool takes its first ones, and nothing else", async () => {
  const bench = {
    ...faceBench(null),
    access,
    idle: () => ({ reason: "hashboards stay off: No pool", lacksPool: true, machine: "s21", sinceMs: 0 }),
  };
  for (const command of ["switchpool|0", "removepool|0", "poolpriority|0", "pools"])
    expect(await answer(bench, "127.0.0.1", command)).toContain("Code=8,Msg=No pools");
  expect(await answer(bench, "127.0.0.1", NEW_POOL)).toContain("STATUS=S,");
  const pools = [{ url: "stratum+tcp://new:1", user: "name", password: "pw" }];
  expect(bench.orders.map(({ order }) => order)).toEqual([{ kind: "setPools", pools }, RESTART]);
  expect(await answer(bench, "127.0.0.1", "addpool|b:1,name,pw")).toContain("Added pool 1: 'b:1'");
  expect(lastPools(bench)).toEqual(["stratum+tcp://new:1", "b:1"]);
  expect(await answer(bench, "127.0.0.1", "version")).toContain("Type=Antminer S21");
  expect(await answer(bench, "127.0.0.1", "summary+pools")).toMatch(
    /^CMD=summary\|STATUS=S,.*CMD=pools\|STATUS=S,.*POOL=0,URL=stratum\+tcp:\/\/new:1,/,
  );
  const { length } = bench.orders;
  expect(await answer(bench, "192.0.2.1", NEW_POOL)).toContain("Access denied");
  expect(await answer(bench, "127.0.0.1", "addpool|only")).toContain("Code=53");
  expect(bench.orders).toHaveLength(length);
});

test("one that idles for another reason, or has just begun, takes none: pools that it has would be gone", async () => {
  const broken = { reason: "hashboards stay off: settings.toml is broken", lacksPool: false, machine: "", sinceMs: 0 };
  for (const [idle, words] of [
    [broken, broken.reason],
    [null, "has just begun"],
  ] as const) {
    const bench = { ...faceBench(null), access, idle: () => idle };
    expect(await answer(bench, "127.0.0.1", NEW_POOL)).toContain(words);
    expect(bench.orders).toEqual([]);
  }
});
