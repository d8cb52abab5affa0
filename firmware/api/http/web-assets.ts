/**
 * Serves the page of the owner: files that lie packed beside the program and are read when somebody asks for them. Nothing
 * is kept in memory, and nothing else than what lay there at the start can be asked for.
 */
import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";

const PAGE = "page.html";
const PACKED = ".gz";

/** The page may load its own files and talk to its own board, and nothing else. */
export const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
].join("; ");

const MEDIA: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
};

/** @param folder Null, or a folder that is not there: this program has no page. */
export function serveWebAssets(app: FastifyInstance, folder: string | null): void {
  if (folder === null || !fs.existsSync(folder)) return;
  for (const file of fs.readdirSync(folder)) {
    const name = path.basename(file, PACKED);
    const media = MEDIA[path.extname(name)];
    if (media === undefined || !file.endsWith(PACKED)) continue;
    app.get(name === PAGE ? "/" : `/${name}`, (request, reply) =>
      sendAsset(request, reply, path.join(folder, file), media),
    );
  }
}

async function sendAsset(
  request: FastifyRequest,
  reply: FastifyReply,
  file: string,
  media: string,
): Promise<FastifyReply> {
  const packed = await fs.promises.readFile(file);
  const tag = `"${createHash("sha256").update(packed).digest("base64url").slice(0, 22)}"`;
  void reply
    // Asked for again each time and answered with 304: after an update nobody sees the page of before.
    .header("cache-control", "no-cache")
    .header("etag", tag)
    .header("vary", "accept-encoding")
    .header("content-security-policy", PAGE_POLICY)
    .header("referrer-policy", "no-referrer");
  if (request.headers["if-none-match"] === tag) return reply.code(304).send();
  void reply.header("content-type", media);
  if (/\bgzip\b/.test(request.headers["accept-encoding"] ?? ""))
    return reply.header("content-encoding", "gzip").send(packed);
  return reply.send(await promisify(gunzip)(packed));
}
