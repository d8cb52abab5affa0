/** What everybody may know of updates: where one stands, and whether one may begin. Null means unknown or none. */
import { z } from "zod";

/**
 * staging: a bundle is being received. verifying: signature, board and version. installing: the other slot is written.
 * pendingReboot: written, hashboards go off, the board boots the new version. provingItself: the new version runs and has
 * to show that it mines. committed: it did. rolledBack: it did not, or the owner went back.
 */
export const UPDATE_PHASES = [
  "idle",
  "staging",
  "verifying",
  "installing",
  "pendingReboot",
  "provingItself",
  "committed",
  "rolledBack",
] as const;
export type UpdatePhase = (typeof UPDATE_PHASES)[number];

export const updateStatusSchema = z.object({
  state: z.enum(UPDATE_PHASES).meta({
    description: "idle, staging, verifying, installing, pendingReboot, provingItself, then committed or rolledBack",
  }),
  fromVersion: z.string().nullable().meta({ description: "Version before the update that the state is about." }),
  toVersion: z.string().nullable().meta({ description: "Version of that update." }),
  progressPercent: z.number().nullable().meta({ description: "Of installing; null where nothing is installed." }),
  message: z
    .string()
    .meta({ description: "What happens or happened, in one sentence; empty before the first update." }),
  isOwnersReturn: z
    .boolean()
    .meta({ description: "Whether the owner ordered the way back to an older version; false: that version failed." }),
  slot: z.string().nullable().meta({ description: "Slot that runs." }),
  isUpdatable: z.boolean().meta({ description: "Whether an update may begin now." }),
  canGoBack: z.boolean().meta({ description: "Whether the other slot holds a version that the board can boot." }),
  reason: z.string().nullable().meta({ description: "Why no update may begin now; null where one may." }),
});
export type UpdateStatus = Readonly<z.infer<typeof updateStatusSchema>>;

/** Reason of a return that was ordered: no version failed. */
export const OWNER_WENT_BACK = "the owner went back";

/** Of a program that nobody gave an updater. */
export const NO_UPDATER: UpdateStatus = {
  state: "idle",
  fromVersion: null,
  toVersion: null,
  progressPercent: null,
  message: "",
  isOwnersReturn: false,
  slot: null,
  isUpdatable: false,
  canGoBack: false,
  reason: "This program does not run from an image of its own: whoever installed it updates it.",
};

/** Largest bundle in bytes that is received: twice what a slot of any board holds. */
export const BUNDLE_MAX_BYTES = 128 << 20;
/** Name of a received bundle in the data folder. */
export const BUNDLE_FILE = "update.raucb";
