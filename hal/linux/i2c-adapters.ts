/** Finds the adapter behind an I2C selector: adapter numbers move between images, where an adapter sits does not. */
import { KumpelError } from "#hal/errors.ts";
import type { I2cSelector } from "#hal/ports.ts";
import type { AttributeFiles } from "./system-files.ts";

export interface I2cAdapter {
  readonly number: number;
  readonly name: string;
  /** Path of the device in /sys, and of its node in the device tree where there is one. */
  readonly places: readonly string[];
}

const FOLDER = "sys/class/i2c-dev";

export async function listI2cAdapters(files: AttributeFiles): Promise<I2cAdapter[]> {
  const adapters: I2cAdapter[] = [];
  for (const entry of await files.list(FOLDER)) {
    const match = /^i2c-(\d+)$/.exec(entry);
    if (match === null) continue;
    const device = `${FOLDER}/${entry}/device`;
    const places = await Promise.all([files.realPath(device), files.realPath(`${device}/of_node`)]);
    adapters.push({
      number: Number(match[1]),
      name: (await files.read(`${FOLDER}/${entry}/name`)) ?? (await files.read(`${device}/name`)) ?? "",
      places: places.filter((place) => place !== null),
    });
  }
  return adapters;
}

/**
 * The first part of the selector that anything matches decides.
 * @throws KumpelError `I2C_FAILED` when nothing does, or more than one adapter.
 */
export async function findI2cAdapter(files: AttributeFiles, selector: I2cSelector): Promise<I2cAdapter> {
  const adapters = await listI2cAdapters(files);
  for (const part of selector.match) {
    const [adapter, another] = adapters.filter((a) => a.name.includes(part) || a.places.some((p) => p.includes(part)));
    if (adapter === undefined) continue;
    if (another !== undefined) throw notFound(selector, adapters, `several adapters match "${part}"`);
    return adapter;
  }
  throw notFound(selector, adapters, "no adapter matches");
}

function notFound({ role, match }: I2cSelector, adapters: readonly I2cAdapter[], why: string): KumpelError {
  const found = adapters.map((a) => `i2c-${a.number} "${a.name}" at ${a.places[0] ?? "an unknown place"}`).join(", ");
  return new KumpelError(
    "I2C_FAILED",
    `The I2C bus of the ${role} (${match.join(" or ")}) can't be found: ${why}, of ${found === "" ? "none at all" : found}; check that the kernel has I2C_CHARDEV and the adapter's driver, and that the device tree enables it.`,
    { details: { role, match, adapters } },
  );
}
