/**
 * What is said of this machine on the local network: two services with their address, and the answers to questions. Pure.
 * RFC 6762 (multicast DNS) and RFC 6763 (services in it); times to live from RFC 6762 section 10.
 */
import type { SrvAnswer, StringAnswer, TxtAnswer } from "dns-packet";

/** The kinds that we say; a stranger's packet may hold others. */
export type OwnRecord = StringAnswer | SrvAnswer | TxtAnswer;

export interface Question {
  readonly name: string;
  /** `ANY` asks for all kinds. */
  readonly type: string;
}

/** A record that somebody says, of whatever kind. */
export interface Said {
  readonly type: string;
  readonly name: string;
  readonly ttl?: number | undefined;
  readonly data?: unknown;
}

export interface Announcement {
  /** Without `.local`. */
  readonly hostname: string;
  /** What a person sees in a list. */
  readonly instance: string;
  /** IPv4; null = unknown, then no address is said. */
  readonly address: string | null;
  readonly port: number;
  /** The port takes HTTPS only. */
  readonly isTls: boolean;
  /** What is told of the machine with each service. */
  readonly text: Readonly<Record<string, string>>;
}

const HOST_TTL_S = 120;
const OTHER_TTL_S = 4_500;
const SERVICE_LIST = "_services._dns-sd._udp.local";

interface Service {
  readonly service: string;
  readonly own: Readonly<Record<string, string>>;
}

/** The page, which a browser opens at `path`, and the API for managers. */
function servicesOf(isTls: boolean): readonly Service[] {
  const scheme = isTls ? "https" : "http";
  return [
    { service: `_${scheme}._tcp.local`, own: { path: "/" } },
    { service: "_kumpel._tcp.local", own: { path: "/api/v1", scheme } },
  ];
}

export function recordsOf({ hostname, instance, address, port, isTls, text }: Announcement): OwnRecord[] {
  const host = `${hostname}.local`;
  const ofServices = servicesOf(isTls).flatMap(({ service, own }): OwnRecord[] => {
    const name = `${instance}.${service}`;
    const data = Object.entries({ ...own, ...text }).map(([key, value]) => `${key}=${value}`);
    return [
      { type: "PTR", name: SERVICE_LIST, ttl: OTHER_TTL_S, data: service },
      { type: "PTR", name: service, ttl: OTHER_TTL_S, data: name },
      { type: "SRV", name, ttl: HOST_TTL_S, flush: true, data: { target: host, port, priority: 0, weight: 0 } },
      { type: "TXT", name, ttl: OTHER_TTL_S, flush: true, data },
    ];
  });
  if (address === null) return ofServices;
  return [...ofServices, { type: "A", name: host, ttl: HOST_TTL_S, flush: true, data: address }];
}

/** Ours that are asked for; what the asker says that it knows already is left out. */
export function answersTo(
  questions: readonly Question[],
  known: readonly Said[],
  records: readonly OwnRecord[],
): OwnRecord[] {
  return records.filter(
    (record) =>
      questions.some(({ name, type }) => isSameName(name, record.name) && (type === "ANY" || type === record.type)) &&
      !known.some(
        ({ type, name, data, ttl }) =>
          type === "PTR" &&
          record.type === "PTR" &&
          isSameName(name, record.name) &&
          data === record.data &&
          (ttl ?? 0) >= (record.ttl ?? 0) / 2,
      ),
  );
}

/** What the asker will ask for next. */
export function additionalsTo(answers: readonly OwnRecord[], records: readonly OwnRecord[]): OwnRecord[] {
  if (answers.length === 0) return [];
  return records.filter((record) => record.type !== "PTR" && !answers.includes(record));
}

/** Another machine says that one of the names that are ours alone is its own. */
export function isConflict(answers: readonly Said[], records: readonly OwnRecord[]): boolean {
  return answers.some(({ type, name, data, ttl }) => {
    if (ttl === 0) return false;
    const ours = records.find(
      (record) =>
        record.type === type && record.type !== "PTR" && record.type !== "TXT" && isSameName(record.name, name),
    );
    return ours !== undefined && !isSameData(ours, data);
  });
}

/** A label takes 63 signs: those of the instance before the name, and of what is added to it, off. */
const NAMED_MAX_SIGNS = 46;

/**
 * The name to try after so many conflicts. The end of the MAC address comes first, since then each of many machines of one
 * image has the same name after every start: `miner`, `miner-0a0b0c`, `miner-0a0b0c-2`; without it `miner`, `miner-2`.
 */
export function nameAfter(conflicts: number, name: string, mac: string | null): string {
  if (conflicts === 0) return name;
  const start = name.slice(0, NAMED_MAX_SIGNS);
  if (mac === null) return `${start}-${conflicts + 1}`;
  const own = `${start}-${mac.replaceAll(/[:-]/g, "").slice(-6).toLowerCase()}`;
  return conflicts === 1 ? own : `${own}-${conflicts}`;
}

function isSameData(ours: OwnRecord, data: unknown): boolean {
  if (ours.type !== "SRV") return ours.data === data;
  const { target, port } = data as { target?: unknown; port?: unknown };
  return typeof target === "string" && isSameName(target, ours.data.target) && port === ours.data.port;
}

function isSameName(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}
