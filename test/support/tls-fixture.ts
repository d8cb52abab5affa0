/** Certificates of tests; see test/fixtures/tls/README.md. */
import crypto from "node:crypto";
import fs from "node:fs";

function read(name: string): string {
  return fs.readFileSync(new URL(`../fixtures/tls/${name}`, import.meta.url), "utf8");
}

export const AUTHORITY_PEM = read("ca.pem");

export function identity(name: "pool" | "expired" | "future"): { key: string; cert: string } {
  return { key: read(`${name}.key`), cert: read(`${name}.pem`) };
}

export function fingerprint256(pem: string): string {
  return new crypto.X509Certificate(pem).fingerprint256;
}
