/** Opens a socket: direct over all addresses of a name, or through a SOCKS5 proxy, with TLS on top where asked for. */
import net from "node:net";
import tls from "node:tls";
import { KumpelError } from "#hal/errors.ts";
import type { ConnectOptions, ProxyAddress, TlsTrust } from "#hal/network.ts";
import { connectError, proxyError, timeoutError, tlsError } from "./dial-errors.ts";

/** An address that does not answer is passed over after this; both families are tried by turns. */
const NEXT_ADDRESS_MS = 1_000;

/** @throws KumpelError as `Network.connect` says. Nothing is left open after an error. */
export async function dial(options: ConnectOptions): Promise<net.Socket> {
  const { host, port, signal, timeoutMs } = options;
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(), timeoutMs);
  const either = AbortSignal.any([signal, limit.signal]);
  let socket: net.Socket | null = null;
  try {
    socket = await connectTcp(options, either);
    if (options.tls != null) socket = await secure(socket, options, options.tls, either);
    return socket;
  } catch (error) {
    socket?.destroy();
    if (signal.aborted) throw new KumpelError("ABORTED", `stopped while connecting to ${host} port ${port}`);
    if (limit.signal.aborted) throw timeoutError(options);
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

function connectTcp(options: ConnectOptions, signal: AbortSignal): Promise<net.Socket> {
  return options.proxy == null ? connectDirect(options, signal) : connectByProxy(options, options.proxy, signal);
}

function connectDirect(options: ConnectOptions, signal: AbortSignal): Promise<net.Socket> {
  const { host, port } = options;
  const socket = net.connect({ host, port, autoSelectFamily: true, autoSelectFamilyAttemptTimeout: NEXT_ADDRESS_MS });
  return settle(socket, "connect", signal, (error) => connectError(options, error));
}

/** Loaded when it is needed: most miners go direct. */
async function connectByProxy(options: ConnectOptions, proxy: ProxyAddress, signal: AbortSignal): Promise<net.Socket> {
  const { SocksClient } = await import("socks");
  const credentials = proxy.user === null ? {} : { userId: proxy.user, password: proxy.password ?? "" };
  const toProxy = net.connect({ host: proxy.host, port: proxy.port, autoSelectFamily: true });
  await settle(toProxy, "connect", signal, (error) => proxyError(options, error));
  const onAbort = (): void => void toProxy.destroy();
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    await SocksClient.createConnection({
      command: "connect",
      existing_socket: toProxy,
      timeout: options.timeoutMs,
      proxy: { host: proxy.host, port: proxy.port, type: 5, ...credentials },
      destination: { host: options.host, port: options.port },
    });
    toProxy.resume();
    return toProxy;
  } catch (error) {
    toProxy.destroy();
    throw proxyError(options, error);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

async function secure(
  socket: net.Socket,
  options: ConnectOptions,
  trust: TlsTrust,
  signal: AbortSignal,
): Promise<net.Socket> {
  const { host } = options;
  const isName = net.isIP(host) === 0;
  const secured = tls.connect({
    socket,
    // Checked by hand where the certificate is pinned or nobody is to vouch for it.
    rejectUnauthorized: trust.kind === "authorities",
    checkServerIdentity: (_name, certificate) => tls.checkServerIdentity(host, certificate),
    ...(isName ? { servername: host } : {}),
    ...(trust.kind === "authorities" && trust.extraPem !== null
      ? { ca: [...tls.rootCertificates, trust.extraPem] }
      : {}),
  });
  await settle(secured, "secureConnect", signal, (error) => tlsError(options, error));
  if (trust.kind !== "pinned") return secured;
  const shown = secured.getPeerCertificate().fingerprint256;
  if (plainHex(shown) === plainHex(trust.fingerprint256)) return secured;
  secured.destroy();
  throw new KumpelError(
    "TLS_FAILED",
    `${host} port ${options.port} shows the certificate ${shown}, another one than the pinned ${trust.fingerprint256}; check who answers there before you pin the new one`,
    { details: { host, port: options.port } },
  );
}

function plainHex(fingerprint: string): string {
  return fingerprint.replace(/[^0-9a-f]/gi, "").toLowerCase();
}

/** Resolves with the socket at `event`; an error, an end or an abort before it destroys the socket. */
function settle<Socket extends net.Socket>(
  socket: Socket,
  event: string,
  signal: AbortSignal,
  explain: (error: Error) => KumpelError,
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const end = (error: Error | null): void => {
      signal.removeEventListener("abort", onAbort);
      socket.off("error", onError).off("close", onClose).off(event, onDone);
      if (error === null) {
        resolve(socket);
        return;
      }
      // A late error of a socket that is given up would otherwise end the process.
      socket.on("error", () => undefined);
      socket.destroy();
      reject(error);
    };
    const onDone = (): void => end(null);
    const onError = (error: Error): void => end(explain(error));
    const onClose = (): void => end(explain(new Error("it closed the connection")));
    const onAbort = (): void => end(new KumpelError("ABORTED", "stopped while connecting"));
    socket.once("error", onError).once("close", onClose).once(event, onDone);
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true });
  });
}
