/**
 * Discovery messages of Home Assistant, one for each entity, made from the table. The form is that of its MQTT
 * integration (home-assistant.io, "MQTT": discovery messages by component, which other programs read as well).
 */
import type { FaceView } from "../machine-facts.ts";
import { type Entity, entitiesOf } from "./entity-table.ts";
import { deviceOf, type Topics } from "./identity.ts";

export interface RetainedMessage {
  readonly topic: string;
  /** Empty: what the broker keeps under this topic is taken away. */
  readonly payload: string;
}

export interface DiscoveryOptions {
  readonly id: string;
  readonly topics: Topics;
  readonly prefix: string;
  readonly periodMs: number;
  readonly isControlAllowed: boolean;
}

/** Words of a switch's or button's topic. */
export const ON = "ON";
export const OFF = "OFF";
export const PRESS = "PRESS";
export const AVAILABLE = { yes: "online", no: "offline" } as const;

/** A value that is older than so many periods counts as unavailable there. */
const EXPIRY_PERIODS = 6;
const EXPIRY_MIN_S = 60;

/** Controls that the owner does not allow are taken away, should they have been there before. */
export function discoveryMessages(view: FaceView, options: DiscoveryOptions): RetainedMessage[] {
  const device = deviceOf(view, options.id);
  const origin = { name: "kumpel", sw_version: view.facts.version };
  return entitiesOf(view.snapshot).map((entity) => {
    const topic = `${options.prefix}/${entity.component}/kumpel-${options.id}/${entity.key}/config`;
    if (entity.isControl && !options.isControlAllowed) return { topic, payload: "" };
    const payload = { ...configOf(entity, options), device, origin };
    return { topic, payload: JSON.stringify(payload) };
  });
}

function configOf(entity: Entity, { id, topics, periodMs }: DiscoveryOptions): Record<string, unknown> {
  const { key, name, unit, deviceClass, stateClass, category, read } = entity;
  const expiryS = Math.max(EXPIRY_MIN_S, Math.ceil((EXPIRY_PERIODS * periodMs) / 1000));
  const isReadOnly = entity.component === "sensor" || entity.component === "binary_sensor";
  return {
    name,
    unique_id: `kumpel-${id}-${key}`,
    ...(read === null ? {} : { state_topic: topics.state, value_template: templateOf(entity) }),
    ...(entity.isControl ? commandOf(entity, `${topics.set}/${key}`) : {}),
    ...(unit === null ? {} : { unit_of_measurement: unit }),
    ...(deviceClass === null ? {} : { device_class: deviceClass }),
    ...(stateClass === null ? {} : { state_class: stateClass }),
    ...(category === null ? {} : { entity_category: category }),
    ...(isReadOnly ? { expire_after: expiryS } : {}),
    availability_topic: topics.availability,
  };
}

/** Home Assistant takes the text "None" for unknown, in each of these components. */
function templateOf({ component, key }: Entity): string {
  const value = `value_json.${key}`;
  return component === "switch" || component === "binary_sensor"
    ? `{{ 'None' if ${value} is none else ('${ON}' if ${value} else '${OFF}') }}`
    : `{{ ${value} }}`;
}

function commandOf({ component }: Entity, command_topic: string): Record<string, unknown> {
  switch (component) {
    case "switch":
      return { command_topic, payload_on: ON, payload_off: OFF };
    case "number":
      return { command_topic, min: 0, max: 100, step: 1 };
    case "button":
      return { command_topic, payload_press: PRESS };
    case "sensor":
    case "binary_sensor":
      return {};
  }
}
