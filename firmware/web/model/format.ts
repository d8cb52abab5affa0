/** Numbers as people read them, always with their unit. */

export const UNKNOWN = "unknown";
const TERA = 1e12;

export function fixed(value: number, digits = 0): string {
  // Intl would do it, too: its first call costs a slow processor a tenth of a second.
  const [whole = "", part] = value.toFixed(digits).split(".");
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ",");
  return part === undefined ? grouped : `${grouped}.${part}`;
}

export function withUnit(value: number | null, unit: string, digits = 0): string {
  return value === null ? UNKNOWN : `${fixed(value, digits)} ${unit}`;
}

/** @param ths TH/s; a single chip makes less than one. */
export function hashrate(ths: number | null): string {
  if (ths === null) return UNKNOWN;
  if (ths !== 0 && ths < 1) return `${fixed(ths * 1000, 1)} GH/s`;
  return `${fixed(ths, ths < 10 ? 2 : 1)} TH/s`;
}

/** Hashes, such as 1.2 P: only their relation tells something. */
export function work(hashes: number, windowMs: number): string {
  return hashrate(hashes / (windowMs / 1000) / TERA);
}

const STEPS = ["", " k", " M", " G", " T", " P", " E"];

export function big(value: number): string {
  const step = value < 1000 ? 0 : Math.min(STEPS.length - 1, Math.floor(Math.log10(value) / 3));
  return `${fixed(value / 1000 ** step, step === 0 ? 0 : 2)}${STEPS[step]}`;
}

const S_MS = 1000;
const MIN_MS = 60 * S_MS;
const H_MS = 60 * MIN_MS;
const D_MS = 24 * H_MS;

export function duration(ms: number): string {
  if (ms < MIN_MS) return `${Math.floor(ms / S_MS)} s`;
  if (ms < H_MS) return `${Math.floor(ms / MIN_MS)} min ${Math.floor((ms % MIN_MS) / S_MS)} s`;
  if (ms < D_MS) return `${Math.floor(ms / H_MS)} h ${Math.floor((ms % H_MS) / MIN_MS)} min`;
  return `${Math.floor(ms / D_MS)} d ${Math.floor((ms % D_MS) / H_MS)} h`;
}

export function bytes(value: number): string {
  return value < 1 << 20 ? `${fixed(value / 1024, 1)} KiB` : `${fixed(value / (1 << 20), 1)} MiB`;
}

/** Local time of whoever looks. */
export function clockTime(wallMs: number): string {
  return new Date(wallMs).toLocaleString("en-GB", { dateStyle: "short", timeStyle: "medium" });
}

/** chainDisabled -> chain disabled. */
export function words(name: string): string {
  return name.replace(/([A-Z])/g, (letter) => ` ${letter.toLowerCase()}`).replaceAll("_", " ");
}

export function isPlural(count: number): string {
  return count === 1 ? "" : "s";
}
