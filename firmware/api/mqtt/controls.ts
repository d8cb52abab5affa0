/** From a message on a command topic to a command of the bus, or to one sentence that says why not. Pure. */
import { errorText } from "#hal/errors.ts";
import type { Command } from "../commands.ts";
import { OFF, ON, PRESS } from "./discovery.ts";
import { CONTROLS } from "./entity-table.ts";
import type { Topics } from "./identity.ts";

export interface Inbound {
  readonly topic: string;
  readonly payload: Uint8Array;
  /** The broker kept it from earlier. */
  readonly isRetained: boolean;
}

export type Order =
  /** The bus checks it. */
  | { readonly kind: "order"; readonly command: unknown; readonly name: string }
  | { readonly kind: "refused"; readonly message: string; readonly name: string };

const PAYLOAD_MAX_BYTES = 4_096;
const WORD_MAX_SIGNS = 40;

export function orderOf({ topic, payload, isRetained }: Inbound, topics: Topics): Order {
  const name = topic === topics.command ? "command" : topic.slice(topics.set.length + 1);
  const refuse = (message: string): Order => ({ kind: "refused", message, name: shown(name) });
  // It would be carried out anew with every connection.
  if (isRetained) return refuse("A command must not be retained: it is not carried out; clear it on the broker.");
  if (payload.length > PAYLOAD_MAX_BYTES) return refuse(`A command has at most ${PAYLOAD_MAX_BYTES} bytes.`);
  const text = new TextDecoder().decode(payload).trim();
  if (topic === topics.command) return jsonOrder(text, refuse);
  const command = wordsOf(name, text);
  return typeof command === "string" ? refuse(command) : { kind: "order", command, name };
}

function jsonOrder(text: string, refuse: (message: string) => Order): Order {
  try {
    const command: unknown = JSON.parse(text);
    const kind = typeof command === "object" && command !== null && "kind" in command ? command.kind : null;
    if (typeof kind !== "string") return refuse('The command needs a kind, such as {"kind":"pause"}.');
    return { kind: "order", command, name: shown(kind) };
  } catch (error) {
    return refuse(`The command is no JSON (${errorText(error).slice(0, 80)}).`);
  }
}

function wordsOf(name: string, text: string): Command | string {
  switch (name) {
    case "mining":
      if (text === ON) return { kind: "resume" };
      return text === OFF ? { kind: "pause" } : wrong(name, text, `${ON} or ${OFF}`);
    case "locate":
      return text === ON || text === OFF ? { kind: "locate", isOn: text === ON } : wrong(name, text, `${ON} or ${OFF}`);
    case "fixed_fan_duty":
      return fanDuty(text) ?? wrong(name, text, "a number from 0 to 100, or auto");
    case "automatic_fans":
      return text === PRESS ? { kind: "setFanDuty", dutyPct: null } : wrong(name, text, PRESS);
    case "restart":
      return text === PRESS ? { kind: "restart" } : wrong(name, text, PRESS);
    case "acknowledge_shutdown":
      return text === PRESS ? { kind: "acknowledgeShutdown" } : wrong(name, text, PRESS);
    case "test_alert":
      return text === PRESS ? { kind: "testAlert" } : wrong(name, text, PRESS);
    default:
      return `There is no control ${shown(name)}; there are ${CONTROLS.map(({ key }) => key).join(", ")}.`;
  }
}

/** Null for what is no duty. */
function fanDuty(text: string): Command | null {
  if (text.toLowerCase() === "auto") return { kind: "setFanDuty", dutyPct: null };
  if (!/^\d{1,3}(\.\d+)?$/.test(text) || Number(text) > 100) return null;
  return { kind: "setFanDuty", dutyPct: Number(text) };
}

function wrong(name: string, text: string, wanted: string): string {
  return `${name} takes ${wanted}, not "${shown(text)}".`;
}

/** As it may stand in an answer: short, and nothing that is not printable. */
function shown(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/g, "?").slice(0, WORD_MAX_SIGNS);
}
