/** Settings into a file and back. Secrets are not in it: what reads (hidden) stays as it is on the board. */
import { useState } from "preact/hooks";
import { browser } from "../browser.ts";
import type { Settings } from "../model/api-types.ts";
import { useKit } from "../model/context.ts";
import { useOrdering } from "./act.tsx";
import { AnswerLine } from "./answer-line.tsx";
import { RestartHint } from "./restart-hint.tsx";

export interface BackupProps {
  readonly settings: Settings;
  readonly onSaved: () => void;
}

export function Backup({ settings, onSaved }: BackupProps) {
  const { client } = useKit();
  const { answer, isBusy, order } = useOrdering();
  const [file, setFile] = useState<File | null>(null);
  const restore = async (): Promise<void> => {
    if (file === null) return;
    const patch = treeOf(await file.text());
    const given = await order(
      () => (patch === null ? { ok: false, message: `${file.name} is no file of settings.` } : client.change(patch)),
      patch === null
        ? null
        : {
            title: `Take the settings of ${file.name}?`,
            text: "What is set on the board now is replaced by what the file holds; keys that it does not hold stay. Pools, limits and addresses may change; most of it counts after a restart.",
            act: "Take them",
          },
    );
    if (given?.ok === true) onSaved();
  };
  return (
    <>
      <p class="quiet">
        Passwords and other secrets are not in the file; they read (hidden), which means on the way back: as it is.
        Tokens are no settings and are not in it.
      </p>
      <div class="acts">
        <button
          type="button"
          onClick={() =>
            browser.saveFile(
              "kumpel-settings.json",
              "application/json",
              `${JSON.stringify(settings.settings, null, 2)}\n`,
            )
          }
        >
          Save the settings as a file
        </button>
      </div>
      <label>
        Settings from a file{" "}
        <input
          type="file"
          accept=".json,application/json"
          onChange={({ currentTarget }) => setFile(currentTarget.files?.[0] ?? null)}
        />
      </label>
      <div class="acts">
        <button type="button" class="grave" disabled={file === null || isBusy} onClick={() => void restore()}>
          Take them ...
        </button>
      </div>
      <AnswerLine answer={answer} />
      {answer?.ok === true && answer.effect === "afterRestart" && <RestartHint />}
    </>
  );
}

/** Null: it is no table in JSON. */
function treeOf(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}
