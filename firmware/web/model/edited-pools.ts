/** Pools while somebody edits them here, and whether somebody else saved others meanwhile. */
import type { Settings } from "./api-types.ts";
import { type Question, useKit } from "./context.ts";
import { useDraft } from "./drafts.ts";
import { type Draft, draftOf, emptyGroup } from "./pool-draft.ts";

export interface EditedPools {
  readonly stored: Draft;
  readonly draft: Draft;
  readonly isEdited: boolean;
  /** What is saved is not what the editing began with. */
  readonly isOvertaken: boolean;
  readonly edit: (draft: Draft) => void;
  readonly discard: () => void;
  /** Asks the board once more; null: saving replaces nothing of anybody else, and starts nothing. */
  readonly questionBeforeSaving: () => Promise<Question | null>;
}

const REPLACE: Question = {
  title: "Replace pools that were saved elsewhere?",
  text: "Since you began to edit, somebody saved other pools, perhaps you in another tab. Yours replace them, and those are lost. Discard your changes to see them.",
  act: "Replace them",
};

/** While nothing is switched on, what was missing may be just these pools. */
const START: Question = {
  title: "Save these pools and start?",
  text: "The miner waits with everything off. When nothing else is missing, the hashboards get power and draw it from the wall; the first share takes about half a minute.",
  act: "Save and start",
};

const poolsOf = ({ settings }: Settings): Draft => draftOf(settings["pool_groups"]);

export function useEditedPools(settings: Settings): EditedPools {
  const { client, drafts, live } = useKit();
  const stored = poolsOf(settings);
  const [kept, keep] = useDraft<{ readonly edited: Draft; readonly began: string } | null>(drafts, "pools", null);
  const isOther = (now: Draft): boolean => kept !== null && JSON.stringify(now) !== kept.began;
  return {
    stored,
    draft: kept?.edited ?? (stored.length === 0 ? [emptyGroup()] : stored),
    isEdited: kept !== null,
    isOvertaken: isOther(stored),
    edit: (edited) => keep({ edited, began: kept?.began ?? JSON.stringify(stored) }),
    discard: () => keep(null),
    questionBeforeSaving: async () => {
      const got = await client.get("/settings");
      if (got.ok && isOther(poolsOf(got.data))) return REPLACE;
      return live.state.value.phase === "idle" ? START : null;
    },
  };
}
