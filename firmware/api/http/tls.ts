/**
 * The certificate of the own API: the owner's, or one that the board makes for itself once and keeps (`tls.pem` in the data
 * folder). A self-made one proves nothing until somebody has compared its fingerprint, which the log and the API tell.
 */
import { createHash, X509Certificate } from "node:crypto";
import fs from "node:fs";
import { errorText, KumpelError } from "#hal/errors.ts";
import type { FileStore } from "#hal/file-store.ts";

export const TLS_FILE = "tls.pem";
/** A board's clock may be far off before it was set, so the certificate is valid over all of it. */
const NOT_BEFORE = new Date("2020-01-01T00:00:00Z");
const NOT_AFTER = new Date("2049-12-31T00:00:00Z");
const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----\s*/;
const KEY = /-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]+-----END [A-Z ]*PRIVATE KEY-----\s*/;

export interface TlsMaterial {
  /** PEM. */
  readonly key: string;
  readonly cert: string;
  /** SHA-256 of the certificate, 64 hex digits. */
  readonly fingerprint: string;
}

export type TlsWish =
  | { readonly kind: "selfMade"; readonly names: readonly string[]; readonly addresses: readonly string[] }
  | { readonly kind: "files"; readonly certificateFile: string; readonly keyFile: string };

/** @throws KumpelError `SETTINGS_INVALID` for files that cannot be used, `STORE_FAILED`. */
export async function tlsMaterial(wish: TlsWish, store: FileStore): Promise<TlsMaterial> {
  return wish.kind === "files" ? ofFiles(wish.certificateFile, wish.keyFile) : selfMade(wish, store);
}

function ofFiles(certificateFile: string, keyFile: string): TlsMaterial {
  const cert = readPem(certificateFile, "network.http.tls_certificate_file", CERTIFICATE);
  const key = readPem(keyFile, "network.http.tls_key_file", KEY);
  return withFingerprint(key, cert, certificateFile);
}

function readPem(file: string, setting: string, kind: RegExp): string {
  let text: string;
  try {
    text = fs.readFileSync(file, "utf8");
  } catch (cause) {
    throw new KumpelError(
      "SETTINGS_INVALID",
      `${setting} "${file}" cannot be read (${errorText(cause)}): name a PEM file.`,
      { cause },
    );
  }
  if (kind.test(text)) return text;
  throw new KumpelError(
    "SETTINGS_INVALID",
    `${setting} "${file}" holds no such PEM part: name a file of the right kind.`,
  );
}

async function selfMade(wish: Extract<TlsWish, { kind: "selfMade" }>, store: FileStore): Promise<TlsMaterial> {
  const kept = await store.read(TLS_FILE);
  const [key, cert] = [KEY.exec(kept ?? "")?.[0], CERTIFICATE.exec(kept ?? "")?.[0]];
  if (key !== undefined && cert !== undefined && isUsable(cert)) return withFingerprint(key, cert, TLS_FILE);
  const { generate } = await import("selfsigned");
  const made = await generate([{ name: "commonName", value: wish.names[0] ?? "kumpel" }], {
    keyType: "ec",
    curve: "P-256",
    notBeforeDate: NOT_BEFORE,
    notAfterDate: NOT_AFTER,
    extensions: [
      {
        name: "subjectAltName",
        altNames: [
          ...wish.names.map((value) => ({ type: 2 as const, value })),
          ...wish.addresses.map((ip) => ({ type: 7 as const, ip })),
        ],
      },
    ],
  });
  await store.write(TLS_FILE, `${made.private}\n${made.cert}\n`);
  return withFingerprint(made.private, made.cert, TLS_FILE);
}

/** A file that somebody cut or mixed up is made anew. */
function isUsable(cert: string): boolean {
  try {
    return new X509Certificate(cert).raw.length > 0;
  } catch {
    return false;
  }
}

function withFingerprint(key: string, cert: string, place: string): TlsMaterial {
  try {
    const { raw } = new X509Certificate(cert);
    return { key, cert, fingerprint: createHash("sha256").update(raw).digest("hex") };
  } catch (cause) {
    throw new KumpelError(
      "SETTINGS_INVALID",
      `The certificate in ${place} cannot be read (${errorText(cause)}): give another one.`,
      { cause },
    );
  }
}
