/** What an update must be before it is installed: of this board, not lower than what runs, small enough. One sentence each. */
import type { BundleInfo } from "./updater.ts";

/** Kept free beside the bundle: settings, receipts and incidents go on being written. */
export const ROOM_LEFT_BYTES = 4 << 20;
const MIB = 1 << 20;

export interface BundleCheck {
  readonly bundle: BundleInfo;
  /** What the board's updater is set up for. */
  readonly board: string;
  readonly runningVersion: string;
  readonly isForced: boolean;
}

/** Null: it may be installed. */
export function refusalOf({ bundle, board, runningVersion, isForced }: BundleCheck): string | null {
  if (bundle.compatible !== board)
    return `The bundle is for board ${bundle.compatible || "(none)"} and this one is ${board}: take the bundle of this board.`;
  if (bundle.version === "") return "The bundle names no version: make it with the image's own scripts.";
  if (!isForced && compareVersions(bundle.version, runningVersion) < 0)
    return `Version ${bundle.version} is lower than ${runningVersion} that runs: order it with force if that is wanted.`;
  return null;
}

/** @param bytes null = the sender does not say. */
export function roomRefusal(freeBytes: number, bytes: number | null): string | null {
  const needed = (bytes ?? 0) + ROOM_LEFT_BYTES;
  if (freeBytes >= needed) return null;
  const mib = (value: number): number => Math.ceil(value / MIB);
  return `The data folder has ${Math.floor(freeBytes / MIB)} MiB free and the update takes ${mib(needed)} MiB: remove old traces and incident files.`;
}

/** Below 0: `a` is lower. Numbers count as numbers, and what stands behind a hyphen is lower than nothing there. */
export function compareVersions(a: string, b: string): number {
  const [coreA = "", preA] = split(a);
  const [coreB = "", preB] = split(b);
  const byCore = compareDotted(coreA, coreB);
  if (byCore !== 0) return byCore;
  if (preA === undefined || preB === undefined) return Number(preA === undefined) - Number(preB === undefined);
  return compareDotted(preA, preB);
}

/** What stands behind a plus sign says nothing of order. */
function split(version: string): [string, string?] {
  const [plain = ""] = version.replace(/^v/, "").split("+");
  const at = plain.indexOf("-");
  return at < 0 ? [plain] : [plain.slice(0, at), plain.slice(at + 1)];
}

function compareDotted(a: string, b: string): number {
  const [partsA, partsB] = [a.split("."), b.split(".")];
  for (let i = 0; i < Math.max(partsA.length, partsB.length); i++) {
    const order = comparePart(partsA[i], partsB[i]);
    if (order !== 0) return order;
  }
  return 0;
}

function comparePart(a: string | undefined, b: string | undefined): number {
  if (a === b) return 0;
  if (a === undefined || b === undefined) return a === undefined ? -1 : 1;
  const [isNumberA, isNumberB] = [/^\d+$/.test(a), /^\d+$/.test(b)];
  if (isNumberA && isNumberB) return Math.sign(Number(a) - Number(b));
  if (isNumberA !== isNumberB) return isNumberA ? -1 : 1;
  return a < b ? -1 : 1;
}
