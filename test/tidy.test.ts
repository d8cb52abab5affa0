import fs from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";

const CODE = ["firmware", "drivers", "hal", "scripts", "test"];
/** Generated files and tables, and the files whose business the forbidden thing is. */
const LONG_FILES_ALLOWED = /^(hal\/sha256\.ts)$/;

function filesBelow(folder: string): string[] {
  return fs.readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const full = path.join(folder, entry.name);
    return entry.isDirectory() ? filesBelow(full) : [full];
  });
}

const sources = CODE.flatMap(filesBelow).filter((f) => /\.(tsx?|mjs)$/.test(f));
const product = sources.filter((f) => /^(firmware|drivers|hal)\//.test(f));

function offenders(files: string[], pattern: RegExp): string[] {
  return files.flatMap((file) =>
    fs
      .readFileSync(file, "utf8")
      .split("\n")
      .flatMap((line, i) => (pattern.test(line) ? [`${file}:${i + 1}: ${line.trim()}`] : [])),
  );
}

test("the tidy rules look at the whole tree", () => {
  for (const folder of CODE) expect(sources.some((f) => f.startsWith(`${folder}/`))).toBe(true);
});

test("time, randomness and the environment are arguments outside hal/linux, main and the page's browser", () => {
  const files = product.filter((f) => !/^hal\/linux\/|^firmware\/main\.ts$|^firmware\/web\/browser\.ts$/.test(f));
  const words =
    /\bDate\.now\(|\bnew Date\(\)|\bMath\.random\(|\bset(Timeout|Interval)\(|\bprocess\.env\b|\bperformance\.now\(/;
  expect(offenders(files, words)).toEqual([]);
});

test("files stay short", () => {
  const long = sources
    .filter((f) => !LONG_FILES_ALLOWED.test(f))
    .map((f) => ({ f, lines: fs.readFileSync(f, "utf8").split("\n").length }))
    .filter(({ lines }) => lines > 400);
  expect(long).toEqual([]);
});

test("no barrels, no enums, no untracked to-dos", () => {
  expect(sources.filter((f) => /\/index\.ts$/.test(f))).toEqual([]);
  expect(offenders(product, /^\s*(export )?(const )?enum |^\s*export \* from/)).toEqual([]);
  expect(
    offenders(
      sources.filter((f) => f !== "test/tidy.test.ts"),
      /\b(TODO|FIXME|XXX)\b(?!.*#\d)/,
    ),
  ).toEqual([]);
});

test("a crossing of layers is written with #, a neighbour with ./ and its extension", () => {
  expect(offenders(product, /from "(\.\.\/)+(hal|drivers|firmware)\//)).toEqual([]);
  expect(offenders(product, /from "\.[^"]*(?<!\.tsx?|\.json)"/)).toEqual([]);
});

test("function bodies stay within 70 lines", () => {
  const tooLong = product
    .filter((f) => f !== "hal/sha256.ts")
    .flatMap((file) => {
      const lines = fs.readFileSync(file, "utf8").split("\n");
      const found: string[] = [];
      lines.forEach((line, start) => {
        if (!/^(\s*)(export )?(async )?function |^ {2}(async |static |#|get |set )*[a-zA-Z#]+\(.*\{$/.test(line))
          return;
        const indent = /^\s*/.exec(line)?.[0] ?? "";
        const end = lines.findIndex((l, i) => i > start && l.startsWith(`${indent}}`));
        if (end - start > 71) found.push(`${file}:${start + 1} has ${end - start} lines`);
      });
      return found;
    });
  expect(tooLong).toEqual([]);
});
