/**
 * Building bricks of the settings schema: a key with its facts (range, unit, whether it needs a restart, what it does).
 * Forms, reference page, JSON Schema and the API's constraints all read the same facts.
 */
import net from "node:net";
import { z } from "zod";
import { errorText } from "#hal/errors.ts";

/** What stands beside the type of a key. */
export interface KeyMeta {
  /** Names it where a form asks for it. */
  readonly title: string;
  readonly description: string;
  /** Of a number, as the name of the key ends; absent: it has none. */
  readonly unit?: string;
  /** True: the change shows after the program started again. */
  readonly needsRestart: boolean;
  /** Never shown, logged or answered. */
  readonly isSecret?: boolean;
}

export function number(min: number, max: number, meta: KeyMeta) {
  return z
    .number()
    .min(min)
    .max(max)
    .meta({ ...meta });
}

export function integer(min: number, max: number, meta: KeyMeta) {
  return z
    .int()
    .min(min)
    .max(max)
    .meta({ ...meta });
}

export function text(maxLength: number, meta: KeyMeta) {
  return z
    .string()
    .min(1)
    .max(maxLength)
    .meta({ ...meta });
}

export function choice<const T extends readonly [string, ...string[]]>(values: T, meta: KeyMeta) {
  return z.enum(values).meta({ ...meta });
}

export function flag(meta: KeyMeta) {
  return z.boolean().meta({ ...meta });
}

/** A table of keys; one that is not written counts as an empty one, so that its keys have their defaults. */
export function table<T extends z.ZodRawShape>(description: string, shape: T) {
  return z
    .object(shape)
    .prefault({} as never)
    .meta({ description });
}

/** A face that listens only when it is switched on, with keys of its own. */
export function face<T extends z.ZodRawShape>(what: string, port: number, more: T) {
  return table(what, {
    enabled: flag({ title: "Listens", description: "Whether it listens at all.", needsRestart: true }).default(false),
    ...listening(port),
    ...more,
  });
}

const NO_ADDRESS = "must be an IPv4 or IPv6 address, such as 127.0.0.1 or 0.0.0.0";

export function listening(port: number) {
  return {
    listen: text(64, {
      title: "Address to listen on",
      description:
        "Address to listen on: 127.0.0.1 is reachable from the machine itself only, 0.0.0.0 and :: from everywhere.",
      needsRestart: true,
    })
      .regex(/^[0-9a-f.:]+$/i, NO_ADDRESS)
      .refine((address) => net.isIP(address) !== 0, NO_ADDRESS)
      .default("127.0.0.1"),
    port: integer(0, 65_535, {
      title: "TCP port",
      description: "TCP port; 0 picks a free one.",
      needsRestart: true,
    }).default(port),
  };
}

/** How a server behind TLS has to prove itself; for pools and for an MQTT broker. */
export function tlsKeys(server: string) {
  return {
    tls_trust: choice(["authorities", "pinned", "unchecked"], {
      title: "Who vouches for it (TLS)",
      description: `Who vouches for a ${server} behind TLS: the system's authorities, the one certificate of tls_pin_sha256, or nobody (encrypted only).`,
      needsRestart: true,
    }).default("authorities"),
    tls_authority_file: text(256, {
      title: "File with further authorities (TLS)",
      description: "PEM file with further authorities to trust.",
      needsRestart: true,
    }).optional(),
    tls_pin_sha256: text(95, {
      title: "Fingerprint of its certificate (TLS)",
      description: `SHA-256 fingerprint of the ${server}'s certificate: 64 hex digits, colons or not.`,
      needsRestart: true,
    })
      .regex(/^([0-9a-f]{2}:?){32}$/i, "must be 64 hex digits, colons or not")
      .optional(),
  };
}

/** A parser of the program decides; the address itself may hold a secret and is not repeated. */
export function mustParse(parse: () => unknown, context: z.RefinementCtx): void {
  try {
    parse();
  } catch (error) {
    const why = errorText(error)
      .replace(/^[^"]*"[^"]*": /, "")
      .replace(/\.$/, "");
    context.addIssue({ code: "custom", message: `is no address that can be used (${why})` });
  }
}
