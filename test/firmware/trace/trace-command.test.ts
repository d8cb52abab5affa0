/** `kumpel trace` from its words to its exit code; real files, virtual time. */
import fs from "node:fs";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { crc5Bits } from "#drivers/bm13xx/crc.ts";
import { traceCommand } from "#firmware/cli/trace-command.ts";
import type { TraceContext } from "#firmware/cli/trace-context.ts";
import { followFile, readChunks } from "#firmware/platform/trace-input.ts";
import { headerText } from "#firmware/trace/capture-format.ts";
import { diffSchema, diffSummarySchema } from "#firmware/trace/diff-steps.ts";
import { traceLineSchema } from "#firmware/trace/trace-json.ts";
import { traceStatsSchema } from "#firmware/trace/trace-stats.ts";
import { verifyResultSchema } from "#firmware/trace/verify-nonces.ts";
import { VirtualClock } from "#hal/emulator/virtual-clock.ts";
import { loadVectors, text } from "../../drivers/bm13xx/vector-file.ts";
import { temporaryFolder } from "../../support/program.ts";

let folder = "";
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => {
  fs.rmSync(folder, { recursive: true });
});

function file(name: string, content: string | Uint8Array): string {
  const full = path.join(folder, name);
  fs.writeFileSync(full, content);
  return full;
}

function context(stdin: Uint8Array = new Uint8Array(0)) {
  const out: string[] = [];
  const err: string[] = [];
  const clock = new VirtualClock();
  let stop: (name: string) => void = () => undefined;
  async function* read(name: string): AsyncGenerator<Uint8Array> {
    if (name === "-") yield stdin;
    else yield* readChunks(name);
  }
  const handed: TraceContext = {
    readChunks: read,
    followFile,
    clock,
    onStopSignal: (listener) => {
      stop = listener;
    },
    stdout: (words) => out.push(words),
    stderr: (words) => err.push(words),
  };
  return { handed, clock, out: () => out.join(""), err: () => err.join(""), stop: () => stop("SIGINT") };
}

async function run(...args: string[]) {
  const parts = context();
  const code = await traceCommand(args, parts.handed);
  return {
    code,
    out: parts.out(),
    err: parts.err(),
    json: () =>
      parts
        .out()
        .trim()
        .split("\n")
        .map((l) => JSON.parse(l) as unknown),
  };
}

const TRACE = `${headerText({ machine: "s21", chip: "BM1368", chips: 108, "address-interval": 2 })}0.000 0 ! baud 115740
1.000 0 > 55aa520500000a
2.500 0 < aa5513680000000000000f
3.000 p0 < {"id":1}
4.000 0 < 1234
5.000 0 > 55aa5109001400
not a line of a capture
`;

describe("decode", () => {
  test("prints frames, pool lines, notes, and what is none of them", async () => {
    const { code, out, err } = await run("decode", file("t", TRACE), "--hex");
    expect([code, err]).toEqual([0, ""]);
    expect(out).toMatchInlineSnapshot(`
      "       0.000 0 ! baud 115740
             1.000 0 > read all chipId (0x00)  [55aa520500000a]
             2.500 0 < reply 0x00 chipId (0x00) = 0x13680000: chip BM1368, chip_address 0  [aa5513680000000000000f]
             3.000 p0 < {"id":1}
                   ? line 12, not readable: not a line of a capture
             5.000 0 ? 7 bytes, torn frame: 55aa5109001400
             4.000 0 ? 2 bytes, no frame: 1234
      "
    `);
  });

  test("every line of JSON is of the documented form, for every vector and every kind of line", async () => {
    const entries = loadVectors("BM1387", "BM1397", "BM1362", "BM1366", "BM1368", "BM1370").filter(
      (v) => v.direction !== "pll",
    );
    const kinds = new Set<string>();
    for (const chip of ["BM1387", "BM1397", "BM1362", "BM1366", "BM1368", "BM1370"]) {
      const hex = entries.filter((v) => v.chip === chip).map((v) => v.hex);
      const { json } = await run("decode", file("v", hex.join("\n")), "--chip", chip.toLowerCase(), "--json");
      for (const line of json()) kinds.add(traceLineSchema.parse(line).kind);
    }
    const { json } = await run("decode", file("t", `${TRACE}6.000 0 > 55aa5f0500000b\n`), "--json");
    for (const line of json()) kinds.add(traceLineSchema.parse(line).kind);
    const all = traceLineSchema.options
      .map((option) => option.shape.kind.value)
      .filter((kind) => kind !== "other_command");
    expect([...kinds].filter((kind) => kind !== "other_command").sort()).toEqual(all.sort());
  });

  test("statistics, for people and as JSON", async () => {
    const { code, json } = await run("decode", file("t", TRACE), "--stats", "--json");
    expect(code).toBe(0);
    expect(json().map((line) => traceStatsSchema.parse(line))).toMatchObject([
      {
        form: "capture",
        chip: "BM1368",
        bytes: 27,
        frames: 2,
        unknown_bytes: 9,
        seconds: 0.004,
        pool_lines: 1,
        lines_without_bytes: 1,
      },
    ]);
    expect((await run("decode", file("t", TRACE), "--stats")).out).toMatch(
      /^capture of BM1368: 2 frames, 27 bytes, 0.004 s\n/,
    );
  });

  test("standard input", async () => {
    const parts = context(Buffer.from("TX: 55 AA 52 05 00 00 0A\n"));
    expect(await traceCommand(["decode", "-"], parts.handed)).toBe(0);
    expect(parts.out()).toBe("           - 0 > read all chipId (0x00)\n");
  });

  test("an empty file, junk and a file without frames end with 1 and a sentence", async () => {
    const empty = await run("decode", file("empty", ""));
    expect([empty.code, empty.out]).toEqual([1, ""]);
    expect(empty.err).toMatch(/^"\S+empty" is empty: .*\n$/);
    const junk = Uint8Array.from({ length: 10_000 }, (_, i) => (i * i * 7919 + 13) & 0xff);
    const binary = await run("decode", file("junk", junk), "--json");
    expect(binary.code).toBe(1);
    expect(binary.err).toMatch(/holds no frame of a chip in 10000 bytes/);
    const told = binary.json().map((line) => traceLineSchema.parse(line));
    expect(told.reduce((sum, line) => sum + (line.kind === "unknown" ? line.bytes : 0), 0)).toBe(10_000);
    expect((await run("decode", file("words", "hello\nno bytes here\n"))).code).toBe(1);
  });

  test("one line of three million digits", async () => {
    const frames = "aa5513680000000000000f".repeat(136_364);
    const { code, json } = await run("decode", file("long", frames), "--stats", "--json");
    expect(code).toBe(0);
    expect(json()).toMatchObject([{ frames: 136_364, unknown_bytes: 0, half_bytes: 0 }]);
  });

  test("follows a file that grows, also into a new one under its name", async () => {
    const growing = file("g", "TX 55 aa 52 05 00 00 0a\n");
    const { handed, clock, out, stop } = context();
    const end = traceCommand(["decode", growing, "--follow"], handed);
    const until = async (words: string): Promise<void> => {
      while (!out().includes(words)) {
        await new Promise((resolve) => setImmediate(resolve));
        await clock.advance(50);
      }
    };
    await until("read all chipId");
    fs.appendFileSync(growing, "RX aa 55 13 68 00 00 00");
    fs.appendFileSync(growing, " 00 00 00 0f\n");
    await until("chip BM1368");
    fs.renameSync(growing, `${growing}.1`);
    fs.writeFileSync(growing, "TX 55 aa 53 05 00 00 03\n");
    await until("chain inactive");
    expect(out()).toContain("the file was replaced");
    stop();
    await clock.advance(1000);
    expect(await end).toBe(0);
  });
});

describe("diff", () => {
  const steps = ["55aa520500000a", "55aa5305000003", "55aa400500001c", "55aa4005020001", "55aa51090014000000ff08"];
  const asTrace = (list: readonly string[], gapMs = 1): string =>
    list.map((hex, i) => `${(i * gapMs).toFixed(3)} 0 > ${hex}\n`).join("");
  const capture = (list: readonly string[], gapMs = 1): string => headerText({ chip: "BM1368" }) + asTrace(list, gapMs);

  test("equal sequences: 0, also between a capture and a hexdump", async () => {
    const a = file("a", capture(steps));
    const b = file("b", steps.map((hex) => hex.toUpperCase()).join("\n"));
    expect(await run("diff", a, b)).toMatchObject({ code: 0, out: "5 steps in A, 5 in B: no difference\n" });
  });

  test("missing, added and changed steps, and pauses: 1", async () => {
    const good = loadVectors("BM1366", "BM1368").find(
      (v) => v.decoded["command"] === "write-register" && Number(v.decoded["register"]) === 0x10,
    );
    const a = file("a", capture([...steps, good?.hex ?? ""]));
    const b = file("b", capture([...steps.filter((_, i) => i !== 1), "55aa4005040003", good?.hex ?? ""], 500));
    const { code, out } = await run("diff", a, b);
    expect(code).toBe(1);
    expect(out).toContain("only in A\n  A     2  chain inactive\n");
    expect(out).toContain("only in B\n  B     5  set address 0x04\n");
    expect(out).toContain("another pause");
    const { code: same, json } = await run("diff", a, b, "--gap", "off", "--json");
    expect(same).toBe(1);
    const lines = json();
    expect(lines.slice(0, -1).map((line) => diffSchema.parse(line).what)).toEqual(["missing", "added"]);
    expect(diffSummarySchema.parse(lines.at(-1))).toMatchObject({
      a_steps: 6,
      b_steps: 6,
      missing: 1,
      added: 1,
      gap: 0,
    });
  });

  test("another value of the same register is one difference, not two", async () => {
    const writes = loadVectors("BM1368").filter(
      (v) => v.decoded["register"] === 8 && v.decoded["command"] === "write-register",
    );
    const [x, y] = writes.map(({ hex }) => hex);
    const { code, out } = await run(
      "diff",
      file("a", capture([...steps, x ?? ""])),
      file("b", capture([...steps, y ?? ""])),
    );
    expect(code).toBe(1);
    expect(out).toContain("another value\n  A     6  write all pll0 (0x08)");
    expect(out).toContain("0 only in A, 0 only in B, 1 with another value");
  });
});

describe("verify", () => {
  const nonces = loadVectors("BM1366").filter((v) => "job_frame" in v.decoded);
  const withJobs = (list: typeof nonces): string => list.flatMap((v) => [text(v, "job_frame"), v.hex]).join("\n");

  test("captured nonces hash right with the jobs of their trace", async () => {
    const { code, json } = await run(
      "verify",
      file("t", withJobs(nonces)),
      "--chip",
      "bm1366",
      "--ticket",
      "256",
      "--json",
    );
    expect(code).toBe(0);
    const [result] = json().map((line) => verifyResultSchema.parse(line));
    expect(result).toMatchObject({ nonces: 70, valid: 70, hardware_error: 0, unknown_job: 0 });
    const others = [
      ["BM1368", 24],
      ["BM1370", 1],
    ] as const;
    for (const [chip, count] of others) {
      const list = loadVectors(chip).filter((v) => "job_frame" in v.decoded);
      const { json: lines } = await run("verify", file("o", withJobs(list)), "--chip", chip, "--json");
      // One find came from every chip, and is listed twice.
      const { valid, duplicate } = verifyResultSchema.parse(lines()[0]);
      expect(valid + duplicate).toBe(count);
    }
  });

  test("the open-core job of a BM1387 and its nonce", async () => {
    const old = loadVectors("BM1387");
    const job = old.find((v) => v.hex.startsWith("213600010000") && v.hex.includes("f".repeat(24)))?.hex ?? "";
    // The test bench has this nonce under other ids.
    const reply = Buffer.from("7203ea83000080", "hex");
    reply[6] = (4 << 5) | crc5Bits(reply, 0, 6 * 8 + 3);
    const { code, out } = await run("verify", file("t", `${job}\n${reply.toString("hex")}\n`), "--chip", "bm1387");
    expect(out).toMatch(/^1 nonces: 1 valid/);
    expect(code).toBe(0);
  });

  test("a wrong nonce is a hardware error of its chip: 1; a nonce without its job is told", async () => {
    const [first, second] = nonces;
    const other = nonces.find(
      (v) => text(v, "job_frame") !== text(first!, "job_frame") && v.decoded["job_id5"] === first?.decoded["job_id5"],
    );
    expect(other).toBeDefined();
    const lines = [text(first!, "job_frame"), first?.hex, other?.hex];
    const { code, out } = await run("verify", file("t", lines.join("\n")), "--chip", "bm1366", "--ticket", "256");
    expect(code).toBe(1);
    expect(out).toMatch(/^2 nonces: 1 valid, 1 hardware errors/);
    const orphan = await run(
      "verify",
      file("o", [text(second!, "job_frame"), second?.hex, nonces.at(-1)?.hex].join("\n")),
      "--chip",
      "bm1366",
    );
    expect(orphan.out).toMatch(/1 of unknown jobs/);
  });

  test("without a chip it asks for one; without nonces it says so", async () => {
    await expect(run("verify", file("t", "55aa520500000a"))).rejects.toThrow(/give --chip, one of: bm1387/);
    expect(await run("verify", file("t", "55aa520500000a"), "--chip", "bm1368")).toMatchObject({ code: 1 });
  });
});

test("convert gives a capture that decodes to the same frames", async () => {
  const dump = "12.001 TX 55 AA 52 05 00 00 0A 55\n12.002 RX AA 55 13 68 00 00 00 00 00 00 0F\n";
  const { code, out } = await run("convert", file("d", dump));
  expect(code).toBe(0);
  expect(out).toMatchInlineSnapshot(`
    "# kumpel trace 1
    # chip BM1368
    # chips 1
    # converted-from dump
    0.000 0 > 55aa520500000a
    1.000 0 < aa5513680000000000000f
    0.000 0 ! torn frame: 55
    "
  `);
  expect((await run("diff", file("d", dump), file("c", out))).code).toBe(0);
});

describe("wrong usage is one sentence", () => {
  const wrong = async (...args: string[]): Promise<string> => {
    const error: unknown = await run(...args).catch((e: unknown) => e);
    expect(error).toMatchObject({ code: "USAGE" });
    const { message } = error as Error;
    expect(message.split("\n")).toHaveLength(1);
    return message;
  };

  test.each([
    [[], /needs an action; choose one of: decode diff verify convert/],
    [["read", "x"], /"read" is unknown/],
    [["decode"], /takes FILE, not 0 of them/],
    [["decode", "a", "b"], /takes FILE, not 2/],
    [["diff", "a"], /takes A and B, not 1/],
    [["diff", "-", "-"], /once only/],
    [["decode", "-", "--follow"], /--follow/],
    [["decode", "x", "--scale", "2"], /takes no --scale/],
    [["decode", "x", "--chip", "bm1"], /--chip "bm1" is unknown; choose one of: auto bm1387/],
    [["decode", "x", "--chips", "1.5"], /--chips "1.5" is no whole number/],
    [["verify", "x", "--ticket", "zero"], /--ticket "zero" is no number/],
    [["decode", "x", "--nonsense"], /--nonsense/],
    [["decode", "/nonexistent/file"], /"\/nonexistent\/file" cannot be read/],
    [["decode", "/"], /cannot be read \(it is a folder\)/],
  ])("%j", async (args, words) => {
    expect(await wrong(...args)).toMatch(words);
  });

  test("help is no wrong usage", async () => {
    const { code, out } = await run("--help");
    expect(code).toBe(0);
    for (const option of [
      "--follow",
      "--stats",
      "--hex",
      "--all",
      "--chain",
      "--gap",
      "--ticket",
      "--scale",
      "--chips",
      "--interval",
      "--json",
    ]) {
      expect(out).toContain(option);
    }
  });
});

test.each(["decode", "convert", "verify"])("%s refuses a capture of another version", async (action) => {
  const parts = context(Buffer.from(TRACE.replace("# kumpel trace 1", "# kumpel trace 2\u001b[2J")));
  await expect(traceCommand([action, "-"], parts.handed)).rejects.toMatchObject({
    code: "USAGE",
    message: expect.stringMatching(/^Line 1 begins a capture of version "2\?\[2J", .* reads version 1: [^.]*\.$/),
  });
  expect(parts.out()).toBe("");
});

test.each(["abc", "0", "1e-10", "5e9"])("--ticket %s is refused with its range", async (ticket) => {
  await expect(run("verify", "-", "--ticket", ticket)).rejects.toThrow(
    `--ticket "${ticket}" is no number from 1e-9 to 4294967296; give one in that range.`,
  );
});
