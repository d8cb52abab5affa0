/** A serial line's persons, one after the other, in virtual time. */
import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { done } from "#firmware/api/commands.ts";
import type { ConsoleClient } from "#firmware/console/client.ts";
import { runTerminal } from "#firmware/console/terminal.ts";
import { VirtualClock } from "#hal/emulator/virtual-clock.ts";

const TOKEN = "kmp_00000000_secret";
const IDLE_MS = 60_000;

function serialLine() {
  const [input, output] = [new PassThrough(), new PassThrough()];
  const clock = new VirtualClock();
  const stop = new AbortController();
  const orders: object[] = [];
  const kept: (readonly string[])[] = [];
  let text = "";
  output.on("data", (chunk: Buffer) => {
    text += chunk.toString();
  });
  const client: ConsoleClient = {
    get: () => Promise.reject(new Error("nothing is read here")),
    order: (command) => {
      orders.push(command);
      return Promise.resolve(done("Done."));
    },
    logIn: (token) => Promise.resolve(token === TOKEN ? client : null),
    watch: () => Promise.resolve("lost"),
  };
  const end = runTerminal({
    input,
    output,
    client,
    clock,
    effectMs: 0,
    history: ["earlier"],
    onHistory: (lines) => kept.push(lines),
    needsLogin: true,
    idleMs: IDLE_MS,
    signal: stop.signal,
  });
  return {
    clock,
    end,
    input,
    orders,
    kept,
    stop: () => stop.abort(),
    /** Types, and gives what it brings. */
    type: async (keys: string): Promise<string> => {
      text = "";
      input.write(keys);
      for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
      return text;
    },
    shown: () => text,
  };
}

test("whoever goes away is logged out, and what he had half typed is dropped with his history", async () => {
  const line = serialLine();
  expect(await line.type(`${TOKEN}\r`)).toMatch(/kumpel> /);
  await line.type("locate on\r");
  await line.type("locate off");
  await line.clock.advance(IDLE_MS + 1_000);
  expect(await line.type("")).toBe("");
  expect(await line.type("\r")).toContain("token: ");
  expect(await line.type(`${TOKEN}\r`)).toMatch(/kumpel> /);
  // Enter, the arrow up and the yank bring nothing back.
  for (const keys of ["\r", "\u001b[A\r", "\u0019\r"]) expect(await line.type(keys)).not.toContain("locate");
  expect(line.orders).toHaveLength(1);
  expect(line.kept).toEqual([]);
  line.stop();
  expect(await line.end).toBe("ended");
});

test("a muted line is neither shown nor brought back at the next question for a token", async () => {
  const line = serialLine();
  expect(await line.type(`${TOKEN}x\r`)).toMatch(/not known[\s\S]*token: $/);
  for (const keys of ["\u001b[A\r", "\u001b[A\u001b[A\r"]) expect(await line.type(keys)).not.toContain("kumpel>");
  await line.clock.advance(10_000);
  expect(await line.type(`${TOKEN}\u0015\r`)).toMatch(/token: $/);
  expect(await line.type("\u0019\r")).not.toContain(TOKEN);
  line.stop();
  expect(await line.end).toBe("ended");
});

test("what is typed ahead of a login is no command; Ctrl-D asks for the next token; a line that ends is gone", async () => {
  const line = serialLine();
  expect(await line.type(`${TOKEN}\rlocate on\r`)).toMatch(/kumpel> /);
  expect(line.orders).toEqual([]);
  expect(await line.type("\u0004")).toMatch(/token: $/);
  line.input.destroy();
  expect(await line.end).toBe("gone");
});
