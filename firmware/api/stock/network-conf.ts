/** The stock network document: shown from the facts, checked key by key when written. */
import { type FaceView, macText, type OrderAnswer } from "../machine-facts.ts";
import { numeric } from "./miner-conf.ts";
import type { Report } from "./reports.ts";

export interface NetworkSettings {
  readonly hostname: string;
  readonly isDhcp: boolean;
  /** Empty with DHCP. */
  readonly ipAddress: string;
  readonly netmask: string;
  readonly gateway: string;
  readonly dnsServers: readonly string[];
}

export type SetNetwork = (settings: NetworkSettings, who: string) => Promise<OrderAnswer>;

/** Machines come with DHCP: what is unknown is taken for that, as clients ask for static details otherwise. */
export function netTypeText({ isDhcp }: { readonly isDhcp: boolean | null }): "DHCP" | "Static" {
  return isDhcp === false ? "Static" : "DHCP";
}

export function networkInfo({ facts }: FaceView, localAddress: string): Report {
  const isStatic = facts.isDhcp === false;
  const address = facts.ipAddress ?? localAddress;
  return {
    nettype: netTypeText(facts),
    netdevice: facts.netDevice ?? "eth0",
    macaddr: macText(facts),
    ipaddress: address,
    netmask: facts.netmask ?? "",
    gateway: facts.gateway ?? "",
    dnsservers: (facts.dnsServers ?? []).join(","),
    conf_nettype: netTypeText(facts),
    conf_hostname: facts.hostname ?? "",
    conf_ipaddress: isStatic ? address : "",
    conf_netmask: isStatic ? (facts.netmask ?? "") : "",
    conf_gateway: isStatic ? (facts.gateway ?? "") : "",
    // Must be there: a client takes it apart at its commas.
    conf_dnsservers: isStatic ? (facts.dnsServers ?? []).join(",") : "",
  };
}

/** Clients write back what they read: that asks for nothing. */
export function isAsItIs(wish: NetworkSettings, { facts }: FaceView): boolean {
  const isDhcp = netTypeText(facts) === "DHCP";
  if (wish.hostname !== (facts.hostname ?? "") || wish.isDhcp !== isDhcp) return false;
  return (
    isDhcp ||
    (wish.ipAddress === facts.ipAddress &&
      wish.netmask === facts.netmask &&
      wish.gateway === facts.gateway &&
      wish.dnsServers.join() === (facts.dnsServers ?? []).join())
  );
}

export type ParsedNetwork =
  | { readonly ok: true; readonly settings: NetworkSettings }
  | { readonly ok: false; readonly code: "N001" | "N002" | "N003" | "N004" | "N005"; readonly message: string };

const DHCP = 1;
const STATIC = 2;

export function parseNetwork(body: Readonly<Record<string, unknown>>): ParsedNetwork {
  const of = (key: string): string => (typeof body[key] === "string" ? body[key].trim() : "");
  const protocol = numeric(body["ipPro"] ?? DHCP);
  const hostname = of("ipHost");
  if (!/^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/.test(hostname)) return wrong("N001", "host name");
  if (protocol === DHCP) {
    const none = { ipAddress: "", netmask: "", gateway: "", dnsServers: [] };
    return { ok: true, settings: { hostname, isDhcp: true, ...none } };
  }
  if (protocol !== STATIC || !isAddress(of("ipAddress"))) return wrong("N002", "address");
  if (!isNetmask(of("ipSub"))) return wrong("N003", "netmask");
  if (!isAddress(of("ipGateway"))) return wrong("N004", "gateway");
  const dnsServers = of("ipDns")
    .split(/[\s,]+/)
    .filter((text) => text !== "");
  if (dnsServers.length === 0 || !dnsServers.every(isAddress)) return wrong("N005", "name server");
  const settings = {
    hostname,
    isDhcp: false,
    ipAddress: of("ipAddress"),
    netmask: of("ipSub"),
    gateway: of("ipGateway"),
  };
  return { ok: true, settings: { ...settings, dnsServers } };
}

function wrong(code: Extract<ParsedNetwork, { ok: false }>["code"], what: string): ParsedNetwork {
  return { ok: false, code, message: `${what} is not valid` };
}

function octets(text: string): number[] | null {
  const parts = text.split(".");
  const isRight = parts.length === 4 && parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) < 256);
  return isRight ? parts.map(Number) : null;
}

/** Of a single machine: neither nothing, nor this machine itself, nor a group. */
function isAddress(text: string): boolean {
  const first = octets(text)?.[0];
  return first !== undefined && first !== 0 && first !== 127 && first < 224;
}

/** Ones, then zeros; at least one of each. */
function isNetmask(text: string): boolean {
  const bits = octets(text)
    ?.map((octet) => octet.toString(2).padStart(8, "0"))
    .join("");
  return bits !== undefined && /^1+0+$/.test(bits);
}
