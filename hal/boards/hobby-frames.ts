/**
 * Control protocol of USB hobby boards (bitaxe-raw and the EmberOne firmware), as bytes:
 *
 *   request   length 2 LE (whole frame) | id | bus 0 | page | command | data
 *   reply v0  length 2 LE (data only)   | id | data                     older firmware
 *   error v0  length 2 LE (whole frame) | id | code [| text]
 *   reply v1  length 2 LE (whole frame) | id | status (0 = ok) | data   USB device version x.1 and later
 *
 * A v0 success and a v0 error differ in nothing but their length, so whoever asks must know how much he asked for.
 */

export const HOBBY_PAGE = { i2c: 0x05, gpio: 0x06, adc: 0x07, led: 0x08 } as const;
export const HOBBY_I2C = { setFrequency: 0x10, write: 0x20, read: 0x30, writeRead: 0x40 } as const;
export const HOBBY_ADC = { vdd: 0x50, vin: 0x51 } as const;
export type HobbyReplyStyle = "v0" | "v1";

/** Largest frame in either direction. */
export const HOBBY_FRAME_MAX_BYTES = 260;
const REQUEST_HEADER_BYTES = 6;
const LENGTH_BYTES = 2;

const ERROR_NAMES: Readonly<Record<number, string>> = { 16: "timeout", 17: "invalid command", 18: "overflow" };
const ERROR_TEXT_FOLLOWS = 0xff;

export interface HobbyRequest {
  readonly id: number;
  readonly page: number;
  readonly command: number;
  readonly data: Uint8Array;
}

export function hobbyRequestFrame({ id, page, command, data }: HobbyRequest): Uint8Array {
  const length = REQUEST_HEADER_BYTES + data.length;
  const frame = new Uint8Array(length);
  frame.set([length & 0xff, length >> 8, id, 0, page, command]);
  frame.set(data, REQUEST_HEADER_BYTES);
  return frame;
}

export type HobbyReply =
  | { readonly kind: "incomplete" }
  | { readonly kind: "ok"; readonly data: Uint8Array }
  /** `code` null: the frame makes no sense for the request. */
  | { readonly kind: "error"; readonly code: number | null; readonly text: string };

/**
 * Reads the reply to request `id` at the start of `bytes`.
 * @param dataBytes how many data bytes the request asked for; a list where several are right.
 */
export function readHobbyReply(
  bytes: Uint8Array,
  style: HobbyReplyStyle,
  id: number,
  dataBytes: readonly number[],
): HobbyReply {
  if (bytes.length < LENGTH_BYTES + 1) return { kind: "incomplete" };
  const length = (bytes[0] ?? 0) | ((bytes[1] ?? 0) << 8);
  return style === "v1" ? readV1(bytes, length, id) : readV0(bytes, length, id, dataBytes);
}

function readV1(bytes: Uint8Array, length: number, id: number): HobbyReply {
  if (length < LENGTH_BYTES + 2 || length > HOBBY_FRAME_MAX_BYTES) return senseless(`length ${length}`);
  if (bytes.length < length) return { kind: "incomplete" };
  if (bytes[2] !== id) return senseless(`id ${bytes[2]} instead of ${id}`);
  const status = bytes[3] ?? 0;
  const data = bytes.slice(4, length);
  return status === 0 ? { kind: "ok", data } : errorOf(status, data);
}

function readV0(bytes: Uint8Array, length: number, id: number, dataBytes: readonly number[]): HobbyReply {
  if (length > HOBBY_FRAME_MAX_BYTES) return senseless(`length ${length}`);
  if (dataBytes.includes(length)) {
    const total = LENGTH_BYTES + 1 + length;
    if (bytes.length < total) return { kind: "incomplete" };
    if (bytes[2] !== id) return senseless(`id ${bytes[2]} instead of ${id}`);
    return { kind: "ok", data: bytes.slice(3, total) };
  }
  // Another length than asked for: an error frame, whose length counts all of it.
  if (length < LENGTH_BYTES + 2) return senseless(`length ${length}`);
  if (bytes.length < length) return { kind: "incomplete" };
  return errorOf(bytes[3] ?? 0, bytes.slice(4, length));
}

function errorOf(code: number, rest: Uint8Array): HobbyReply {
  const text =
    code === ERROR_TEXT_FOLLOWS
      ? Buffer.from(rest).toString("latin1")
      : (ERROR_NAMES[code] ?? `code 0x${code.toString(16)}`);
  return { kind: "error", code, text };
}

function senseless(why: string): HobbyReply {
  return { kind: "error", code: null, text: `a reply that makes no sense (${why})` };
}
