/**
 * Who may say what: `api-allow` gives address ranges to groups, `api-groups` gives commands to groups. `W` may do everything,
 * the usual group only asks. The first range that holds the address decides, as clients' manuals say; an address in no
 * range is not answered at all.
 */

export interface AccessRules {
  readonly ranges: readonly AccessRange[];
  /** Commands of the groups with a letter of their own; `*` = all that only ask. */
  readonly groups: ReadonlyMap<string, ReadonlySet<string>>;
}

interface AccessRange {
  readonly group: string;
  readonly family: 4 | 6;
  readonly address: bigint;
  readonly prefix: number;
}

/** Whoever may only ask, without a letter in the rules. */
export const READ_GROUP = "R";
export const WRITE_GROUP = "W";
/** Everybody may ask, only the machine itself may order. */
export const DEFAULT_ALLOW = "W:127.0.0.1,W:::1,R:*";

const BITS = { 4: 32, 6: 128 } as const;

/** Parts that cannot be read are left out: a mistake must not open anything. */
export function parseAccess(allow: string, groups = ""): AccessRules {
  const ranges = allow.split(",").flatMap((part) => parseRanges(part.trim()));
  return { ranges, groups: new Map(groups.split(",").flatMap(parseGroup)) };
}

/** Why rules would not do what their owner means, or null. */
export function accessProblem(allow: string, groups: string): string | null {
  const known = parseAccess("", groups).groups;
  const unread = groups.split(",").find((part) => part.trim() !== "" && parseGroup(part).length === 0);
  if (unread !== undefined) return `"${unread.trim()}" of groups is no letter with commands, or is R or W`;
  for (const part of allow.split(",").map((text) => text.trim())) {
    const [range] = parseRanges(part);
    if (range === undefined) return `"${part}" is no address or range with or without a group's letter`;
    const { group } = range;
    if (group !== READ_GROUP && group !== WRITE_GROUP && !known.has(group))
      return `groups says nothing of group ${group}`;
  }
  return null;
}

function parseGroup(text: string): [string, ReadonlySet<string>][] {
  const [letter = "", ...commands] = text.trim().split(":");
  const group = letter.toUpperCase();
  if (!/^[A-Z]$/.test(group) || group === READ_GROUP || group === WRITE_GROUP) return [];
  return [[group, new Set(commands.map((command) => command.toLowerCase()).filter((command) => command !== ""))]];
}

function parseRanges(text: string): AccessRange[] {
  const named = /^([a-z]):(.*)$/i.exec(text);
  // A hexadecimal digit before a colon may begin an IPv6 address: the rest decides.
  const isNamed = named !== null && (parseRangeText(READ_GROUP, text).length === 0 || text.includes("*"));
  return isNamed ? parseRangeText(named[1]!.toUpperCase(), named[2]!) : parseRangeText(READ_GROUP, text);
}

function parseRangeText(group: string, text: string): AccessRange[] {
  if (text === "*") return [4, 6].map((family) => ({ group, family: family as 4 | 6, address: 0n, prefix: 0 }));
  const slash = text.lastIndexOf("/");
  const address = parseAddress((slash < 0 ? text : text.slice(0, slash)).replace(/^\[(.*)\]$/, "$1"), true);
  if (address === null) return [];
  const prefixText = slash < 0 ? String(BITS[address.family]) : text.slice(slash + 1);
  const prefix = Number(prefixText);
  if (!/^\d{1,3}$/.test(prefixText) || prefix > BITS[address.family]) return [];
  return [{ group, family: address.family, address: address.value, prefix }];
}

interface ParsedAddress {
  readonly family: 4 | 6;
  readonly value: bigint;
}

/** @param isShort Missing last octets count as 0, as in `192.168/16`. */
export function parseAddress(text: string, isShort = false): ParsedAddress | null {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(text);
  if (mapped !== null) return parseAddress(mapped[1]!);
  return text.includes(":") ? parseIpv6(text.replace(/%.*$/, "")) : parseIpv4(text, isShort);
}

function parseIpv4(text: string, isShort: boolean): ParsedAddress | null {
  const octets = text.split(".");
  const isRight = octets.every((octet) => /^\d{1,3}$/.test(octet) && Number(octet) < 256);
  if (!isRight || octets.length > 4 || (!isShort && octets.length < 4)) return null;
  while (octets.length < 4) octets.push("0");
  return { family: 4, value: octets.reduce((sum, octet) => sum * 256n + BigInt(octet), 0n) };
}

function parseIpv6(text: string): ParsedAddress | null {
  const halves = text.split("::");
  if (halves.length > 2) return null;
  const [head = [], tail = []] = halves.map((half) => (half === "" ? [] : half.split(":")));
  const missing = 8 - head.length - tail.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return null;
  const words = [...head, ...Array<string>(missing).fill("0"), ...tail];
  if (!words.every((word) => /^[0-9a-f]{1,4}$/i.test(word))) return null;
  return { family: 6, value: words.reduce((sum, word) => sum * 65536n + BigInt(`0x${word}`), 0n) };
}

/** The group of an address, or null where no range holds it. */
export function groupOf(rules: AccessRules, address: string): string | null {
  const parsed = parseAddress(address);
  if (parsed === null) return null;
  const range = rules.ranges.find(({ family, address: start, prefix }) => {
    const rest = BigInt(BITS[family] - prefix);
    return family === parsed.family && start >> rest === parsed.value >> rest;
  });
  return range?.group ?? null;
}

export function mayUse(rules: AccessRules, group: string, command: string, isPrivileged: boolean): boolean {
  if (group === WRITE_GROUP) return true;
  const own = rules.groups.get(group);
  if (own === undefined) return group === READ_GROUP && !isPrivileged;
  return own.has(command) || (own.has("*") && !isPrivileged);
}
