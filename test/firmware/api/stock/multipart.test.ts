import { Readable } from "node:stream";
import fc from "fast-check";
import { expect, test } from "vitest";
import { boundaryOf, FirstFile } from "#firmware/api/stock/multipart.ts";

const BOUNDARY = "----form7";

function part(name: string, file: string | null, body: Buffer): Buffer {
  const head = `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"${file === null ? "" : `; filename="${file}"\r\nContent-Type: application/x`}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), body, Buffer.from("\r\n")]);
}

const END = Buffer.from(`--${BOUNDARY}--\r\n`);

async function firstFile(chunks: readonly Buffer[]): Promise<Buffer> {
  const got: Buffer[] = [];
  for await (const chunk of Readable.from(chunks).compose(new FirstFile(BOUNDARY))) got.push(chunk as Buffer);
  return Buffer.concat(got);
}

test("the boundary is found in the ways that clients write it, and nothing else is a form", () => {
  expect(boundaryOf("multipart/form-data; boundary=abc")).toBe("abc");
  expect(boundaryOf('multipart/form-data; charset=utf-8; boundary="a b"')).toBe("a b");
  expect(boundaryOf("Multipart/Form-Data;boundary=abc; x=y")).toBe("abc");
  for (const type of [undefined, "", "multipart/form-data", "application/json; boundary=abc"])
    expect(boundaryOf(type)).toBeNull();
});

test.each(["firmware", "file", "x"])("the first file goes through whatever its field is called: %s", async (name) => {
  const form = [part("note", null, Buffer.from("hello")), part(name, "a.raucb", Buffer.from("image")), END];
  expect((await firstFile(form)).toString()).toBe("image");
});

test("a second file and what stands behind the form are left alone", async () => {
  const form = [part("a", "1", Buffer.from("one")), part("b", "2", Buffer.from("two")), END, Buffer.from("tail")];
  expect((await firstFile(form)).toString()).toBe("one");
});

test("any bytes in any pieces come out as they went in", async () => {
  const piece = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc.constantFrom("\r\n", "\r\n--", `\r\n--${BOUNDARY.slice(0, -1)}`, "--").map((text) => Buffer.from(text)),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(piece, { maxLength: 8 }),
      fc.array(fc.nat(900), { maxLength: 12 }),
      async (pieces, cuts) => {
        const body = Buffer.concat(pieces);
        // A client takes a boundary that its file does not hold.
        fc.pre(!body.includes(`--${BOUNDARY}`));
        const form = Buffer.concat([part("note", null, Buffer.from("")), part("f", "a", body), END]);
        const at = [0, ...cuts.map((cut) => cut % form.length).sort((a, b) => a - b), form.length];
        const chunks = at.slice(1).map((to, i) => form.subarray(at[i], to));
        expect((await firstFile(chunks)).equals(body)).toBe(true);
      },
    ),
    { numRuns: 200 },
  );
});

test("a form that ends early, has no file, or no end of a head is an error", async () => {
  await expect(firstFile([part("f", "a", Buffer.from("image"))])).rejects.toThrow("ended early");
  await expect(firstFile([part("note", null, Buffer.from("x")), END])).rejects.toThrow("holds no file");
  await expect(firstFile([Buffer.from("nonsense")])).rejects.toThrow("holds no file");
  const endless = Buffer.from(`--${BOUNDARY}\r\n${"a".repeat(10_000)}`);
  await expect(firstFile([endless])).rejects.toThrow("not understood");
});
