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

function tree(folder: string): { name: string; text: string }[] {
  return fs
    .readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => ({ name: `${folder}/${name}`, text: fs.readFileSync(path.join(folder, name), "utf8") }));
}

/** A frame to a controller or a supply that is written out by hand, in any of the forms that TypeScript offers. */
const HAND_MADE = /0x55,\s*0xaa,\s*(0x|\d)|\b85,\s*170\b|["'`]55 ?aa ?[0-9a-f]{2}/i;

test("nobody else in the program builds such frames by hand", () => {
  const all = ["drivers", "firmware", "hal/boards", "hal/linux"].flatMap(tree);
  expect(all.length).toBeGreaterThan(150);
  expect(all.filter(({ text }) => HAND_MADE.test(text)).map(({ name }) => name)).toEqual([]);
});

test("only the drivers of controllers and supplies know how to frame a command for one", () => {
  const users = tree("drivers")
    .concat(tree("firmware"))
    .filter(({ text }) => /\b(pic16Frame|dspicFrame|buildPsuFrame|PSU_V[12]\.frame)\(/.test(text));
  for (const { name } of users) expect(name).toMatch(/^drivers\/(voltage|psu)\//);
  expect(users.length).toBeGreaterThanOrEqual(3);
});

test.each(["Uint8Array.of(0x55, 0xaa, 0x04)", 'fromHex("55aa09")', 'Buffer.from("55 AA 05", "hex")', "[85, 170, 4]"])(
  "the search would find %s",
  (code) => {
    expect(HAND_MADE.test(code)).toBe(true);
  },
);
