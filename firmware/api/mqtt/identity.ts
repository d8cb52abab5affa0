/** Who this machine is to a broker and to Home Assistant: an id that stays, and the device that all entities belong to. */
import { isRealMac } from "../../platform/route-facts.ts";
import { type FaceView, marketingName } from "../machine-facts.ts";
import type { MqttOptions } from "../outward-options.ts";

/** What an id is made of, the best last. The host's name is the image's, the same on many machines. */
const ORIGINS = ["name", "serial", "mac"] as const;

export interface Identity {
  readonly id: string;
  readonly origin: (typeof ORIGINS)[number];
}

/**
 * Letters, digits and hyphens. The MAC address, else the serial number, else the host's name. An emulated machine is none
 * that has the address of the computer it runs on, so its id says what it is.
 */
export function identityOf({ snapshot, facts }: Pick<FaceView, "snapshot" | "facts">): Identity {
  const mac = isRealMac(facts.macAddress) ? facts.macAddress : null;
  const known = mac?.replaceAll(/[:-]/g, "") ?? facts.serialNumber ?? facts.hostname ?? "";
  const id = known
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]+/g, "-")
    .replaceAll(/^-+|-+$/g, "");
  return {
    id: `${snapshot.emulationLabel === null ? "" : "emulated-"}${id === "" ? snapshot.machine : id}`,
    origin: mac !== null ? "mac" : facts.serialNumber !== null ? "serial" : "name",
  };
}

export function machineId(view: Pick<FaceView, "snapshot" | "facts">): string {
  return identityOf(view).id;
}

/** What is known for a moment only must not take a better name away. */
export function betterIdentity(held: Identity | null, now: Identity): Identity {
  return held !== null && ORIGINS.indexOf(now.origin) < ORIGINS.indexOf(held.origin) ? held : now;
}

/** Topics of this machine. */
export interface Topics {
  readonly base: string;
  readonly availability: string;
  readonly state: string;
  readonly alerts: string;
  readonly answer: string;
  /** A command as JSON, as the own API takes it. */
  readonly command: string;
  /** One below for each control. */
  readonly set: string;
}

export function topicsOf(id: string, { baseTopic }: Pick<MqttOptions, "baseTopic">): Topics {
  const base = baseTopic ?? `kumpel/${id}`;
  return {
    base,
    availability: `${base}/availability`,
    state: `${base}/state`,
    alerts: `${base}/alerts`,
    answer: `${base}/answer`,
    command: `${base}/command`,
    set: `${base}/set`,
  };
}

/** The `device` of every discovery message. Home Assistant merges devices that share a connection. */
export function deviceOf({ snapshot, facts }: FaceView, id: string): Readonly<Record<string, unknown>> {
  const isReal = snapshot.emulationLabel === null;
  const hasMac = isReal && isRealMac(facts.macAddress);
  return {
    identifiers: [`kumpel-${id}`],
    ...(hasMac ? { connections: [["mac", facts.macAddress.replaceAll("-", ":").toLowerCase()]] } : {}),
    name: facts.hostname === null ? `Kumpel ${id}` : `${isReal ? "" : "Emulated "}${facts.hostname}`,
    manufacturer: "Kumpel",
    model: marketingName(snapshot.machine),
    hw_version: snapshot.controlBoard,
    sw_version: facts.version,
    ...(facts.serialNumber === null ? {} : { serial_number: facts.serialNumber }),
  };
}
