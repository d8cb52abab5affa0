/** Settings of what listens and of what goes out to others. */
import type { z } from "zod";
import { accessProblem } from "../api/cgminer/access.ts";
import { choice, face, listening, table, text } from "./keys.ts";
import { mdns, mqtt } from "./outward-keys.ts";

export const network = table("What listens, and where, and what goes out to others. Nothing else does.", {
  http: table("Own API.", {
    ...listening(8080),
    tls: choice(["off", "self_made", "files"], {
      title: "Encryption (HTTPS)",
      description:
        "off: plain HTTP. self_made: HTTPS with a certificate that the board makes once and keeps; compare its fingerprint. files: HTTPS with the owner's certificate.",
      needsRestart: true,
    }).default("off"),
    tls_certificate_file: text(256, {
      title: "File of the certificate",
      description: "PEM file of the certificate, with those between it and its authority behind it; for files.",
      needsRestart: true,
    }).optional(),
    tls_key_file: text(256, {
      title: "File of its key",
      description: "PEM file of its key; for files.",
      needsRestart: true,
    }).optional(),
  }),
  cgminer: face("cgminer API.", 4028, {
    allow: text(400, {
      title: "Who may ask, and who may order",
      description:
        "Who may order (W) and who may only ask (R), as cgminer writes its api-allow; the first match counts.",
      needsRestart: true,
    }).default("W:127.0.0.1,W:::1,R:*"),
    groups: text(400, {
      title: "Groups with letters of their own",
      description:
        "Which commands the other groups of allow may say, as cgminer writes its api-groups: letter and commands between colons; * is all that only ask.",
      needsRestart: true,
    }).default("A:stats:pools:devs:summary:version"),
  }),
  stock: face("Stock Antminer web face, for managers that know nothing else.", 80, {
    user: text(64, { title: "User", description: "User of the face.", needsRestart: true }).default("root"),
    password: text(200, {
      title: "Password",
      description: "Password of the face; without one nobody can sign on.",
      needsRestart: true,
      isSecret: true,
    }).optional(),
    ha1: text(32, {
      title: "Password as the face keeps it",
      description: "Kept by the face when its password was changed there; password goes before it.",
      needsRestart: true,
      isSecret: true,
    })
      .regex(/^[0-9a-f]{32}$/, "must be 32 hex digits")
      .optional(),
  }),
  status: face("Status port of the stock face.", 6060, {}),
  metrics: face("Prometheus metrics.", 9100, {}),
  mqtt,
  mdns,
});

/** What holds between keys. */
export function checkNetwork(settings: z.output<typeof network>, context: z.RefinementCtx): void {
  const complain = (part: string, key: string, message: string): void =>
    context.addIssue({ code: "custom", path: ["network", part, key], message });
  const { mqtt: broker, http } = settings;
  if (broker.tls_trust === "pinned" && broker.tls_pin_sha256 === undefined)
    complain("mqtt", "tls_trust", "needs tls_pin_sha256 beside it");
  if (http.tls === "files" && (http.tls_certificate_file === undefined || http.tls_key_file === undefined))
    complain("http", "tls", "needs tls_certificate_file and tls_key_file beside it");
  const problem = accessProblem(settings.cgminer.allow, settings.cgminer.groups);
  if (problem !== null) complain("cgminer", "allow", `cannot be taken: ${problem}`);
  const places: (Place & { readonly name: string })[] = [{ ...http, name: "http", enabled: true }];
  for (const name of ["cgminer", "stock", "status", "metrics"] as const) {
    const place = { ...settings[name], name };
    const other = places.find((before) => areInTheWay(before, place));
    if (other !== undefined) complain(name, "port", `must be another than network.${other.name}.port (${other.port})`);
    places.push(place);
  }
}

interface Place {
  readonly enabled: boolean;
  readonly listen: string;
  readonly port: number;
}

/** An address of all interfaces holds those of each. */
function areInTheWay(a: Place, b: Place): boolean {
  const holdsAll = ({ listen }: Place): boolean => listen === "0.0.0.0" || listen === "::";
  const isSameAddress = a.listen === b.listen || holdsAll(a) || holdsAll(b);
  return a.enabled && b.enabled && a.port === b.port && a.port !== 0 && isSameAddress;
}
