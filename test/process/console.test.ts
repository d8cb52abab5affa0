/** The console as people and scripts use it, against a running emulated S21. */
import fs from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { auditAnswer } from "#firmware/api/http/schemas.ts";
import { consoleClient } from "#firmware/console/client.ts";
import { COMMANDS } from "#firmware/console/commands.ts";
import {
  FREE_PORTS,
  runProgram,
  type Started,
  startProgram,
  temporaryFolder,
  tokenHeader,
} from "../support/program.ts";
import { KEY, type PtyProgram, startOnPty } from "../support/pty-program.ts";

const folder = temporaryFolder();
const socket = path.join(folder, "console.sock");
let miner: Started;
const open: PtyProgram[] = [];

function startMiner(): Started {
  return startProgram("run", "--demo", "--link", "memory", "--data", folder, ...FREE_PORTS);
}

beforeAll(async () => {
  miner = startMiner();
  await miner.seen(/"chain":2,"from":"lowering","to":"hashing"/);
  // The console shows the last snapshot, which may be a second older than that line.
  const chains = () => runProgram("console", "--data", folder, "chains");
  while (!/2 +hashing/.test((await chains()).stdout));
}, 90_000);

afterAll(async () => {
  for (const one of open) one.close();
  miner.child.kill("SIGTERM");
  await miner.ended();
});

async function person(columns = 80, rows = 24): Promise<PtyProgram> {
  const console = await startOnPty(["console", "--data", folder, "--effect", "1"], columns, rows);
  open.push(console);
  await console.sees(/kumpel> $/);
  return console;
}

/** Types a line and waits until the prompt is back. */
async function say(console: PtyProgram, line: string): Promise<string> {
  console.clear();
  console.type(`${line}${KEY.enter}`);
  await console.sees(/\r\n[\s\S]*kumpel> $/);
  return console.text();
}

async function script(...words: string[]): Promise<{ code: number | string; json: unknown }> {
  const { code, stdout } = await runProgram("console", "--data", folder, "--json", ...words);
  return { code, json: JSON.parse(stdout) as unknown };
}

test("a person looks around: completion, history, help, wrong input, Ctrl-C, and leaves with Ctrl-D", async () => {
  const console = await person();
  expect(await say(console, "help")).toMatch(/Look: status, chains[\s\S]*help COMMAND says more/);
  expect(await say(console, "chains")).toMatch(/0 +hashing +108\/108/);
  // Completion of a command, then of its argument.
  console.clear();
  console.type(`locat${KEY.tab}`);
  await console.sees(/locate /);
  console.type(`of${KEY.tab}`);
  await console.sees(/locate off /);
  console.type(KEY.enter);
  await console.sees(/The LED is off|no LED that is known/);
  await console.sees(/kumpel> $/);
  // The arrow up brings the line before the last one back.
  console.clear();
  console.type(`${KEY.up}${KEY.up}`);
  await console.sees(/chains/);
  console.type(KEY.enter);
  await console.sees(/expect +board C/);
  expect(await say(console, "frq 0 500")).toContain('There is no command "frq": did you mean freq');
  expect(await say(console, "freq 0.12 fast")).toContain(
    'freq: "fast" is no frequency in MHz; it is used as: freq CHAIN',
  );
  expect(await say(console, 'pause "half')).toContain("A quote is still open");
  // Ctrl-C drops the line that was begun.
  console.clear();
  console.type(`pause${KEY.ctrlC}`);
  await console.sees(/kumpel> $/);
  expect(await say(console, "health")).toContain("running, version");
  // Ctrl-C ends what runs.
  console.clear();
  console.type(`watch${KEY.enter}`);
  await console.sees(/hashing[\s\S]*hashing/);
  console.type(KEY.ctrlC);
  await console.sees(/kumpel> $/);
  console.type(KEY.ctrlD);
  expect(await console.ended()).toBe(0);
  const second = await person();
  second.type(KEY.up);
  await second.sees(/kumpel> .*watch/);
  second.type(`${KEY.ctrlC}${KEY.ctrlD}`);
  expect(await second.ended()).toBe(0);
});

test("a small terminal: no line is wider than it", async () => {
  const console = await person(40, 12);
  for (const line of ["status", "chains", "chips 0", "sensors", "pools", "tuning", "help", "help freq"]) {
    const shown = await say(console, line);
    const wide = shown.split("\r\n").filter((text) => text.length > 40 && !text.startsWith("kumpel>"));
    expect(wide, line).toEqual([]);
  }
  console.type(KEY.ctrlD);
  expect(await console.ended()).toBe(0);
});

test("one chip of the mining machine gets another clock, its effect is told, and undo takes it back", async () => {
  const console = await person();
  expect(await say(console, "freq 0.12 525")).toContain("Chip 0.12: 525 MHz.");
  await console.sees(/chip 0\.12 after 1 s: clock 466\.67 -> 525\.00 MHz/);
  await console.sees(/hardware errors since [\d?]/);
  expect(await say(console, "freq 0.12 9000")).toContain("Refused: 9000 MHz is outside of");
  expect(await say(console, "volt 0 13.6")).toContain("share one supply: say all instead of 0");
  expect(await say(console, "reg read 0.12 0x08")).toMatch(/0x08 \(pll0\) = 0x[0-9a-f]{8}/);
  expect(await say(console, "undo")).toContain("Undone.");
  console.clear();
  console.type(`reg write 0.3 0x14 0xff${KEY.enter}`);
  await console.sees(/Write 0x000000ff to register 0x14 of chip 0\.3\? \[yes\/no\] /);
  console.type(`no${KEY.enter}`);
  await console.sees(/a write must be confirmed/);
  expect(await say(console, "why 5")).toMatch(/ago {2}tuning: undone -> retune/);
  console.type(KEY.ctrlD);
  expect(await console.ended()).toBe(0);
  const { json } = await script("status");
  expect(json).toMatchObject({ pool: { shares: { rejected: 0, lost: 0 } } });
});

/** Each command with words that it takes, none of which ends hashing for the next. */
const EXAMPLES: Readonly<Record<string, readonly string[]>> = {
  status: [],
  chains: [],
  chips: ["1", "errors"],
  chip: ["1.7"],
  sensors: [],
  pools: [],
  why: ["3"],
  incidents: [],
  log: ["4"],
  health: [],
  freq: ["2.d1", "+6.25"],
  undo: [],
  volt: ["all", "start"],
  reset: [],
  keep: [],
  tuning: [],
  reg: ["read", "0.0", "0x00"],
  fans: ["auto"],
  locate: ["on"],
  loglevel: ["info"],
  ramp: ["1", "470", "5", "1"],
  help: ["freq"],
  acknowledge: [],
  restart: ["2"],
  safe: [],
  resume: [],
  pause: ["for", "a", "test"],
  trace: ["status"],
};

test("every command answers --json in its documented form", async () => {
  const known = COMMANDS.filter(({ name }) => name !== "watch");
  expect(known.map(({ name }) => name).filter((name) => !(name in EXAMPLES))).toEqual([]);
  for (const name of Object.keys(EXAMPLES)) {
    const command = known.find((one) => one.name === name);
    if (command === undefined) continue;
    const { json } = await script(name, ...(EXAMPLES[name] ?? []));
    expect(command.json.safeParse(json).error, `${name}: ${JSON.stringify(json).slice(0, 200)}`).toBeUndefined();
  }
  await script("resume");
  await script("undo");
});

test("exit codes tell scripts what became of it; a script ends at its first failure", async () => {
  expect((await script("status")).code).toBe(0);
  expect((await script("freq", "0", "9000")).code).toBe(1);
  expect(await script("freq", "0")).toEqual({
    code: 2,
    json: { ok: false, message: expect.stringContaining("is no frequency in MHz") },
  });
  const nowhere = await runProgram("console", "--data", path.join(folder, "nowhere"), "status");
  expect(nowhere.code).toBe(3);
  expect(nowhere.stdout).toMatch(/does not answer at .*nowhere.*name its folder with --data DIR/);
  const bad = await runProgram("console", "--colour", "status");
  expect([bad.code, bad.stderr]).toEqual([2, expect.stringContaining("has no option --colour")]);
});

test("the socket is the owner's alone", () => {
  expect(fs.statSync(socket).mode & 0o777).toBe(0o600);
});

test("a terminal that was told no size is served", async () => {
  const console = await person(0, 0);
  expect(await say(console, "status")).toContain("hashing");
  console.type(KEY.ctrlD);
  expect(await console.ended()).toBe(0);
});

test("lines that are pasted or typed ahead run in their order, once each; Ctrl-C drops them", async () => {
  const console = await person();
  console.clear();
  console.type(`health\rchains\rfans auto\r`);
  await console.sees(/running, version[\s\S]*expect +board C[\s\S]*fans auto[\s\S]*\n.*[\s\S]*kumpel> $/);
  expect(console.text().match(/running, version/g)).toHaveLength(1);
  console.clear();
  console.type(`watch\r`);
  await console.sees(/hashing/);
  console.type("health\rhealth\r");
  await console.sees(/health[\s\S]*health/);
  console.clear();
  console.type(KEY.ctrlC);
  await console.sees(/kumpel> $/);
  expect(await say(console, "chains")).toMatch(/expect +board C/);
  expect(console.text()).not.toContain("running, version");
  console.type(KEY.ctrlD);
  expect(await console.ended()).toBe(0);
});

test("Ctrl-C at a question says no; its answers are no history", async () => {
  const console = await person();
  const question = /register 0x14 of chip 0\.3\? \[yes\/no\] $/;
  console.type(`reg write 0.3 0x14 0xff\r`);
  await console.sees(question);
  console.clear();
  console.type(`ye${KEY.ctrlC}`);
  await console.sees(/a write must be confirmed[\s\S]*kumpel> $/);
  console.type(`${KEY.up}\r`);
  await console.sees(question);
  console.clear();
  console.type("perhaps\r");
  await console.sees(/a write must be confirmed[\s\S]*kumpel> $/);
  console.clear();
  console.type(KEY.up);
  await console.sees(/reg write 0\.3/);
  expect(console.text()).not.toContain("perhaps");
  console.type(`${KEY.ctrlC}${KEY.ctrlD}`);
  expect(await console.ended()).toBe(0);
});

/** `kumpel console --on` at one end of a pseudo-terminal, a person at the other. */
async function serialLine() {
  const { loadPtyOpener } = await import("#hal/emulator/pty.ts");
  const pty = (await loadPtyOpener())();
  let text = "";
  pty.onData((chunk) => (text += Buffer.from(chunk).toString()));
  const server = startProgram("console", "--data", folder, "--on", pty.path);
  const sees = async (pattern: RegExp): Promise<void> => {
    for (let i = 0; i < 3000 && !pattern.test(text); i++) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(text).toMatch(pattern);
  };
  /** Types, and waits for what it brings. */
  const type = async (keys: string, pattern: RegExp): Promise<void> => {
    text = "";
    pty.write(Buffer.from(keys));
    await sees(pattern);
  };
  await sees(/token: $/);
  return { server, type, sees, text: () => text, close: () => pty.close() };
}

test("a serial line: nobody gets in without a token, which nothing brings back; Ctrl-D logs out and no more", async () => {
  const line = await serialLine();
  const token = tokenHeader(miner).authorization.slice("Bearer ".length);
  await line.type("status\r", /This token is not known[\s\S]*token: $/);
  await line.type(`${token}\r`, /help lists the commands[\s\S]*kumpel> /);
  await line.type(`${KEY.up}${KEY.up}\u0019\r`, /kumpel> /);
  expect(line.text()).not.toContain(token);
  await line.type("chains\r", /expect +board C[\s\S]*kumpel> /);
  await line.type(KEY.ctrlD, /token: $/);
  // What the one before typed, and his token, are gone.
  await line.type(`${KEY.up}\r`, /token: $/);
  await line.type(`\u0019\r`, /token: $/);
  expect(line.text()).not.toContain("kumpel>");
  await line.type(KEY.ctrlD, /token: $/);
  await line.type(`${token}\r`, /help lists the commands[\s\S]*kumpel> /);
  await line.type(KEY.up, /.*/);
  await line.type("\r", /kumpel> /);
  expect(line.text()).not.toContain("expect");
  await line.type("exit\r", /token: $/);
  line.server.child.kill("SIGTERM");
  expect(await line.server.ended()).toBe(0);
  line.close();
});

test("a serial line: whoever logs in may do what the token may, under its name", async () => {
  const client = consoleClient(socket);
  const tokens: Record<string, string> = {};
  for (const scope of ["read", "control"]) {
    const answer = await client.order({ kind: "createToken", name: `the ${scope} one`, scope });
    tokens[scope] = /kmp_[0-9a-f]{8}_[\w-]{32}/.exec(JSON.stringify(answer))?.[0] ?? "";
  }
  const line = await serialLine();
  await line.type(`${tokens["read"]}\r`, /help lists the commands[\s\S]*kumpel> /);
  await line.type("chains\r", /expect +board C/);
  await line.type("locate on\r", /this takes scope control, the token has read/);
  await line.type("watch 2\r", /hashing/);
  await line.type(KEY.ctrlC, /kumpel> /);
  await line.type("exit\r", /token: $/);
  await line.type(`${tokens["control"]}\r`, /help lists the commands[\s\S]*kumpel> /);
  await line.type("locate off\r", /LED/);
  const { entries } = await client.get("/audit", auditAnswer);
  expect(entries.map(({ actor, command }) => `${actor}: ${command}`)).toContain("the control one (console): locate");
  line.server.child.kill("SIGTERM");
  expect(await line.server.ended()).toBe(0);
  line.close();
});

test("a serial device that goes away ends its console with a sentence", async () => {
  const line = await serialLine();
  line.close();
  expect(await line.server.ended()).toBe(1);
  expect(line.server.stderr()).toMatch(/^\/dev\/pts\/\d+ went away: .*\.$/m);
});

test("a dropped connection is said in one sentence, and the console goes on when the firmware is back", async () => {
  const console = await person();
  miner.child.kill("SIGKILL");
  await miner.ended();
  expect(await say(console, "chains")).toContain("The firmware does not answer at");
  miner = startMiner();
  await miner.seen(/own API listens/);
  expect(await say(console, "health")).toMatch(/running|starting/);
  console.type(KEY.ctrlD);
  expect(await console.ended()).toBe(0);
});
