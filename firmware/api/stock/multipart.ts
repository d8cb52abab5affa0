/**
 * The first file of a form as it comes (RFC 7578), whatever its field is called: clients differ there. Only its bytes go
 * through; a form that ends early, or has no file, is an error of the stream.
 */
import { Transform, type TransformCallback } from "node:stream";

const HEAD_MAX_BYTES = 8_192;
const HEAD_END = "\r\n\r\n";

/** Null: this is no form. */
export function boundaryOf(contentType: string | undefined): string | null {
  const match = /^multipart\/form-data\s*;.*?\bboundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))/i.exec(contentType ?? "");
  return match?.[1] ?? match?.[2] ?? null;
}

export class FirstFile extends Transform {
  readonly #delimiter: Buffer;
  #part: "before" | "head" | "file" | "done" = "before";
  /** A form begins with a delimiter without the line break that others have before them. */
  #rest: Buffer = Buffer.from("\r\n");

  constructor(boundary: string) {
    super();
    this.#delimiter = Buffer.from(`\r\n--${boundary}`);
  }

  override _transform(chunk: Buffer, _encoding: string, next: TransformCallback): void {
    if (this.#part !== "done") this.#rest = Buffer.concat([this.#rest, chunk]);
    while (this.#step());
    next(this.#part === "head" && this.#rest.length > HEAD_MAX_BYTES ? new Error("The form is not understood.") : null);
  }

  override _flush(next: TransformCallback): void {
    const problem = this.#part === "file" ? "The form ended early." : "The form holds no file.";
    next(this.#part === "done" ? null : new Error(problem));
  }

  /** False: more bytes are needed. */
  #step(): boolean {
    if (this.#part === "done") return false;
    return this.#part === "head" ? this.#readHead() : this.#toDelimiter();
  }

  #toDelimiter(): boolean {
    const at = this.#rest.indexOf(this.#delimiter);
    // What may be the beginning of a delimiter waits for the next chunk.
    const end = at >= 0 ? at : Math.max(0, this.#rest.length - this.#delimiter.length + 1);
    if (this.#part === "file" && end > 0) this.push(this.#rest.subarray(0, end));
    this.#rest = this.#rest.subarray(at >= 0 ? at + this.#delimiter.length : end);
    if (at < 0) return false;
    this.#part = this.#part === "file" ? "done" : "head";
    return true;
  }

  #readHead(): boolean {
    const at = this.#rest.indexOf(HEAD_END);
    if (at < 0) return false;
    const isFile = /^content-disposition:.*\bfilename\*?=/im.test(this.#rest.subarray(0, at).toString("latin1"));
    // The body of a part may be empty: the line break before its delimiter is that of the head's end.
    this.#rest = this.#rest.subarray(at + 2);
    if (isFile) this.#rest = this.#rest.subarray(2);
    this.#part = isFile ? "file" : "before";
    return true;
  }
}
