import { expect, test } from "vitest";
import { runProgram } from "#hal/linux/run-program.ts";

const HOUR_MS = 3_600_000;

test("a program that hangs is late although a child of its own holds the pipes", async () => {
  const end = await runProgram("sh", ["-c", "echo begun; sleep 60 & wait"], { limitMs: 300 });
  expect(end).toEqual({ code: "late", stdout: "begun\n", stderr: "" });
});

test("what it says comes line by line, and a line without an end takes no memory without one", async () => {
  const lines: string[] = [];
  const garbage = "head -c 4000000 /dev/zero | tr '\\0' x; echo; echo last";
  const end = await runProgram("sh", ["-c", garbage], { limitMs: HOUR_MS, onLine: (line) => lines.push(line) });
  expect(end.code).toBe(0);
  expect(lines.map(({ length }) => length)).toEqual([expect.toSatisfy((length: number) => length < 1_000_000), 4]);
});

test("a program that is not there is missing; one that is ended by a signal did not succeed", async () => {
  expect((await runProgram("/nowhere/rauc", [], { limitMs: HOUR_MS })).code).toBe("missing");
  expect((await runProgram("sh", ["-c", "kill -9 $$"], { limitMs: HOUR_MS })).code).toBe(1);
});
