import { stripVTControlCharacters } from "node:util";
import { expect, test } from "vitest";
import { StatusPrinter } from "#firmware/cli/status-printer.ts";
import { statusLine, titleLine } from "#firmware/cli/status-view.ts";
import { VirtualClock } from "#hal/emulator/virtual-clock.ts";
import { startRig } from "../../support/rig.ts";

test("the picture fits 80 columns and 24 rows, and each redraw covers the one before", async () => {
  const rig = await startRig({ hashesPerNonce: 16 });
  const written: string[] = [];
  const output = { stderr: (text: string) => void written.push(text), isTerminal: true, columns: () => 80 };
  const printer = new StatusPrinter(output, new VirtualClock());
  for (let i = 0; i < 30; i++) {
    printer.show(rig.snapshot(), "http://127.0.0.1:46325");
    await rig.advance(1_000);
  }
  const rows = written.map((text) => text.split("\n").length - 1);
  for (const [i, text] of written.entries()) {
    const plain = stripVTControlCharacters(text).replaceAll("\r", "");
    expect(Math.max(...plain.split("\n").map((line) => line.length))).toBeLessThan(80);
    expect(rows[i]).toBeLessThanOrEqual(24);
    if (i > 0) expect(text.startsWith(`\u001b[${rows[i - 1]}A`)).toBe(true);
  }
  await rig.stop();
});

test("without a terminal: what runs first, a line every ten seconds, and how it ended", async () => {
  const rig = await startRig({ hashesPerNonce: 16 });
  const written: string[] = [];
  const output = { stderr: (text: string) => void written.push(text), isTerminal: false, columns: () => 80 };
  const printer = new StatusPrinter(output, rig.clock);
  for (let i = 0; i < 25; i++) {
    printer.show(rig.snapshot(), null);
    await rig.advance(1_000);
  }
  expect(written.length).toBe(4);
  expect(written[0]).toBe(`${titleLine(rig.snapshot())}\n`);
  expect(written[0]).toContain("test rig");
  await rig.stop();
  printer.end(rig.snapshot());
  expect(written.at(-1)).toMatch(/^Stopped: hashboards off, \d+ shares accepted, 0 rejected\.\n$/);
  expect(statusLine(rig.snapshot())).toContain("accepted");
});
