/** Commands that can ruin a controller or a supply must not exist anywhere in the drivers, not even as a constant. */
import fs from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { PSU_V1_COMMANDS } from "#drivers/psu/frame-v1.ts";
import { PSU_V2_COMMANDS } from "#drivers/psu/frame-v2.ts";
import { DSPIC_COMMANDS } from "#drivers/voltage/dspic-frame.ts";
import { PIC16_COMMANDS } from "#drivers/voltage/pic16-s9.ts";

const FLASH_COMMANDS = [0x01, 0x02, 0x04, 0x05, 0x09];
const WRITE_CALIBRATION = 0x86;

const codesOf = (table: Readonly<Record<string, { readonly code: number }>>) =>
  Object.values(table).map((command) => command.code);

function sources(folder: string): { name: string; text: string }[] {
  const files = fs.readdirSync(folder).filter((name) => name.endsWith(".ts"));
  return files.map((name) => ({ name, text: fs.readFileSync(path.join(folder, name), "utf8") }));
}

test("no command table knows them", () => {
  for (const table of [PIC16_COMMANDS, DSPIC_COMMANDS]) {
    expect(codesOf(table).filter((code) => FLASH_COMMANDS.includes(code))).toEqual([]);
  }
  for (const table of [PSU_V1_COMMANDS, PSU_V2_COMMANDS]) expect(codesOf(table)).not.toContain(WRITE_CALIBRATION);
});

test("every command number in the sources stands in a table that is exported", () => {
  const tables = [PIC16_COMMANDS, DSPIC_COMMANDS, PSU_V1_COMMANDS, PSU_V2_COMMANDS];
  const known = new Set(tables.flatMap(codesOf));
  const found = [...sources("drivers/voltage"), ...sources("drivers/psu")].flatMap(({ name, text }) =>
    [...text.matchAll(/\bcode: (0x[0-9a-f]+|\d+)/g)].map((hit) => ({ name, code: Number(hit[1]) })),
  );
  expect(found).toHaveLength(tables.flatMap(codesOf).length);
  expect(found.filter(({ code }) => !known.has(code))).toEqual([]);
});

test("frames are built from rows of the tables only, never from a bare number", () => {
  const all = [...sources("drivers/voltage"), ...sources("drivers/psu"), ...sources("drivers/sensor")];
  expect(all.length).toBeGreaterThan(15);
  const bare = /\b(pic16Frame|dspicFrame|frame|ask|tryOnce)\((PSU_V\d, )?(0x|\d)|Uint8Array\.of\(0x55, 0xaa, (0x|\d)/;
  expect(all.filter(({ text }) => bare.test(text)).map(({ name }) => name)).toEqual([]);
  expect(all.filter(({ text }) => /0x86\b|\b134\b/i.test(text)).map(({ name }) => name)).toEqual([]);
});
