import { expect, test } from "vitest";
import { parsePoolUrl, parseProxyUrl, poolKey } from "#firmware/stratum/pool-url.ts";

const plain = { isTls: false, wantsExtranonceSubscribe: false };

test.each([
  [
    "stratum+tcp://pool.example:3333",
    { url: "stratum+tcp://pool.example:3333", host: "pool.example", port: 3333, ...plain },
  ],
  ["pool.example:3333", { url: "stratum+tcp://pool.example:3333", host: "pool.example", port: 3333, ...plain }],
  [" 10.0.0.2:25/ ", { url: "stratum+tcp://10.0.0.2:25", host: "10.0.0.2", port: 25, ...plain }],
  ["stratum+tcp://[::1]:3333", { url: "stratum+tcp://[::1]:3333", host: "::1", port: 3333, ...plain }],
  ["[::1]:3333", { url: "stratum+tcp://[::1]:3333", host: "::1", port: 3333, ...plain }],
  [
    "stratum+tcp://[fe80::1%lo]:3333",
    { url: "stratum+tcp://[fe80::1%lo]:3333", host: "fe80::1%lo", port: 3333, ...plain },
  ],
  [
    "stratum+ssl://p:443",
    { url: "stratum+ssl://p:443", host: "p", port: 443, isTls: true, wantsExtranonceSubscribe: false },
  ],
  [
    "stratum+tls://p:443",
    { url: "stratum+ssl://p:443", host: "p", port: 443, isTls: true, wantsExtranonceSubscribe: false },
  ],
  [
    "stratums://p:443",
    { url: "stratum+ssl://p:443", host: "p", port: 443, isTls: true, wantsExtranonceSubscribe: false },
  ],
  ["SSL://p:443", { url: "stratum+ssl://p:443", host: "p", port: 443, isTls: true, wantsExtranonceSubscribe: false }],
  [
    "p:3333#xnsub",
    { url: "stratum+tcp://p:3333", host: "p", port: 3333, isTls: false, wantsExtranonceSubscribe: true },
  ],
  [
    "stratum+tcp://p:3333/#xnsub",
    { url: "stratum+tcp://p:3333", host: "p", port: 3333, isTls: false, wantsExtranonceSubscribe: true },
  ],
])("%s", (text, expected) => {
  expect(parsePoolUrl(text)).toEqual({ ...expected, asWritten: text });
  expect(poolKey(text)).toBe(expected.url);
});

test("a text that is no address is compared as it is", () => {
  for (const text of ["", "pool.example", "http://pool.example:80", "a:s3cret@pool.example:1"])
    expect(poolKey(text)).toBe(text);
});

test.each([
  ["http://pool.example:80", /scheme "http"/],
  ["stratum2+tcp://pool.example:34254/KEY", /Stratum V2/],
  ["pool.example", /host and port/],
  ["pool.example:0", /port 0 is outside/],
  ["pool.example:70000", /port 70000 is outside/],
  ["::1:3333", /goes into brackets.*stratum\+tcp:\/\/\[IPV6\]:PORT/],
  ["fe80::1", /goes into brackets/],
  ["", /host and port/],
])("%s is refused with what to write instead", (text, why) => {
  expect(() => parsePoolUrl(text)).toThrowError(
    expect.objectContaining({ code: "POOL_URL_INVALID", message: expect.stringMatching(why) }),
  );
});

test("credentials in an address are refused and not repeated", () => {
  for (const text of ["stratum+tcp://alice:s3cret@pool.example:3333", "alice:s3cret@pool.example:3333"]) {
    expect(() => parsePoolUrl(text)).toThrowError(
      expect.objectContaining({ message: expect.not.stringContaining("s3cret") }),
    );
  }
});

test("proxies", () => {
  expect(parseProxyUrl("socks5://127.0.0.1:9050")).toEqual({
    host: "127.0.0.1",
    port: 9050,
    user: null,
    password: null,
  });
  expect(parseProxyUrl("socks5h://[::1]:9050")).toEqual({ host: "::1", port: 9050, user: null, password: null });
  expect(parseProxyUrl("socks5://u:p%40ss@h:1")).toEqual({ host: "h", port: 1, user: "u", password: "p@ss" });
  for (const text of ["http://h:1", "socks5://h", "h:1", "socks4://u:s3cret@h:1"]) {
    expect(() => parseProxyUrl(text)).toThrowError(
      expect.objectContaining({ code: "POOL_URL_INVALID", message: expect.not.stringContaining("s3cret") }),
    );
  }
});

test.each([
  ["socks5://user:SECRET", 'Proxy "socks5://user:..."'],
  ["user:SECRET", 'Proxy "user:..."'],
  ["socks5://u:%zzSECRET@h:1080", "a % in user or password is written %25"],
  ["socks5://h:1080?password=SECRET&x", null],
  ["http://h:1080", 'Proxy "http://h:1080"'],
])("a proxy address that cannot be used, %s, is refused without what may be secret in it", (text, part) => {
  let message = "";
  try {
    parseProxyUrl(text);
  } catch (error) {
    message = String(error);
  }
  if (part !== null) expect(message).toContain(part);
  expect(message).not.toContain("SECRET");
});

test("what follows a question mark in a pool address is not shown", () => {
  expect(() => parsePoolUrl("h:3333?password=SECRET")).toThrow('Pool address "h:3333?..."');
});
