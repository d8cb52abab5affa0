/**
 * Our own capture, version 1, as docs/TRACE.md explains it: text by lines, so that it can be read, cut and compared with
 * ordinary tools.
 *
 *   # kumpel trace 1
 *   # chip BM1368                          facts, one a line
 *   12.345 0 > 55aa520500000a              ms since the start, chain, to the chips (<: from them), bytes
 *   13.001 p0 < {"id":1,"result":true}     pool 0, secrets masked
 *   15.200 0 ! baud 3125000                what the recorder tells; - in place of the chain: of all
 */
export const CAPTURE_VERSION = 1;
export const CAPTURE_MAGIC = "# kumpel trace ";

/** Facts of a header, in the order in which they are written. */
export const HEADER_KEYS = [
  "program",
  "machine",
  "chip",
  "chips",
  "address-interval",
  "chip-scale",
  "started",
  "converted-from",
] as const;
export type HeaderKey = (typeof HEADER_KEYS)[number];
export type CaptureHeader = Readonly<Partial<Record<HeaderKey, string | number>>>;

export function headerText(header: CaptureHeader): string {
  const facts = HEADER_KEYS.flatMap((key) => {
    const value = header[key];
    return value === undefined ? [] : [`# ${key} ${value}`];
  });
  return `${[`${CAPTURE_MAGIC}${CAPTURE_VERSION}`, ...facts].join("\n")}\n`;
}

/** Times have microseconds, so that captures differ by no digits that mean nothing. */
export function timeText(tMs: number): string {
  return tMs.toFixed(3);
}
