/** Who gets the processor first: the thread that mines where the system lets it, and never what it starts. */
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import { expect, test } from "vitest";
import { descendants, FREE_PORTS, PROGRAM, type Started, start, startProgram } from "../support/program.ts";

/** sched(7), as in the field `policy` of proc(5). */
const USUAL = 0;
const ROUND_ROBIN = 2;
const SAYS_FIRST = /mining goes before all other programs of this machine/;
const SAYS_USUAL = /mining is one program among others here: no real-time priority \(sched_setscheduler: EPERM\)/;
const BEGINS = /"chain":0,"from":"off","to":"\w+"/;

/** Policies of a process's threads, by thread id. */
function policiesOf(pid: number): Map<number, number> {
  const threads = fs.readdirSync(`/proc/${pid}/task`).map(Number);
  return new Map(threads.flatMap((thread) => [policyOf(pid, thread)].filter((entry) => entry !== null)));
}

/** Null for one that has just ended. */
function policyOf(pid: number, thread: number): [number, number] | null {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/task/${thread}/stat`, "utf8");
    return [thread, Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[38])];
  } catch {
    return null;
  }
}

/** What this user may here, by the word of another program. */
function mayBeRealTime(): boolean {
  return spawnSync("chrt", ["--rr", "--reset-on-fork", "1", "true"]).status === 0;
}

async function untilItBegins(started: Started): Promise<void> {
  await started.seen(/"msg":"own API listens"/);
  await started.seen(BEGINS);
}

async function end(started: Started): Promise<void> {
  started.child.kill("SIGTERM");
  await started.ended();
}

const ARGS = ["run", "--demo", "--log-level", "info", ...FREE_PORTS];

test("the main thread alone is real-time where it may be; other threads and the chip emulator are not", async () => {
  const started = startProgram(...ARGS);
  try {
    await untilItBegins(started);
    const isFirst = mayBeRealTime();
    expect(started.stderr()).toMatch(isFirst ? SAYS_FIRST : SAYS_USUAL);
    const policies = policiesOf(started.pid);
    expect(policies.get(started.pid)).toBe(isFirst ? ROUND_ROBIN : USUAL);
    policies.delete(started.pid);
    expect(policies.size).toBeGreaterThan(1);
    expect(new Set(policies.values())).toEqual(new Set([USUAL]));
    const children = descendants(started.pid);
    expect(children.length).toBeGreaterThan(0);
    for (const child of children) expect(new Set(policiesOf(child).values())).toEqual(new Set([USUAL]));
  } finally {
    await end(started);
  }
});

test("without the right to it the program says so and begins to mine", async () => {
  const isRoot = process.getuid?.() === 0;
  const words = ["prlimit", "--rtprio=0", ...(isRoot ? ["setpriv", "--bounding-set", "-sys_nice"] : [])];
  const [command = "", ...before] = words;
  const started = start(command, [...before, process.execPath, PROGRAM, ...ARGS]);
  try {
    await untilItBegins(started);
    expect(started.stderr()).toMatch(SAYS_USUAL);
    expect(policiesOf(started.pid).get(started.pid)).toBe(USUAL);
  } finally {
    await end(started);
  }
});

test("chips in the program's own process do not take the machine with them", async () => {
  const started = startProgram(...ARGS, "--link", "memory");
  try {
    await untilItBegins(started);
    expect(started.stderr()).not.toMatch(/real-time priority|before all other programs/);
    expect(policiesOf(started.pid).get(started.pid)).toBe(USUAL);
  } finally {
    await end(started);
  }
});
