/** Addresses of a broker and of a webhook as the owner writes them. */
import { KumpelError } from "#hal/errors.ts";

export interface BrokerAddress {
  readonly host: string;
  readonly port: number;
  readonly isTls: boolean;
}

const DEFAULT_PORTS = { "mqtt:": 1883, "mqtts:": 8883 } as const;
const FORM = "give mqtt://HOST:PORT or mqtts://HOST:PORT";

/** @throws KumpelError `SETTINGS_INVALID` with what is wrong, without the address. */
export function parseBrokerUrl(text: string): BrokerAddress {
  const url = parsed(text, FORM);
  const { protocol, hostname, port, username, password, pathname, search, hash } = url;
  if (protocol !== "mqtt:" && protocol !== "mqtts:") throw wrong(`it begins with ${protocol}//; ${FORM}`);
  if (username !== "" || password !== "") throw wrong("user and password have keys of their own");
  if ((pathname !== "" && pathname !== "/") || search !== "" || hash !== "")
    throw wrong(`something stands behind the port; ${FORM}`);
  if (hostname === "") throw wrong(`it names no host; ${FORM}`);
  return {
    host: hostname.replace(/^\[|\]$/g, ""),
    port: port === "" ? DEFAULT_PORTS[protocol] : Number(port),
    isTls: protocol === "mqtts:",
  };
}

/** @throws KumpelError `SETTINGS_INVALID` with what is wrong, without the address: it may hold a token. */
export function parseWebhookUrl(text: string): URL {
  const form = "give http://HOST/PATH or https://HOST/PATH";
  const url = parsed(text, form);
  if (url.protocol !== "http:" && url.protocol !== "https:") throw wrong(`it begins with ${url.protocol}//; ${form}`);
  return url;
}

function parsed(text: string, form: string): URL {
  try {
    return new URL(text);
  } catch {
    throw wrong(`it is no address; ${form}`);
  }
}

function wrong(why: string): KumpelError {
  return new KumpelError("SETTINGS_INVALID", why);
}
