import { spawnSync } from "node:child_process";
import fs from "node:fs";
import net from "node:net";
import path from "node:path";
import { expect, test } from "vitest";
import { PROGRAM, runProgram, start, startProgram, temporaryFolder } from "../support/program.ts";

/** One sentence on standard error: the thing, the value, what to do; no stack. */
function expectOneSentence(stderr: string, ...words: string[]): void {
  const lines = stderr
    .trim()
    .split("\n")
    .filter((line) => !line.startsWith("{") && !/TH\/s|^kumpel: |^Stopped: /.test(line));
  expect(lines.length, stderr).toBe(1);
  for (const word of words) expect(lines[0]).toContain(word);
}

test.concurrent.each([
  [
    ["run", "--demo", "--pool", "http://pool.test:3333"],
    ['"http"', "stratum+tcp://HOST:PORT"],
  ],
  [
    ["run", "--demo", "--pool", "stratum+tcp://pool.test"],
    ["pool.test", "stratum+tcp://HOST:PORT"],
  ],
  [
    ["run", "--demo", "--pool", "pool.test:99999"],
    ["99999", "1..65535"],
  ],
  [
    ["run", "--demo", "--machine", "s99"],
    ['"s99"', "s21"],
  ],
  [
    ["run", "--machine", "s21"],
    ["--pool", "--demo"],
  ],
  [["run"], ["--pool", "--demo"]],
  [
    ["run", "--demo", "--machine", "auto"],
    ["auto", "--machine"],
  ],
  [
    ["run", "--demo", "--hashboard", "s21"],
    ["--hashboard", "real board"],
  ],
  [
    ["board", "--all"],
    ["--all", "--help"],
  ],
  [
    ["run", "--pool", "pool.test:3333", "--board", "amlogic-a113d"],
    ["Amlogic A113D", "--hashboard", "s21"],
  ],
  [
    ["run", "--pool", "pool.test:3333", "--board", "amlogic-a113d", "--hashboard", "s21"],
    ["437", "--psu-enable-active"],
  ],
  [
    ["run", "--demo", "--for", "soon"],
    ['"soon"', "90s"],
  ],
  [
    ["run", "--demo", "--for", "0s"],
    ['"0s"', "1s"],
  ],
  [
    ["run", "--demo", "--chip-ticket", "2"],
    ['"2"', "1e-9"],
  ],
  [
    ["run", "--demo", "--link", "wire"],
    ['"wire"', "pty"],
  ],
  [
    ["run", "--demo", "--http-port", "70000"],
    ["70000", "65535"],
  ],
  [
    ["run", "--demo", "--config", "x.toml"],
    ['--config "x.toml"', "is not there"],
  ],
  [
    ["run", "--demo", "--report", "/nowhere/at/all/report.json"],
    ["/nowhere/at/all", "writable"],
  ],
  [
    ["run", "--demo", "--report", "/tmp"],
    ['"/tmp"', "name a file"],
  ],
  [
    ["run", "--demo", "--user", ""],
    ['--user ""', "ADDRESS.WORKER"],
  ],
  [
    ["run", "--demo", "--data", "/etc/passwd"],
    ['--data "/etc/passwd"', "is no folder", "give a folder"],
  ],
  [
    ["receipts", "--data", "/etc/passwd"],
    ['--data "/etc/passwd"', "is no folder", "give the folder"],
  ],
  [
    ["receipts", "--data", "/tmp/kumpel-no-such-folder"],
    ['--data "/tmp/kumpel-no-such-folder"', "not there", "give the folder"],
  ],
  [["mine"], ['"mine"', "--help"]],
  [
    ["version", "--all"],
    ['"--all"', "--json"],
  ],
] as [string[], string[]][])("%j ends with 2 and names what is wrong", async (args, words) => {
  const { code, stderr } = await runProgram(...args);
  expect(code).toBe(2);
  expectOneSentence(stderr, ...words);
});

test.concurrent.each([
  [["run", "--pool", "pool.test:3333"], "No control board was found"],
  [["board", "probe-chains", "--hashboard", "s21"], "No control board was found"],
] as [string[], string][])("%j on a machine without hashboards ends with 3", async (args, words) => {
  const { code, stderr } = await runProgram(...args);
  expect(code).toBe(3);
  expectOneSentence(stderr, words, "kumpel run --demo");
});

test.concurrent("a pool that refuses the connection is named, retried, and a bounded run ends with 3", {
  timeout: 180_000,
}, async () => {
  // The bound counts from the start of the process, so that it has to leave a busy machine time for two tries.
  const bounds = ["--for", "20s", "--http-port", "0", "--log-level", "warn"];
  const run = startProgram("run", "--demo", "--pool", "127.0.0.1:1", ...bounds);
  await run.seen(/(nobody listens on 127\.0\.0\.1 port 1[\s\S]*){2}/);
  expect(await run.ended(120_000)).toBe(3);
  expect(run.stderr()).toMatch(/never gave a job/);
});

test.concurrent("without a place for a temporary folder the program names both ways out", async () => {
  const run = start(process.execPath, [PROGRAM, "run", "--demo", "--log-level", "silent"], { TMPDIR: "/nope" });
  expect(await run.ended()).toBe(1);
  expectOneSentence(run.stderr(), "/nope", "--data DIR", "TMPDIR");
});

test.concurrent("a pipe without a reader is no place for a report: said at once, nothing blocks", async () => {
  const fifo = path.join(temporaryFolder(), "fifo");
  spawnSync("mkfifo", [fifo]);
  const { code, stderr } = await runProgram("run", "--demo", "--report", fifo);
  expect(code).toBe(2);
  expectOneSentence(stderr, fifo, "name a file");
});

test.concurrent("a report that cannot be written is named after the run, without a stack", async () => {
  const { code, stderr } = await runProgram(
    "run",
    "--demo",
    "--for",
    "2s",
    "--http-port",
    "0",
    "--log-level",
    "silent",
    "--report",
    "/dev/full",
  );
  expect(code).toBe(1);
  expectOneSentence(stderr, "/dev/full", "choose another path");
});

test.concurrent("a port asked for and taken ends with 2; the default port gives way", async () => {
  const server = net.createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as net.AddressInfo;
  const { code, stderr } = await runProgram("run", "--demo", "--http-port", String(port), "--log-level", "silent");
  server.close();
  expect(code).toBe(2);
  expectOneSentence(stderr, String(port), "--http-port");
});

test.concurrent("without its native modules the program says which one is missing", async () => {
  const folder = temporaryFolder();
  fs.copyFileSync(PROGRAM, path.join(folder, "kumpel.cjs"));
  const run = start(process.execPath, [
    path.join(folder, "kumpel.cjs"),
    "run",
    "--demo",
    "--http-port",
    "0",
    "--log-level",
    "silent",
  ]);
  expect(await run.ended()).toBe(3);
  expectOneSentence(run.stderr(), "koffi");
});

/** A mount namespace of its own in which /dev/ptmx is no terminal multiplexer; only root may make one. */
const HIDE_TERMINALS = "mount --bind /dev/null /dev/ptmx && mount -t tmpfs none /dev/pts";
const canHide = spawnSync("unshare", ["-m", "bash", "-c", HIDE_TERMINALS]).status === 0;
if (!canHide)
  console.warn("SKIPPED: hiding /dev/ptmx needs root and unshare; the case without a pseudo-terminal was not run");

const testWithoutTerminals = canHide ? test.concurrent : test.skip;
testWithoutTerminals("without a pseudo-terminal the program says so and offers the way without", async () => {
  const command = `${HIDE_TERMINALS} && exec "${process.execPath}" "${PROGRAM}" run --demo --http-port 0 --log-level silent`;
  const run = start("unshare", ["-m", "bash", "-c", command]);
  expect(await run.ended()).toBe(3);
  expectOneSentence(run.stderr(), "pseudo-terminal", "--link memory");
});

test.concurrent("a pool that talks nonsense is survived: the miner goes on and the link comes back", async () => {
  let connections = 0;
  const server = net
    .createServer((socket) => {
      connections++;
      socket.on("error", () => undefined);
      socket.write("hello\n[1,2,3]\n{}\n\u0000\u0001\n");
      socket.write(`{"method":"mining.notify","params":[${"[".repeat(5000)}`);
      socket.write("\n");
      if (connections < 3) socket.end();
    })
    .listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as net.AddressInfo;
  const run = startProgram("run", "--demo", "--pool", `127.0.0.1:${port}`, "--http-port", "0", "--log-level", "warn");
  await run.seen(/not JSON: hello/);
  for (let i = 0; i < 400 && connections < 3; i++) await new Promise((resolve) => setTimeout(resolve, 50));
  expect(connections).toBe(3);
  process.kill(run.pid, "SIGTERM");
  expect(await run.ended()).toBe(0);
  server.close();
});
