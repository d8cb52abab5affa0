/** A form for the settings of some tables. What is in it, the board's own list of settings says. */
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import type { Constraint, Settings } from "../model/api-types.ts";
import { type Question, useKit } from "../model/context.ts";
import { isPlural } from "../model/format.ts";
import { fieldText, patchOf, valueAt, valueOfText } from "../model/settings-tree.ts";
import { useOrdering } from "./act.tsx";
import { AnswerLine } from "./answer-line.tsx";
import { RestartHint } from "./restart-hint.tsx";
import { SettingField } from "./setting-field.tsx";

export interface SettingsFormProps {
  readonly settings: Settings;
  /** Keys that begin so. */
  readonly prefixes: readonly string[];
  readonly onSaved: () => void;
}

export function SettingsForm({ settings, prefixes, onSaved }: SettingsFormProps) {
  const { client } = useKit();
  const { answer, isBusy, order } = useOrdering();
  const [texts, setTexts] = useState<ReadonlyMap<string, string>>(new Map());
  const keys = settings.constraints.filter(({ key }) => prefixes.some((prefix) => key.startsWith(prefix)));
  const stored = (key: string): string => fieldText(valueAt(settings.settings, key));
  const changed = keys.filter(({ key }) => texts.has(key) && texts.get(key) !== stored(key));
  const save = async (event: Event): Promise<void> => {
    event.preventDefault();
    const changes = new Map(
      changed.map((constraint) => [constraint.key, valueOfText(constraint, texts.get(constraint.key) ?? "")]),
    );
    const given = await order(() => client.change(patchOf(changes)), questionOf(changed));
    if (given?.ok !== true) return;
    setTexts(new Map());
    onSaved();
  };
  return (
    <form onSubmit={(event) => void save(event)} noValidate>
      {prefixes.map((prefix) => (
        <Table key={prefix} prefix={prefix} isNamed={prefixes.length > 1}>
          {keys
            .filter(({ key }) => key.startsWith(prefix))
            .map((constraint) => (
              <SettingField
                key={constraint.key}
                constraint={constraint}
                text={texts.get(constraint.key) ?? stored(constraint.key)}
                isChanged={changed.includes(constraint)}
                onText={(text) => setTexts(new Map(texts).set(constraint.key, text))}
              />
            ))}
        </Table>
      ))}
      <div class="acts">
        <button type="submit" disabled={isBusy || changed.length === 0}>
          Save {changed.length === 0 ? "" : `${changed.length} change${isPlural(changed.length)}`}
        </button>
        {changed.length > 0 && (
          <button type="button" class="plain" onClick={() => setTexts(new Map())}>
            Discard
          </button>
        )}
      </div>
      <AnswerLine answer={answer} />
      {answer?.ok === true && answer.effect === "afterRestart" && <RestartHint />}
    </form>
  );
}

interface TableProps {
  readonly prefix: string;
  /** Several tables have keys of the same name. */
  readonly isNamed: boolean;
  readonly children: ComponentChildren;
}

function Table({ prefix, isNamed, children }: TableProps) {
  if (!isNamed) return <div class="form">{children}</div>;
  return (
    <fieldset class="form">
      <legend>{prefix.replace(/\.$/, "")}</legend>
      {children}
    </fieldset>
  );
}

/** Only what raises heat or power, or cuts off whoever asks, is asked about. */
function questionOf(changed: readonly Constraint[]): Question | null {
  const grave = changed.filter(({ key }) =>
    /^(tuning|machine|security)\.|^network\.http\.|_limit_c$|hot_c$|target_c$|fan_m/.test(key),
  );
  if (grave.length === 0) return null;
  const late = grave.filter(({ needsRestart }) => needsRestart).length;
  const when =
    late === 0 ? "at once" : late === grave.length ? "after a restart" : "in part at once, in part after a restart";
  return {
    title: `Change ${grave.map(({ key }) => key).join(", ")}?`,
    text: `These settings decide how hot and loud the machine gets, what power it draws, or who reaches it. The change counts ${when}.`,
    act: "Save",
  };
}
