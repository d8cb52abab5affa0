/**
 * Receives a bundle in the management worker: asks the main thread whether it may come, writes it to the data folder as it
 * comes, and orders its installation. A client that is refused is heard to its end, or it would never read why.
 */
import fs from "node:fs";
import path from "node:path";
import { type Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { errorText } from "#hal/errors.ts";
import { ROOM_LEFT_BYTES } from "../update/update-rules.ts";
import { BUNDLE_FILE, BUNDLE_MAX_BYTES } from "../update/update-status.ts";
import { type Command, type CommandAnswer, type CommandOrigin, refused, type Scope } from "./commands.ts";
import type { InstallWish } from "./update-orders.ts";

/** From the first to the last byte. */
export const UPLOAD_LIMIT_MS = 600_000;
/** A refused one is heard that far: whoever sends a card's whole image by mistake is to read why. */
const REFUSED_MAX_BYTES = 1 << 30;
const OWNER_ONLY = 0o600;
const NO_ROOM = "The data folder is full: remove old traces and incident files.";
const EMPTY = "The bundle is empty.";
const TOO_LARGE = `The bundle is larger than ${BUNDLE_MAX_BYTES >> 20} MiB: no slot of any board holds it.`;

export interface Upload {
  readonly stream: Readable;
  /** As the client says; null = it does not. */
  readonly bytes: number | null;
}

export interface UploadOrigin extends CommandOrigin {
  readonly scope: Scope;
}

export class UpdateIntake {
  readonly #folder: string;
  readonly #order: (command: Command, origin: CommandOrigin, scope: Scope) => Promise<CommandAnswer>;
  readonly #freeBytes: (folder: string) => Promise<number>;

  /** @param folder data folder. */
  constructor(
    folder: string,
    order: (command: Command, origin: CommandOrigin, scope: Scope) => Promise<CommandAnswer>,
    freeBytes = freeBytesOf,
  ) {
    this.#folder = folder;
    this.#order = order;
    this.#freeBytes = freeBytes;
  }

  /** Never rejects: what goes wrong is an answer. */
  async receive({ stream, bytes }: Upload, wish: InstallWish, { scope, ...origin }: UploadOrigin) {
    if (bytes !== null && bytes > BUNDLE_MAX_BYTES) return refuse(stream, refused(TOO_LARGE));
    if (bytes === 0) return refuse(stream, refused(EMPTY));
    const staged = await this.#order({ kind: "stageUpdate", ...(bytes === null ? {} : { bytes }) }, origin, scope);
    if (!staged.ok) return refuse(stream, staged);
    try {
      await this.#write(stream, bytes);
    } catch (error) {
      await this.#order({ kind: "dropUpdate", reason: errorText(error).slice(0, 200) }, origin, scope);
      return refuse(stream, refused(`The bundle did not arrive: ${errorText(error)}`));
    }
    return this.#order({ kind: "installUpdate", ...wish }, origin, scope);
  }

  /** Whole and on disk, or not there. */
  async #write(stream: Readable, bytes: number | null): Promise<void> {
    const file = path.join(this.#folder, BUNDLE_FILE);
    try {
      // Whether there is room was asked for the size that the client says, if it does.
      const limit = bytes === null ? await this.#roomBytes() : BUNDLE_MAX_BYTES;
      const target = fs.createWriteStream(file, { mode: OWNER_ONLY, flush: true });
      await pipeline(stream, upTo(limit), target, { signal: AbortSignal.timeout(UPLOAD_LIMIT_MS) });
    } catch (error) {
      await fs.promises.rm(file, { force: true });
      throw error;
    }
  }

  async #roomBytes(): Promise<number> {
    return Math.max(0, Math.min(BUNDLE_MAX_BYTES, (await this.#freeBytes(this.#folder)) - ROOM_LEFT_BYTES));
  }
}

async function freeBytesOf(folder: string): Promise<number> {
  const { bavail, bsize } = await fs.promises.statfs(folder);
  return bavail * bsize;
}

function upTo(limitBytes: number): Transform {
  const tooMuch = limitBytes < BUNDLE_MAX_BYTES ? NO_ROOM : TOO_LARGE;
  let bytes = 0;
  return new Transform({
    transform: (chunk: Buffer, _encoding, next) => {
      bytes += chunk.length;
      if (bytes > limitBytes) next(new Error(tooMuch));
      else next(null, chunk);
    },
    flush: (next) => next(bytes === 0 ? new Error(EMPTY) : null),
  });
}

/** Bounded in time as a bundle that is taken. */
async function refuse(stream: Readable, answer: CommandAnswer): Promise<CommandAnswer> {
  if (stream.destroyed || stream.readableEnded) return answer;
  await new Promise<void>((resolve) => {
    let bytes = 0;
    const limit = AbortSignal.timeout(UPLOAD_LIMIT_MS);
    stream.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > REFUSED_MAX_BYTES) stream.destroy();
    });
    for (const event of ["end", "close", "error"]) stream.once(event, () => resolve());
    limit.addEventListener("abort", () => stream.destroy(), { once: true });
  });
  return answer;
}
