/** Pools while somebody edits them here, and whether somebody else saved others meanwhile. */
import { useRef, useState } from "preact/hooks";
import type { Settings } from "./api-types.ts";
import { type Question, useKit } from "./context.ts";
import { type Draft, draftOf, emptyGroup } from "./pool-draft.ts";

export interface EditedPools {
  readonly stored: Draft;
  readonly draft: Draft;
  readonly isEdited: boolean;
  /** What is saved is not what the editing began with. */
  readonly isOvertaken: boolean;
  readonly edit: (draft: Draft) => void;
  readonly discard: () => void;
  /** Asks the board once more; null: saving replaces nothing of anybody else. */
  readonly questionBeforeSaving: () => Promise<Question | null>;
}

const REPLACE: Question = {
  title: "Replace pools that were saved elsewhere?",
  text: "Since you began to edit, somebody saved other pools, perhaps you in another tab. Yours replace them, and those are lost. Discard your changes to see them.",
  act: "Replace them",
};

const poolsOf = ({ settings }: Settings): Draft => draftOf(settings["pool_groups"]);

export function useEditedPools(settings: Settings): EditedPools {
  const { client } = useKit();
  const stored = poolsOf(settings);
  const [edited, setEdited] = useState<Draft | null>(null);
  const began = useRef("");
  const isOther = (now: Draft): boolean => edited !== null && JSON.stringify(now) !== began.current;
  return {
    stored,
    draft: edited ?? (stored.length === 0 ? [emptyGroup()] : stored),
    isEdited: edited !== null,
    isOvertaken: isOther(stored),
    edit: (draft) => {
      if (edited === null) began.current = JSON.stringify(stored);
      setEdited(draft);
    },
    discard: () => setEdited(null),
    questionBeforeSaving: async () => {
      const got = await client.get("/settings");
      return got.ok && isOther(poolsOf(got.data)) ? REPLACE : null;
    },
  };
}
