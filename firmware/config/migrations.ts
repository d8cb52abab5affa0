/**
 * Older forms of the settings file, brought up to date one step at a time. A step is pure: it gets the value of the file
 * and gives the value in the next form; what it does not know it keeps. The text is changed afterwards, comments and all.
 */
import { SETTINGS_VERSION } from "./schema.ts";

type Tree = Readonly<Record<string, unknown>>;

interface Migration {
  readonly from: number;
  /** What changes, for the log. */
  readonly what: string;
  /** Gives the very same value where it has nothing to do. */
  readonly step: (value: Tree) => Tree;
}

export const MIGRATIONS: readonly Migration[] = [
  {
    from: 1,
    what: "the one list of pools became the first of the pool groups",
    step: (value) => {
      const { pools, ...rest } = value;
      if (!Array.isArray(pools) || rest["pool_groups"] !== undefined) return value;
      if (pools.length === 0) return rest;
      return { ...rest, pool_groups: [{ quota: 1, pools }] };
    },
  },
];

export interface Migrated {
  readonly value: Tree;
  /** What changed; empty = nothing, the form is the present one. */
  readonly steps: readonly string[];
}

/** A file without a version is of the first form; one of a later form than ours is left to the check, which refuses it. */
export function migrate(value: Tree): Migrated {
  const { settings_version: version = 1 } = value;
  if (typeof version !== "number" || version >= SETTINGS_VERSION) return { value, steps: [] };
  const steps: string[] = [];
  let migrated = value;
  for (const { from, what, step } of MIGRATIONS.filter((migration) => migration.from >= version)) {
    const next = step(migrated);
    if (next !== migrated) steps.push(`form ${from} to ${from + 1}: ${what}`);
    migrated = next;
  }
  // Nothing but the number: no reason to write the owner's file.
  if (steps.length === 0) return { value: { ...value, settings_version: SETTINGS_VERSION }, steps };
  return { value: { ...migrated, settings_version: SETTINGS_VERSION }, steps };
}
