/** The tuning that the owner decided to keep, in the data folder: tried clocks are hours of somebody's work. */
import { z } from "zod";
import { errorText, isKumpelError } from "#hal/errors.ts";
import type { FileStore } from "#hal/file-store.ts";
import type { Log } from "../log.ts";
import type { Tuning } from "./tuning.ts";

export const TUNING_FILE = "tuning.json";

/** What the machine would run at without it: a tuning that was made from another base counts no more. */
export interface TuningBase {
  readonly machine: string;
  readonly frequencyMhz: number;
  readonly workMv: number;
}

const keptFile = z.object({
  version: z.literal(1),
  base: z.object({ machine: z.string(), frequencyMhz: z.number(), workMv: z.number() }),
  chains: z.array(z.object({ baseMhz: z.number().positive(), chipMhz: z.record(z.string(), z.number().positive()) })),
  workMv: z.array(z.number().min(0)),
});

/** @throws KumpelError `STORE_FAILED`. */
export async function keepTuning(store: FileStore, base: TuningBase, { chains, workMv }: Tuning): Promise<void> {
  const file: z.infer<typeof keptFile> = {
    version: 1,
    base,
    chains: chains.map(({ baseMhz, chipMhz }) => ({
      baseMhz,
      chipMhz: Object.fromEntries([...chipMhz].map(([chip, mhz]) => [String(chip), mhz])),
    })),
    workMv: [...workMv],
  };
  await store.write(TUNING_FILE, `${JSON.stringify(file)}\n`);
}

/** Null: none, or one that is not for this machine as it is now; then a line in the log says why. */
export async function loadTuning(
  store: FileStore,
  base: TuningBase,
  chainTotal: number,
  log: Log,
): Promise<Tuning | null> {
  const text = await readFile(store, log);
  if (text === null) return null;
  const parsed = parse(text);
  const why =
    parsed === null
      ? "it cannot be read"
      : parsed.base.machine !== base.machine || parsed.chains.length !== chainTotal
        ? `it is of another machine (${parsed.base.machine})`
        : parsed.base.frequencyMhz !== base.frequencyMhz || parsed.base.workMv !== base.workMv
          ? `frequency or voltage of the settings are others than when it was kept`
          : null;
  if (parsed === null || why !== null) {
    log.warn(`the kept tuning (${TUNING_FILE}) is not used: ${why}; keep a new one, or remove the file`);
    return null;
  }
  return {
    chains: parsed.chains.map(({ baseMhz, chipMhz }) => ({
      baseMhz,
      chipMhz: new Map(Object.entries(chipMhz).map(([chip, mhz]) => [Number(chip), mhz])),
    })),
    workMv: parsed.workMv,
  };
}

async function readFile(store: FileStore, log: Log): Promise<string | null> {
  try {
    return await store.read(TUNING_FILE);
  } catch (error) {
    if (!isKumpelError(error, "STORE_FAILED")) throw error;
    log.warn(`whether a tuning was kept is not known: ${errorText(error)}`);
    return null;
  }
}

function parse(text: string): z.infer<typeof keptFile> | null {
  try {
    const parsed = keptFile.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}
