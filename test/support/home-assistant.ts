/**
 * What Home Assistant takes of a discovery message, written down from its own source a second time, so that our table is
 * held against it: home-assistant/core (2025), homeassistant/components/sensor/const.py (DEVICE_CLASS_UNITS,
 * DEVICE_CLASS_STATE_CLASSES), components/binary_sensor and components/button (device classes), components/mqtt.
 */
import { expect } from "vitest";

interface ClassFacts {
  readonly units: readonly string[];
  readonly stateClasses: readonly string[];
}

const SENSOR_CLASSES: Readonly<Record<string, ClassFacts>> = {
  power: { units: ["mW", "W", "kW", "MW", "GW", "TW"], stateClasses: ["measurement"] },
  temperature: { units: ["°C", "°F", "K"], stateClasses: ["measurement"] },
  duration: {
    units: ["d", "h", "min", "s", "ms"],
    stateClasses: ["measurement", "total", "total_increasing"],
  },
};
const BINARY_SENSOR_CLASSES = ["problem", "power", "running", "heat", "connectivity"];
const BUTTON_CLASSES = ["identify", "restart", "update"];
const STATE_CLASSES = ["measurement", "total", "total_increasing"];
const CATEGORIES: Readonly<Record<string, readonly string[]>> = {
  sensor: ["diagnostic"],
  binary_sensor: ["diagnostic"],
  switch: ["config", "diagnostic"],
  number: ["config", "diagnostic"],
  button: ["config", "diagnostic"],
};

export type Config = Readonly<Record<string, unknown>>;
export type State = Readonly<Record<string, unknown>>;

export interface Discovered {
  readonly component: string;
  readonly key: string;
  readonly config: Config;
}

/** Of a retained message below the discovery prefix. */
export function discovered(topic: string, payload: string): Discovered {
  const [, component = "", node = "", key = "", last = ""] = topic.split("/");
  expect(last, topic).toBe("config");
  expect(node, topic).toMatch(/^[\w-]+$/);
  expect(key, topic).toMatch(/^[\w-]+$/);
  return { component, key, config: JSON.parse(payload) as Config };
}

/** Fails where Home Assistant would refuse the message or complain about it. */
export function accept({ component, key, config }: Discovered): void {
  expect(Object.keys(CATEGORIES), key).toContain(component);
  for (const field of ["name", "unique_id", "availability_topic"])
    expect(config[field], `${key} ${field}`).toBeTypeOf("string");
  expect(config["device"], key).toMatchObject({ identifiers: [expect.any(String)], name: expect.any(String) });
  const { device_class, unit_of_measurement, state_class, entity_category } = config;
  if (entity_category !== undefined) expect(CATEGORIES[component], key).toContain(entity_category);
  if (state_class !== undefined) expect(STATE_CLASSES, key).toContain(state_class);
  if (component === "sensor") {
    const facts = device_class === undefined ? null : SENSOR_CLASSES[String(device_class)];
    expect(facts, `${key}: device class ${String(device_class)}`).not.toBeUndefined();
    if (facts != null) {
      expect(facts.units, key).toContain(unit_of_measurement);
      if (state_class !== undefined) expect(facts.stateClasses, key).toContain(state_class);
    }
    // A unit makes it a number.
    if (unit_of_measurement !== undefined) expect(state_class, key).toBeDefined();
  } else if (device_class !== undefined)
    expect(component === "binary_sensor" ? BINARY_SENSOR_CLASSES : BUTTON_CLASSES, key).toContain(device_class);
  const hasState = component !== "button";
  expect(config["state_topic"] !== undefined, `${key} state_topic`).toBe(hasState);
  const takesCommands = ["switch", "number", "button"].includes(component);
  expect(config["command_topic"] !== undefined, `${key} command_topic`).toBe(takesCommands);
}

/** Renders our value templates, which are of two forms, over a state message. Throws for another form or an unknown key. */
export function render(template: unknown, state: State): string {
  const text = String(template);
  const plain = /^\{\{ value_json\.(\w+) \}\}$/.exec(text);
  const onOff =
    /^\{\{ 'None' if value_json\.(\w+) is none else \('(\w+)' if value_json\.(\w+) else '(\w+)'\) \}\}$/.exec(text);
  const key = plain?.[1] ?? onOff?.[1];
  if (key === undefined) throw new Error(`a template of another form: ${text}`);
  if (!(key in state)) throw new Error(`the state has no key ${key}`);
  const value = state[key];
  if (onOff !== null) {
    if (onOff[3] !== key) throw new Error(`two keys in ${text}`);
    return value === null ? "None" : value ? String(onOff[2]) : String(onOff[4]);
  }
  return value === null ? "None" : String(value);
}

/** What the component makes of a rendered value: fails for what it would refuse. */
export function acceptValue({ component, key, config }: Discovered, value: string): void {
  if (value === "None") return;
  if (component === "switch" || component === "binary_sensor") expect(["ON", "OFF"], key).toContain(value);
  else if (component === "number" || config["state_class"] !== undefined)
    expect(Number.isFinite(Number(value)) && value !== "", `${key}: ${value}`).toBe(true);
  else expect(value.length, key).toBeLessThanOrEqual(255);
}
