/** A form for the settings of some tables. What is in it, the board's own list of settings says. */
import type { ComponentChildren } from "preact";
import type { Constraint, Settings } from "../model/api-types.ts";
import { type Question, useKit } from "../model/context.ts";
import { useDraft } from "../model/drafts.ts";
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

const NOTHING: ReadonlyMap<string, string> = new Map();

export function SettingsForm({ settings, prefixes, onSaved }: SettingsFormProps) {
  const { client, live, drafts } = useKit();
  const { answer, isBusy, order } = useOrdering();
  const [texts, setTexts] = useDraft(drafts, `settings ${prefixes.join()}`, NOTHING);
  const keys = settings.constraints.filter(({ key }) => prefixes.some((prefix) => key.startsWith(prefix)));
  const stored = (key: string): string => fieldText(valueAt(settings.settings, key));
  const changed = keys.filter(({ key }) => texts.has(key) && texts.get(key) !== stored(key));
  const save = async (event: Event): Promise<void> => {
    event.preventDefault();
    const changes = new Map(
      changed.map((constraint) => [constraint.key, valueOfText(constraint, texts.get(constraint.key) ?? "")]),
    );
    const given = await order(
      () => client.change(patchOf(changes)),
      questionOf(changed, live.state.value.phase === "idle"),
    );
    if (given?.ok !== true) return;
    setTexts(NOTHING);
    onSaved();
  };
  return (
    <form onSubmit={(event) => void save(event)} noValidate>
      {prefixes.map((prefix) => (
        <Table key={prefix} name={prefixes.length > 1 ? nameOfTable(keys, prefix) : null}>
          {keys
            .filter(({ key }) => key.startsWith(prefix))
            .map((constraint) => (
              <SettingField
                key={constraint.key}
                constraint={constraint}
                text={texts.get(constraint.key) ?? stored(constraint.key)}
                isChanged={changed.includes(constraint)}
                onText={(text) => setTexts(withText(texts, constraint.key, text, stored(constraint.key)))}
              />
            ))}
        </Table>
      ))}
      <div class="acts">
        <button type="submit" disabled={isBusy || changed.length === 0}>
          Save {changed.length === 0 ? "" : `${changed.length} change${isPlural(changed.length)}`}
        </button>
        {changed.length > 0 && (
          <button type="button" class="plain" onClick={() => setTexts(NOTHING)}>
            Discard
          </button>
        )}
      </div>
      <AnswerLine answer={answer} />
      {answer?.ok === true && answer.effect === "afterRestart" && <RestartHint />}
    </form>
  );
}

/** What is as it was needs no keeping. */
function withText(texts: ReadonlyMap<string, string>, key: string, text: string, stored: string): typeof NOTHING {
  const next = new Map(texts);
  if (text === stored) next.delete(key);
  else next.set(key, text);
  return next.size === 0 ? NOTHING : next;
}

interface TableProps {
  /** Several tables have keys of the same name; null: there is one only. */
  readonly name: string | null;
  readonly children: ComponentChildren;
}

function Table({ name, children }: TableProps) {
  if (name === null) return <div class="form">{children}</div>;
  return (
    <fieldset class="form">
      <legend>{name}</legend>
      {children}
    </fieldset>
  );
}

function nameOfTable(keys: readonly Constraint[], prefix: string): string {
  const first = keys.find(({ key }) => key.startsWith(prefix));
  return (first?.table ?? prefix).replace(/\.$/, "");
}

/** Only what raises heat or power, or cuts off whoever asks, is asked about; whether it is more only the machine knows. */
function questionOf(changed: readonly Constraint[], isIdle: boolean): Question | null {
  const grave = changed.filter(({ key }) => /^(cooling|tuning|machine|security)\.|^network\.http\./.test(key));
  if (grave.length === 0) return null;
  const late = grave.filter(({ needsRestart }) => needsRestart).length;
  const when =
    late === 0 ? "at once" : late === grave.length ? "after a restart" : "in part at once, in part after a restart";
  return {
    title: `Change ${grave.map(({ key }) => key).join(", ")}?`,
    text: `These settings decide how hot and loud the machine gets, what power it draws, or who reaches it. ${
      isIdle
        ? "When nothing is missing any more, the hashboards get power and hashing starts at once."
        : `The change counts ${when}.`
    }`,
    act: "Save",
  };
}
