/** From settings to what goes out to others: MQTT, alerts, the announcement on the local network. */
import { type AlertOptions, type MqttOptions, NOTHING_OUTWARD, type OutwardOptions } from "../api/outward-options.ts";
import { parseBrokerUrl } from "../api/outward-urls.ts";
import type { Settings } from "../config/schema.ts";
import { trustOf } from "./settings-pools.ts";

/**
 * @param listen address of the own API in this run.
 * @throws KumpelError `USAGE` where a file of authorities cannot be used.
 */
export function outwardOf(settings: Settings, listen: string): OutwardOptions {
  const mqtt = mqttOf(settings.network.mqtt);
  return { mqtt, alerts: alertsOf(settings, mqtt !== null), mdns: mdnsOf(settings, listen) };
}

/** In the safe idle there is no state to tell, but the machine must be found, and its owner hear that it does nothing. */
export function idleOutwardOf(settings: Settings, listen: string): OutwardOptions {
  return { ...NOTHING_OUTWARD, alerts: alertsOf(settings, false), mdns: mdnsOf(settings, listen) };
}

function mdnsOf({ network: { mdns } }: Settings, listen: string): OutwardOptions["mdns"] {
  return (mdns.enabled ?? !isLoopback(listen)) ? { hostname: mdns.hostname ?? null } : null;
}

export function isLoopback(address: string): boolean {
  return address.startsWith("127.") || address === "::1";
}

function mqttOf(settings: Settings["network"]["mqtt"]): MqttOptions | null {
  if (settings.url === undefined) return null;
  const { host, port, isTls } = parseBrokerUrl(settings.url);
  return {
    host,
    port,
    tls: isTls ? trustOf(settings, "network.mqtt") : null,
    user: settings.user ?? null,
    password: settings.password ?? null,
    baseTopic: settings.base_topic ?? null,
    discoveryPrefix: settings.discovery_prefix,
    periodMs: settings.period_s * 1000,
    isControlAllowed: settings.allow_control,
  };
}

/** Null where nobody would hear them. */
function alertsOf({ alerts }: Settings, hasMqtt: boolean): AlertOptions | null {
  const { webhook_url, webhook_token, min_severity, quiet } = alerts;
  if (webhook_url === undefined && !hasMqtt) return null;
  return {
    webhook: webhook_url === undefined ? null : { url: webhook_url, token: webhook_token ?? null },
    minSeverity: min_severity,
    isQuiet: quiet,
  };
}
