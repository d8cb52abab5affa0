import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";

const documents = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard", "*.md"], {
  encoding: "utf8",
})
  .trim()
  .split("\n");

test("every relative link in a document leads to a file", () => {
  expect(documents.length).toBeGreaterThan(5);
  const broken = documents.flatMap((document) =>
    [...fs.readFileSync(document, "utf8").matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)]
      .map((match) => match[1] ?? "")
      .filter((link) => !/^[a-z]+:/.test(link) && !fs.existsSync(path.join(path.dirname(document), link)))
      .map((link) => `${document}: ${link}`),
  );
  expect(broken).toEqual([]);
});

test("every source file that a document names exists", () => {
  const missing = documents.flatMap((document) =>
    [
      ...fs
        .readFileSync(document, "utf8")
        .matchAll(/`((?:firmware|drivers|hal|scripts|test)\/[\w./-]+\.(?:ts|mjs|md|json))`/g),
    ]
      .map((match) => match[1] ?? "")
      .filter((file) => !fs.existsSync(file))
      .map((file) => `${document}: ${file}`),
  );
  expect(missing).toEqual([]);
});

test("every package of the program has its line in DEPENDENCIES.md", () => {
  const pkg = JSON.parse(fs.readFileSync("package.json", "utf8")) as Record<string, Record<string, string>>;
  const text = fs.readFileSync("docs/DEPENDENCIES.md", "utf8");
  const names = ["dependencies", "optionalDependencies", "devDependencies"].flatMap((key) =>
    Object.keys(pkg[key] ?? {}),
  );
  expect(names.length).toBeGreaterThan(10);
  expect(names.filter((name) => !text.includes(name))).toEqual([]);
});

test("every option of kumpel run is explained in its help", async () => {
  const { RUN_HELP } = await import("#firmware/cli/run-options.ts");
  const source = fs.readFileSync("firmware/cli/run-options.ts", "utf8");
  const options = [...source.matchAll(/values(?:\.(\w+)|\["([\w-]+)"\])/g)].map((m) => m[1] ?? m[2] ?? "");
  expect(options.length).toBeGreaterThan(8);
  expect(options.filter((option) => !RUN_HELP.includes(`--${option}`))).toEqual([]);
});

test("the lockfile holds no download addresses", () => {
  expect(fs.readFileSync("package-lock.json", "utf8")).not.toContain('"resolved"');
});
