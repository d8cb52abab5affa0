import { describe, expect, test } from "vitest";
import { isRejected, shareOutcome } from "#firmware/stratum/share-outcome.ts";
import { submitParams } from "#firmware/stratum/submits.ts";
import { fixtureNotify, SessionDriver, shareOf } from "./session-support.ts";

test("the handshake goes one call at a time: configure, subscribe, authorise", () => {
  const session = new SessionDriver();
  session.input({ kind: "connected" });
  expect(session.sent.map((c) => c.method)).toEqual(["mining.configure"]);
  session.receive('{"id":1,"result":{"version-rolling":true,"version-rolling.mask":"1fffe000"},"error":null}');
  expect(session.sent.map((c) => c.method)).toEqual(["mining.configure", "mining.subscribe"]);
  session.receive('{"id":"2","result":[[],"aa",4],"error":null}');
  expect(session.sent.at(-1)).toMatchObject({ method: "mining.authorize", params: ["alice.1", "x"] });
  session.receive('{"id":3,"result":true,"error":null}');
  expect(session.state.phase).toBe("mining");
});

test("difficulty and job that arrive before the subscribe answer count once it is there", () => {
  const session = new SessionDriver();
  session.input({ kind: "connected" });
  session.receive('{"id":null,"method":"mining.set_difficulty","params":[0.02]}', fixtureNotify());
  expect(session.jobs).toEqual([]);
  session.receive(
    '{"id":1,"result":{},"error":null}',
    '{"id":2,"result":[[["mining.notify","x"]],"a1b2c3d4",4],"error":null}',
  );
  expect(session.jobs.length).toBe(1);
  expect(session.jobs[0]).toMatchObject({
    isReplacing: true,
    job: { difficulty: 0.02, jobId: "j0", extranonce2Size: 4 },
  });
});

test("only a positive number is a difficulty; anything else keeps the last one and says so", () => {
  const session = new SessionDriver().handshake();
  for (const [given, kept] of [
    ["0.001", 0.001],
    ["1e-3", 0.001],
    ["1024.0", 1024],
    ["0", 1024],
    ["-1", 1024],
    ['"8"', 1024],
    ["null", 1024],
  ] as const) {
    session.receive(`{"id":null,"method":"mining.set_difficulty","params":[${given}]}`, fixtureNotify());
    expect(session.jobs.at(-1)?.job.difficulty, given).toBe(kept);
  }
  expect(session.notices.length).toBe(4);
});

test("a job carries the difficulty that was in force when it arrived", () => {
  const session = new SessionDriver().handshake();
  session.receive('{"id":null,"method":"mining.set_difficulty","params":[8]}', fixtureNotify());
  session.receive('{"id":null,"method":"mining.set_difficulty","params":[16]}');
  expect(session.jobs.map((j) => j.job.difficulty)).toEqual([8]);
  session.receive(fixtureNotify({ jobId: "j1", clean: false }));
  expect(session.jobs.map((j) => [j.job.difficulty, j.isReplacing])).toEqual([
    [8, true],
    [16, false],
  ]);
});

test("a new previous block replaces the work even when clean_jobs is false", () => {
  const session = new SessionDriver().handshake().receive(fixtureNotify());
  session.receive(
    fixtureNotify({ jobId: "j1", clean: false, prevHash: "11".repeat(32) }),
    fixtureNotify({ jobId: "j2", clean: true, prevHash: "11".repeat(32) }),
  );
  expect(session.jobs.map((j) => j.isReplacing)).toEqual([true, true, true]);
});

test.each([
  ["false", { "version-rolling": false }],
  ["an empty answer", null],
  ["a mask of zero", { "version-rolling": true, "version-rolling.mask": "00000000" }],
])("a pool without version rolling (%s) is mined with the job's own version", (_name, answer) => {
  const session = new SessionDriver().handshake(answer).receive(fixtureNotify());
  expect(session.jobs[0]?.job.versionMask).toBe(0);
  expect(session.state.phase).toBe("mining");
});

test("silence on mining.configure is waited out, then mining goes on without rolling and with five items", () => {
  const session = new SessionDriver().input({ kind: "connected" }).tickAt(5_001);
  expect(session.sent.map((c) => c.method)).toEqual(["mining.configure", "mining.subscribe"]);
  session.receive(
    '{"id":2,"result":[[],"a1b2c3d4",4],"error":null}',
    '{"id":3,"result":true,"error":null}',
    fixtureNotify(),
  );
  const job = session.jobs[0]?.job;
  expect(job?.isVersionRollingGranted).toBe(false);
  expect(job === undefined ? [] : submitParams(shareOf(job), "bip310")).toEqual([
    "alice.1",
    "j0",
    "00000001",
    "6655aa00",
    "008f58d0",
  ]);
});

test("the answer's mask is ANDed with ours, and job bits inside it are never rolled", () => {
  const session = new SessionDriver().handshake({ "version-rolling": true, "version-rolling.mask": "5fffe000" });
  session.receive(fixtureNotify({ version: "20004000" }));
  expect(session.jobs[0]?.job.grantedMask).toBe(0x1fffe000);
  expect(session.jobs[0]?.job.versionMask).toBe(0x1fffa000);
  // The header's own masked bits go out, rolled or not: replacing and OR-ing servers both rebuild the same version.
  const job = session.jobs[0]?.job;
  expect(job === undefined ? [] : submitParams(shareOf(job, { version: 0x2000c000 }), "bip310")[5]).toBe("0000c000");
});

test("a version mask holds at once, early or late; a bad one is named and ignored", () => {
  const session = new SessionDriver().input({ kind: "connected" });
  session.receive('{"id":null,"method":"mining.set_version_mask","params":["1fffe000"]}');
  session.receive(
    '{"id":1,"result":{},"error":null}',
    '{"id":2,"result":[[],"a1b2c3d4",4],"error":null}',
    '{"id":3,"result":true,"error":null}',
    fixtureNotify(),
  );
  session.receive('{"id":null,"method":"mining.set_version_mask","params":["00ffe000"]}');
  expect(session.jobs.map((j) => [j.job.versionMask, j.isReplacing])).toEqual([
    [0x1fffe000, true],
    [0x00ffe000, false],
  ]);
  session.receive(
    '{"method":"mining.set_version_mask","params":["zz"]}',
    '{"method":"mining.set_version_mask","params":[]}',
  );
  expect(session.jobs.length).toBe(2);
  expect(session.notices.length).toBe(2);
});

test("every shape of refusal is told apart, with the pool's words kept", () => {
  const session = new SessionDriver().handshake().receive(fixtureNotify());
  const job = session.jobs[0]?.job;
  if (job === undefined) throw new Error("no job");
  for (let i = 0; i < 6; i++) session.submit(shareOf(job, { nonce: i }));
  const ids = session.sent.slice(-6).map((c) => c.id);
  session.receive(
    `{"id":${ids[0]},"result":null,"error":[21,"Job not found",""]}`,
    `{"id":${ids[1]},"result":false,"error":"Stale"}`,
    `{"reject-reason":"Above target","result":false,"error":null,"id":${ids[2]}}`,
    `{"jsonrpc":"2.0","id":${ids[3]},"error":{"code":22,"message":"duplicate share","data":null}}`,
    `{"id":${ids[4]},"result":false}`,
    `{"id":${ids[5]},"result":true}`,
  );
  expect(session.outcomes).toEqual(["stale", "stale", "lowDifficulty", "duplicate", "refused", "accepted"]);
  expect(shareOutcome({ code: 20, text: "Worker mismatch" }, false)).toBe("unauthorised");
  expect(isRejected("stale")).toBe(false);
});

test("answers out of order find their shares, whatever the size of the ids", () => {
  const session = new SessionDriver().handshake().receive(fixtureNotify());
  session.state = { ...session.state, nextId: 4294967294 };
  const job = session.jobs[0]?.job;
  if (job === undefined) throw new Error("no job");
  for (let i = 0; i < 6; i++) session.submit(shareOf(job, { nonce: i }));
  for (const i of [5, 0, 4, 1, 3, 2]) session.receive(`{"id":${4294967294 + i},"result":true,"error":null}`);
  const order = session.actions.flatMap((a) => (a.kind === "answered" ? [a.share.nonce] : []));
  expect(order).toEqual([5, 0, 4, 1, 3, 2]);
  session.receive('{"id":99,"result":true,"error":null}');
  expect(session.outcomes.length).toBe(6);
  expect(session.state.pending.size).toBe(0);
});

test("housekeeping calls are answered, unknown ones refused only when they carry an id", () => {
  const session = new SessionDriver().handshake();
  const before = session.sent.length;
  session.receive(
    '{"id":7,"method":"mining.ping","params":[]}',
    '{"id":"abc","method":"client.get_version","params":[]}',
    '{"id":null,"method":"client.show_message","params":["<b>hello</b>"]}',
    '{"id":9,"method":"mining.unknown","params":{}}',
    '{"id":null,"method":"mining.unknown","params":[]}',
  );
  const answers = session.sent.slice(before);
  expect(answers).toEqual([
    { id: 7, result: "pong", error: null },
    { id: "abc", result: "kumpel/test", error: null },
    { id: 9, result: null, error: [-3, "Method not found", null] },
  ]);
});

test("malformed lines and jobs are named and survived", () => {
  const session = new SessionDriver().handshake();
  const bad = [
    "garbage",
    "[1,2]",
    "{}",
    '{"method":"mining.notify","params":[1,2]}',
    fixtureNotify({ prevHash: "12" }),
    fixtureNotify({ nTime: "xyz" }),
  ];
  session.receive(...bad);
  expect(session.notices.length).toBe(bad.length);
  expect(session.state.phase).toBe("mining");
  session.receive(fixtureNotify());
  expect(session.jobs.length).toBe(1);
});

test("values made to break a text conversion are named and survived", () => {
  const session = new SessionDriver().handshake().receive(fixtureNotify());
  const deep = "[".repeat(100_000) + "]".repeat(100_000);
  for (const value of ['{"toString":1}', '{"__proto__":{"x":1},"toString":null}', "[[]]", "null", deep]) {
    for (const method of [
      "client.show_message",
      "client.reconnect",
      "mining.set_extranonce",
      "mining.set_difficulty",
    ]) {
      session.receive(`{"id":${value},"method":"${method}","params":[${value},${value}]}`);
    }
    session.receive(`{"id":null,"method":"mining.notify","params":[${Array(9).fill(value).join()}]}`);
    session.receive(`{"id":7,"result":null,"error":[${value},${value}]}`);
  }
  expect(session.state.phase).toBe("mining");
  expect(session.state.extranonce?.extranonce2Size).toBe(4);
  session.receive(fixtureNotify({ jobId: "after" }));
  expect(session.jobs.at(-1)?.job.jobId).toBe("after");
});

test("a refused user ends the session with a sentence that names it", () => {
  const session = new SessionDriver().input({ kind: "connected" });
  session.receive(
    '{"id":1,"result":{}}',
    '{"id":2,"result":[[],"aa",4]}',
    '{"id":3,"result":false,"error":[24,"Unauthorized worker",null]}',
  );
  expect(session.actions.at(-1)).toMatchObject({
    kind: "close",
    cause: "unauthorised",
    text: expect.stringContaining('"alice.1"'),
  });
});

test("a share without an answer is lost after 30 s, and silence closes the link", () => {
  const session = new SessionDriver().handshake().receive(fixtureNotify());
  const job = session.jobs[0]?.job;
  if (job === undefined) throw new Error("no job");
  session.submit(shareOf(job));
  session.tickAt(30_000);
  expect(session.outcomes).toEqual([]);
  session.tickAt(30_002);
  expect(session.outcomes).toEqual(["lost"]);
  expect(session.state.phase).toBe("closed");
  const quiet = new SessionDriver().handshake().tickAt(120_001);
  expect(quiet.actions.at(-1)).toMatchObject({ kind: "close", cause: "silent" });
});

describe("an answer to mining.configure that comes late", () => {
  const silent = (): SessionDriver => new SessionDriver().input({ kind: "connected" }).tickAt(5_001);
  const grant = '{"id":1,"result":{"version-rolling":true,"version-rolling.mask":"1fffe000"},"error":null}';
  const rest = ['{"id":2,"result":[[],"a1b2c3d4",4],"error":null}', '{"id":3,"result":true,"error":null}'];

  test("grants rolling for the job at work, which is issued again", () => {
    const session = silent().receive(...rest, fixtureNotify(), grant);
    expect(session.jobs.map(({ job, isReplacing }) => [job.jobId, job.versionMask, isReplacing])).toEqual([
      ["j0", 0, true],
      ["j0", 0x1fffe000, false],
    ]);
    expect(session.jobs.at(-1)?.job.isVersionRollingGranted).toBe(true);
  });

  test("grants rolling to the jobs to come while the handshake is under way", () => {
    const session = silent().receive(grant, ...rest, fixtureNotify());
    expect(session.jobs.map(({ job }) => job.versionMask)).toEqual([0x1fffe000]);
  });

  test("changes nothing when it grants nothing, or less than the pool has set since", () => {
    const none = silent().receive(
      ...rest,
      fixtureNotify(),
      '{"id":1,"result":null,"error":[20,"Unknown method",null]}',
    );
    expect(none.jobs.length).toBe(1);
    const set = silent().receive(...rest, fixtureNotify());
    set.receive('{"id":null,"method":"mining.set_version_mask","params":["00ffe000"]}', grant);
    expect(set.jobs.map(({ job }) => job.versionMask)).toEqual([0, 0x00ffe000]);
  });
});

describe("a session that goes without mining.configure", () => {
  const skipping = (): SessionDriver =>
    new SessionDriver({ skipConfigureUntilMs: 60_000 })
      .input({ kind: "connected" })
      .receive('{"id":1,"result":[[],"a1b2c3d4",4],"error":null}', '{"id":2,"result":true,"error":null}');
  const closes = (session: SessionDriver): string[] =>
    session.actions.flatMap((action) => (action.kind === "close" ? [action.cause] : []));

  test("makes way for one that asks, when it is time and it mines", () => {
    const session = skipping().receive(fixtureNotify()).tickAt(59_000);
    expect(session.sent.map(({ method }) => method)).toEqual(["mining.subscribe", "mining.authorize"]);
    expect(closes(session)).toEqual([]);
    expect(closes(session.tickAt(60_000))).toEqual(["again"]);
  });

  test("stays without a job, and where rolling was granted all the same", () => {
    expect(closes(skipping().tickAt(60_000))).toEqual([]);
    const granted = skipping().receive('{"method":"mining.set_version_mask","params":["1fffe000"]}', fixtureNotify());
    expect(closes(granted.tickAt(60_000))).toEqual([]);
  });
});

test("silence on shares is told apart: after one that was taken, before any, and with all else silent as well", () => {
  const causeOf = (isTaken: boolean, talksOn: boolean): unknown => {
    const session = new SessionDriver().handshake().receive(fixtureNotify());
    const job = session.jobs[0]?.job;
    if (job === undefined) throw new Error("no job");
    session.submit(shareOf(job));
    if (isTaken) session.receive('{"id":4,"result":true,"error":null}').submit(shareOf(job, { nonce: 1 }));
    session.submit(shareOf(job, { nonce: 2 })).tickAt(20_000);
    if (talksOn) session.receive(fixtureNotify({ jobId: "j1" }));
    return session.tickAt(30_001).actions.at(-1);
  };
  expect(causeOf(false, true)).toMatchObject({ kind: "close", cause: "unanswered" });
  expect(causeOf(false, false)).toMatchObject({ kind: "close", cause: "mute" });
  for (const talksOn of [true, false]) expect(causeOf(true, talksOn)).toMatchObject({ kind: "close", cause: "silent" });
});
