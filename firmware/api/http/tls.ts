/**
 * The certificate of the own API: the owner's, or one that the board makes for itself once and keeps (`tls.pem` in the data
 * folder). A self-made one proves nothing until somebody has compared its fingerprint, which the log and the API tell.
 */
import { createHash, createPrivateKey, X509Certificate } from "node:crypto";
import fs from "node:fs";
import { createSecureContext } from "node:tls";
import { errorText, isKumpelError, KumpelError } from "#hal/errors.ts";
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

export interface TlsWish {
  /** Null: a self-made certificate. */
  readonly files: { readonly certificateFile: string; readonly keyFile: string } | null;
  /** What a self-made one has to name. */
  readonly names: readonly string[];
  readonly addresses: readonly string[];
}

/**
 * Never plain HTTP where the owner wants HTTPS, and never a board that nobody can reach: files that cannot be used are told,
 * and a self-made certificate serves until they can.
 * @param warn gets one sentence for each thing that is not as wished.
 */
export async function tlsMaterial(wish: TlsWish, store: FileStore, warn: (text: string) => void): Promise<TlsMaterial> {
  if (wish.files !== null) {
    try {
      return ofFiles(wish.files.certificateFile, wish.files.keyFile);
    } catch (error) {
      if (!isKumpelError(error)) throw error;
      warn(`${errorText(error)} Until then the own API uses a certificate that it made itself.`);
    }
  }
  return selfMade(wish, store, warn);
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

async function selfMade(wish: TlsWish, store: FileStore, warn: (text: string) => void): Promise<TlsMaterial> {
  const kept = await orWarn(store.read(TLS_FILE), warn);
  const usable = keptMaterial(kept ?? "");
  if (usable !== null) return usable;
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
  await orWarn(store.write(TLS_FILE, `${made.private}\n${made.cert}\n`), warn);
  return withFingerprint(made.private, made.cert, TLS_FILE);
}

/** A disk that fails costs the certificate's permanence, not the API. */
async function orWarn<T>(task: Promise<T>, warn: (text: string) => void): Promise<T | null> {
  try {
    return await task;
  } catch (error) {
    if (!isKumpelError(error, "STORE_FAILED")) throw error;
    warn(`The certificate of the own API is another one after each restart: ${errorText(error)}`);
    return null;
  }
}

/** Null: nobody made one, or somebody cut or mixed it up, and it is made anew. */
function keptMaterial(text: string): TlsMaterial | null {
  const [key, cert] = [KEY.exec(text)?.[0], CERTIFICATE.exec(text)?.[0]];
  if (key === undefined || cert === undefined) return null;
  try {
    return withFingerprint(key, cert, TLS_FILE);
  } catch (error) {
    if (!isKumpelError(error, "SETTINGS_INVALID")) throw error;
    return null;
  }
}

function withFingerprint(key: string, cert: string, place: string): TlsMaterial {
  try {
    const certificate = new X509Certificate(cert);
    const { raw } = certificate;
    if (!certificate.checkPrivateKey(createPrivateKey(key))) throw new Error("the key belongs to another one");
    // All of the chain, as the server will read it: what is cut in its middle would end the server.
    createSecureContext({ key, cert });
    return { key, cert, fingerprint: createHash("sha256").update(raw).digest("hex") };
  } catch (cause) {
    throw new KumpelError(
      "SETTINGS_INVALID",
      `The certificate in ${place} cannot be read (${errorText(cause)}): give another one.`,
      { cause },
    );
  }
}
