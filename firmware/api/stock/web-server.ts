/**
 * Ports of the stock face: the web pages, the status port, and the sender of the address report. Bodies, clients and
 * waits are bounded; an upload that nobody wants is read and thrown away, since clients read no answer before its end.
 */
import dgram from "node:dgram";
import http from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { pipeline } from "node:stream/promises";
import type { Random } from "#hal/random.ts";
import { BUNDLE_MAX_BYTES } from "../../update/update-status.ts";
import { type FaceParts, type MachineFacts, viewOf } from "../machine-facts.ts";
import { boundaryOf, FirstFile } from "./multipart.ts";
import type { PageEntry } from "./pages.ts";
import { IP_REPORT_PORT, ipReportText, statusReply } from "./status-port.ts";
import { WebFace, type WebRequestHead } from "./web-face.ts";
import { textPage, type WebParts, type WebReply } from "./web-types.ts";

export interface HttpLimits {
  /** From the connection or the last answer to the next whole head, and from there to the end of the body. */
  readonly silentMs: number;
  readonly uploadMs: number;
}

export const HTTP_LIMITS: HttpLimits = { silentMs: 10_000, uploadMs: 120_000 };
const BODY_MAX_BYTES = 65_536;
/** Larger than any image: whoever sends more means no good. */
const READ_MAX_BYTES = 512 << 20;
const CONNECTIONS_MAX = 128;
/** Managers poll once a minute and open a connection each time they find none. */
const KEEP_ALIVE_MS = 15_000;

export interface WebServerOptions extends WebParts {
  readonly host: string;
  /** 80 is what clients try; 0 picks a free port. */
  readonly port: number;
  readonly random: Random;
  readonly limits?: HttpLimits;
}

export interface RunningServer {
  readonly port: number;
  close(): Promise<void>;
}

/** @throws NodeJS.ErrnoException when the port cannot be had. */
export async function startWebServer(options: WebServerOptions): Promise<RunningServer> {
  const face = new WebFace(options, options.random);
  const uploads = new WeakSet<Socket>();
  const server = createServer(options.limits ?? HTTP_LIMITS, (request, response) => {
    void serve(face, request, response, uploads).catch(() => response.destroy());
  });
  // The check of a signature takes longer than a client may be silent; whoever receives a bundle has a limit for it.
  server.on("timeout", (socket: Socket) => {
    if (!uploads.has(socket)) socket.destroy();
  });
  const port = await listen(server, options.host, options.port);
  return {
    port,
    close: () => {
      face.close();
      return closeServer(server);
    },
  };
}

async function serve(
  face: WebFace,
  request: http.IncomingMessage,
  response: http.ServerResponse,
  uploads: WeakSet<Socket>,
): Promise<void> {
  const head = {
    method: request.method ?? "",
    target: request.url ?? "",
    authorization: request.headers.authorization,
    origin: request.headers.origin,
    referer: request.headers.referer,
    fetchSite: request.headers["sec-fetch-site"] as string | undefined,
    userAgent: request.headers["user-agent"],
    host: request.headers.host,
    localAddress: plainAddress(request.socket.localAddress),
    clientAddress: plainAddress(request.socket.remoteAddress),
  };
  const admission = await face.admit(head);
  if ("entry" in admission && admission.entry.upload !== undefined) {
    const boundary = boundaryOf(request.headers["content-type"]);
    if (boundary !== null && isBearable(request)) {
      uploads.add(request.socket);
      send(response, head.method, await receive(face, admission.entry, head, request, boundary));
      uploads.delete(request.socket);
      return;
    }
  }
  const isWanted = "entry" in admission && admission.entry.upload === undefined;
  const body = await readBody(request, isWanted ? BODY_MAX_BYTES : 0);
  if (body === null && isWanted) send(response, head.method, textPage("too large\n", 413));
  else if ("entry" in admission)
    send(response, head.method, await face.show(admission.entry, { ...head, body: body ?? "" }));
  else send(response, head.method, admission.reply);
}

/** Larger than any bundle: read and thrown away like whatever nobody wants. */
function isBearable(request: http.IncomingMessage): boolean {
  return Number(request.headers["content-length"] ?? 0) <= BUNDLE_MAX_BYTES;
}

async function receive(
  face: WebFace,
  entry: PageEntry,
  head: WebRequestHead,
  request: http.IncomingMessage,
  boundary: string,
): Promise<WebReply> {
  const image = new FirstFile(boundary);
  const length = Number(request.headers["content-length"]);
  const arriving = pipeline(request, image);
  const reply = face.receive(entry, head, image, Number.isSafeInteger(length) ? length : null);
  // Who receives the image hears of its errors himself.
  await arriving.catch(() => undefined);
  return reply;
}

/** IPv4 addresses reach a socket of both families in disguise. */
function plainAddress(address: string | undefined): string {
  return (address ?? "").replace(/^::ffff:/i, "");
}

/** Null when it is longer than what is kept of it. It is read to its end, or its sender would never see the answer. */
function readBody(request: http.IncomingMessage, keptBytes: number): Promise<string | null> {
  return new Promise((resolve, reject) => {
    let chunks: Buffer[] = [];
    let size = 0;
    request.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size > keptBytes) chunks = [];
      else chunks.push(chunk);
      if (size > READ_MAX_BYTES) request.destroy();
    });
    request.on("end", () => resolve(size > keptBytes ? null : Buffer.concat(chunks).toString("utf8")));
    request.on("error", reject);
    request.on("close", () => reject(new Error("the client went away")));
  });
}

function send(response: http.ServerResponse, method: string, { status, contentType, headers, body }: WebReply): void {
  response.writeHead(status, { ...headers, "Content-Type": contentType, "Content-Length": Buffer.byteLength(body) });
  response.end(method === "HEAD" ? undefined : body);
}

function createServer(limits: HttpLimits, onRequest: http.RequestListener): http.Server {
  const server = http.createServer(
    {
      connectionsCheckingInterval: Math.min(1000, limits.silentMs),
      headersTimeout: limits.silentMs,
      requestTimeout: limits.uploadMs,
      keepAliveTimeout: KEEP_ALIVE_MS,
      maxHeaderSize: 8192,
    },
    onRequest,
  );
  // Nothing said for so long, in whichever part of a request.
  server.timeout = limits.silentMs;
  server.maxConnections = CONNECTIONS_MAX;
  server.on("clientError", (_error, socket) => {
    if (socket.writable) socket.end("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
    else socket.destroy();
  });
  return server;
}

function listen(server: http.Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      server.on("error", () => undefined);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

function closeServer(server: http.Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

export interface StatusServerOptions extends FaceParts {
  readonly host: string;
  /** 6060 is what clients try; 0 picks a free port. */
  readonly port: number;
  readonly limits?: HttpLimits;
}

/** @throws NodeJS.ErrnoException when the port cannot be had. */
export async function startStatusServer(options: StatusServerOptions): Promise<RunningServer> {
  const server = createServer(options.limits ?? HTTP_LIMITS, (request, response) => {
    request.resume();
    const reply = statusReply(viewOf(options), request.method ?? "", request.url ?? "");
    response.shouldKeepAlive = request.method === "GET";
    send(response, request.method ?? "", { ...reply, headers: {} });
  });
  const port = await listen(server, options.host, options.port);
  return { port, close: () => closeServer(server) };
}

export interface IpReportTarget {
  readonly address: string;
  readonly port: number;
}

const EVERYBODY: IpReportTarget = { address: "255.255.255.255", port: IP_REPORT_PORT };

/** Sends the address report once, as the IP button does. False when there is nothing to tell or no network to tell it. */
export async function sendIpReport(facts: MachineFacts, target: IpReportTarget = EVERYBODY): Promise<boolean> {
  const text = ipReportText(facts);
  if (text === null) return false;
  const socket = dgram.createSocket("udp4");
  return new Promise((resolve) => {
    const end = (isSent: boolean): void => {
      socket.close();
      resolve(isSent);
    };
    socket.once("error", () => end(false));
    socket.bind(0, () => {
      socket.setBroadcast(true);
      socket.send(text, target.port, target.address, (error) => end(error === null));
    });
  });
}
