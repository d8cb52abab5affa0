/** The tuning that the owner decided to keep, in the data folder: tried clocks are hours of somebody's work. */
import { z } from "zod";
import type { BoardSupport } from "#drivers/hashboards/board-support.ts";
import type { HashboardModel } from "#drivers/hashboards/models.ts";
import type { OperatingPoint } from "#drivers/hashboards/operating-point.ts";
import { errorText, isKumpelError } from "#hal/errors.ts";
import type { FileStore } from "#hal/file-store.ts";
import type { Log } from "../log.ts";
import { type Bounds, type Tuning, tuningLimits } from "./tuning.ts";

export const TUNING_FILE = "tuning.json";

/** What the machine would run at without it: a tuning that was made from another base counts no more. */
export interface TuningBase {
  readonly model: HashboardModel;
  readonly support: BoardSupport;
  readonly operatingPoint: OperatingPoint;
  readonly chainTotal: number;
}

const keptFile = z.object({
  version: z.literal(1),
  base: z.object({ machine: z.string(), frequencyMhz: z.number(), workMv: z.number() }),
  chains: z.array(z.object({ baseMhz: z.number().positive(), chipMhz: z.record(z.string(), z.number().positive()) })),
  workMv: z.array(z.number().min(0)),
});

/** @throws KumpelError `STORE_FAILED`. */
export async function keepTuning(
  store: FileStore,
  { model, operatingPoint }: Pick<TuningBase, "model" | "operatingPoint">,
  { chains, workMv }: Tuning,
): Promise<void> {
  const file: z.infer<typeof keptFile> = {
    version: 1,
    base: { machine: model.model, frequencyMhz: operatingPoint.frequencyMhz, workMv: operatingPoint.workMv },
    chains: chains.map(({ baseMhz, chipMhz }) => ({
      baseMhz,
      chipMhz: Object.fromEntries([...chipMhz].map(([chip, mhz]) => [String(chip), mhz])),
    })),
    workMv: [...workMv],
  };
  await store.write(TUNING_FILE, `${JSON.stringify(file)}\n`);
}

/** Null: none, or one that is not for this machine as it is now; then a line in the log says why. */
export async function loadTuning(store: FileStore, base: TuningBase, log: Log): Promise<Tuning | null> {
  const text = await readFile(store, log);
  if (text === null) return null;
  const kept = parse(text);
  const why = kept === null ? "it cannot be read" : whyNot(kept, base);
  if (kept === null || why !== null) {
    log.warn(`the kept tuning (${TUNING_FILE}) is not used: ${why}; keep a new one, or remove the file`);
    return null;
  }
  return {
    chains: kept.chains.map(({ baseMhz, chipMhz }) => ({
      baseMhz,
      chipMhz: new Map(Object.entries(chipMhz).map(([chip, mhz]) => [Number(chip), mhz])),
    })),
    workMv: kept.workMv,
  };
}

/** A file that somebody wrote by hand must not energise what an order could not. */
function whyNot(
  kept: z.infer<typeof keptFile>,
  { model, support, operatingPoint, chainTotal }: TuningBase,
): string | null {
  const { machine, frequencyMhz, workMv } = kept.base;
  if (machine !== model.model || kept.chains.length !== chainTotal || kept.workMv.length !== chainTotal)
    return `it is of another machine (${machine}, ${kept.chains.length} chains)`;
  if (frequencyMhz !== operatingPoint.frequencyMhz || workMv !== operatingPoint.workMv)
    return "frequency or voltage of the settings are others than when it was kept";
  const chips = kept.chains.flatMap(({ chipMhz }) => Object.keys(chipMhz));
  const odd = chips.find((chip) => !/^(0|[1-9]\d{0,2})$/.test(chip) || Number(chip) >= model.chips);
  if (odd !== undefined) return `"${odd}" is no chip of this machine`;
  const isShared = !support.planFor(workMv).newWork.some(({ kind }) => kind === "controllerVoltage");
  if (isShared && new Set(kept.workMv).size > 1) return "all chains of this machine share one voltage";
  const limits = tuningLimits(model, support, { isVoltageSettable: true, isVoltagePerChain: false });
  const clocks = kept.chains.flatMap(({ baseMhz, chipMhz }) => [baseMhz, ...Object.values(chipMhz)]);
  const clock = clocks.find((mhz) => !isWithin(mhz, limits.frequencyMhz));
  if (clock !== undefined) return `${clock} MHz is outside of the machine's limits`;
  const { voltageMv } = limits;
  const voltage = voltageMv === null ? undefined : kept.workMv.find((mv) => !isWithin(mv, voltageMv));
  return voltage === undefined ? null : `${voltage} mV is outside of the machine's limits`;
}

function isWithin(value: number, { min, max }: Bounds): boolean {
  return value >= min && value <= max;
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

/** An overclock must not outlive the settings that it belongs to. @throws KumpelError `STORE_FAILED`. */
export function forgetTuning(store: FileStore): Promise<void> {
  return store.remove(TUNING_FILE);
}
