/** The certificate of the own API: whatever becomes of its files, one serves. */
import fs from "node:fs";
import path from "node:path";
import { createSecureContext } from "node:tls";
import { expect, test } from "vitest";
import { TLS_FILE, type TlsWish, tlsMaterial } from "#firmware/api/http/tls.ts";
import { MemoryStore } from "#hal/emulator/memory-store.ts";
import { temporaryFolder } from "../../../support/program.ts";

const SELF_MADE: TlsWish = { files: null, names: ["kumpel"], addresses: ["192.0.2.1"] };

async function made(store = new MemoryStore(), wish = SELF_MADE) {
  const warnings: string[] = [];
  const material = await tlsMaterial(wish, store, (text) => warnings.push(text));
  // As the server takes it.
  createSecureContext(material);
  return { store, warnings, material };
}

test("a self-made one is made once and kept", async () => {
  const { store, material } = await made();
  expect((await made(store)).material.fingerprint).toBe(material.fingerprint);
});

test.each([
  ["its key damaged", (text: string) => text.replace(/(PRIVATE KEY-----\n.{10})..../, "$1AAAA")],
  ["its certificate damaged", (text: string) => text.replace(/(BEGIN CERTIFICATE-----\n)..../, "$1AAAA")],
  ["cut", (text: string) => text.slice(0, text.length / 2)],
  ["empty", () => ""],
])("a kept one with %s is made anew, and kept", async (_, damage) => {
  const { store, material } = await made();
  const text = store.files.get(TLS_FILE) ?? "";
  expect(damage(text)).not.toBe(text);
  store.files.set(TLS_FILE, damage(text));
  const anew = await made(store);
  expect(anew.material.fingerprint).not.toBe(material.fingerprint);
  expect((await made(store)).material.fingerprint).toBe(anew.material.fingerprint);
});

test("a kept key that belongs to another certificate is made anew", async () => {
  const [one, other] = [await made(), await made()];
  one.store.files.set(TLS_FILE, `${other.material.key}\n${one.material.cert}\n`);
  const { fingerprint } = (await made(one.store)).material;
  expect([one.material.fingerprint, other.material.fingerprint]).not.toContain(fingerprint);
});

test("the owner's files serve; cut in their chain, or mixed up, they are told and a self-made one does", async () => {
  const [own, other] = [(await made()).material, (await made()).material];
  const folder = temporaryFolder();
  const files = { certificateFile: path.join(folder, "c.pem"), keyFile: path.join(folder, "k.pem") };
  const wish = { ...SELF_MADE, files };
  fs.writeFileSync(files.keyFile, own.key);
  const withChain = (chain: string) => {
    fs.writeFileSync(files.certificateFile, chain);
    return made(new MemoryStore(), wish);
  };
  const good = await withChain(`${own.cert}\n${other.cert}`);
  expect([good.material.fingerprint, good.warnings]).toEqual([own.fingerprint, []]);
  for (const chain of [`${own.cert}\n${other.cert.slice(0, 300)}`, other.cert, "-----BEGIN"]) {
    const { material, warnings } = await withChain(chain);
    expect(material.fingerprint).not.toBe(own.fingerprint);
    expect(warnings).toEqual([expect.stringMatching(/c\.pem.*Until then the own API uses a certificate/)]);
  }
});
