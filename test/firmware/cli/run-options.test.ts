import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { parseRunOptions } from "#firmware/cli/run-options.ts";
import { AUTHORITY_PEM } from "../../support/tls-fixture.ts";

let folder = "";
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "kumpel-test-"));
});
afterEach(() => fs.rmSync(folder, { recursive: true, force: true }));

function refusal(...args: string[]): string {
  try {
    parseRunOptions(args, false);
  } catch (error) {
    expect(error).toMatchObject({ code: "USAGE" });
    return (error as Error).message;
  }
  throw new Error(`${args.join(" ")} was taken`);
}

test.each([
  ["--quota", "70"],
  ["--proxy", "socks5://127.0.0.1:9050"],
  ["--tls-authority", "ca.pem"],
  ["--tls-pin", "00"],
  ["--tls-unchecked"],
  ["--version-bits", "xor"],
])("%s has no meaning without a pool of the owner's", (...option) => {
  expect(refusal("--demo", ...option)).toMatch(new RegExp(`^${option[0]} needs --pool`));
});

const JUNK = "-----BEGIN CERTIFICATE-----\nbm8=\n-----END CERTIFICATE-----\n";
test.each([
  ["no certificate", "hello\n", "it holds no certificate"],
  ["junk between the marks", JUNK, "certificate 1 in it is damaged"],
  ["a beginning without an end", "-----BEGIN CERTIFICATE-----\n", "certificate 1 in it is damaged"],
  ["junk after a good one", `${AUTHORITY_PEM}${JUNK}`, "certificate 2 in it is damaged"],
])("an authority file with %s is refused", (_, text, why) => {
  const file = path.join(folder, "ca.pem");
  fs.writeFileSync(file, text);
  const message = refusal("--pool", "stratum+ssl://pool.test:1", "--tls-authority", file);
  expect(message).toContain(`--tls-authority "${file}" cannot be used (${why})`);
});

test("an authority file may say something before and between its certificates", () => {
  const file = path.join(folder, "ca.pem");
  fs.writeFileSync(file, `# ours\n${AUTHORITY_PEM}# once more\r\n${AUTHORITY_PEM.replaceAll("\n", "\r\n")}`);
  const args = ["--demo", "--pool", "stratum+ssl://pool.test:1", "--tls-authority", file];
  expect(parseRunOptions(args, false).poolGroups[0]?.pools[0]?.tls.kind).toBe("authorities");
});

test("a value that starts with - has a form of its own, and the value is not repeated", () => {
  const pool = ["--demo", "--pool", "pool.test:1"];
  const message = refusal(...pool, "--password", "-secret");
  expect(message).toContain("--password=-VALUE; see kumpel run --help.");
  expect(message).not.toContain("secret");
  expect(parseRunOptions([...pool, "--password=-secret"], false).poolGroups[0]?.pools[0]?.password).toBe("-secret");
  expect(refusal(...pool, "--configure", "x")).toBe("Unknown option '--configure'; see kumpel run --help.");
});
