/** What went wrong while connecting, in one sentence each. */
import { errorText, KumpelError } from "#hal/errors.ts";
import type { ConnectOptions } from "#hal/network.ts";

export function errorCode(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}

/** Addresses of a name are tried one after the other; the first failure that says something stands for all. */
function causeOf(error: Error): Error {
  if (!(error instanceof AggregateError)) return error;
  const first = error.errors.find((e) => errorCode(e) === "ECONNREFUSED") ?? error.errors[0];
  return first instanceof Error ? first : error;
}

export function connectError(options: ConnectOptions, error: Error): KumpelError {
  const { host, port } = options;
  const cause = causeOf(error);
  const details = { host, port, reason: errorCode(cause) };
  switch (errorCode(cause)) {
    case "ECONNREFUSED":
      return new KumpelError(
        "CONNECT_REFUSED",
        `nobody listens on ${host} port ${port}; check the port number and that the server runs`,
        { cause, details },
      );
    case "ETIMEDOUT":
      return timeoutError(options);
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return new KumpelError(
        "CONNECT_FAILED",
        `the name ${host} can't be resolved; check its spelling and the name server`,
        { cause, details },
      );
    default:
      return new KumpelError(
        "CONNECT_FAILED",
        `${host} port ${port} can't be reached (${errorText(cause)}); check address and network`,
        { cause, details },
      );
  }
}

export function timeoutError(options: ConnectOptions): KumpelError {
  const { host, port, timeoutMs } = options;
  return new KumpelError(
    "CONNECT_TIMEOUT",
    `${host} port ${port} did not answer within ${timeoutMs} ms; check address, network and firewall`,
    { details: { host, port, timeoutMs } },
  );
}

/** A certificate judged by a clock that is wrong: not the pool's fault, and over once the time is set. */
const CLOCK_REASONS: readonly string[] = ["CERT_NOT_YET_VALID", "CERT_HAS_EXPIRED"];

export function tlsError(options: ConnectOptions, cause: Error): KumpelError {
  const { host, port } = options;
  const reason = errorCode(cause);
  const details = { host, port, reason };
  if (CLOCK_REASONS.includes(reason)) {
    const what = reason === "CERT_HAS_EXPIRED" ? "has expired" : "is not valid yet";
    return new KumpelError(
      "TLS_CLOCK",
      `the certificate of ${host} port ${port} ${what} by this board's clock; check the clock, then the certificate`,
      { cause, details },
    );
  }
  return new KumpelError(
    "TLS_FAILED",
    `no trusted TLS with ${host} port ${port} (${errorText(cause)}); give the server's own authority or pin its certificate if it makes its own`,
    { cause, details },
  );
}

export function proxyError(options: ConnectOptions, cause: unknown): KumpelError {
  const { host, port, proxy } = options;
  return new KumpelError(
    "PROXY_FAILED",
    `the proxy ${proxy?.host ?? ""} port ${proxy?.port ?? 0} gave no way to ${host} port ${port} (${errorText(cause)}); check that it runs and takes this user`,
    { cause, details: { host, port, proxyHost: proxy?.host } },
  );
}
