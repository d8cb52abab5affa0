/** Public bug case H24: requests whose length lies, that never end, or that are far too large, while it mines. */
import fs from "node:fs";
import net from "node:net";
import path from "node:path";
import { expect, test } from "vitest";
import { type MinerSnapshot, totalNonces } from "#firmware/api/snapshot.ts";
import { type Started, startProgram, temporaryFolder, tokenHeader } from "../../support/program.ts";

const ANSWER_LIMIT_MS = 10_000;
const MEMORY_RISE_MAX_KIB = 2 * 1024;
const ROUNDS = 3;

interface Attack {
  readonly name: string;
  readonly head: readonly string[];
  /** Sent piece by piece as long as the other side takes it. */
  readonly body: () => Iterable<string>;
  readonly statuses: readonly number[];
}

function* repeated(piece: string, times: number): Iterable<string> {
  for (let i = 0; i < times; i++) yield piece;
}

const JSON_TYPE = "content-type: application/json";
const MEBI = 1024 * 1024;

const ATTACKS: readonly Attack[] = [
  {
    name: "a length of 4 294 967 294 with two bytes sent",
    head: [JSON_TYPE, "content-length: 4294967294"],
    body: () => ["{}"],
    statuses: [413],
  },
  {
    name: "ten megabytes of [",
    head: [JSON_TYPE, `content-length: ${10 * MEBI}`],
    body: () => repeated("[".repeat(MEBI / 16), 160),
    statuses: [413],
  },
  {
    name: "JSON nested 100 000 deep",
    head: [JSON_TYPE, "content-length: 200000"],
    body: () => ["[".repeat(100_000), "]".repeat(100_000)],
    statuses: [413],
  },
  {
    name: "JSON nested deeper than anything here, within the limit of a body",
    head: [JSON_TYPE, "content-length: 60000"],
    body: () => ["[".repeat(30_000), "]".repeat(30_000)],
    statuses: [400],
  },
  {
    name: "chunks without an end, slowly",
    head: [JSON_TYPE, "transfer-encoding: chunked"],
    body: () => repeated("1\r\n{\r\n", 3),
    statuses: [408],
  },
  {
    name: "chunks without an end, fast",
    head: [JSON_TYPE, "transfer-encoding: chunked"],
    body: () => repeated(`10000\r\n${"[".repeat(65_536)}\r\n`, 200),
    statuses: [413],
  },
  { name: "a head of one megabyte", head: [`x-filler: ${"a".repeat(MEBI)}`], body: () => [], statuses: [400] },
  { name: "a head that never ends", head: ["x-half: 1"], body: () => [], statuses: [408] },
];

/** Those that send much; the others are only slow. */
const LOUD = ATTACKS.filter(({ statuses }) => !statuses.includes(408));

/** Status of the answer. A server that closes on whoever still sends may be heard or not: the reset overtakes the answer. */
function attack(port: number, token: string, { name, head, body }: Attack): Promise<number | "closed" | "late"> {
  return new Promise((resolve) => {
    const socket = net.connect(port, "127.0.0.1");
    let text = "";
    const finish = (outcome: number | "closed" | "late"): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(outcome);
    };
    const timer = setTimeout(() => finish("late"), ANSWER_LIMIT_MS);
    const status = (): number | null => {
      const found = /^HTTP\/1\.1 (\d+)/.exec(text)?.[1];
      return found === undefined ? null : Number(found);
    };
    socket.on("data", (chunk: Buffer) => {
      text += chunk.toString();
      const found = status();
      if (found !== null) finish(found);
    });
    socket.on("error", () => finish(status() ?? "closed"));
    socket.on("close", () => finish(status() ?? "closed"));
    socket.on("connect", () => {
      const end = name === "a head that never ends" ? "\r\n" : "\r\n\r\n";
      const lines = ["PATCH /api/v1/settings HTTP/1.1", "host: 127.0.0.1", `authorization: Bearer ${token}`, ...head];
      socket.write(lines.join("\r\n") + end);
      const pieces = body()[Symbol.iterator]();
      const next = (): void => {
        const piece = pieces.next();
        if (piece.done === true || socket.destroyed) return;
        if (socket.write(piece.value)) setImmediate(next);
        else socket.once("drain", next);
      };
      next();
    });
  });
}

function residentKib(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(fs.readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
}

/** Valid nonces so far. */
async function found(run: Started, port: number): Promise<number> {
  const answer = await fetch(`http://127.0.0.1:${port}/api/v1/snapshot`, { headers: tokenHeader(run) });
  expect(answer.status).toBe(200);
  return totalNonces((await answer.json()) as MinerSnapshot, "valid");
}

async function untilMore(run: Started, port: number, before: number): Promise<void> {
  while ((await found(run, port)) <= before) await new Promise((resolve) => setTimeout(resolve, 200));
}

test("H24: requests that lie, never end or are too large get 413, 400 or 408 in time; memory stays, mining goes on", async () => {
  const data = temporaryFolder();
  const file = path.join(data, "settings.toml");
  const settings = "settings_version = 2\n\n[cooling]\nfan_max_pct = 90\n";
  fs.writeFileSync(file, settings);
  const options = [
    "--demo",
    "--machine",
    "bitaxe-gamma",
    "--link",
    "memory",
    "--http-port",
    "0",
    "--log-level",
    "info",
  ];
  const run = startProgram("run", ...options, "--data", data);
  await run.seen(/own API listens/);
  await run.seen(/"to":"hashing"/);
  const port = Number(/"port":(\d+)/.exec(run.stderr())?.[1]);
  const token = tokenHeader(run).authorization.replace("Bearer ", "");
  const round = (attacks = ATTACKS) => Promise.all(attacks.map((one) => attack(port, token, one)));
  await untilMore(run, port, 0);
  const before = await found(run, port);
  // The first round fills what any first request fills: code that is compiled, pools of buffers.
  const outcomes = await round();
  for (const [i, { name, statuses }] of ATTACKS.entries()) {
    const outcome = outcomes[i];
    if (outcome !== "closed") expect(statuses, name).toContain(outcome);
  }
  expect(outcomes.filter((outcome) => outcome === "closed").length).toBeLessThanOrEqual(3);
  const rises: number[] = [];
  for (let i = 0; i < ROUNDS; i++) {
    const kib = residentKib(run.pid);
    expect(await round(LOUD)).not.toContain("late");
    rises.push(residentKib(run.pid) - kib);
  }
  // What leaks, leaks each time; the collector comes when it likes.
  expect(Math.min(...rises)).toBeLessThan(MEMORY_RISE_MAX_KIB);
  await untilMore(run, port, before);
  expect(fs.readFileSync(file, "utf8")).toBe(settings);
  process.kill(run.pid, "SIGTERM");
  expect(await run.ended()).toBe(0);
});
